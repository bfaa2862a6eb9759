//! PostgreSQL by CloudNativePG (operator 1.30, chart 0.29.0).

use serde_json::{Value, json};

use crate::names::Namespace;
use crate::project::Postgres;

/// The operator's release, and its namespace.
pub const RELEASE: (&str, &str) = ("cnpg", "cnpg-system");
/// The custom resource definition that the chart must bring.
pub const CRD: &str = "clusters.postgresql.cnpg.io";

/// The resource, as kubectl names it: the plain `clusters` is another API's as well.
pub fn resource(postgres: &Postgres) -> String {
    format!("{CRD}/{}", postgres.name)
}

/// The Secret in which the operator puts the application's connection, long before the server runs.
pub fn app_secret(postgres: &Postgres) -> String {
    format!("{}-app", postgres.name)
}

/// The label by which the cluster's pods are known.
pub const POD_LABEL: &str = "cnpg.io/cluster";
/// The label of the instance that takes writes.
pub const PRIMARY_LABEL: (&str, &str) = ("cnpg.io/instanceRole", "primary");
/// The container of an instance that runs the server.
pub const CONTAINER: &str = "postgres";

/// The `Cluster`: one instance, and a database with an owner of the application's name.
pub fn manifest(postgres: &Postgres, namespace: &Namespace) -> Value {
    json!({
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": { "name": postgres.name, "namespace": namespace.as_str() },
        "spec": {
            "instances": 1,
            "storage": { "size": postgres.storage },
            "bootstrap": { "initdb": { "database": postgres.database, "owner": postgres.database } },
        },
    })
}

/// Whether the server takes connections: the operator's `Ready` condition is truthful.
pub fn is_ready(cluster: &Value) -> bool {
    crate::manifest::condition(cluster, "Ready")
}
