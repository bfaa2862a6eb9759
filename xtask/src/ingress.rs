//! The ingress controller that comes with k3s, which is Traefik, and its port on this machine.

use std::error::Error;
use std::fmt;

use crate::config::Preview;
use crate::names::Port;
use crate::settings::Given;

/// The namespace of k3s's own parts.
pub const NAMESPACE: &str = "kube-system";

/// The label of the controller's pods, and of the controller itself. The namespace is not enough: the jobs
/// that install it fail once or twice in every start.
pub const LABEL: (&str, &str) = ("app.kubernetes.io/name", "traefik");

/// That a cluster listens on another port than the one that is asked for: it keeps the one that it was created with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherPort {
    /// Which port it has, and who asks for which.
    pub what: String,
    /// What to type.
    pub do_next: String,
}

impl OtherPort {
    /// Whether the port that is asked for is another one than a cluster has.
    pub fn of(preview: &Preview, has: Port, asked: &Given<Port>) -> Option<Self> {
        let Given { value, from } = asked;
        (*value != has).then(|| Self {
            what: format!(
                "the cluster {} listens on port {has}, {from} asks for {value}",
                preview.cluster
            ),
            do_next: format!(
                "leave it out, or delete the preview first: {}",
                preview.command("down")
            ),
        })
    }
}

impl fmt::Display for OtherPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.do_next)
    }
}

impl Error for OtherPort {}
