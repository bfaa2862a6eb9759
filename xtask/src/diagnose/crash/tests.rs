//! Which ends of a container count.

use serde_json::json;

use crate::diagnose::fixtures::{Told, ended, pod, pods, running, waiting};
use crate::pod::{Change, Pod};

/// A pod of a `Job`, made in this second.
fn job_pod(uid: &str, second: u64, phase: &str) -> Pod {
    let state = if phase == "Failed" {
        ended("Error")
    } else {
        running()
    };
    let mut pod = pod(&state, 0, &json!({}));
    pod.status.phase = phase.into();
    pod.metadata.uid = uid.into();
    pod.metadata.name = uid.into();
    pod.metadata.creation_timestamp = Some(format!("2026-11-24T02:50:{second:02}Z"));
    pod.metadata.owner_references =
        serde_json::from_value(json!([{ "kind": "Job", "name": "initdb", "uid": "job" }])).unwrap();
    pod
}

#[test]
fn a_first_crash_is_no_fault_and_a_second_is_a_certain_one() {
    let mut told = Told::new();
    told.pod(0, pod(&waiting("ContainerCreating"), 0, &json!({})));
    told.pod(1, pod(&ended("Error"), 0, &json!({})));
    told.pod(2, pod(&running(), 1, &ended("Error")));
    assert_eq!(told.certain(99), None);
    told.pod(3, pod(&waiting("CrashLoopBackOff"), 1, &ended("Error")));
    assert_eq!(told.certain(3), Some("CrashLoopBackOff"));
}

#[test]
fn a_container_that_crashes_slowly_never_says_that_it_loops() {
    let mut told = Told::new();
    told.pod(0, pod(&running(), 0, &json!({})));
    told.pod(20, pod(&running(), 1, &ended("Error")));
    assert_eq!(told.certain(99), None);
    told.pod(40, pod(&running(), 2, &ended("Error")));
    assert_eq!(told.certain(40), Some("Error"));
}

#[test]
fn restarts_of_another_day_do_not_count() {
    let mut told = Told::new();
    told.pod(0, pod(&running(), 7, &ended("Error")));
    told.pod(1, pod(&running(), 8, &ended("Error")));
    assert_eq!(told.certain(99), None);
    told.pod(2, pod(&running(), 9, &ended("Error")));
    assert_eq!(told.certain(2), Some("Error"));
}

#[test]
fn a_pod_that_is_found_in_a_loop_may_be_about_to_be_replaced() {
    let mut told = Told::new();
    told.pod(0, pods("crash-loop").remove(0));
    assert_eq!(
        (told.certain(4), told.certain(5)),
        (None, Some("CrashLoopBackOff"))
    );
}

#[test]
fn the_end_of_the_node_is_no_crash() {
    let mut told = Told::new();
    told.pod(0, pod(&running(), 1, &json!({})));
    told.pod(1, pod(&waiting("ContainerCreating"), 1, &ended("Unknown")));
    told.pod(2, pod(&running(), 2, &ended("Unknown")));
    told.pod(3, pod(&running(), 3, &ended("Error")));
    assert_eq!(told.certain(99), None);
}

#[test]
fn the_want_of_memory_is_certain_unless_the_next_run_gets_ready() {
    let mut told = Told::new();
    told.pod(0, pod(&running(), 0, &json!({})));
    let mut again = pod(&running(), 1, &ended("OOMKilled"));
    told.pod(1, again.clone());
    assert_eq!(
        (told.certain(10), told.certain(11)),
        (None, Some("OOMKilled"))
    );
    again.status.container_statuses[0].ready = true;
    told.pod(9, again);
    assert_eq!(told.certain(99), None);
}

#[test]
fn what_is_forgiven_counts_from_then_on() {
    let mut told = Told::new();
    told.pod(0, pod(&waiting("CrashLoopBackOff"), 3, &ended("Error")));
    told.faults.forgive(told.at(10), |_| true);
    assert_eq!(told.certain(99), None);
    told.pod(11, pod(&waiting("CrashLoopBackOff"), 4, &ended("Error")));
    assert_eq!(told.certain(99), None);
    told.pod(12, pod(&waiting("CrashLoopBackOff"), 5, &ended("Error")));
    assert_eq!(told.certain(12), Some("CrashLoopBackOff"));
}

#[test]
fn two_failed_pods_of_one_job_are_a_loop() {
    let mut told = Told::new();
    told.pod(0, job_pod("b", 0, "Failed"));
    told.pod(10, job_pod("a", 10, "Running"));
    assert_eq!(told.certain(99), None);
    told.pod(11, job_pod("a", 10, "Failed"));
    let fault = told
        .faults
        .certain(told.at(11), |pod| pod.metadata.uid == "a")
        .unwrap();
    assert_eq!(
        (fault.reason.as_str(), fault.object.name.as_str()),
        ("Error", "a")
    );
    assert_eq!(
        told.faults
            .certain(told.at(11), |pod| pod.metadata.uid == "b"),
        None
    );
    told.pod(12, job_pod("c", 12, "Running"));
    assert_eq!(told.certain(12), Some("Error"));
    told.pod(13, job_pod("c", 12, "Succeeded"));
    assert_eq!(told.certain(99), None);
}

#[test]
fn a_failed_pod_that_nothing_follows_is_a_fault() {
    let mut told = Told::new();
    told.pod(0, job_pod("a", 0, "Failed"));
    assert_eq!((told.certain(29), told.certain(30)), (None, Some("Error")));
    told.faults.change(Change::Gone("a".into()), told.at(31));
    assert_eq!(told.certain(99), None);
}

#[test]
fn pods_that_the_node_evicted_are_no_loop() {
    let mut told = Told::new();
    for uid in ["a", "b"] {
        let mut evicted = job_pod(uid, 0, "Failed");
        evicted.status.reason = Some("Evicted".into());
        told.pod(0, evicted);
    }
    told.pod(1, job_pod("c", 1, "Running"));
    assert_eq!(told.certain(99), None);
}
