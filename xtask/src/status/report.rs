//! What `status` tells, as data. As JSON it is this, field by field: see `docs/status-json.md`.

use serde::Serialize;

/// The number of the JSON form's schema. It grows when a field goes or changes its meaning.
pub const SCHEMA: u32 = 1;

/// How something is, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It does its work, all of it, in its newest form.
    Ready,
    /// Not yet, and nothing speaks against it.
    Starting,
    /// It was stopped, or is asked for zero times.
    Stopped,
    /// Something is wrong with it, or is wrong with what it needs.
    NotReady,
    /// It is not there.
    Missing,
}

/// What a preview consists of, in the order in which one part needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The k3d cluster: its containers, and an API server that answers.
    Cluster,
    /// One node of it.
    Node,
    /// The operator that runs PostgreSQL.
    PostgresOperator,
    /// PostgreSQL.
    Postgres,
    /// The operator that runs Valkey.
    ValkeyOperator,
    /// Valkey.
    Valkey,
    /// What leads from the host's port to the application.
    Ingress,
    /// The application.
    Application,
}

impl Part {
    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Node => "node",
            Self::PostgresOperator => "CloudNativePG operator",
            Self::Postgres => "PostgreSQL",
            Self::ValkeyOperator => "Valkey operator",
            Self::Valkey => "Valkey",
            Self::Ingress => "ingress controller",
            Self::Application => "application",
        }
    }
}

/// The whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The cluster's name.
    pub cluster: String,
    /// The namespace of the application and its stores.
    pub namespace: String,
    /// Whether every component is ready and the URL answers.
    pub ready: bool,
    /// Who changes the cluster right now.
    pub busy: Option<String>,
    /// Where the application is to be found, where that is known.
    pub url: Option<Url>,
    /// The file that leads kubectl to the cluster, where it runs.
    pub kubeconfig: Option<String>,
    /// What the preview consists of.
    pub components: Vec<Component>,
    /// What is wrong, causes before what may follow from them.
    pub problems: Vec<Problem>,
}

/// The application's URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Url {
    /// The URL.
    pub address: String,
    /// Whether the application answers there, as the image that is deployed, and reaches its stores.
    pub answers: bool,
    /// Why not.
    pub detail: Option<String>,
}

/// One part of the preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Component {
    /// Which part.
    pub component: Part,
    /// The name of the cluster, the node, the resource or the release.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What there is to say beyond that, in the cluster's words where it has some.
    pub detail: Option<String>,
    /// The image that it is asked to run, in full.
    pub image: Option<String>,
    /// When it was made (RFC 3339).
    pub since: Option<String>,
    /// How often the containers of its pods were started again; null where it has no pods.
    pub restarts: Option<u32>,
    /// Its pods, without those that have done their work or are on their way out.
    pub pods: Vec<PodLine>,
}

impl Component {
    /// A part of which nothing else is known.
    pub fn new(component: Part, name: &str, health: Health) -> Self {
        Self {
            component,
            name: name.to_owned(),
            health,
            detail: None,
            image: None,
            since: None,
            restarts: None,
            pods: Vec::new(),
        }
    }
}

/// One pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PodLine {
    /// Its name.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// Why it is not ready, in the kubelet's words where it has some.
    pub detail: Option<String>,
    /// How many of its containers are ready.
    pub containers_ready: usize,
    /// How many containers it has.
    pub containers: usize,
    /// How often they were started again.
    pub restarts: u32,
    /// The image of its first container, in full.
    pub image: Option<String>,
    /// The node that it runs on, once it has one.
    pub node: Option<String>,
    /// When it was made (RFC 3339).
    pub since: Option<String>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The part that suffers from it.
    pub component: Part,
    /// What it is about: a kind, and a name with its namespace.
    pub object: String,
    /// The container, where it is one container's.
    pub container: Option<String>,
    /// In a word or a few, the cluster's own where it has some.
    pub reason: String,
    /// In a sentence, the cluster's own; may be empty.
    pub message: String,
    /// Since when (RFC 3339), where that is known.
    pub since: Option<String>,
    /// Whether it has been there for so long that it will not pass by itself.
    pub certain: bool,
    /// What to type next.
    pub do_next: String,
}
