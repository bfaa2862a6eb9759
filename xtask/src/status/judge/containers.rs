//! The cluster and its nodes, as Docker and the API server see them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{About, Judged, faults};
use crate::docker::Detail;
use crate::k3d;
use crate::observe::Cluster;
use crate::pod::Condition;
use crate::status::ask::{Answers, Api};
use crate::status::report::{Component, Health, Part, Problem};
use crate::time::read_rfc3339;
use crate::up;

/// How long a server may take to answer, and a node to become ready, once its container runs.
const START: Duration = Duration::from_secs(60);

/// The cluster first, then its nodes.
pub(super) fn judge(about: &About<'_>, seen: &Cluster, answers: &Answers) -> Vec<Judged> {
    let cluster = cluster(about, seen, answers);
    let balancer = k3d::load_balancer(&about.preview.cluster);
    let nodes = answers.containers.iter().filter(|it| it.name() != balancer);
    let is_stopped = cluster.component.health == Health::Stopped;
    let nodes = nodes.map(|container| node(about, container, &answers.api, is_stopped));
    std::iter::once(cluster).chain(nodes).collect()
}

/// What is wrong with the cluster itself.
struct Finding {
    health: Health,
    words: String,
    since: Option<String>,
    do_next: String,
}

impl Finding {
    /// A finding; since a time, where it is one: Docker's is of the year 1 for what never happened.
    fn new(health: Health, words: &str, since: Option<&str>, do_next: String) -> Self {
        let since = since.filter(|it| read_rfc3339(it).is_some());
        Self {
            health,
            words: words.to_owned(),
            since: since.map(str::to_owned),
            do_next,
        }
    }
}

fn cluster(about: &About<'_>, seen: &Cluster, answers: &Answers) -> Judged {
    let server = answers.containers.first();
    let findings = findings(about, seen, answers);
    let health = findings.iter().map(|it| it.health).max();
    let health = health.unwrap_or(Health::Ready);
    let component = Component {
        // What the health says already is not said again.
        detail: findings
            .first()
            .filter(|it| !matches!(it.health, Health::Stopped | Health::Missing))
            .map(|it| it.words.clone()),
        image: server.map(|it| it.image.clone()),
        since: server.map(|it| it.created.clone()),
        ..Component::new(Part::Cluster, about.preview.cluster.as_str(), health)
    };
    let problems = findings.into_iter().map(|it| Problem {
        component: Part::Cluster,
        object: format!("cluster {}", about.preview.cluster),
        container: None,
        reason: it.words,
        message: String::new(),
        since: it.since,
        certain: it.health != Health::Starting,
        do_next: it.do_next,
    });
    Judged {
        problems: problems.collect(),
        component,
    }
}

fn findings(about: &About<'_>, seen: &Cluster, answers: &Answers) -> Vec<Finding> {
    let containers = &answers.containers;
    match (seen, &answers.api) {
        (Cluster::Absent, _) => {
            vec![Finding::new(
                Health::Missing,
                "does not exist",
                None,
                about.mend(),
            )]
        }
        (Cluster::HalfMade(_), _) if about.busy.is_some() => {
            vec![Finding::new(
                Health::Starting,
                "being made",
                None,
                about.mend(),
            )]
        }
        (Cluster::HalfMade(left), _) => {
            let words = format!("half-made: an interrupted run left {}", up::describe(left));
            let (up, down) = (about.preview.command("up"), about.preview.command("down"));
            let next = format!("`{up}` makes it anew, `{down}` removes it");
            vec![Finding::new(Health::NotReady, &words, None, next)]
        }
        (Cluster::Stopped(whole), _) if whole.stopped.len() == containers.len() => {
            let end = containers.iter().map(|it| it.finished.as_str()).max();
            vec![Finding::new(Health::Stopped, "stopped", end, about.mend())]
        }
        (Cluster::Stopped(_), _) => {
            let stopped = containers.iter().filter(|it| !it.is_running());
            let ended = stopped.map(|it| {
                let words = format!("{} {}", it.name(), ended(it));
                Finding::new(Health::NotReady, &words, Some(&it.finished), about.mend())
            });
            ended.collect()
        }
        (Cluster::Running(_), Api::Silent(words)) => {
            let server = containers.first();
            let young = server.filter(|it| is_young(about, it));
            let health = young.map_or(Health::NotReady, |_| Health::Starting);
            let name = server.map(Detail::name).unwrap_or_default();
            let since = young.map(|it| it.started.as_str());
            let logs = format!("docker logs --tail 20 {name}");
            vec![Finding::new(health, &faults::words(words), since, logs)]
        }
        (Cluster::Running(_), _) => Vec::new(),
    }
}

fn is_young(about: &About<'_>, container: &Detail) -> bool {
    faults::age(&container.started, about.now).is_some_and(|age| age < START)
}

/// How a container is that does not run.
fn ended(container: &Detail) -> String {
    match container.state.as_str() {
        "exited" => format!("has exited with status {}", container.exit_code),
        state => format!("is {state}"),
    }
}

fn node(about: &About<'_>, container: &Detail, api: &Api, is_stopped: bool) -> Judged {
    let mut component = Component {
        image: Some(container.image.clone()),
        since: Some(container.created.clone()),
        ..Component::new(Part::Node, container.name(), Health::Ready)
    };
    let mut problems = Vec::new();
    let unready = if container.is_running() {
        unready(container, api)
    } else {
        None
    };
    if !container.is_running() {
        component.health = Health::Stopped;
        // The cluster tells of it, too.
        component.detail = (!is_stopped).then(|| ended(container));
    } else if let Some((detail, condition)) = unready {
        component.health = if is_young(about, container) {
            Health::Starting
        } else {
            Health::NotReady
        };
        component.detail = Some(detail);
        problems.extend(condition.map(|it| node_problem(about, &component, it)));
    }
    Judged {
        component,
        problems,
    }
}

/// Why a node whose container runs is not ready, where it is not, and what it says itself.
fn unready(container: &Detail, api: &Api) -> Option<(String, Option<Condition>)> {
    let Api::Answered(inside) = api else {
        return Some((
            "its container runs, the API server does not tell more".into(),
            None,
        ));
    };
    let node = inside
        .nodes
        .iter()
        .find(|it| it["metadata"]["name"] == container.name());
    let Some(node) = node else {
        return Some(("has not joined the cluster".into(), None));
    };
    match ready_condition(node) {
        Some(ready) if ready.status == "True" => None,
        Some(ready) => {
            let reason = ready.reason.clone().unwrap_or_else(|| "NotReady".into());
            Some((faults::words(&reason), Some(ready)))
        }
        None => Some(("says nothing of itself yet".into(), None)),
    }
}

fn ready_condition(node: &Value) -> Option<Condition> {
    let conditions = node["status"]["conditions"].as_array()?;
    let mut conditions = conditions
        .iter()
        .filter_map(|it| Condition::deserialize(it).ok());
    conditions.find(|it| it.kind == "Ready")
}

fn node_problem(about: &About<'_>, node: &Component, condition: Condition) -> Problem {
    Problem {
        component: Part::Node,
        object: format!("Node {}", node.name),
        container: None,
        reason: node.detail.clone().unwrap_or_default(),
        message: faults::words(&condition.message.unwrap_or_default()),
        since: condition.since,
        certain: node.health == Health::NotReady,
        do_next: about
            .kubectl
            .clone()
            .args(["describe", "node", &node.name])
            .to_string(),
    }
}
