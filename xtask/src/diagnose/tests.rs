//! What the recorded states mean, each of them.

use std::fs;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::crash::Past;
use super::event::{volume_fault, warnings};
use super::fixtures::{any_json, damaged, object, pods};
use super::pods::faults;
use super::{Faults, postgres_fault, state_words, valkey_fault};
use crate::pod::Pod;

/// The recorded lists of pods, and the fault of each: container, reason, seconds until it is certain.
const PODS: [(&str, &str); 16] = [
    ("cnpg-image-not-pullable", "initdb ImagePullBackOff 25"),
    ("cnpg-initdb-running", ""),
    // Its startup probe has not passed yet.
    ("cnpg-instance-not-ready", ""),
    ("crash-loop", "app CrashLoopBackOff 0"),
    (
        "create-container-config-error",
        "app CreateContainerConfigError 5",
    ),
    ("err-image-never-pull", "app ErrImageNeverPull 0"),
    ("ghillie", ""),
    ("image-pull-back-off", "app ImagePullBackOff 25"),
    ("init-crash-loop", "migrate CrashLoopBackOff 0"),
    ("preview", ""),
    ("rollout-stuck-old-still-serving", "app ErrImagePull 25"),
    ("running-not-ready", "app ContainersNotReady 30"),
    ("running-ready", ""),
    ("unschedulable", "- Unschedulable 10"),
    ("valkey-not-ready", ""),
    ("valkey-user-secret-missing", ""),
];

#[test]
fn each_recorded_list_of_pods_is_judged() {
    for (name, expected) in PODS {
        let pods = pods(name);
        let faults = pods.iter().flat_map(|pod| faults(pod, &Past::default()));
        let judged: Vec<_> = faults
            .map(|it| {
                let container = it.container.as_deref().unwrap_or("-");
                format!("{container} {} {}", it.reason, it.certain_after.as_secs())
            })
            .collect();
        assert_eq!(judged.join(", "), expected, "{name}");
    }
}

#[test]
fn no_recorded_list_of_pods_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/kubectl");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name());
    let mut names: Vec<_> = files
        .filter_map(|name| pods_name(&name.into_string().unwrap()))
        .collect();
    names.sort();
    assert_eq!(names, PODS.map(|(name, _)| name.to_owned()));
}

fn pods_name(file: &str) -> Option<String> {
    Some(
        file.strip_prefix("get-pods.")?
            .strip_suffix(".json")?
            .to_owned(),
    )
}

#[test]
fn the_message_is_the_clusters_own() {
    let message = |name| faults(&pods(name)[0], &Past::default())[0].message.clone();
    assert_eq!(
        message("create-container-config-error"),
        "secret \"nope\" not found"
    );
    assert_eq!(
        message("crash-loop"),
        "exit status 3 (Error); started again 4 times"
    );
    assert!(message("image-pull-back-off").ends_with("no such host"));
    assert!(message("unschedulable").starts_with("0/2 nodes are available: 2 Insufficient cpu."));
}

#[test]
fn the_log_of_a_crash_is_that_of_the_last_run() {
    let previous = |name| faults(&pods(name)[0], &Past::default())[0].previous_log;
    assert!(previous("crash-loop") && previous("init-crash-loop"));
    assert!(!previous("running-not-ready") && !previous("image-pull-back-off"));
}

#[test]
fn each_recorded_postgres_cluster_is_judged() {
    for (name, words) in [
        ("bootstrap-pending", "Setting up primary"),
        ("image-not-pullable", "Setting up primary"),
        (
            "instance-not-active",
            "Waiting for the instances to become active",
        ),
        ("no-status-yet", "not seen by its operator yet"),
        ("ready", "Cluster in healthy state"),
        ("setting-up-primary", "Setting up primary"),
        ("status-without-phase", "not seen by its operator yet"),
    ] {
        let cluster = object(&format!("get-cnpg-cluster.{name}"));
        assert_eq!(postgres_fault(&cluster), None, "{name}");
        assert_eq!(state_words(&cluster), words, "{name}");
    }
}

#[test]
fn a_postgres_cluster_fails_by_its_phase() {
    let mut cluster = object("get-cnpg-cluster.setting-up-primary");
    for phase in [
        "Cluster is unrecoverable and needs manual intervention",
        "Cluster is in an unrecoverable state, needs manual intervention",
        "Unable to create required cluster objects",
        "Not enough disk space",
    ] {
        cluster["status"]["phase"] = phase.into();
        let fault = postgres_fault(&cluster).unwrap();
        assert_eq!(
            (fault.reason.as_str(), fault.object.kind.as_str()),
            (phase, "Cluster")
        );
        assert_eq!(fault.message, "Creating primary instance fx-pg-1");
        assert_eq!(fault.certain_after, Duration::from_secs(10));
    }
}

