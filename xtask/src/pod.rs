//! Pods, as far as we read them (`kubectl get pods -o json`, Kubernetes 1.28 to 1.33).
//!
//! Every field may be missing: a pod that has no node yet has no container statuses, and an older
//! server has fewer conditions.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Its name, labels and owners.
    pub metadata: Metadata,
    /// Where it runs.
    pub spec: Spec,
    /// How it is.
    pub status: Status,
}

/// What names a pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// Its name, which a replacement may take over.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// What no other pod ever has.
    pub uid: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made (RFC 3339, whole seconds, UTC).
    pub creation_timestamp: Option<String>,
    /// When it is to be gone (RFC 3339); set while it terminates.
    pub deletion_timestamp: Option<String>,
    /// What made it.
    pub owner_references: Vec<Owner>,
}

/// What made a pod: a `ReplicaSet`, a `StatefulSet`, a `Job`, an operator's resource.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What no other object ever has.
    pub uid: String,
}

/// What a pod was asked for and got.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    /// Its node, once it has one.
    pub node_name: Option<String>,
    /// The containers that it was asked for, without the init containers.
    pub containers: Vec<Wanted>,
}

/// A container as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Its image.
    pub image: String,
}

/// How a pod is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    /// `Pending`, `Running` (in a crash loop, too), `Succeeded` or `Failed`.
    pub phase: String,
    /// Why the whole pod failed, such as `Evicted`; not set where a container failed.
    pub reason: Option<String>,
    /// That reason in a sentence.
    pub message: Option<String>,
    /// `PodScheduled`, `Initialized`, `Ready` and others.
    pub conditions: Vec<Condition>,
    /// The init containers.
    pub init_container_statuses: Vec<Container>,
    /// The other containers.
    pub container_statuses: Vec<Container>,
}

/// One condition of a pod, or of another object.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub message: Option<String>,
    /// Since when it has had this status (RFC 3339, whole seconds, UTC).
    #[serde(rename = "lastTransitionTime")]
    pub since: Option<String>,
}

/// How a container is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name, which no other container of the pod has.
    pub name: String,
    /// Its image, as the node names it.
    pub image: String,
    /// What no other run of any container ever has; of the last run, also once that has ended.
    #[serde(rename = "containerID")]
    pub container_id: String,
    /// Whether its readiness probe passes; for an init container, whether it is done.
    pub ready: bool,
    /// Whether its startup probe has passed.
    pub started: Option<bool>,
    /// How often it was started again.
    pub restart_count: u32,
    /// How it is.
    pub state: ContainerState,
    /// How it was before it was last started again.
    pub last_state: ContainerState,
}

/// One of three, or none where the container has no past.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// It has not started, or not yet again.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// Why a container does not run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// In one word, such as `ContainerCreating`.
    pub reason: String,
    /// In a sentence.
    pub message: Option<String>,
}

/// A container that runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Running {
    /// Since when (RFC 3339, whole seconds, UTC).
    pub started_at: Option<String>,
}

/// How a container ended.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    /// Which run it was; empty where the container could not even be made.
    #[serde(rename = "containerID")]
    pub container_id: String,
    /// Its exit status; 128 and the signal's number where a signal ended it.
    pub exit_code: i32,
    /// `Completed`, `Error`, `OOMKilled` and others.
    pub reason: String,
    /// What it left as its last words, or why it could not be started.
    pub message: Option<String>,
}

/// One document of `kubectl get pods --watch --output-watch-events -o json`.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// This is how a pod is now.
    Now(Box<Pod>),
    /// The pod of this uid is gone.
    Gone(String),
}

impl Change {
    /// Reads one document; `None` where it tells of no pod (a bookmark, an error).
    pub fn read(document: &Value) -> Option<Self> {
        let pod = Pod::read(&document["object"])?;
        match document["type"].as_str()? {
            "ADDED" | "MODIFIED" => Some(Self::Now(Box::new(pod))),
            "DELETED" => Some(Self::Gone(pod.metadata.uid)),
            _ => None,
        }
    }
}

impl Pod {
    /// Reads an object; `None` where it is not a pod.
    pub fn read(object: &Value) -> Option<Self> {
        let pod = Self::deserialize(object).ok()?;
        (!pod.metadata.uid.is_empty()).then_some(pod)
    }

    /// Whether one of its containers runs.
    pub fn is_running(&self) -> bool {
        let mut containers = self.status.container_statuses.iter();
        containers.any(|container| container.state.running.is_some())
    }

    /// Whether it is ready to serve.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready")
            .is_some_and(|ready| ready.status == "True")
    }

    /// Whether it is on its way to be ready to serve.
    pub fn is_starting(&self) -> bool {
        !(self.is_ready() || self.is_finished() || self.has_failed() || self.is_terminating())
    }

    /// Whether it has done its work: such a pod, a Job's, is never ready and is not waited for.
    pub fn is_finished(&self) -> bool {
        self.status.phase == "Succeeded"
    }

    /// Whether it has ended without doing its work, and will not be started again.
    pub fn has_failed(&self) -> bool {
        self.status.phase == "Failed"
    }

    /// Whether it is being deleted.
    pub fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// How often its containers were started again.
    pub fn restarts(&self) -> u32 {
        let counts = self
            .status
            .container_statuses
            .iter()
            .map(|container| container.restart_count);
        counts.fold(0, u32::saturating_add)
    }

    /// Whether it has this label with this value.
    pub fn has_label(&self, name: &str, value: &str) -> bool {
        self.metadata.labels.get(name).is_some_and(|it| it == value)
    }

    /// Its condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status
            .conditions
            .iter()
            .find(|condition| condition.kind == kind)
    }

    /// Its containers in the order in which they start: the init containers first.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        let status = &self.status;
        status
            .init_container_statuses
            .iter()
            .chain(&status.container_statuses)
    }
}

#[cfg(test)]
mod tests;
