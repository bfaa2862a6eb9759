//! The cache of the nodes' images: served while a cluster is made, and left by `stop` and `down`.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::Up;
use crate::config::Preview;
use crate::docker;
use crate::doctor;
use crate::exec::{CmdError, Exec};
use crate::execute::Did;
use crate::image_cache::{self, Server, Upstream};
use crate::k3d;
use crate::progress::{Line, Progress};
use crate::scoped::joined;

impl Up<'_> {
    /// Has the cache answer in the cluster's network. It only saves time: without it, the nodes pull
    /// from where the images come from.
    pub(super) fn serve_images(&self, line: &Line) -> Result<Did> {
        let Err(error) = self.try_to_serve(line) else {
            return Ok(Did::This(String::new()));
        };
        if error.is_stopped() {
            return Err(error.into());
        }
        let why = error.last_words();
        let warning = format!("the cluster's images are not kept for the next one: {why}");
        self.progress.warn(&warning);
        Ok(Did::Nothing("none".into()))
    }

    fn try_to_serve(&self, line: &Line) -> Result<(), CmdError> {
        let network = k3d::network(&self.config.preview.cluster);
        let registries = self.config.preview.project.nodes.registries;
        let servers = servers(self.exec)?;
        let known = |upstream: &Upstream| servers.iter().find(|it| it.name == upstream.server());
        thread::scope(|scope| {
            let serve = |upstream: &'static Upstream| {
                let server = known(upstream);
                scope.spawn(move || self.serve(*upstream, server))
            };
            let threads: Vec<_> = registries.iter().map(serve).collect();
            threads.into_iter().try_for_each(joined)
        })?;
        line.say("waiting for the cluster's network");
        while self.facts.network.get().is_none() {
            if self.exec.stop().pause(Duration::from_millis(50)) {
                return Ok(());
            }
        }
        let join = |it: &Upstream| it.join(known(it), &network);
        for cmd in registries.iter().filter_map(join) {
            already(self.exec.read(&cmd))?;
        }
        Ok(())
    }

    fn serve(&self, upstream: Upstream, server: Option<&Server>) -> Result<(), CmdError> {
        let is_reached = || doctor::reaches(self.exec, upstream);
        for cmd in upstream.serve(server, is_reached) {
            already(self.exec.read(&cmd))?;
        }
        Ok(())
    }
}

/// What another run has done at the same time is done.
fn already(result: Result<String, CmdError>) -> Result<(), CmdError> {
    match result {
        Err(error) if error.says("already in use") || error.says("already exists") => Ok(()),
        other => other.map(drop),
    }
}

/// Asks for the cache's containers.
///
/// # Errors
/// Where Docker cannot be asked.
pub fn servers(exec: &Exec) -> Result<Vec<Server>, CmdError> {
    let reply = exec.read(&image_cache::servers())?;
    // What cannot be read is not ours.
    Ok(image_cache::parse_servers(&reply).unwrap_or_default())
}

/// Takes the cache from a cluster that is about to be stopped or deleted, and removes its containers where no other
/// cluster needs them. What it keeps stays for the next `up`, unless `all` is to go.
///
/// # Errors
/// Where Docker refuses.
pub fn leave(exec: &Exec, preview: &Preview, all: bool, progress: &Progress) -> Result<()> {
    let network = k3d::network(&preview.cluster);
    let servers = servers(exec)?;
    let (needed, idle): (Vec<_>, Vec<_>) = servers
        .iter()
        .partition(|it| !all && it.serves_others(&network));
    let kept: u64 = idle.iter().filter_map(|it| size(exec, it)).sum();
    for server in needed.into_iter().filter(|it| it.is_in(&network)) {
        exec.read(&server.leave(&network))?;
    }
    if !idle.is_empty() {
        let names: Vec<String> = idle.iter().map(|it| it.name.clone()).collect();
        exec.read(&docker::remove_containers(&names))?;
    }
    if all {
        remove_volumes(exec, preview.project.nodes.registries)?;
    } else if kept >= 1024 {
        let size = kept / 1024;
        progress.note(&format!(
            "{size} MiB of the cluster's images are kept for the next one (down --all removes them)"
        ));
    }
    Ok(())
}

/// How many KiB a server keeps, where it runs and tells.
fn size(exec: &Exec, server: &Server) -> Option<u64> {
    let reply = exec.read(&server.size()).ok()?;
    reply.split_whitespace().next()?.parse().ok()
}

fn remove_volumes(exec: &Exec, upstreams: &[Upstream]) -> Result<()> {
    for upstream in upstreams {
        let there = exec.read(&docker::named_volume(&upstream.server()))?;
        if !there.trim().is_empty() {
            exec.read(&docker::remove_volumes(&[upstream.server()]))?;
        }
    }
    Ok(())
}
