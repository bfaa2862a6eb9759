//! PostgreSQL and Valkey: resources that an operator looks after.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Judge, Judged, faults, release::restarts, unexplained};
use crate::diagnose::{Fault, postgres_fault, state_words, valkey_fault};
use crate::pod::{Condition, Pod};
use crate::postgres;
use crate::project;
use crate::status::report::{Component, Health, Part, PodLine, Problem};
use crate::valkey::Operator;

/// What is known of a store besides its pods.
struct Store<'a> {
    part: Part,
    name: &'static str,
    resource: &'a Value,
    /// Whether its operator says that it is ready.
    is_ready: bool,
    /// What its operator says is wrong.
    fault: Option<Fault>,
    /// How its operator is.
    operator: Health,
    /// How long it may take to become ready.
    wait: Duration,
}

impl Judge<'_> {
    pub(super) fn postgres(&self, wanted: &project::Postgres, operator: Health) -> Judged {
        let Some(resource) = self.inside.stores.get(&format!("Cluster/{}", wanted.name)) else {
            return self.missing(Part::Postgres, wanted.name);
        };
        let store = Store {
            part: Part::Postgres,
            name: wanted.name,
            resource,
            is_ready: postgres::is_ready(resource),
            fault: postgres_fault(resource),
            operator,
            wait: wanted.wait,
        };
        self.store(&store, |pod| {
            pod.has_label(postgres::POD_LABEL, wanted.name)
        })
    }

    pub(super) fn valkey(&self, wanted: &project::Valkey, operator: Health) -> Judged {
        let found = Operator::ALL.into_iter().find_map(|which| {
            let resource = self
                .inside
                .stores
                .get(&format!("{}/{}", which.kind(), wanted.name))?;
            Some((which, resource))
        });
        let Some((which, resource)) = found else {
            return self.missing(Part::Valkey, wanted.name);
        };
        let store = Store {
            part: Part::Valkey,
            name: wanted.name,
            resource,
            is_ready: which.is_ready(resource),
            fault: valkey_fault(resource),
            operator,
            wait: wanted.wait,
        };
        self.store(&store, |pod| which.owns(wanted, pod))
    }

    fn store(&self, store: &Store<'_>, owns: impl Fn(&Pod) -> bool) -> Judged {
        let namespace = self.about.preview.namespace.as_str();
        let owns = |pod: &Pod| pod.metadata.namespace == namespace && owns(pod);
        let metadata = &store.resource["metadata"];
        let since = unready_since(store.resource);
        let mut problems = self.pod_problems(store.part, false, owns);
        if let Some(fault) = &store.fault {
            problems.push(self.problem(store.part, fault, since.as_deref()));
        }
        let pods = self.pod_lines(&problems, owns);
        let health = self.store_health(store, &pods, &problems, since.as_deref());
        let image = store.resource["status"]["image"].as_str();
        let image = image.map(str::to_owned);
        let component = Component {
            detail: (health != Health::Ready).then(|| words(store)),
            image: image.or_else(|| pods.iter().find_map(|pod| pod.image.clone())),
            since: metadata["creationTimestamp"].as_str().map(str::to_owned),
            restarts: Some(restarts(&pods)),
            pods,
            ..Component::new(store.part, store.name, health)
        };
        if problems.is_empty() && health == Health::NotReady {
            problems.push(self.store_problem(store, &component, since));
        }
        Judged {
            component,
            problems,
        }
    }

    /// An operator that is down says nothing new: its word counts only where a pod bears it out.
    fn store_health(
        &self,
        store: &Store<'_>,
        pods: &[PodLine],
        problems: &[Problem],
        since: Option<&str>,
    ) -> Health {
        if store.is_ready && pods.iter().any(|pod| pod.health == Health::Ready) {
            return Health::Ready;
        }
        let held = since.and_then(|since| faults::age(since, self.about.now));
        let is_ill = store.is_ready
            || store.operator > Health::Starting
            || held.is_some_and(|held| held > store.wait)
            || problems.iter().any(|problem| problem.certain)
            || pods.iter().any(|pod| pod.health == Health::NotReady);
        if is_ill {
            Health::NotReady
        } else {
            Health::Starting
        }
    }

    /// A store whose operator has nothing to say against it, or is down, is mended as what is missing is.
    fn store_problem(
        &self,
        store: &Store<'_>,
        component: &Component,
        since: Option<String>,
    ) -> Problem {
        let kind = store.resource["kind"].as_str().unwrap_or_default();
        let namespace = self.about.preview.namespace.as_str();
        let do_next = if store.is_ready || store.operator > Health::Starting {
            self.about.mend()
        } else {
            let kind = kind.to_lowercase();
            let args = ["describe", &kind, store.name, "-n", namespace];
            self.about.kubectl.clone().args(args).to_string()
        };
        let object = format!("{kind} {namespace}/{}", store.name);
        unexplained(component, object, since, do_next)
    }
}

/// How it is, in its operator's words.
fn words(store: &Store<'_>) -> String {
    if store.is_ready {
        return "its operator says that it is ready, but no pod of it is".into();
    }
    let reason = store.resource["status"]["phaseReason"].as_str();
    let words = state_words(store.resource);
    faults::words(&reason.map_or_else(|| words.clone(), |reason| format!("{words}: {reason}")))
}

/// Since when its operator says that it is not ready: since it was made, where it never was.
fn unready_since(resource: &Value) -> Option<String> {
    let conditions = resource["status"]["conditions"].as_array();
    let mut conditions = conditions
        .into_iter()
        .flatten()
        .filter_map(|it| Condition::deserialize(it).ok());
    let ready = conditions.find(|it| it.kind == "Ready");
    match ready {
        Some(ready) if ready.status == "True" => None,
        Some(Condition {
            since: Some(since), ..
        }) => Some(since),
        _ => resource["metadata"]["creationTimestamp"]
            .as_str()
            .map(str::to_owned),
    }
}
