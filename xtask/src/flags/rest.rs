//! The flags of `stop` and `start`.

use clap::Args;

use super::{ClusterFlags, Form, NamespaceFlags, TalkFlags};

/// Flags of `stop`.
#[derive(Debug, Clone, Default, Args)]
pub struct Stop {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Stop a cluster of this name that something else, or another worktree, created
    #[arg(long)]
    pub adopt: bool,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// Flags of `start`.
#[derive(Debug, Clone, Default, Args)]
pub struct Start {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Start a cluster of this name that something else, or another worktree, created
    #[arg(long)]
    pub adopt: bool,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
    #[command(flatten)]
    pub talk: TalkFlags,
}
