//! What there is to say of a project; [`crate::project`] says it of this workspace's.

use std::time::Duration;

pub use crate::chart::Source;
pub use crate::image_cache::Upstream;
pub use crate::valkey::Operator;

/// The project that `cargo xtask k8s` previews.
#[derive(Debug, Clone, Copy)]
pub struct Project {
    /// The name that people and Kubernetes objects know it by.
    pub name: &'static str,
    /// What the environment variables of the settings begin with.
    pub variables: &'static str,
    /// The k3d cluster where nothing else is asked for: at most 32 characters.
    pub cluster: &'static str,
    /// The namespace of the application and its stores where nothing else is asked for.
    pub namespace: &'static str,
    /// The nodes of a new cluster.
    pub nodes: Nodes,
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

/// The nodes of a new cluster, where nothing else is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Nodes {
    /// The image of k3s, whose tag is the version of Kubernetes.
    pub image: &'static str,
    /// How many agents there are beside the one server, 0 to 9.
    pub agents: u8,
    /// The registries that images are pulled from, which are kept for the next cluster.
    pub registries: &'static [Upstream],
}

/// The application's image.
#[derive(Debug, Clone, Copy)]
pub struct Image {
    /// Its repository, with or without a registry: `ghillie` is built as `ghillie:local` and deployed as
    /// `ghillie:<12 digits>`. Nothing is ever pushed.
    pub repository: &'static str,
    /// The build context, from the workspace's root.
    pub context: &'static str,
    /// The Dockerfile, from the workspace's root.
    pub dockerfile: &'static str,
    /// The files and folders that it is built from, which `up --watch` looks at, from the workspace's root.
    pub inputs: &'static [&'static str],
}

/// The application's Helm chart.
#[derive(Debug, Clone, Copy)]
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
#[derive(Debug, Clone, Copy)]
pub struct Postgres {
    /// The resource's name.
    pub name: &'static str,
    /// The database, and the role that owns it.
    pub database: &'static str,
    /// The key of the Secret that takes its URL: also the application's environment variable, where the chart takes
    /// all of the Secret (`envFrom`).
    pub variable: &'static str,
    /// The volume's size, as a Kubernetes quantity.
    pub storage: &'static str,
    /// How long it may take to become ready.
    pub wait: Duration,
    /// The chart of CloudNativePG, where nothing else is asked for.
    pub chart: Source,
}

/// The Valkey server, a resource of one of the two operators.
#[derive(Debug, Clone, Copy)]
pub struct Valkey {
    /// The resource's name.
    pub name: &'static str,
    /// The ACL user of the application, where the operator knows users.
    pub user: &'static str,
    /// The key of the Secret that takes its URL: also the application's environment variable, where the chart takes
    /// all of the Secret (`envFrom`).
    pub variable: &'static str,
    /// The processor time that it requests, as a Kubernetes quantity.
    pub cpu: &'static str,
    /// The memory that it requests, as a Kubernetes quantity.
    pub memory: &'static str,
    /// How long it may take to become ready.
    pub wait: Duration,
    /// The operator of a new cluster, where nothing else is asked for.
    pub operator: Operator,
    /// The operators' charts, where nothing else is asked for.
    pub charts: ValkeyCharts,
}

/// The charts of the two operators that run Valkey.
#[derive(Debug, Clone, Copy)]
pub struct ValkeyCharts {
    /// That of the Valkey project's own.
    pub valkey_io: Source,
    /// That of Hyperspike's.
    pub hyperspike: Source,
}

/// The application's own answer, asked through the ingress.
#[derive(Debug, Clone, Copy)]
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

impl Image {
    /// Whether an image of this name and tag is one of the application's.
    pub fn has(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.repository);
        rest.is_some_and(|rest| rest.starts_with(':'))
    }
}
