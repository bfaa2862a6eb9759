//! The cluster as Docker sees it.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::config::Preview;
use crate::docker::{self, Container};
use crate::exec::Exec;
use crate::k3d;
use crate::names::Port;
use crate::state::State;

/// The file in our state folder that says whose cluster it is, and which one of that name.
pub const RECORD: &str = "cluster.json";
/// The file in our state folder that says that a cluster was about to be made or deleted: what is found
/// while it is there is ours, labelled or not, and is not whole.
pub const BEGUN: &str = "begun.json";

/// How long Docker is waited for until that is told. A daemon that only starts may take longer, and answers then.
const SILENT: Duration = Duration::from_secs(5);

/// The worktree that a cluster belongs to, and which container its server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The worktree's root.
    pub worktree: String,
    /// The id of the server's container; empty while it is being made.
    pub server: String,
}

impl Owner {
    /// This worktree, of a cluster whose server's container has that id.
    pub fn here(preview: &Preview, server: &str) -> Self {
        Self {
            worktree: preview.worktree(),
            server: server.to_owned(),
        }
    }

    /// This worktree, of a cluster that is about to be made or deleted: written down first, as parts of it, such
    /// as its network, do not say whose they are.
    ///
    /// # Errors
    /// Where our folder cannot be written.
    pub fn begin(preview: &Preview, state: &State) -> Result<Self> {
        let owner = Self::here(preview, "");
        state.put(BEGUN, &owner)?;
        Ok(owner)
    }
}

/// What there is of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cluster {
    /// Nothing.
    Absent,
    /// Parts of one, or one whose making or deletion was begun and not ended.
    HalfMade(Leftovers),
    /// A whole cluster, of which not all containers run.
    Stopped(Whole),
    /// A cluster that runs.
    Running(Whole),
}

/// What there is of a cluster that is not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Names of containers.
    pub containers: Vec<String>,
    /// The network, where it is there.
    pub networks: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// The worktree that a container's label names, where it is not ours; empty where it names none.
    pub stranger: Option<String>,
}

/// A cluster with its server and its load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The ingress' port on the host.
    pub port: Option<Port>,
    /// The nodes' containers, servers first.
    pub nodes: Vec<String>,
    /// The id of the server's container.
    pub server: String,
    /// The worktree that made it, by its label; empty where it has none.
    pub worktree: String,
    /// The names of the containers that do not run.
    pub stopped: Vec<String>,
    /// Those of them that are paused, which k3d does not wake (5.8.3).
    pub paused: Vec<String>,
}

impl Cluster {
    /// The cluster, where it is whole.
    pub fn whole(&self) -> Option<&Whole> {
        match self {
            Self::Stopped(whole) | Self::Running(whole) => Some(whole),
            Self::Absent | Self::HalfMade(_) => None,
        }
    }

    /// The cluster, running or stopped.
    ///
    /// # Errors
    /// Where it does not exist, or is not whole, with what to type next.
    pub fn existing(&self, preview: &Preview) -> Result<&Whole> {
        let (name, up) = (&preview.cluster, preview.command("up"));
        match self {
            Self::Running(whole) | Self::Stopped(whole) => Ok(whole),
            Self::Absent => bail!("the cluster {name} does not exist: create it with `{up}`"),
            Self::HalfMade(_) => bail!(
                "the cluster {name} does not exist, only parts that an interrupted run left: `{up}` makes it anew"
            ),
        }
    }

    /// The cluster, where it runs.
    ///
    /// # Errors
    /// As for [`Cluster::existing`], and where it is stopped.
    pub fn running(&self, preview: &Preview) -> Result<&Whole> {
        let whole = self.existing(preview)?;
        if matches!(self, Self::Stopped(_)) {
            let (name, start) = (&preview.cluster, preview.command("start"));
            bail!("the cluster {name} is stopped: start it with `{start}`");
        }
        Ok(whole)
    }
}

