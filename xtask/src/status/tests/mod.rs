//! Recorded replies, and what is reported of them.

mod containers;
mod faults;
mod forms;
mod stores;
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::ask::{Answers, Api, Inside};
use super::judge::{About, report};
use super::report::{Component, Health, Part, Report};
use super::text::text;
use crate::cmd::Cmd;
use crate::config::Preview;
use crate::diagnose::fixtures::{any_json, damaged, object};
use crate::docker::{self, Detail};
use crate::names::Port;
use crate::observe::{Cluster, Whole};
use crate::pod::Pod;
use crate::probe::Reply;
use crate::progress::Paint;
use crate::project::{PROJECT, Project};
use crate::time::read_rfc3339;
use crate::workload::Workload;

/// A quarter of an hour after the recordings.
const LATER: &str = "2026-11-25T20:00:00Z";

/// A preview, and what was answered about it.
struct Scene {
    project: &'static Project,
    seen: Cluster,
    answers: Answers,
    busy: Option<String>,
    now: &'static str,
}

impl Scene {
    /// A cluster that runs, with what kubectl replied.
    fn recorded(name: &str) -> Self {
        let inside = Inside::of(
            &items(&format!("get-running.{name}")),
            named(items("get-stores.ready")),
        );
        Self::answered(inside)
    }

    fn answered(inside: Inside) -> Self {
        Self {
            project: &PROJECT,
            seen: Cluster::Running(whole(&[])),
            answers: Answers {
                containers: containers("running"),
                api: Api::Answered(Box::new(inside)),
                page: Some(Reply::of(503, b"no available server")),
            },
            busy: None,
            now: LATER,
        }
    }

    /// The application answers as this image, and reaches its stores.
    fn answering(mut self, image: &str) -> Self {
        let body = json!({ "image": image, "postgres": { "ok": true }, "valkey": { "ok": true } });
        self.answers.page = Some(Reply::of(200, body.to_string().as_bytes()));
        self
    }

    fn inside(&mut self) -> &mut Inside {
        match &mut self.answers.api {
            Api::Answered(inside) => inside,
            _ => panic!("the API server does not answer in this scene"),
        }
    }

    fn preview(&self) -> Preview {
        Preview {
            project: self.project,
            root: PathBuf::from("/home/dev/ghillie"),
            cluster: "status".parse().unwrap(),
            namespace: "ghillie".parse().unwrap(),
        }
    }

    fn report(&self) -> Report {
        let about = About {
            preview: &self.preview(),
            kubectl: Cmd::new("kubectl").args(["--kubeconfig", "/home/dev/kubeconfig"]),
            kubeconfig: PathBuf::from("/home/dev/kubeconfig"),
            busy: self.busy.clone(),
            now: read_rfc3339(self.now).unwrap(),
        };
        report(&about, &self.seen, &self.answers)
    }

    fn text(&self) -> String {
        self.painted(Paint(false))
    }

    fn painted(&self, paint: Paint) -> String {
        let now = read_rfc3339(self.now).unwrap();
        text(&self.report(), &self.preview(), paint, now)
    }
}

impl Report {
    fn part(&self, part: Part) -> &Component {
        let mut parts = self.components.iter();
        parts.find(|it| it.component == part).unwrap()
    }

    fn health(&self, part: Part) -> Health {
        self.part(part).health
    }

    /// What is wrong, each as `reason since S certain C`.
    fn wrong(&self) -> Vec<String> {
        let words = |it: &super::Problem| {
            let since = it.since.as_deref().unwrap_or("unknown");
            let passing = if it.certain { "" } else { ", may pass" };
            format!("{} since {since}{passing}", it.reason)
        };
        self.problems.iter().map(words).collect()
    }
}

fn items(name: &str) -> Vec<Value> {
    object(name)["items"].as_array().unwrap().clone()
}

fn named(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let name = |it: &Value| {
        let (kind, name) = (it["kind"].as_str().unwrap(), &it["metadata"]["name"]);
        format!("{kind}/{}", name.as_str().unwrap())
    };
    objects.into_iter().map(|it| (name(&it), it)).collect()
}

fn containers(name: &str) -> Vec<Detail> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/docker");
    let reply = fs::read_to_string(format!("{folder}/container-inspect.{name}.jsonl")).unwrap();
    docker::parse_details(&reply).unwrap()
}

fn whole(stopped: &[&str]) -> Whole {
    let nodes = ["k3d-status-server-0", "k3d-status-agent-0"];
    Whole {
        port: Some(Port(8080)),
        nodes: nodes.map(str::to_owned).to_vec(),
        server: "a".into(),
        worktree: String::new(),
        stopped: stopped.iter().map(|it| (*it).to_owned()).collect(),
        paused: vec![],
    }
}

/// A recorded reply of which some is something else, or is missing.
fn damaged_recording() -> impl Strategy<Value = Inside> {
    const NAMES: [&str; 3] = ["ready", "rollout-stuck", "agent-stopped"];
    let running = prop::sample::select(&NAMES[..])
        .prop_flat_map(|name| damaged(object(&format!("get-running.{name}"))));
    let stores = damaged(object("get-stores.ready"));
    (running, stores, any_json()).prop_map(|(running, stores, strange)| {
        let list = |value: &Value| value["items"].as_array().cloned().unwrap_or_default();
        let stores = list(&stores).into_iter().chain([strange]);
        let names = ["Cluster/pg-ghillie", "ValkeyCluster/valkey-ghillie"];
        let stores = names.map(str::to_owned).into_iter().zip(stores).collect();
        Inside::of(&list(&running), stores)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_recorded_reply_is_too_damaged(inside in damaged_recording()) {
        let text = Scene::answered(inside).text();
        prop_assert!(!text.contains(|it: char| it.is_control() && it != '\n'), "{text}");
    }

    #[test]
    fn no_reply_is_too_strange(objects in prop::collection::vec(any_json(), 0..4), store in any_json()) {
        let stores = BTreeMap::from([("Cluster/pg-ghillie".to_owned(), store)]);
        Scene::answered(Inside::of(&objects, stores)).text();
    }

    #[test]
    fn no_line_of_docker_is_too_strange(line in any_json(), bytes in any::<Vec<u8>>()) {
        if let Ok(containers) = docker::parse_details(&line.to_string()) {
            let mut scene = Scene::recorded("ready");
            scene.answers.containers = containers;
            scene.text();
        }
        let _ = docker::parse_details(&String::from_utf8_lossy(&bytes));
    }
}
