//! What `status` asks, at the same time, and what was answered, as plain data.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Error, Result, anyhow};
use serde_json::Value;

use super::judge;
use crate::config::Preview;
use crate::diagnose::{Fault, volume_fault};
use crate::docker::{self, Detail};
use crate::exec::{CmdError, Exec};
use crate::k3d;
use crate::kubeconfig;
use crate::kubectl;
use crate::observe::{Cluster, Whole, observe_named};
use crate::pod::Pod;
use crate::postgres;
use crate::probe::{self, Reply};
use crate::scoped::joined;
use crate::state::State;
use crate::tools::Problems;
use crate::valkey::Operator;
use crate::workload::Workload;

/// How long all questions together may take. Whoever has not answered by then does not answer.
const LIMIT: Duration = Duration::from_secs(6);

/// What was answered.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The containers of a whole cluster: the server, its agents, the load balancer.
    pub containers: Vec<Detail>,
    /// What the API server said.
    pub api: Api,
    /// What the URL answered, where it was asked.
    pub page: Option<Reply>,
}

/// What the API server said.
#[derive(Debug, Clone, Default)]
pub enum Api {
    /// It does not run.
    #[default]
    NotAsked,
    /// It does not answer; this, and why, in words.
    Silent(String),
    /// What is in the cluster.
    Answered(Box<Inside>),
}

/// What is in the cluster.
#[derive(Debug, Clone, Default)]
pub struct Inside {
    /// The nodes.
    pub nodes: Vec<Value>,
    /// All pods.
    pub pods: Vec<Pod>,
    /// What runs them.
    pub workloads: Vec<Workload>,
    /// The resources of PostgreSQL and Valkey, by `kind/name`.
    pub stores: BTreeMap<String, Value>,
    /// The faults that only events tell of.
    pub late: Vec<Fault>,
}

impl Inside {
    /// Sorts the objects of a reply to [`kubectl::running`]; what is none of them is left out.
    pub fn of(objects: &[Value], stores: BTreeMap<String, Value>) -> Self {
        let is_node = |it: &&Value| it["kind"] == "Node";
        let pods = objects.iter().filter(|it| it["kind"] == "Pod");
        Self {
            nodes: objects.iter().filter(is_node).cloned().collect(),
            pods: pods.filter_map(Pod::read).collect(),
            workloads: objects.iter().filter_map(Workload::read).collect(),
            stores,
            late: Vec::new(),
        }
    }
}

/// Asks Docker, the API server and the URL about a cluster that was seen.
///
/// # Errors
/// Where Docker cannot be asked, a tool is missing, or it is time to end. An API server that does not answer is
/// none.
pub fn ask(exec: &Exec, preview: &Preview, state: &State, seen: &Cluster) -> Result<Answers> {
    let Some(whole) = seen.whole() else {
        return Ok(Answers::default());
    };
    let balancer = k3d::load_balancer(&preview.cluster);
    let mut names = whole.nodes.clone();
    names.push(balancer.clone());
    let server = whole.nodes.first();
    let runs = |name: &String| !whole.stopped.contains(name);
    let is_reachable = server.is_some_and(runs) && runs(&balancer);
    let answers = exec.within(LIMIT, || {
        thread::scope(|scope| {
            let page = whole.port.filter(|_| is_reachable);
            let page =
                page.map(|port| scope.spawn(move || probe::fetch(port, &preview.project.ready)));
            let api = is_reachable.then(|| scope.spawn(|| inside(exec, preview, state, whole)));
            let containers = exec.read(&docker::details(&names))?;
            Ok::<_, Error>(Answers {
                containers: docker::parse_details(&containers).context("docker's reply")?,
                api: api.map_or(Ok(Api::NotAsked), |it| {
                    joined(it).map_or_else(silent, |it| Ok(answered(it)))
                })?,
                page: page.map(joined),
            })
        })
    });
    if exec.stop().reason().is_some() {
        return Err(anyhow!("stopped"));
    }
    answers
}

fn answered(inside: Inside) -> Api {
    Api::Answered(Box::new(inside))
}

/// Why there was no answer; a tool that is missing is no fault of the API server's.
fn silent(error: Error) -> Result<Api> {
    const WHAT: &str = "the API server does not answer";
    if error.is::<Problems>() {
        return Err(error);
    }
    Ok(Api::Silent(match error.downcast::<CmdError>() {
        Ok(error) if error.stderr.is_empty() => format!("{WHAT} within {} s", LIMIT.as_secs()),
        Ok(error) => format!("{WHAT}: {}", error.last_words()),
        Err(error) => format!("{WHAT}: {error:#}"),
    }))
}

fn inside(exec: &Exec, preview: &Preview, state: &State, whole: &Whole) -> Result<Inside> {
    kubeconfig::know_with_kubectl(exec, preview, state, whole)?;
    let mut answer = objects(exec, preview, state);
    if let Err(error) = &answer
        && error
            .downcast_ref()
            .is_some_and(kubectl::is_stale_kubeconfig)
    {
        kubeconfig::take(exec, preview, state)?;
        answer = objects(exec, preview, state);
    }
    let mut inside = answer?;
    inside.late = late(exec, state, &inside.pods);
    Ok(inside)
}

fn objects(exec: &Exec, preview: &Preview, state: &State) -> Result<Inside> {
    thread::scope(|scope| {
        let stores = scope.spawn(|| stores(exec, preview, state));
        let running = exec.read(&kubectl::running(state));
        let stores = joined(stores);
        let running = kubectl::items(&running?).context("kubectl's list of what runs")?;
        Ok(Inside::of(&running, stores?))
    })
}

/// The resources of the stores. Which Valkey operator the cluster has is only known from the answer: the
/// usual one is a good guess.
fn stores(exec: &Exec, preview: &Preview, state: &State) -> Result<BTreeMap<String, Value>> {
    let (project, [guess, other]) = (preview.project, Operator::ALL);
    let postgres = project.postgres.as_ref().map(postgres::resource);
    let valkey = project.valkey.as_ref().map(|it| guess.resource(it));
    let names = postgres.into_iter().chain(valkey).collect();
    let mut found = observe_named(exec, preview, state, names)?;
    if let Some(valkey) = &project.valkey
        && !found.contains_key(&format!("{}/{}", guess.kind(), valkey.name))
    {
        found.extend(observe_named(
            exec,
            preview,
            state,
            vec![other.resource(valkey)],
        )?);
    }
    Ok(found)
}

/// The faults of pods whose volumes are not made: their status says nothing of why, but their events may.
fn late(exec: &Exec, state: &State, pods: &[Pod]) -> Vec<Fault> {
    let now = std::time::Instant::now();
    let mut told = judge::told(pods, SystemTime::now());
    let late = std::iter::from_fn(|| told.late(now, |_| true));
    late.filter_map(|pod| volume_fault(exec, state, &pod))
        .collect()
}
