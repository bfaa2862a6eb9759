//! The command line. A doc comment here is what `--help` shows.
#![expect(
    missing_docs,
    reason = "a doc comment on a flattened group would become help"
)]

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tasks of this workspace
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Xtask {
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

/// The tasks.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Run a preview on a local Kubernetes cluster
    #[command(arg_required_else_help = true, disable_help_subcommand = true, after_help = K8S_HELP)]
    K8s {
        /// What to do with the preview.
        #[command(subcommand)]
        verb: Verb,
    },
}

const K8S_HELP: &str = "\
Examples:
  cargo xtask k8s up               the URL is on stdout, everything else on stderr
  curl $(cargo xtask k8s up)       so this works
  cargo xtask k8s logs --follow

Exit status: 0 done, 1 failed, 2 wrong usage, 129, 130 or 143 ended by a signal.";

/// What can be done with a preview, in the order one needs it.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create or update the preview, then print its URL
    #[command(after_help = "Example:\n  cargo xtask k8s up --ingress-port 8080")]
    Up(Box<Up>),
    /// Write the manifests that `up` applies, as YAML
    #[command(after_help = "Example:\n  cargo xtask k8s render | less")]
    Render(Box<Up>),
    /// Show what runs, its health, image and URL
    #[command(after_help = "Example:\n  cargo xtask k8s status --check && echo ready")]
    Status(Status),
    /// Print the application's log
    #[command(after_help = "Example:\n  cargo xtask k8s logs --follow")]
    Logs(Logs),
    /// Check what `up` needs of this machine, and say what to do about it
    #[command(after_help = "Example:\n  cargo xtask k8s doctor")]
    Doctor(Doctor),
    /// Delete the preview and what it left behind
    #[command(after_help = "Example:\n  cargo xtask k8s down --cluster-name another")]
    Down(Down),
}

/// Which cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterFlags {
    /// Name of the k3d cluster, at most 32 characters [default: ghillie-local]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub cluster_name: Option<String>,
}

/// Which namespace.
#[derive(Debug, Clone, Default, Args)]
pub struct NamespaceFlags {
    /// Namespace of the application and its stores [default: ghillie]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub namespace: Option<String>,
}

/// How much is said.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct TalkFlags {
    /// Say nothing on stderr but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show each command that is run; twice: also what it says
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
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
    /// Deploy the image that the cluster last had, else `ghillie:local`; build none
    #[arg(long)]
    pub skip_build: bool,
    /// Number of agent nodes of a new cluster, 0 to 9 [default: 1]
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    pub agents: Option<String>,
    /// Image of a new cluster's nodes [default: rancher/k3s:v1.33.4-k3s1]
    #[arg(long, value_name = "IMAGE", allow_hyphen_values = true)]
    pub k3s_image: Option<String>,
    /// Chart of CloudNativePG: a path, an `oci://` reference or a name [default: cloudnative-pg]
    #[arg(long, value_name = "CHART", allow_hyphen_values = true)]
    pub cnpg_chart: Option<String>,
    /// Version of that chart [default: 0.29.0]
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    pub cnpg_version: Option<String>,
    /// Operator that runs Valkey: valkey-io or hyperspike [default: the cluster's own, else valkey-io]
    #[arg(long, value_name = "OPERATOR", allow_hyphen_values = true)]
    pub valkey_operator: Option<String>,
    /// Chart of the Valkey operator: a path, an `oci://` reference or a name [default: the operator's]
    #[arg(long, value_name = "CHART", allow_hyphen_values = true)]
    pub valkey_chart: Option<String>,
    /// Version of that chart [default: the operator's]
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    pub valkey_version: Option<String>,
    /// Take over a cluster of this name that something else, or another worktree, created
    #[arg(long)]
    pub adopt: bool,
    /// Fail where k3d, kubectl or helm is missing, instead of fetching it
    #[arg(long)]
    pub no_install: bool,
    /// Print what would be done, with its commands and manifests, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print when each step ran and what it waited for; with =FILE, write it for Perfetto
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub timings: Option<std::path::PathBuf>,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
    #[command(flatten)]
    pub talk: TalkFlags,
}

/// Flags of `down`.
#[derive(Debug, Clone, Default, Args)]
pub struct Down {
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Delete a cluster of this name that something else, or another worktree, created
    #[arg(long)]
    pub adopt: bool,
    #[command(flatten)]
    pub talk: TalkFlags,
}

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
    /// Form of the report
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
    #[command(flatten)]
    pub talk: TalkFlags,
}

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

/// The form of a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs, with a documented schema.
    Json,
}
