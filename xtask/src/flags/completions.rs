//! The flags of `completions`.

use clap::Args;

use crate::completions::Shell;

/// Flags of `completions`.
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell that is to read them
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}
