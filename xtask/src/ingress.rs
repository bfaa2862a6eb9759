//! The ingress controller that comes with k3s, which is Traefik, and its port on this machine.

use crate::config::{Fixed, Preview};
use crate::names::Port;
use crate::settings::Given;

/// The namespace of k3s's own parts.
pub const NAMESPACE: &str = "kube-system";

/// The controller's class, which is also that of an Ingress that names none.
pub const CLASS: &str = "traefik";

/// The label of the controller's pods, and of the controller itself. The namespace is not enough: the jobs
/// that install it fail once or twice in every start.
pub const LABEL: (&str, &str) = ("app.kubernetes.io/name", "traefik");

/// That a cluster listens on another port than the one that is asked for, if so.
pub fn other_port(preview: &Preview, has: Port, asked: &Given<Port>) -> Option<Fixed> {
    let words = format!("listens on port {has}");
    (asked.value != has).then(|| Fixed::new(preview, words, asked))
}
