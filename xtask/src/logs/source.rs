//! Where lines come from: the containers of pods.

use std::cmp::Ordering;

use crate::cmd::Cmd;
use crate::kubectl;
use crate::pod::{Container, Pod};
use crate::state::State;

/// One container of one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What no other pod ever has.
    pub uid: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// What its lines are marked with where that is needed: the pod, and the container where it has several.
    pub mark: String,
}

/// The runs of a container that the node may still have a log of, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    /// The last one that has begun.
    pub last: Option<String>,
    /// The one before it.
    pub previous: Option<String>,
    /// Whether the last one goes on.
    pub goes_on: bool,
}

impl Source {
    /// The containers of a pod in the order in which they start.
    pub fn all_of(pod: &Pod) -> impl Iterator<Item = (Self, &Container)> {
        let is_alone = pod.containers().count() == 1;
        let name = &pod.metadata.name;
        pod.containers().map(move |container| {
            let source = Self {
                uid: pod.metadata.uid.clone(),
                namespace: pod.metadata.namespace.clone(),
                pod: name.clone(),
                container: container.name.clone(),
                mark: if is_alone {
                    name.clone()
                } else {
                    format!("{name}/{}", container.name)
                },
            };
            (source, container)
        })
    }

    /// What tells it from all others.
    pub fn key(&self) -> (String, String) {
        (self.uid.clone(), self.container.clone())
    }

    /// Asks for its log.
    pub fn logs(&self, state: &State) -> Cmd {
        kubectl::logs(state, &self.namespace, &self.pod, &self.container)
    }
}

impl Runs {
    /// The runs of a container, by its status.
    pub fn of(container: &Container) -> Self {
        let id = |id: &String| Some(id.clone()).filter(|id| !id.is_empty());
        let last_end = container.last_state.terminated.as_ref();
        let before = last_end.and_then(|end| id(&end.container_id));
        let goes_on = container.state.running.is_some();
        let last = if goes_on {
            id(&container.container_id)
        } else {
            let end = container.state.terminated.as_ref();
            end.and_then(|end| id(&end.container_id))
        };
        // One that waits to be started again has the log of the run that has ended.
        let (last, previous) = match last {
            Some(last) => (Some(last), before),
            None => (before, None),
        };
        Self {
            last,
            previous,
            goes_on,
        }
    }
}

/// The order of pods by the time at which they were made.
pub fn by_age(one: &Pod, other: &Pod) -> Ordering {
    let key = |pod: &Pod| {
        (
            pod.metadata.creation_timestamp.clone(),
            pod.metadata.name.clone(),
        )
    };
    key(one).cmp(&key(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixtures::pods;

    fn runs(name: &str) -> Vec<(String, Runs)> {
        let mut pods = pods(name);
        pods.sort_by(by_age);
        let sources = pods.iter().flat_map(Source::all_of);
        sources
            .map(|(source, container)| (source.mark, Runs::of(container)))
            .collect()
    }

    #[test]
    fn a_pod_with_several_containers_marks_each() {
        let marks: Vec<_> = runs("ghillie").into_iter().map(|it| it.0).collect();
        assert_eq!(
            marks,
            [
                "pg-ghillie-1/bootstrap-controller",
                "pg-ghillie-1/postgres",
                "valkey-valkey-ghillie-0-0-0",
            ]
        );
    }

    #[test]
    fn pods_come_in_the_order_in_which_they_were_made() {
        let marks: Vec<_> = runs("cnpg-instance-not-ready")
            .into_iter()
            .map(|it| it.0)
            .collect();
        assert_eq!(
            marks,
            [
                "fx-pg-1-initdb-g7b67/bootstrap-controller",
                "fx-pg-1-initdb-g7b67/initdb",
                "fx-pg-1/bootstrap-controller",
                "fx-pg-1/postgres",
            ]
        );
    }

    #[test]
    fn a_container_that_waits_to_be_started_again_has_its_last_runs_log() {
        let runs = runs("crash-loop").remove(0).1;
        assert!(runs.last.unwrap().ends_with("f9ec59"));
        assert_eq!((runs.previous, runs.goes_on), (None, false));
    }

    #[test]
    fn one_that_never_started_has_no_run() {
        let container = runs("image-pull-back-off").remove(0).1;
        assert_eq!(container, Runs::default());
        let init = runs("init-crash-loop");
        assert!(init[0].1.last.is_some());
        assert_eq!(init[1].1, Runs::default());
    }

    #[test]
    fn one_that_was_started_again_has_two() {
        let mut pod = pods("crash-loop").remove(0);
        let container = &mut pod.status.container_statuses[0];
        container.state = crate::pod::ContainerState {
            running: Some(crate::pod::Running::default()),
            ..Default::default()
        };
        container.container_id = "containerd://new".into();
        let runs = Runs::of(container);
        assert_eq!(runs.last.as_deref(), Some("containerd://new"));
        assert!(runs.previous.unwrap().ends_with("f9ec59"));
        assert!(runs.goes_on);
    }
}
