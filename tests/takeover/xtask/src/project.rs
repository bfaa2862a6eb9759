//! What the previewed project is called and made of.

use std::time::Duration;

pub use crate::description::*;

/// Notes, which has a PostgreSQL and no Valkey.
pub static PROJECT: Project = Project {
    name: "notes",
    variables: "NOTES_K8S_",
    cluster: "notes-preview",
    namespace: "notes",
    nodes: Nodes {
        image: "rancher/k3s:v1.33.4-k3s1",
        agents: 0,
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
        repository: "team/notes",
        context: "server",
        dockerfile: "server/Dockerfile",
        inputs: &["server"],
    },
    chart: Chart {
        release: "notes-web",
        path: "deploy/chart",
        values: "deploy/local.yaml",
        repository_value: "container.name",
        tag_value: "container.tag",
        secret_version_value: "connections.version",
    },
    secret: "notes-connections",
    postgres: Some(Postgres {
        name: "notes-db",
        database: "notes",
        variable: "NOTES_DATABASE",
        storage: "512Mi",
        wait: Duration::from_secs(300),
        chart: Source {
            chart: "cloudnative-pg",
            repository: "https://cloudnative-pg.github.io/charts",
            version: "0.29.0",
        },
    }),
    valkey: None,
    ready: Ready {
        path: "/ready",
        image: "/version/image",
        stores: &[("PostgreSQL", "/checks/database")],
        wait: Duration::from_secs(60),
    },
};
