//! `start`: a stopped preview runs again, with what is on its volumes, and nothing is built or installed.

use std::time::Instant;

use anyhow::{Context, Result};

use super::admit::own_port;
use super::claim::claim;
use super::{Goal, Ran, Up};
use crate::config;
use crate::exec::Exec;
use crate::observe;
use crate::plan::{self, Step};
use crate::progress::Progress;
use crate::state::State;
use crate::tools::{self, Tool};

/// Starts the preview where it is stopped, waits until the application answers, and returns its URL.
///
/// # Errors
/// Where the cluster does not exist or is not ours, a tool is missing, or what failed, with the evidence for it.
pub fn start(
    config: &config::Up,
    exec: &Exec,
    state: &State,
    progress: &Progress,
    ran: Ran<'_>,
) -> Result<String> {
    let begun = Instant::now();
    let preview = &config.preview;
    let seen = observe::observe_cluster(exec, preview, state)?;
    let whole = seen.existing(preview)?;
    claim(preview, state, &seen, config.adopt)?;
    tools::need(exec, preview, &[Tool::K3d, Tool::Kubectl])?;
    let port = own_port(exec, preview, whole)?;
    Up::new(Goal::Start, config, exec, state, progress, port).carry_out(seen, begun, ran)
}

impl Up<'_> {
    /// The steps of a start, which answers with the image that is deployed.
    pub(super) fn plan_start(&self) -> Result<Vec<Step>> {
        let preview = &self.config.preview;
        let inside = self.seen().cloned().unwrap_or_default();
        let image = inside.deployed.clone().with_context(|| {
            format!(
                "the cluster runs, but the application is not installed in it: `{}` does that",
                preview.command("up")
            )
        })?;
        let _ = self.facts.image.set((image, Vec::new()));
        Ok(plan::start(preview, &inside))
    }
}
