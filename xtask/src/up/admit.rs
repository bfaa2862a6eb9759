//! Whether what is wanted fits what is there: looked at before anything is changed.

use anyhow::{Context, Result, ensure};

use super::claim::to_adopt;
use crate::config::{self, Preview};
use crate::doctor;
use crate::exec::Exec;
use crate::ingress::OtherPort;
use crate::listen::{self, Listener};
use crate::names::Port;
use crate::observe::{Cluster, Whole};
use crate::progress::Progress;
use crate::state::State;

/// Looks, before anything is changed, whether what is wanted fits what is there. Returns the ingress' port: the one
/// of a cluster that is there, else the one asked for; where there is none, a free one will do.
///
/// # Errors
/// Where the cluster is not this worktree's, its port is another one than that asked for, or that one is taken;
/// and where a new cluster's Valkey cannot be, or Docker's machine cannot bear it.
pub fn admit(
    config: &config::Up,
    exec: &Exec,
    state: &State,
    seen: &Cluster,
    progress: &Progress,
) -> Result<Option<Port>> {
    to_adopt(&config.preview, state, seen, config.adopt)?;
    if let Some(whole) = seen.whole() {
        let has = published(&config.preview, whole)?;
        let asked = config.port.as_ref();
        let other = asked.and_then(|asked| OtherPort::of(&config.preview, has, asked));
        return other.map_or(Ok(Some(has)), |other| Err(other.into()));
    }
    if let Some(valkey) = &config.preview.project.valkey {
        let operator = config.valkey.of_new_cluster(valkey);
        config.valkey.chart(operator, valkey)?;
    }
    let asked = config.port.as_ref();
    let port = asked.map(|it| listen::check(exec, it.value, &it.from, Listener::Docker));
    let port = port.transpose()?;
    fit(exec, progress)?;
    Ok(port)
}

/// Looks whether Docker's machine can bear a new cluster, before anything is made.
///
/// # Errors
/// Where it certainly cannot: its disk is full, or it lacks memory.
fn fit(exec: &Exec, progress: &Progress) -> Result<()> {
    let checks = doctor::machine(exec)?;
    let mut blocks = Vec::new();
    for check in checks {
        let next = check.do_next.unwrap_or_default();
        let words = format!("{}: {}\n    next: {next}", check.name, check.found);
        match check.state {
            doctor::State::Ok => {}
            doctor::State::Warning => progress.warn(&words),
            doctor::State::Blocks => blocks.push(words),
        }
    }
    ensure!(blocks.is_empty(), "{}", blocks.join("\n"));
    Ok(())
}

/// The port that a cluster's ingress has on this machine.
///
/// # Errors
/// Where it has none.
pub fn published(preview: &Preview, whole: &Whole) -> Result<Port> {
    whole.port.with_context(|| format!("the cluster {} publishes no port for its ingress: it was not made by this tool; delete it (k3d cluster delete {0}) or choose another name", preview.cluster))
}
