//! The steps of a plan by name.

use std::fmt;

/// The name of a step, by which others need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// The operators' charts are on this machine.
    Charts,
    /// The cache of the nodes' images answers.
    ImageCache,
    /// What a killed run left is removed.
    Clear,
    /// The cluster is created or started.
    Cluster,
    /// The API server answers.
    Api,
    /// The application's namespace is there.
    Namespace,
    /// The image is built or chosen.
    Image,
    /// The nodes have the image.
    Import,
    /// CloudNativePG is installed.
    CnpgOperator,
    /// PostgreSQL is created, and its URL known.
    Postgres,
    /// PostgreSQL takes connections.
    PostgresReady,
    /// The Valkey operator is installed.
    ValkeyOperator,
    /// Valkey is created, and its URL known.
    Valkey,
    /// Valkey is up.
    ValkeyReady,
    /// The application's Secret holds the URLs.
    Secret,
    /// The application is installed.
    Deploy,
    /// What was made is recorded in the cluster.
    Record,
    /// The images of earlier runs are removed.
    Tidy,
    /// The application answers.
    Answer,
}

/// The steps after which the stores take connections.
pub const STORES_READY: [Name; 2] = [Name::PostgresReady, Name::ValkeyReady];

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Charts => "charts",
            Self::ImageCache => "image cache",
            Self::Clear => "remove leftovers",
            Self::Cluster => "cluster",
            Self::Api => "API server",
            Self::Namespace => "namespace",
            Self::Image => "image",
            Self::Import => "image in nodes",
            Self::CnpgOperator => "CloudNativePG",
            Self::Postgres => "PostgreSQL",
            Self::PostgresReady => "PostgreSQL ready",
            Self::ValkeyOperator => "Valkey operator",
            Self::Valkey => "Valkey",
            Self::ValkeyReady => "Valkey ready",
            Self::Secret => "Secret",
            Self::Deploy => "application",
            Self::Record => "record",
            Self::Tidy => "old images",
            Self::Answer => "application answers",
        })
    }
}
