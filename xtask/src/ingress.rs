//! The ingress controller of k3s: Traefik.

/// Its pods, by their label, and the controller itself. The namespace is not enough: the jobs that install
/// it fail once or twice in every start.
pub const LABEL: (&str, &str) = ("app.kubernetes.io/name", "traefik");
