//! `stop`: ends the cluster's containers, keeps what is on their volumes, and looks whether they ended.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::config::Preview;
use crate::docker::{self, Container};
use crate::exec::Exec;
use crate::k3d;
use crate::observe;
use crate::progress::{Outcome, Progress};
use crate::session::Held;
use crate::tools::{self, Tool};
use crate::up;

/// Stops the preview. One that is stopped is fine.
///
/// # Errors
/// Where Docker cannot be asked, the cluster does not exist or is not ours, k3d is missing, or something of it
/// still runs.
pub fn stop(held: &Held, progress: &Progress, adopt: bool) -> Result<()> {
    let Held {
        preview,
        state,
        exec,
        ..
    } = held;
    let seen = observe::observe_cluster(exec, preview, state)?;
    seen.existing(preview)?;
    up::claim(preview, state, &seen, adopt)?;
    let name = &preview.cluster;
    if running(preview, exec)?.is_empty() {
        progress.note(&format!("the cluster {name} is already stopped"));
        return Ok(());
    }
    tools::need(exec, preview, &[Tool::K3d])?;
    // The cache of the nodes' images runs beside the cluster, for it alone.
    up::leave_image_cache(exec, preview, false, progress)?;
    let begun = Instant::now();
    let line = progress.begin("stop cluster", None);
    let stopped = k3d::run(exec, &state.with_k3d(k3d::stop(name)), &line, |_| ());
    let result = stopped
        .map_err(Into::into)
        .and_then(|()| verify(&running(preview, exec)?));
    let outcome = match &result {
        Ok(()) => Outcome::Done,
        Err(_) if exec.stop().reason().is_some() => Outcome::Stopped,
        Err(_) => Outcome::Failed,
    };
    line.finish(outcome, begun.elapsed(), name.as_str());
    result?;
    let start = preview.command("start");
    progress.note(&format!(
        "what is on its volumes is kept, what is in memory alone is not: `{start}` runs it again, `up` too"
    ));
    Ok(())
}

/// The names of the cluster's containers that run.
fn running(preview: &Preview, exec: &Exec) -> Result<Vec<String>> {
    let containers = docker::parse_containers(&exec.read(&docker::containers(&preview.cluster))?)?;
    Ok(names_of_running(containers))
}

/// All that does not certainly rest: one that is paused or restarts holds its ports and memory too.
fn names_of_running(containers: Vec<Container>) -> Vec<String> {
    let rests = |it: &Container| matches!(it.state.as_str(), "created" | "exited" | "dead");
    let running = containers.into_iter().filter(|it| !rests(it));
    running.map(|it| it.name).collect()
}

fn verify(running: &[String]) -> Result<()> {
    if running.is_empty() {
        return Ok(());
    }
    bail!(
        "k3d says that the cluster is stopped, but these containers still run: {}\n    next: docker stop {0}",
        running.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_still_runs_is_named_with_what_stops_it() {
        let line = |name: &str, state: &str| {
            format!(
                r#"{{"id":"a","name":"{name}","state":"{state}","role":"","ports":"","worktree":""}}"#
            )
        };
        let reply = [
            line("server", "exited"),
            line("lb", "created"),
            line("agent", "running"),
            line("other", "paused"),
        ];
        let running = names_of_running(docker::parse_containers(&reply.join("\n")).unwrap());
        let error = verify(&running).unwrap_err().to_string();
        assert!(error.ends_with("next: docker stop agent other"), "{error}");
        assert!(verify(&[]).is_ok());
    }
}
