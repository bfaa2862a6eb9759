//! `doctor`: everything that `up` needs, asked at the same time, each with what to do about it.

mod clients;
mod clock;
mod docker;
mod endpoint;
mod host;
mod network;
mod report;

use std::thread;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::config::Preview;
use crate::exec::Exec;
use crate::flags::Form;
use crate::image_cache::Upstream;
use crate::ingress;
use crate::names::Port;
use crate::observe::observe_cluster;
use crate::scoped::joined;
use crate::settings::Given;
use crate::state;
use crate::time;
use crate::tools::{self, Cache, Finding, Problem, Source, Tool};

use docker::Info;
use network::Answer;

pub use network::reaches;
pub use report::report;

/// How long all questions together may take. Whoever has not answered by then does not answer.
const LIMIT: Duration = Duration::from_secs(10);

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be, or not known and most likely so.
    Ok,
    /// `up` will work, but perhaps not well or not always.
    Warning,
    /// `up` will fail.
    Blocks,
}

/// One thing that `up` needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to type or to get, where it is not as it should be.
    pub do_next: Option<String>,
}

/// What is asked about, as `up` would be asked.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Where fetched tools are, and what tools told of their versions.
    pub cache: &'a Cache,
    /// Where what is missing would be fetched from.
    pub source: &'a Source,
    /// The preview.
    pub preview: &'a Preview,
    /// Our own files of it.
    pub state: &'a state::State,
    /// The port that was asked for, where one was, and by what.
    pub port: Option<Given<Port>>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            found: found.into(),
            do_next: None,
        }
    }

    fn bad(
        name: &'static str,
        state: State,
        found: impl Into<String>,
        do_next: impl Into<String>,
    ) -> Self {
        Self {
            name,
            state,
            found: found.into(),
            do_next: Some(do_next.into()),
        }
    }

    fn of(problem: Problem) -> Self {
        Self::bad(problem.tool, State::Blocks, problem.what, problem.do_next)
    }
}

/// Asks everything, and returns the report and whether something keeps `up` from working.
pub fn run(exec: &Exec, wanted: &Wanted, form: Form) -> (String, bool) {
    let checks = checks(exec, wanted);
    (report(&checks, form), blocks(&checks))
}

/// Whether something keeps `up` from working.
pub fn blocks(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.state == State::Blocks)
}

/// Asks everything at the same time, and gives up on what has not answered after 10 seconds.
pub fn checks(exec: &Exec, wanted: &Wanted) -> Vec<Check> {
    exec.within(LIMIT, || {
        thread::scope(|scope| {
            let clients = scope.spawn(|| tools::check_clients(exec, wanted.cache, &Tool::ALL));
            let info = scope.spawn(|| docker::ask(exec));
            let endpoint = scope.spawn(|| endpoint::check(exec));
            let ask = |registry: &Upstream| {
                let registry = *registry;
                scope.spawn(move || network::ask(exec, registry))
            };
            let registries = wanted.preview.project.nodes.registries.iter();
            let registries: Vec<_> = registries.map(ask).collect();
            let port = wanted.port.as_ref().and_then(|it| port(exec, wanted, it));
            let mut clients = joined(clients);
            let info = joined(info);
            let answers: Vec<_> = registries.into_iter().map(joined).collect();

            let docker = clients.remove(&Tool::Docker).unwrap_or(Finding::Missing);
            let mut checks = vec![clients::daemon(&docker, &info, wanted.source)];
            checks.extend(joined(endpoint));
            checks.extend(
                clients
                    .iter()
                    .map(|(tool, finding)| clients::client(*tool, finding, wanted)),
            );
            checks.extend(surroundings(info.ok().as_ref(), &answers));
            checks.extend(port);
            checks.extend(answers.iter().map(network::judge));
            checks
        })
    })
}

/// Whether the preview can have a port, or has it.
fn port(exec: &Exec, wanted: &Wanted, asked: &Given<Port>) -> Option<Check> {
    let seen = observe_cluster(exec, wanted.preview, wanted.state).ok();
    let own = seen.and_then(|seen| seen.whole()?.port);
    judge_port(wanted.preview, own, asked)
}

/// A port is to be free, but for the one that the preview itself listens on: that is its only one.
fn judge_port(preview: &Preview, own: Option<Port>, asked: &Given<Port>) -> Option<Check> {
    let Some(own) = own else {
        return Some(host::port(asked.value));
    };
    let other = ingress::other_port(preview, own, asked)?;
    Some(Check::bad("port", State::Blocks, other.what, other.do_next))
}

/// What matters to a new cluster of Docker's machine: that it is this one, memory, disk and clock. One question, which
/// takes some 50 ms, and another one where a context of Docker is chosen.
///
/// # Errors
/// Where Docker's daemon does not answer.
pub fn machine(exec: &Exec) -> Result<Vec<Check>, Problem> {
    let endpoint = endpoint::check(exec);
    if let Some(elsewhere) = endpoint.filter(|check| check.state == State::Blocks) {
        return Ok(vec![elsewhere]);
    }
    let info = docker::ask(exec)?;
    let mut checks = surroundings(Some(&info), &[]);
    checks.retain(|check| ["memory", "disk", "clock"].contains(&check.name));
    Ok(checks)
}

/// What the cluster runs on. Without Docker's daemon there is nothing to say about its machine.
fn surroundings(info: Option<&Info>, answers: &[Answer]) -> Vec<Check> {
    let now = SystemTime::now();
    let told = answers.iter().filter_map(|answer| answer.date);
    let clock = clock::judge(
        info.and_then(|info| time::read_rfc3339(&info.time)),
        told,
        now,
    );
    let Some(info) = info else {
        return clock.into_iter().collect();
    };
    let mut checks = vec![docker::memory(info), docker::cgroup(info)];
    if host::is_kernel_of(&info.kernel) {
        checks.push(host::disk(&info.root));
        checks.extend(host::inotify());
    }
    checks.extend(clock);
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::PROJECT;
    use crate::settings::Origin;

    #[test]
    fn a_preview_has_its_port_and_can_have_no_other_one() {
        let preview = Preview {
            project: &PROJECT,
            root: "/work".into(),
            cluster: "doctor".parse().unwrap(),
            namespace: "ghillie".parse().unwrap(),
        };
        let asked = |port| Given {
            value: Port(port),
            from: Origin::Variable("GHILLIE_K3D_PORT".into()),
        };
        let own = Some(Port(49213));
        assert_eq!(judge_port(&preview, own, &asked(49213)), None);
        let check = judge_port(&preview, own, &asked(8080)).unwrap();
        assert_eq!(check.state, State::Blocks);
        assert_eq!(
            check.found,
            "the cluster doctor listens on port 49213, GHILLIE_K3D_PORT asks for 8080"
        );
        assert_eq!(
            check.do_next.unwrap(),
            "leave it out, or delete the preview first: cargo xtask k8s down --cluster-name doctor"
        );
    }
}
