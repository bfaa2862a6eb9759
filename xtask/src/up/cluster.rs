//! The cluster itself: its creation, its start and its kubeconfig.

use std::fmt::Display;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Up;
use super::image_cache::servers;
use crate::cmd::Cmd;
use crate::config;
use crate::docker;
use crate::exec::Exec;
use crate::execute::Did;
use crate::image_cache::{Server, registries};
use crate::k3d::{self, Shape};
use crate::kubeconfig;
use crate::kubectl;
use crate::observe::{self, Cluster, Leftovers, Owner, Whole};
use crate::progress::Line;
use crate::state::State;

/// The file in our state folder that tells k3s of the image cache.
const REGISTRIES: &str = "registries.yaml";
/// How long the API server may take to answer once its load balancer starts.
const API_WAIT: Duration = Duration::from_secs(120);

/// Creates the cluster of a preview, with its ingress at `port`.
pub fn create(config: &config::Up, state: &State, shape: &Shape, port: impl Display) -> Cmd {
    let preview = &config.preview;
    let cmd = k3d::create(&preview.cluster, shape, port, &preview.worktree());
    let cmd = state.with_k3d(cmd);
    if config.image_cache {
        k3d::with_registries(cmd, &state.path(REGISTRIES))
    } else {
        cmd
    }
}

impl Up<'_> {
    /// Removes what a killed run left, so that nothing stands in the way of a new cluster.
    pub(super) fn clear(&self, left: &Leftovers) -> Result<Did> {
        remove(self.exec, left)?;
        Ok(Did::This(describe(left)))
    }

    /// Creates the cluster. What is about to be made is written down first: k3d killed in its first
    /// second leaves a container and a network that do not say whose they are.
    pub(super) fn create(&self, shape: &Shape, line: &Line) -> Result<Did> {
        let preview = &self.config.preview;
        let owner = Owner::begin(preview, self.state)?;
        self.state.remove(observe::RECORD);
        self.state.remove("kubeconfig");
        if self.config.image_cache {
            let registries = registries(preview.project.nodes.registries);
            self.state.write(REGISTRIES, &registries.to_string())?;
        }
        let cmd = create(self.config, self.state, shape, self.port);
        let created = k3d::run(self.exec, &cmd, line, |said| {
            if k3d::says_that_network_is_there(said, &preview.cluster) {
                let _ = self.facts.network.set(());
            }
            if k3d::says_that_servers_run(said, &preview.cluster) {
                let _ = self.facts.balancer.set(());
            }
        });
        // Where k3d fails it rolls back what it made, but not a network that something else is in, such as the
        // image cache: the record stays until that is removed.
        created?;
        let _ = self.facts.network.set(());
        let _ = self.facts.balancer.set(());
        self.state.put(observe::RECORD, &owner)?;
        self.state.remove(observe::BEGUN);
        Ok(Did::This(format!(
            "{}, port {}",
            preview.cluster, self.port
        )))
    }

    /// Starts a stopped cluster, or the containers of it that are down or paused.
    pub(super) fn start(&self, whole: &Whole, line: &Line) -> Result<Did> {
        if !whole.paused.is_empty() {
            self.exec.read(&docker::unpause(&whole.paused))?;
        }
        let _ = self.facts.network.set(());
        let cmd = self
            .state
            .with_k3d(k3d::start(&self.config.preview.cluster));
        k3d::run(self.exec, &cmd, line, |_| ())?;
        Ok(Did::This(format!("was down: {}", whole.stopped.join(", "))))
    }

    /// Takes the kubeconfig and waits until the API server answers.
    pub(super) fn await_api(&self, line: &Line) -> Result<Did> {
        line.say("waiting for the servers");
        while self.facts.balancer.get().is_none() {
            if self.exec.stop().pause(Duration::from_millis(50)) {
                bail!("stopped");
            }
        }
        let begun = Instant::now();
        loop {
            let error = match self.ask_api() {
                Ok(()) => return Ok(Did::This(String::new())),
                Err(error) => error,
            };
            line.say("waiting for its first answer");
            if begun.elapsed() > API_WAIT {
                return Err(error.context(format!(
                    "the API server did not answer within {} s",
                    API_WAIT.as_secs()
                )));
            }
            if self.exec.stop().pause(Duration::from_millis(200)) {
                bail!("stopped");
            }
        }
    }

    fn ask_api(&self) -> Result<()> {
        if !self.state.kubeconfig().exists() {
            kubeconfig::take(self.exec, &self.config.preview, self.state)?;
        }
        self.exec.read(&kubectl::ready(self.state))?;
        Ok(())
    }
}

/// Looks whether all of a cluster that was started runs: k3d starts what it can (5.8.3).
///
/// # Errors
/// Names what does not run, and what to type.
pub fn is_started(seen: &Cluster) -> Result<()> {
    let Cluster::Stopped(whole) = seen else {
        return Ok(());
    };
    bail!(
        "k3d started the cluster, but these containers do not run: {}\n    next: docker logs --tail 20 {}",
        whole.stopped.join(", "),
        whole.stopped.first().map_or("", String::as_str),
    )
}

/// Removes containers, networks and volumes.
///
/// # Errors
/// Where Docker refuses.
pub fn remove(exec: &Exec, left: &Leftovers) -> Result<()> {
    let servers = match left.networks.as_slice() {
        [] => vec![],
        _ => servers(exec)?,
    };
    for cmd in removals(left, &servers) {
        exec.read(&cmd)?;
    }
    Ok(())
}

/// What removes containers, networks and volumes, in order. The servers of the image cache leave the networks first,
/// which could not be removed else.
pub fn removals(left: &Leftovers, servers: &[Server]) -> Vec<Cmd> {
    let mut cmds = Vec::new();
    if !left.containers.is_empty() {
        cmds.push(docker::remove_containers(&left.containers));
    }
    for network in &left.networks {
        let inside = servers.iter().filter(|it| it.is_in(network));
        cmds.extend(inside.map(|it| it.leave(network)));
        cmds.push(docker::remove_network(network));
    }
    if !left.volumes.is_empty() {
        cmds.push(docker::remove_volumes(&left.volumes));
    }
    cmds
}

/// What is left, in words.
pub fn describe(left: &Leftovers) -> String {
    let part = |what: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let parts = [
        part("container", &left.containers),
        part("network", &left.networks),
        part("volume", &left.volumes),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_cache;

    #[test]
    fn the_image_cache_leaves_a_network_before_that_is_removed() {
        let left = Leftovers {
            containers: vec!["k3d-c-tools".into()],
            networks: vec!["k3d-c".into()],
            ..Leftovers::default()
        };
        let servers = [
            r#"{"name":"in-it","state":"running","networks":"bridge,k3d-c"}"#,
            r#"{"name":"elsewhere","state":"running","networks":"bridge"}"#,
        ];
        let servers = image_cache::parse_servers(&servers.join("\n")).unwrap();
        let cmds: Vec<String> = removals(&left, &servers)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            cmds,
            [
                "docker rm --force --volumes k3d-c-tools",
                "docker network disconnect --force k3d-c in-it",
                "docker network rm k3d-c",
            ]
        );
        assert_eq!(removals(&Leftovers::default(), &[]), []);
    }
}
