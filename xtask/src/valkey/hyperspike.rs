//! Hyperspike's operator 0.0.61, which serves `hyperspike.io/v1` `Valkey`.

use serde_json::{Value, json};

use crate::names::Namespace;
use crate::project::Valkey;

pub const CRD: &str = "valkeys.hyperspike.io";
pub const POD_LABEL: &str = "app.kubernetes.io/instance";
pub const CONTAINER: &str = "valkey";

/// One node without replicas. The volume is given in full, `accessModes` too: else the operator assigns
/// no slot, although the pod is Ready (seen with 0.0.61).
pub fn manifest(valkey: &Valkey, namespace: &Namespace) -> Value {
    json!({
        "apiVersion": "hyperspike.io/v1",
        "kind": "Valkey",
        "metadata": { "name": valkey.name, "namespace": namespace.as_str() },
        "spec": {
            "nodes": 1,
            "replicas": 0,
            "prometheus": false,
            "resources": super::resources(valkey),
            "storage": { "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": "1Gi" } },
            } },
        },
    })
}
