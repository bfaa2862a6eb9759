//! Recorded pods, as they are read.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diagnose::fixtures::{any_json, pods};

#[test]
fn a_completed_pod_is_finished_and_not_ready() {
    let pods = pods("cnpg-instance-not-ready");
    let states: Vec<_> = pods
        .iter()
        .map(|pod| (pod.is_ready(), pod.is_finished()))
        .collect();
    assert_eq!(states, [(false, false), (false, true)]);
}

#[test]
fn the_ready_ones_are_known_by_their_labels() {
    let pods = pods("ghillie");
    assert!(pods.iter().all(Pod::is_ready));
    let postgres: Vec<_> = pods
        .iter()
        .filter(|pod| pod.has_label("cnpg.io/cluster", "pg-ghillie"))
        .map(|pod| pod.metadata.name.as_str())
        .collect();
    assert_eq!(postgres, ["pg-ghillie-1"]);
}

#[test]
fn restarts_are_counted() {
    assert_eq!(pods("crash-loop")[0].restarts(), 4);
    assert_eq!(pods("init-crash-loop")[0].restarts(), 0);
}

#[test]
fn a_watch_tells_of_a_pod_that_is_and_of_one_that_is_gone() {
    let pod = json!({ "metadata": { "uid": "1", "creationTimestamp": null } });
    let read = |kind| Change::read(&json!({ "type": kind, "object": pod }));
    assert!(matches!(read("MODIFIED"), Some(Change::Now(pod)) if pod.metadata.uid == "1"));
    assert_eq!(read("DELETED"), Some(Change::Gone("1".into())));
    assert_eq!(read("BOOKMARK"), None);
    assert_eq!(
        Change::read(&json!({ "type": "ERROR", "object": { "kind": "Status" } })),
        None
    );
}

proptest! {
    #[test]
    fn no_document_is_too_strange_to_be_read(document in any_json()) {
        Change::read(&document);
        Change::read(&json!({ "type": "ADDED", "object": document }));
    }
}
