//! The flags of `doctor`.

use clap::Args;

use super::{ClusterFlags, Form, TalkFlags};

/// Flags of `doctor`.
#[derive(Debug, Clone, Default, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Port of the ingress that `up` is to use, on 127.0.0.1
    #[arg(long, value_name = "PORT", allow_hyphen_values = true)]
    pub ingress_port: Option<String>,
    /// Count k3d, kubectl and helm as missing where they would be fetched
    #[arg(long)]
    pub no_install: bool,
    /// Form of the report
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
    #[command(flatten)]
    pub talk: TalkFlags,
}
