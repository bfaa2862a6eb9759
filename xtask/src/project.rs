//! What the previewed project is called and made of: the one file to change when another project
//! takes this crate over (see "Take it to your own workspace" in the users' guide).

use std::time::Duration;

pub use crate::description::*;

/// Ghillie.
pub static PROJECT: Project = Project {
    name: "ghillie",
    variables: "GHILLIE_K3D_",
    cluster: "ghillie-local",
    namespace: "ghillie",
    nodes: Nodes {
        image: "rancher/k3s:v1.33.4-k3s1",
        agents: 1,
        registries: &[
            Upstream {
                host: "docker.io",
                address: "https://registry-1.docker.io",
            },
            Upstream {
                host: "ghcr.io",
                address: "https://ghcr.io",
            },
        ],
    },
    image: Image {
        repository: "ghillie",
        context: ".",
        dockerfile: "Dockerfile",
        inputs: &[
            "Dockerfile",
            ".dockerignore",
            "ghillie/Cargo.toml",
            "ghillie/Cargo.lock",
            "ghillie/src",
        ],
    },
    chart: Chart {
        release: "ghillie",
        path: "charts/ghillie",
        values: "tests/helm/fixtures/values_local.yaml",
        repository_value: "image.repository",
        tag_value: "image.tag",
        secret_version_value: "secrets.resourceVersion",
    },
    secret: "ghillie",
    postgres: Some(Postgres {
        name: "pg-ghillie",
        database: "ghillie",
        variable: "DATABASE_URL",
        storage: "1Gi",
        wait: Duration::from_secs(600),
        chart: Source {
            chart: "cloudnative-pg",
            repository: "https://cloudnative-pg.github.io/charts",
            version: "0.29.0",
        },
    }),
    valkey: Some(Valkey {
        name: "valkey-ghillie",
        user: "ghillie",
        variable: "VALKEY_URL",
        cpu: "50m",
        memory: "64Mi",
        wait: Duration::from_secs(300),
        operator: Operator::ValkeyIo,
        charts: ValkeyCharts {
            valkey_io: Source {
                chart: "valkey-operator",
                repository: "https://valkey.io/valkey-helm",
                version: "0.4.0",
            },
            // A pre-release by its version: helm finds it by its version only.
            hyperspike: Source {
                chart: "oci://ghcr.io/hyperspike/valkey-operator",
                repository: "",
                version: "v0.0.61-chart",
            },
        },
    }),
    ready: Ready {
        path: "/ready",
        image: "/image",
        stores: &[("PostgreSQL", "/postgres/ok"), ("Valkey", "/valkey/ok")],
        wait: Duration::from_secs(120),
    },
};
