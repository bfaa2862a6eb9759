//! The cluster as its API server, its nodes and our record see it.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;

use super::cluster::Whole;
use super::named::{observe_named, questions};
use crate::application;
use crate::chart::digest_of;
use crate::cmd::Hidden;
use crate::config::Preview;
use crate::docker;
use crate::exec::Exec;
use crate::helm::{self, Revision};
use crate::kubectl;
use crate::manifest;
use crate::names::Namespace;
use crate::postgres;
use crate::scoped::joined;
use crate::state::State;
use crate::valkey::{self, Operator};
use crate::workload::Workload;

/// The objects of our releases: by release, what identifies each object in its present form.
pub type Objects = BTreeMap<String, BTreeMap<String, String>>;

/// Our record in the cluster: the objects of each release as they were after we last made them.
pub type Record = Objects;

/// The name of the ConfigMap with our record, in the application's namespace.
pub const RECORD: &str = "xtask-k8s";

/// What is in a running cluster.
#[derive(Debug, Clone, Default)]
pub struct Inside {
    /// Our releases. One that another namespace has under the same name is none of them.
    pub releases: Vec<Revision>,
    /// The objects of each release.
    pub objects: Objects,
    /// What they were after the last `up`.
    pub record: Record,
    /// Another namespace in which an `up` has recorded a preview.
    pub elsewhere: Option<String>,
    /// The image of the application.
    pub deployed: Option<String>,
    /// Whether a workload of the application has pods to replace or to wait for.
    pub is_rolling: bool,
    /// Whether a workload of the application is to have pods.
    pub is_serving: bool,
    /// The application's namespace and its named objects, by `kind/name`.
    pub named: BTreeMap<String, Value>,
    /// The images of each node.
    pub images: BTreeMap<String, BTreeSet<String>>,
}

impl Inside {
    /// The last revision of a release.
    pub fn release(&self, name: &str) -> Option<&Revision> {
        self.releases.iter().find(|release| release.name == name)
    }

    /// Whether a release is deployed from `inputs`, and its objects are as we left them.
    pub fn is_unchanged(&self, release: &str, inputs: &str) -> bool {
        let deployed = self
            .release(release)
            .is_some_and(|it| it.status == "deployed" && it.inputs.as_deref() == Some(inputs));
        deployed
            && self.objects.contains_key(release)
            && self.objects.get(release) == self.record.get(release)
    }

    /// Whether the application's namespace is being deleted, and all that is in it with it.
    pub fn is_ending(&self, namespace: &Namespace) -> bool {
        let namespace = self.object("Namespace", namespace.as_str());
        namespace.is_some_and(|it| it["status"]["phase"] == "Terminating")
    }

    /// A named object.
    pub fn object(&self, kind: &str, name: &str) -> Option<&Value> {
        self.named.get(&format!("{kind}/{name}"))
    }

    /// A value of a Secret.
    pub fn secret(&self, name: &str, key: &str) -> Option<Hidden> {
        self.object("Secret", name)
            .and_then(|secret| manifest::secret_value(secret, key))
    }

    /// The Valkey operator that the cluster has, where it has one of ours: by its release, else by its
    /// resource, which stays where somebody uninstalled the release.
    pub fn operator(&self) -> Option<Operator> {
        let mut releases = self.releases.iter();
        let installed = releases.find_map(|release| release.operator.as_deref()?.parse().ok());
        installed.or_else(|| {
            let is_kind = |key: &String, kind| key.split_once('/').is_some_and(|it| it.0 == kind);
            let has = |it: &Operator| self.named.keys().any(|key| is_kind(key, it.kind()));
            Operator::ALL.into_iter().find(has)
        })
    }
}

/// Asks a running cluster what is in it.
///
/// # Errors
/// Where the API server or a node cannot be asked.
pub fn observe_inside(
    exec: &Exec,
    preview: &Preview,
    state: &State,
    whole: &Whole,
    asked: Option<Operator>,
) -> Result<Inside> {
    // Which operator the cluster has is only known from the answers: the usual one is a good guess.
    let usual = preview.project.valkey.map(|valkey| valkey.operator);
    let guess = asked.or(usual).unwrap_or(Operator::ValkeyIo);
    let mut inside = ask_all(exec, preview, state, whole, guess)?;
    let others = Operator::ALL.into_iter().filter(|it| *it != guess);
    for other in others.filter(|_| preview.project.valkey.is_some()) {
        if inside.operator().is_none_or(|it| it == other) {
            let more = observe_named(exec, preview, state, questions(preview, other))?;
            inside.named.extend(more);
        }
    }
    Ok(inside)
}