/// Asks Docker what there is of the cluster. It is the first that any command asks Docker: where there is no
/// answer for 5 s that is told, and it is waited for.
///
/// # Errors
/// Where Docker cannot be asked.
pub fn observe_cluster(exec: &Exec, preview: &Preview, state: &State) -> Result<Cluster> {
    let words = format!(
        "Docker's daemon has not answered for {} s, still waiting: restart Docker if `docker info` hangs too",
        SILENT.as_secs()
    );
    let question = docker::containers(&preview.cluster);
    let reply = exec.telling(SILENT, &words, || exec.read(&question))?;
    let containers = docker::parse_containers(&reply)?;
    let begun = state.path(BEGUN).exists();
    let server = containers.iter().find(|it| it.role == "server");
    let balancer = containers.iter().find(|it| it.role == "loadbalancer");
    let (Some(server), Some(balancer), false) = (server, balancer, begun) else {
        return leftovers(exec, preview, state, &containers, begun);
    };
    let mut nodes: Vec<&Container> = containers
        .iter()
        .filter(|it| matches!(it.role.as_str(), "server" | "agent"))
        .collect();
    nodes.sort_by_key(|it| (it.role != "server", it.name.clone()));
    let all = nodes.iter().copied().chain([balancer]);
    let names_of = |wanted: fn(&Container) -> bool| {
        let found = all.clone().filter(|it| wanted(it));
        found.map(|it| it.name.clone()).collect::<Vec<_>>()
    };
    let whole = Whole {
        port: port(exec, balancer)?,
        nodes: nodes.iter().map(|it| it.name.clone()).collect(),
        server: server.id.clone(),
        worktree: server.worktree.clone(),
        stopped: names_of(|it| !it.is_running()),
        paused: names_of(|it| it.state == "paused"),
    };
    Ok(if whole.stopped.is_empty() {
        Cluster::Running(whole)
    } else {
        Cluster::Stopped(whole)
    })
}

/// A container that is stopped publishes nothing, but knows what it would.
fn port(exec: &Exec, balancer: &Container) -> Result<Option<Port>> {
    if let Some(port) = balancer.published(80) {
        return Ok(Some(Port(port)));
    }
    let configured = exec.read(&docker::configured_port(&balancer.name))?;
    Ok(configured.trim().parse().ok())
}

/// What there is besides a whole cluster. The network and the volume of that name are looked for only
/// where a run of ours was cut short, or containers are there: they carry no name of a cluster
/// themselves (k3d 5.8.3).
fn leftovers(
    exec: &Exec,
    preview: &Preview,
    state: &State,
    containers: &[Container],
    begun: bool,
) -> Result<Cluster> {
    if containers.is_empty() && !begun {
        return Ok(Cluster::Absent);
    }
    let found = Leftovers {
        stranger: stranger(preview, state, containers, begun),
        ..remains(exec, preview, containers)?
    };
    Ok(if found == Leftovers::default() {
        Cluster::Absent
    } else {
        Cluster::HalfMade(found)
    })
}

/// The worktree of a container that is not ours. The servers always have our label where we made them;
/// k3d's tools container has it only when k3d lives on, and is ours where a run of ours was cut short.
fn stranger(
    preview: &Preview,
    state: &State,
    containers: &[Container],
    begun: bool,
) -> Option<String> {
    let ours = preview.worktree();
    let record = state.get::<Owner>(RECORD);
    let is_ours = |it: &Container| {
        let adopted = |record: &Owner| record.worktree == ours && record.server == it.id;
        it.worktree == ours || record.as_ref().is_some_and(adopted)
    };
    if containers.iter().any(is_ours) {
        return None;
    }
    let is_node = |it: &Container| matches!(it.role.as_str(), "server" | "agent");
    let stranger = containers.iter().find(|it| is_node(it) || !begun);
    stranger.map(|it| it.worktree.clone())
}

/// The containers given, and the network and the volumes of the cluster's name.
///
/// # Errors
/// Where Docker cannot be asked.
pub fn remains(exec: &Exec, preview: &Preview, containers: &[Container]) -> Result<Leftovers> {
    let lines = |reply: String| reply.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut volumes = lines(exec.read(&docker::volumes(&preview.cluster))?);
    let images = k3d::image_volume(&preview.cluster);
    volumes.extend(lines(exec.read(&docker::named_volume(&images))?));
    volumes.sort();
    volumes.dedup();
    Ok(Leftovers {
        containers: containers.iter().map(|it| it.name.clone()).collect(),
        networks: lines(exec.read(&docker::networks(&k3d::network(&preview.cluster)))?),
        volumes,
        stranger: None,
    })
}
