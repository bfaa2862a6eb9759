//! The flags of `logs`.

use clap::{Args, ValueEnum};

use super::{ClusterFlags, NamespaceFlags, TalkFlags};

/// Flags of `logs`.
#[derive(Debug, Clone, Default, Args)]
pub struct Logs {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Go on as new lines come, through rollouts, until Ctrl-C
    #[arg(short, long)]
    pub follow: bool,
    /// Part of the preview whose log is wanted
    #[arg(long, value_name = "PART", value_enum, default_value_t)]
    pub component: Component,
    /// Only lines that are newer than this, such as 90s, 10m or 1h30m [default: all]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only the last lines, this many of each container [default: all]
    #[arg(long, value_name = "LINES", allow_hyphen_values = true)]
    pub tail: Option<String>,
    /// The last run that has ended, of containers that were started again
    #[arg(long, conflicts_with = "follow")]
    pub previous: bool,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// A part of the preview.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Component {
    /// The application
    #[default]
    App,
    /// PostgreSQL
    Postgres,
    /// Valkey
    Valkey,
    /// The operators of PostgreSQL and Valkey
    Operators,
    /// The ingress controller
    Ingress,
    /// All of these
    All,
}