fn ask_all(
    exec: &Exec,
    preview: &Preview,
    state: &State,
    whole: &Whole,
    operator: Operator,
) -> Result<Inside> {
    thread::scope(|scope| {
        let named =
            scope.spawn(|| observe_named(exec, preview, state, questions(preview, operator)));
        let releases = scope.spawn(|| releases(exec, preview, state));
        let nodes: Vec<_> = whole
            .nodes
            .iter()
            .map(|node| (node, scope.spawn(|| node_images(exec, node))))
            .collect();
        let mut inside = observe_objects(exec, preview, state)?;
        inside.named = joined(named)?;
        inside.releases = joined(releases)?;
        for (node, images) in nodes {
            inside.images.insert(node.clone(), joined(images)?);
        }
        Ok(inside)
    })
}

/// Asks for the objects of our releases and for our record of them.
///
/// # Errors
/// Where the API server cannot be asked.
pub fn observe_objects(exec: &Exec, preview: &Preview, state: &State) -> Result<Inside> {
    let reply = exec.read(&kubectl::charted(state))?;
    let items = kubectl::items(&reply).context("kubectl's list of objects")?;
    Ok(read_objects(preview, &items))
}

fn read_objects(preview: &Preview, items: &[Value]) -> Inside {
    let project = preview.project;
    let mut inside = Inside::default();
    for item in items {
        let metadata = &item["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        if metadata["labels"][manifest::MANAGED_BY.0] == manifest::MANAGED_BY.1 {
            let namespace = metadata["namespace"].as_str().unwrap_or_default();
            match (name, namespace == preview.namespace.as_str()) {
                (RECORD, true) => inside.record = record(item),
                (RECORD, false) => inside.elsewhere = Some(namespace.to_owned()),
                _ => {}
            }
            continue;
        }
        let annotation = |key| metadata["annotations"][key].as_str().unwrap_or_default();
        let release = annotation("meta.helm.sh/release-name");
        if !is_ours(
            preview,
            release,
            annotation("meta.helm.sh/release-namespace"),
        ) {
            continue;
        }
        let kind = item["kind"].as_str().unwrap_or_default();
        inside
            .objects
            .entry(release.into())
            .or_default()
            .insert(format!("{kind}/{name}"), identity(item));
        if release == project.chart.release {
            let workload = Workload::read(item);
            inside.is_rolling |= workload.as_ref().is_some_and(|it| !it.is_rolled_out());
            inside.is_serving |= workload.is_some_and(|it| !it.is_scaled_to_zero());
            inside.deployed = inside
                .deployed
                .or_else(|| application::image_of(item, &project.image));
        }
    }
    inside
}

/// Whether a release is one that `up` makes for this preview: a cluster may have another of that name in
/// another namespace, such as a second preview's application.
fn is_ours(preview: &Preview, release: &str, namespace: &str) -> bool {
    let application = (preview.project.chart.release, preview.namespace.as_str());
    [postgres::RELEASE, valkey::RELEASE, application].contains(&(release, namespace))
}

/// What changes with an object's own content, and with nothing else: its generation, where its kind
/// has one, else a digest of all but metadata and status.
fn identity(object: &Value) -> String {
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    if let Some(generation) = object["metadata"]["generation"].as_u64() {
        return format!("{uid} generation {generation}");
    }
    let mut content = object.clone();
    if let Value::Object(fields) = &mut content {
        fields.remove("metadata");
        fields.remove("status");
    }
    format!("{uid} {}", &digest_of([content.to_string().as_str()])[..16])
}

fn record(configmap: &Value) -> Record {
    let text = configmap["data"]["objects"].as_str().unwrap_or_default();
    // What an older version of us wrote is no record: the releases are then made again.
    serde_json::from_str(text).unwrap_or_default()
}

fn releases(exec: &Exec, preview: &Preview, state: &State) -> Result<Vec<Revision>> {
    let reply = exec.read(&kubectl::releases(state))?;
    read_releases(preview, &reply)
}

fn read_releases(preview: &Preview, reply: &str) -> Result<Vec<Revision>> {
    let mut releases = helm::parse_revisions(reply).context("the labels of Helm's releases")?;
    releases.retain(|it| is_ours(preview, &it.name, &it.namespace));
    Ok(releases)
}

fn node_images(exec: &Exec, node: &str) -> Result<BTreeSet<String>> {
    Ok(exec
        .read(&docker::node_images(node))?
        .lines()
        .map(str::to_owned)
        .collect())
}

/// The manifest of our record.
///
/// # Errors
/// Never in practice: names and digests are always JSON.
pub fn record_manifest(preview: &Preview, objects: &Objects) -> Result<Value> {
    Ok(serde_json::json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": RECORD,
            "namespace": preview.namespace.as_str(),
            "labels": { (manifest::MANAGED_BY.0): manifest::MANAGED_BY.1 },
        },
        "data": { "objects": serde_json::to_string(objects)? },
    }))
}

#[cfg(test)]
mod tests;
