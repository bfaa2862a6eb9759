//! The flags of `status`.

use clap::Args;

use super::{ClusterFlags, Form, NamespaceFlags, TalkFlags};

/// Flags of `status`.
#[derive(Debug, Clone, Default, Args)]
pub struct Status {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Exit with status 1 when something is not ready
    #[arg(long)]
    pub check: bool,
    /// Show the report again whenever something has changed, until Ctrl-C
    #[arg(short, long, conflicts_with = "check")]
    pub watch: bool,
    /// Form of the report
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
    #[command(flatten)]
    pub talk: TalkFlags,
}
