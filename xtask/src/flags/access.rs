//! The flags of `open`, `env` and `kubectl`.

use clap::Args;

use super::{ClusterFlags, NamespaceFlags, TalkFlags};

/// Flags of `open`.
#[derive(Debug, Clone, Default, Args)]
pub struct Open {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// Flags of `env`.
#[derive(Debug, Clone, Default, Args)]
pub struct Env {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// Flags of `kubectl`.
#[derive(Debug, Clone, Default, Args)]
pub struct Kubectl {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Arguments of kubectl itself, after --
    #[arg(value_name = "ARGS", trailing_var_arg = true, required = true)]
    pub args: Vec<String>,
    #[command(flatten)]
    pub talk: TalkFlags,
}
