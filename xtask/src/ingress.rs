//! The ingress controller that comes with k3s: Traefik.

/// The namespace of k3s's own parts.
pub const NAMESPACE: &str = "kube-system";

/// The label of the controller's pods, and of the controller itself. The namespace is not enough: the jobs
/// that install it fail once or twice in every start.
pub const LABEL: (&str, &str) = ("app.kubernetes.io/name", "traefik");
