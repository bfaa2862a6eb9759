//! What the previewed project is called and made of: the one file to change when another project
//! takes this crate over (see "Take it to your own workspace" in the users' guide).

use std::time::Duration;

/// The project that `cargo xtask k8s` previews.
#[derive(Debug)]
pub struct Project {
    /// The name that people and Kubernetes objects know it by.
    pub name: &'static str,
    /// What the environment variables of the settings begin with.
    pub variables: &'static str,
    /// The k3d cluster where nothing else is asked for.
    pub cluster: &'static str,
    /// The namespace of the application and its stores where nothing else is asked for.
    pub namespace: &'static str,
    /// The image and how it is built.
    pub image: Image,
    /// The Helm chart and how it is installed.
    pub chart: Chart,
    /// The Secret that holds one connection URL for each store.
    pub secret: &'static str,
    /// PostgreSQL by CloudNativePG, where the application needs it.
    pub postgres: Option<Postgres>,
    /// Valkey by an operator, where the application needs it.
    pub valkey: Option<Valkey>,
    /// How the application says that it is ready.
    pub ready: Ready,
}

/// The application's image.
#[derive(Debug)]
pub struct Image {
    /// Its repository: `ghillie` is built as `ghillie:local` and deployed as `ghillie:<12 digits>`.
    pub repository: &'static str,
    /// The build context, from the workspace's root.
    pub context: &'static str,
    /// The Dockerfile, from the workspace's root.
    pub dockerfile: &'static str,
}

/// The application's Helm chart.
#[derive(Debug)]
pub struct Chart {
    /// The release's name.
    pub release: &'static str,
    /// The chart's folder, from the workspace's root.
    pub path: &'static str,
    /// The values file, from the workspace's root.
    pub values: &'static str,
    /// The value that takes the image's repository.
    pub repository_value: &'static str,
    /// The value that takes the image's tag.
    pub tag_value: &'static str,
    /// The value that takes the Secret's resource version, so that a changed Secret rolls the pods.
    pub secret_version_value: &'static str,
}

/// The PostgreSQL cluster, a resource of CloudNativePG.
#[derive(Debug)]
pub struct Postgres {
    /// The resource's name.
    pub name: &'static str,
    /// The database, and the role that owns it.
    pub database: &'static str,
    /// The key of the Secret that takes its URL, which is the application's environment variable.
    pub variable: &'static str,
    /// The volume's size, as a Kubernetes quantity.
    pub storage: &'static str,
    /// How long it may take to become ready.
    pub wait: Duration,
}

/// The Valkey server, a resource of one of the two operators.
#[derive(Debug)]
pub struct Valkey {
    /// The resource's name.
    pub name: &'static str,
    /// The ACL user of the application, where the operator knows users.
    pub user: &'static str,
    /// The key of the Secret that takes its URL, which is the application's environment variable.
    pub variable: &'static str,
    /// How long it may take to become ready.
    pub wait: Duration,
}

/// The application's own answer, asked through the ingress.
#[derive(Debug)]
pub struct Ready {
    /// The path that answers 200 and JSON when the application is ready.
    pub path: &'static str,
    /// Where in that JSON the running image stands, as a JSON pointer (RFC 6901).
    pub image: &'static str,
    /// What must be `true` in that JSON for the application to be ready: a name for people, and a pointer.
    pub stores: &'static [(&'static str, &'static str)],
    /// How long the application may take once its stores are ready.
    pub wait: Duration,
}

/// Ghillie.
pub static PROJECT: Project = Project {
    name: "ghillie",
    variables: "GHILLIE_K3D_",
    cluster: "ghillie-local",
    namespace: "ghillie",
    image: Image {
        repository: "ghillie",
        context: ".",
        dockerfile: "Dockerfile",
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
    }),
    valkey: Some(Valkey {
        name: "valkey-ghillie",
        user: "ghillie",
        variable: "VALKEY_URL",
        wait: Duration::from_secs(300),
    }),
    ready: Ready {
        path: "/ready",
        image: "/image",
        stores: &[("PostgreSQL", "/postgres/ok"), ("Valkey", "/valkey/ok")],
        wait: Duration::from_secs(120),
    },
};
