//! The Valkey project's operator 0.4.0, which serves `valkey.io/v1alpha1` `ValkeyCluster`.

use serde_json::{Value, json};

use crate::names::Namespace;
use crate::project::Valkey;

pub const CRD: &str = "valkeyclusters.valkey.io";
pub const POD_LABEL: &str = "valkey.io/cluster";
pub const CONTAINER: &str = "server";

/// The Secret that we make, and that the resource names.
pub fn password_secret(valkey: &Valkey) -> String {
    format!("{}-auth", valkey.name)
}

/// The Service that the operator makes.
pub fn service(valkey: &Valkey) -> String {
    format!("valkey-{}", valkey.name)
}

/// One shard without replicas, and a user of our own: a password on the user `default` would make the
/// operator's readiness probe fail for ever (NOAUTH; seen with 0.4.0).
pub fn manifest(valkey: &Valkey, namespace: &Namespace) -> Value {
    json!({
        "apiVersion": "valkey.io/v1alpha1",
        "kind": "ValkeyCluster",
        "metadata": { "name": valkey.name, "namespace": namespace.as_str() },
        "spec": {
            "shards": 1,
            "replicas": 0,
            "exporter": { "enabled": false },
            "resources": super::resources(valkey),
            "users": [{
                "name": valkey.user,
                "enabled": true,
                "permissions": "+@all ~* &*",
                "passwordSecret": { "name": password_secret(valkey), "keys": ["password"] },
            }],
        },
    })
}
