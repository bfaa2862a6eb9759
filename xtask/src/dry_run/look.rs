//! What is there, as far as it can be asked with the tools that are there.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Error, Result};

use crate::config::Up;
use crate::exec::{CmdError, Exec};
use crate::image_cache::Server;
use crate::names::Port;
use crate::observe::{self, Cluster, Inside, Whole};
use crate::progress::Progress;
use crate::run::explain;
use crate::state::State;
use crate::tools::{Problem, Tool, explain_docker};
use crate::{kubeconfig, kubectl, up};

/// How long a cluster may take to answer what is in it. `up` has more patience: it needs the answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The plan where Docker cannot be asked.
const FROM_NOTHING: &str = "this is the plan from nothing";
/// The plan where the cluster cannot be asked.
const EMPTY: &str = "this is the plan for a cluster with nothing in it";
/// The plan where Docker cannot be asked for the image cache.
const WITHOUT_CACHE: &str = "this is the plan without an image cache that runs already";

/// Whom a dry run asks, and whom it tells of what it could not ask.
pub struct Look<'a> {
    /// What is wanted.
    pub config: &'a Up,
    /// What starts children.
    pub exec: &'a Exec,
    /// Our own files of the cluster.
    pub state: &'a State,
    /// Where people are told things.
    pub progress: &'a Progress,
    /// What is wrong with the tools that cannot be used.
    pub lacking: &'a BTreeMap<Tool, Problem>,
}

/// What was seen: nothing, where it could not be asked.
pub(super) struct Seen {
    /// The cluster.
    pub cluster: Cluster,
    /// The ingress' port, unless it is to be a free one.
    pub port: Option<Port>,
    /// What is in the cluster.
    pub inside: Option<Inside>,
    /// The servers of the image cache, where a cluster is to be made.
    pub servers: Vec<Server>,
}

impl Look<'_> {
    /// The cluster with its port, and what is in it.
    ///
    /// # Errors
    /// Where `up` would refuse what is wanted, or it is time to end.
    pub(super) fn around(&self) -> Result<Seen> {
        let (config, exec, state) = (self.config, self.exec, self.state);
        let cluster = self.ask(&[Tool::Docker], FROM_NOTHING, || {
            observe::observe_cluster(exec, &config.preview, state)
        })?;
        let Some(cluster) = cluster else {
            return Ok(Seen {
                cluster: Cluster::Absent,
                port: config.port.as_ref().map(|asked| asked.value),
                inside: None,
                servers: vec![],
            });
        };
        let port = up::admit(config, exec, state, &cluster, self.progress)?;
        let inside = match &cluster {
            Cluster::Running(whole) => self.inside(whole)?,
            Cluster::Stopped(_) => {
                self.progress.note(&format!(
                    "the cluster {} is stopped: what is in it is seen once it runs; {EMPTY}",
                    config.preview.cluster
                ));
                None
            }
            Cluster::Absent | Cluster::HalfMade(_) => None,
        };
        let servers = match &cluster {
            Cluster::Running(_) | Cluster::Stopped(_) => None,
            Cluster::Absent | Cluster::HalfMade(_) => {
                self.ask(&[], WITHOUT_CACHE, || Ok(up::servers(exec)?))?
            }
        };
        Ok(Seen {
            cluster,
            port,
            inside,
            servers: servers.unwrap_or_default(),
        })
    }

    fn inside(&self, whole: &Whole) -> Result<Option<Inside>> {
        let is_known = kubeconfig::is_of(self.state, whole);
        let needs = [Tool::Kubectl, Tool::K3d];
        let needs = if is_known { &needs[..1] } else { &needs };
        self.ask(needs, EMPTY, || {
            self.exec.within(LIMIT, || {
                if is_known {
                    let answer = self.question(self.state, whole);
                    let child = answer.as_ref().err().and_then(Error::downcast_ref);
                    if !child.is_some_and(kubectl::is_stale_kubeconfig) {
                        return answer;
                    }
                }
                self.ask_anew(whole)
            })
        })
    }

    /// Asks with a kubeconfig that is gone afterwards: a dry run leaves our files as they are.
    fn ask_anew(&self, whole: &Whole) -> Result<Inside> {
        let preview = &self.config.preview;
        let folder = tempfile::tempdir()?;
        let state = State::of(folder.path(), &preview.cluster);
        state.make()?;
        kubeconfig::take(self.exec, preview, &state)?;
        self.question(&state, whole)
    }

    fn question(&self, state: &State, whole: &Whole) -> Result<Inside> {
        let asked = self.config.valkey.asked.as_ref().map(|given| given.value);
        observe::observe_inside(self.exec, &self.config.preview, state, whole, asked)
    }

    /// Asks a question. Where that needs a tool that is not there, or there is no answer, says so, and what the
    /// plan is `instead`.
    ///
    /// # Errors
    /// Where it is time to end.
    fn ask<T>(
        &self,
        needs: &[Tool],
        instead: &str,
        question: impl FnOnce() -> Result<T>,
    ) -> Result<Option<T>> {
        if let Some(problem) = needs.iter().find_map(|tool| self.lacking.get(tool)) {
            let Problem { tool, what, .. } = problem;
            self.progress.note(&format!("{tool}: {what}; {instead}"));
            return Ok(None);
        }
        match question() {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if self.exec.stop().reason().is_some() => Err(error),
            Err(error) => {
                let why = why(&error);
                self.progress.warn(&format!(
                    "{instead}, as what is there cannot be seen: {why}"
                ));
                Ok(None)
            }
        }
    }
}

/// Why there is no answer, in the words of who was asked.
fn why(error: &Error) -> String {
    match error.downcast_ref::<CmdError>() {
        Some(child) if child.is_terminated() => format!(
            "{} did not answer within {} s",
            child.program,
            LIMIT.as_secs()
        ),
        Some(child) if explain_docker(child).is_none() => {
            format!("{}: {}", child.program, child.last_words())
        }
        _ => explain(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;
    use crate::flags;
    use crate::progress::{Surroundings, Talk};
    use crate::stop::{Reason, Stop};

    /// Asks a cluster of which we have no kubeconfig: k3d has one, and the API server does not answer.
    fn look_inside(stop: Stop) -> Result<Option<Inside>> {
        let folder = tempfile::tempdir().unwrap();
        let exec = Exec::new(Arc::new(stop));
        for (program, stand_in) in [("k3d", "echo"), ("docker", "true"), ("kubectl", "false")] {
            exec.use_program(program, stand_in.into());
        }
        let config = Up::new(&flags::Up::default()).unwrap();
        let state = State::of(folder.path(), &config.preview.cluster);
        let look = Look {
            config: &config,
            exec: &exec,
            state: &state,
            progress: &Progress::to(
                Box::new(io::sink()),
                Talk::default(),
                Surroundings::default(),
            ),
            lacking: &BTreeMap::new(),
        };
        let inside = look.inside(&Whole {
            port: None,
            nodes: vec![],
            server: "id".into(),
            worktree: String::new(),
            stopped: vec![],
            paused: vec![],
        });
        let left = folder.path().read_dir().unwrap().count();
        assert_eq!(left, 0, "a dry run wrote a file of ours");
        inside
    }

    #[test]
    fn a_kubeconfig_that_we_do_not_have_is_asked_for_and_not_kept() {
        assert!(matches!(look_inside(Stop::default()), Ok(None)));
    }

    #[test]
    fn who_is_interrupted_gets_no_plan() {
        let stop = Stop::default();
        stop.ask(Reason::Signal(2));
        assert!(look_inside(stop).is_err());
    }
}
