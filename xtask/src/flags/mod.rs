//! The command line. A doc comment here is what `--help` shows.
#![expect(
    missing_docs,
    reason = "a doc comment on a flattened group would become help"
)]

mod access;
mod completions;
mod doctor;
mod logs;
mod rest;
mod status;
mod stores;
mod up;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use access::{Env, Kubectl, Open};
pub use completions::Completions;
pub use doctor::Doctor;
pub use logs::{Component, Logs};
pub use rest::{Start, Stop};
pub use status::Status;
pub use stores::{Client, Forward};
pub use up::{ChartFlags, Down, Render, Up};

/// Tasks of this workspace
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Example:\n  cargo xtask k8s up"
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

Exit status: 0 done, 1 failed, 2 wrong usage, 129, 130 or 143 ended by a signal;
psql, valkey-cli and kubectl end as the program itself ends.";

const LOGS_HELP: &str = "\
Examples:
  cargo xtask k8s logs --follow
  cargo xtask k8s logs --component postgres --since 10m | grep ERROR

Only the lines are on stdout, each marked with its pod where there are several. Lines in JSON are shown
readable on a terminal and left as they are in a pipe.";

/// What can be done with a preview, in the order one needs it.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create or update the preview, then print its URL
    #[command(
        after_help = "Examples:\n  cargo xtask k8s up --ingress-port 8080\n  cargo xtask k8s up --watch"
    )]
    Up(Box<Up>),
    /// Show what runs, its health, image and URL
    #[command(after_help = "Example:\n  cargo xtask k8s status --check && echo ready")]
    Status(Status),
    /// Print the application's log, or that of another part
    #[command(after_help = LOGS_HELP)]
    Logs(Logs),
    /// Open the application in the browser
    #[command(after_help = "Example:\n  cargo xtask k8s open")]
    Open(Open),
    /// Run psql in the application's database
    ///
    /// It runs beside the server, as the application's role; `SET ROLE postgres` gives all rights.
    #[command(
        after_help = "Examples:\n  cargo xtask k8s psql\n  cargo xtask k8s psql -- -c 'select now()'\n  cargo xtask k8s psql <schema.sql"
    )]
    Psql(Client),
    /// Run valkey-cli as the application's user
    #[command(
        after_help = "Examples:\n  cargo xtask k8s valkey-cli\n  cargo xtask k8s valkey-cli -- get greeting"
    )]
    ValkeyCli(Client),
    /// Hold a local port that leads to a store, and print its URL
    #[command(after_help = "Example:\n  cargo xtask k8s forward postgres --port 5432")]
    Forward(Forward),
    /// Run kubectl with the preview's kubeconfig, in its namespace
    #[command(after_help = "Example:\n  cargo xtask k8s kubectl -- get pods --output wide")]
    Kubectl(Kubectl),
    /// Print what points a shell's own tools at the preview
    #[command(after_help = "Example:\n  eval \"$(cargo xtask k8s env)\" && kubectl get nodes")]
    Env(Env),
    /// Stop the preview, and keep what is on its volumes
    #[command(after_help = "Example:\n  cargo xtask k8s stop")]
    Stop(Stop),
    /// Start a stopped preview without a build, then print its URL
    #[command(after_help = "Example:\n  cargo xtask k8s start")]
    Start(Start),
    /// Check what `up` needs of this machine, and say what to do about it
    #[command(after_help = "Example:\n  cargo xtask k8s doctor")]
    Doctor(Doctor),
    /// Write the manifests that `up` applies, as YAML
    #[command(after_help = "Example:\n  cargo xtask k8s render | less")]
    Render(Render),
    /// Print what lets a shell complete these commands
    #[command(after_help = crate::completions::HELP)]
    Completions(Completions),
    /// Delete the preview and what it left behind
    #[command(after_help = "Example:\n  cargo xtask k8s down --cluster-name another")]
    Down(Down),
}

/// Which cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterFlags {
    /// Name of the k3d cluster, at most 32 characters
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub cluster_name: Option<String>,
}

/// Which namespace.
#[derive(Debug, Clone, Default, Args)]
pub struct NamespaceFlags {
    /// Namespace of the application and its stores
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub namespace: Option<String>,
}

/// For verbs to which the namespace does not matter.
pub const NO_NAMESPACE: &NamespaceFlags = &NamespaceFlags { namespace: None };

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

/// The form of a result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs, with a documented schema.
    Json,
}
