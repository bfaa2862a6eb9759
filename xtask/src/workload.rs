//! What runs pods: `Deployment`, `StatefulSet` and `DaemonSet`, as far as we read them (Kubernetes 1.28 to
//! 1.33).
//!
//! Every field may be missing: the counts are left out where they are 0.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::pod::{Condition, Wanted};

/// A `Deployment`, a `StatefulSet` or a `DaemonSet`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// Its kind.
    pub kind: String,
    /// Its name, and who made it.
    pub metadata: Metadata,
    spec: Spec,
    status: Status,
}

/// What names a workload.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// When it was made (RFC 3339).
    pub creation_timestamp: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    generation: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<i64>,
    template: Template,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Template {
    spec: TemplateSpec,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct TemplateSpec {
    containers: Vec<Wanted>,
}

/// The counts of all three kinds: the last three are a `DaemonSet`'s.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i64,
    updated_replicas: i64,
    available_replicas: i64,
    desired_number_scheduled: i64,
    updated_number_scheduled: i64,
    number_available: i64,
    conditions: Vec<Condition>,
}

/// How many pods of a workload there are, of what sort.
struct Counts {
    wanted: i64,
    /// Of the newest form.
    updated: i64,
    all: i64,
    /// Ready to serve, of whatever form.
    available: i64,
}

impl Workload {
    /// Reads an object; `None` where it is none of the three kinds.
    pub fn read(object: &Value) -> Option<Self> {
        let workload = Self::deserialize(object).ok()?;
        let kinds = ["Deployment", "StatefulSet", "DaemonSet"];
        kinds.contains(&workload.kind.as_str()).then_some(workload)
    }

    /// Whether Helm made it, for this release.
    pub fn is_of_release(&self, release: &str, namespace: &str) -> bool {
        let annotations = &self.metadata.annotations;
        self.metadata.namespace == namespace
            && annotations
                .get("meta.helm.sh/release-name")
                .map(String::as_str)
                == Some(release)
    }

    /// Whether it has this label.
    pub fn has_label(&self, (name, value): (&str, &str)) -> bool {
        self.metadata.labels.get(name).is_some_and(|it| it == value)
    }

    /// The images of its containers.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        let containers = self.spec.template.spec.containers.iter();
        containers.map(|it| it.image.as_str())
    }

    /// Whether no pod of it is wanted.
    pub fn is_scaled_to_zero(&self) -> bool {
        self.is_seen() && self.counts().wanted == 0
    }

    /// Whether all its pods are of the newest form and serve: the rule of `kubectl rollout status`.
    pub fn is_rolled_out(&self) -> bool {
        let counts = self.counts();
        self.is_seen()
            && counts.updated >= counts.wanted
            && counts.all <= counts.updated
            && counts.available >= counts.wanted
    }

    /// The condition that says that it does not get on: its rollout has taken too long, or its pods are
    /// refused.
    pub fn stuck(&self) -> Option<&Condition> {
        self.status
            .conditions
            .iter()
            .find(|it| match it.kind.as_str() {
                "Progressing" => it.status == "False",
                "ReplicaFailure" => it.status == "True",
                _ => false,
            })
    }

    /// What it lacks, in words.
    pub fn words(&self) -> String {
        let counts = self.counts();
        let old = counts.all.saturating_sub(counts.updated);
        if !self.is_seen() {
            "not seen by its controller yet".into()
        } else if counts.wanted == 0 {
            "scaled to 0".into()
        } else if counts.updated < counts.wanted {
            format!(
                "rollout: {} of {} pods are new",
                counts.updated, counts.wanted
            )
        } else if old > 0 {
            let old = if old == 1 {
                "1 old pod is".into()
            } else {
                format!("{old} old pods are")
            };
            let how = if counts.available > 0 {
                "still serving"
            } else {
                "still there"
            };
            format!("rollout: {old} {how}")
        } else {
            format!("{} of {} pods are ready", counts.available, counts.wanted)
        }
    }

    fn is_seen(&self) -> bool {
        self.status.observed_generation >= self.metadata.generation
    }

    fn counts(&self) -> Counts {
        let status = &self.status;
        if self.kind == "DaemonSet" {
            return Counts {
                wanted: status.desired_number_scheduled,
                updated: status.updated_number_scheduled,
                all: status.updated_number_scheduled,
                available: status.number_available,
            };
        }
        Counts {
            wanted: self.spec.replicas.unwrap_or(1),
            updated: status.updated_replicas,
            all: status.replicas,
            available: status.available_replicas,
        }
    }
}
