//! The flags of `psql`, `valkey-cli` and `forward`.

use clap::Args;

use super::{ClusterFlags, NamespaceFlags, TalkFlags};
use crate::names::Port;
use crate::stores::Store;

/// Flags of `psql` and `valkey-cli`.
#[derive(Debug, Clone, Default, Args)]
pub struct Client {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Arguments of the client itself, after --
    #[arg(value_name = "ARGS", trailing_var_arg = true)]
    pub args: Vec<String>,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// Flags of `forward`.
#[derive(Debug, Clone, Args)]
pub struct Forward {
    /// The store to lead to
    #[arg(value_name = "STORE")]
    pub store: Store,
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Port to hold on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT", allow_hyphen_values = true)]
    pub port: Option<Port>,
    /// Print the URL with its password, not with *** in its place
    #[arg(long)]
    pub show_secrets: bool,
    #[command(flatten)]
    pub talk: TalkFlags,
}
