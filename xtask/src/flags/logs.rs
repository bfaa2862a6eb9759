//! The flags of `logs`.

use clap::Args;

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
    #[command(flatten)]
    pub talk: TalkFlags,
}