#[test]
fn each_recorded_valkey_cluster_is_judged() {
    for (name, words) in [
        ("initializing", "Initializing"),
        ("ready-server-side-applied", "Cluster is healthy"),
        ("ready", "Cluster is healthy"),
        ("reconciling", "Updating ValkeyNodes"),
    ] {
        let cluster = object(&format!("get-valkeycluster.{name}"));
        assert_eq!(valkey_fault(&cluster), None, "{name}");
        assert_eq!(state_words(&cluster), words, "{name}");
    }
    let cluster = object("get-valkeycluster.user-secret-missing");
    let fault = valkey_fault(&cluster).unwrap();
    assert_eq!(fault.reason, "UsersACLError");
    assert_eq!(fault.message, "user fx: no password or reference found");
    assert_eq!(fault.object.kind, "ValkeyCluster");
}

#[test]
fn what_the_operator_said_of_an_older_valkey_cluster_does_not_count() {
    let mut cluster = object("get-valkeycluster.user-secret-missing");
    cluster["metadata"]["generation"] = 2.into();
    assert_eq!(valkey_fault(&cluster), None);
}

/// Everything that reads what a tool replied.
fn read_all(value: &Value, now: Instant) {
    postgres_fault(value);
    valkey_fault(value);
    state_words(value);
    let warnings = warnings(&value.to_string());
    let mut tracker = Faults::default();
    let items = value["items"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![value.clone()]);
    for pod in items.iter().filter_map(Pod::read) {
        volume_fault(&pod, &warnings);
    }
    for item in &items {
        tracker.feed(&json!({ "type": "ADDED", "object": item }), now);
    }
    tracker.forgive(now, |_| true);
    tracker.late(now, |_| true);
    tracker.certain(now, |_| true);
}

fn recorded() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 7] = [
        "get-pods.cnpg-instance-not-ready",
        "get-pods.init-crash-loop",
        "get-pods.unschedulable",
        "get-events.unschedulable",
        "get-events.image-pull-back-off",
        "get-cnpg-cluster.instance-not-active",
        "get-valkeycluster.user-secret-missing",
    ];
    prop::sample::select(&NAMES[..]).prop_flat_map(|name| damaged(object(name)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_reply_is_too_strange(value in any_json()) {
        read_all(&value, Instant::now());
    }

    #[test]
    fn no_recorded_reply_is_too_damaged(value in recorded()) {
        read_all(&value, Instant::now());
    }

    #[test]
    fn no_bytes_are_too_strange(reply in any::<Vec<u8>>()) {
        warnings(&String::from_utf8_lossy(&reply));
    }
}

#[test]
fn the_recorded_warnings_come_in_the_order_of_time() {
    let told = |name, is_reversed| {
        let mut list = object(&format!("get-events.{name}"));
        if is_reversed {
            list["items"].as_array_mut().unwrap().reverse();
        }
        let warnings = warnings(&list.to_string());
        let words = warnings
            .iter()
            .map(|it| format!("{} {}", it.reason, it.count()));
        words.collect::<Vec<_>>().join(", ")
    };
    for is_reversed in [false, true] {
        // Of what the scheduler says both timestamps are null.
        let expected = "FailedScheduling 1, FailedScheduling 2";
        assert_eq!(told("unschedulable", is_reversed), expected);
        assert!(told("image-pull-back-off", is_reversed).ends_with(", Failed 10"));
    }
    assert_eq!(told("running-not-ready", false), "Unhealthy 25");
    assert_eq!(told("running-ready", false), "");
    assert_eq!(told("valkey-user-secret-missing", false), "");
}

#[test]
fn what_a_watch_says_is_told() {
    let (mut tracker, now) = (Faults::default(), Instant::now());
    let pod = object("get-pods.err-image-never-pull")["items"][0].take();
    tracker.feed(&json!({ "type": "ADDED", "object": pod }), now);
    let reason = tracker
        .certain(now, |_| true)
        .map(|fault| fault.reason.as_str());
    assert_eq!(reason, Some("ErrImageNeverPull"));
    tracker.feed(&json!({ "type": "DELETED", "object": pod }), now);
    assert_eq!(tracker.certain(now, |_| true), None);
}
