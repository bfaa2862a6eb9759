//! The flags of `up`, `render` and `down`.

use clap::Args;

use super::{ClusterFlags, Form, NamespaceFlags, TalkFlags};

/// Which charts of the operators.
#[derive(Debug, Clone, Default, Args)]
pub struct ChartFlags {
    /// Chart of CloudNativePG: a path, an `oci://` reference or a name
    #[arg(long, value_name = "CHART", allow_hyphen_values = true)]
    pub cnpg_chart: Option<String>,
    /// Version of that chart
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    pub cnpg_version: Option<String>,
    /// Operator that runs Valkey: valkey-io or hyperspike
    #[arg(long, value_name = "OPERATOR", allow_hyphen_values = true)]
    pub valkey_operator: Option<String>,
    /// Chart of the Valkey operator: a path, an `oci://` reference or a name [default: the operator's]
    #[arg(long, value_name = "CHART", allow_hyphen_values = true)]
    pub valkey_chart: Option<String>,
    /// Version of that chart [default: the operator's]
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    pub valkey_version: Option<String>,
}

/// Flags of `up`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Debug, Clone, Default, Args)]
pub struct Up {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    /// Port of the ingress on 127.0.0.1 [default: the cluster's own, else a free one]
    #[arg(long, value_name = "PORT", allow_hyphen_values = true)]
    pub ingress_port: Option<String>,
    /// Deploy the image that the cluster last had, else the last one built; build none
    #[arg(long)]
    pub skip_build: bool,
    /// Number of agent nodes of a new cluster, 0 to 9
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    pub agents: Option<String>,
    /// Image of a new cluster's nodes
    #[arg(long, value_name = "IMAGE", allow_hyphen_values = true)]
    pub k3s_image: Option<String>,
    #[command(flatten)]
    pub charts: ChartFlags,
    /// Have a new cluster's nodes pull their images anew, instead of through a cache on this machine
    #[arg(long)]
    pub no_image_cache: bool,
    /// Take over a cluster of this name that something else, or another worktree, created
    #[arg(long)]
    pub adopt: bool,
    /// Fail where k3d, kubectl or helm is missing, instead of fetching it
    #[arg(long)]
    pub no_install: bool,
    /// Print what would be done, with its commands and manifests, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on: build and roll out again whenever a file of the image or the chart changes, until Ctrl-C
    #[arg(long, conflicts_with = "dry_run")]
    pub watch: bool,
    /// Print when each step ran and what it waited for; with =FILE, write it for Perfetto
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub timings: Option<std::path::PathBuf>,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// Flags of `render`.
#[derive(Debug, Clone, Default, Args)]
pub struct Render {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    #[command(flatten)]
    pub namespace: NamespaceFlags,
    #[command(flatten)]
    pub charts: ChartFlags,
    #[command(flatten)]
    pub talk: TalkFlags,
}

impl From<&Render> for Up {
    fn from(flags: &Render) -> Self {
        Self {
            cluster: flags.cluster.clone(),
            namespace: flags.namespace.clone(),
            charts: flags.charts.clone(),
            skip_build: true,
            ..Self::default()
        }
    }
}

/// Flags of `down`.
#[derive(Debug, Clone, Default, Args)]
pub struct Down {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Delete a cluster of this name that something else, or another worktree, created
    #[arg(long)]
    pub adopt: bool,
    /// Delete also the images that were kept for the next cluster
    #[arg(long)]
    pub all: bool,
    /// Leave the application's images of this cluster on the host
    #[arg(long)]
    pub keep_images: bool,
    #[command(flatten)]
    pub talk: TalkFlags,
}
