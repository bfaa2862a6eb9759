//! Faults over time.

use serde_json::json;

use crate::diagnose::fixtures::{Told, pod, pods, running, waiting};
use crate::pod::Pod;

/// All that a kubelet before 1.32 says of a pull that it will try again.
const BACK_OFF: &str = "Back-off pulling image \"docker.io/fx/none:1\"";

#[test]
fn a_fault_is_certain_once_it_was_there_without_a_break() {
    let mut told = Told::new();
    told.pod(0, pod(&waiting("ErrImagePull"), 0, &json!({})));
    assert_eq!(told.certain(9), None);
    assert_eq!(told.certain(10), Some("ErrImagePull"));
    told.pod(1, pod(&running(), 0, &json!({})));
    told.pod(5, pod(&waiting("ErrImagePull"), 0, &json!({})));
    assert_eq!(told.certain(14), None);
    assert_eq!(told.certain(15), Some("ErrImagePull"));
}

#[test]
fn a_pull_that_fails_in_turns_is_one_fault() {
    let mut told = Told::new();
    for second in 0..3 {
        let reason = if second % 2 == 0 {
            "ErrImagePull"
        } else {
            "ImagePullBackOff"
        };
        told.pod(second, pod(&waiting(reason), 0, &json!({})));
    }
    assert_eq!(told.certain(9), None);
    assert_eq!(told.certain(10), Some("ErrImagePull"));
    told.pod(3, pod(&waiting("ImagePullBackOff"), 0, &json!({})));
    assert_eq!(told.certain(3), Some("ImagePullBackOff"));
}

/// A pod whose image is not pulled, in the kubelet's words.
fn unpulled(reason: &str, message: &str) -> Pod {
    let state = json!({ "waiting": { "reason": reason, "message": message } });
    pod(&state, 0, &json!({}))
}

/// The second at which a pull that fails in these words is certain to fail.
fn certain_at(reason: &'static str, message: &str) -> u64 {
    let mut told = Told::new();
    told.pod(0, unpulled(reason, message));
    let is_certain = |second: &u64| told.certain(*second) == Some(reason);
    (0..99).find(is_certain).unwrap()
}

#[test]
fn a_pull_that_the_network_stopped_is_tried_again() {
    for words in [
        "dial tcp 192.0.2.1:443: i/o timeout",
        "dial tcp: lookup ghcr.io on 10.0.0.1:53: no such host",
        "dial tcp 192.0.2.1:443: connect: connection refused",
        "dial tcp 192.0.2.1:443: connect: no route to host",
        "dial tcp 192.0.2.1:443: connect: network is unreachable",
    ] {
        assert_eq!(certain_at("ErrImagePull", words), 25, "{words}");
        let words = format!("{BACK_OFF}: ErrImagePull: {words}");
        assert_eq!(certain_at("ImagePullBackOff", &words), 25, "{words}");
    }
}

#[test]
fn a_pull_that_a_registry_refused_is_soon_certain() {
    for words in [
        "failed to resolve reference \"docker.io/fx/none:1\": docker.io/fx/none:1: not found",
        "pull access denied, repository does not exist or may require authorization",
        "cache:5000: connection refused; docker.io/fx/none:1: not found",
    ] {
        assert_eq!(certain_at("ErrImagePull", words), 10, "{words}");
        let words = format!("{BACK_OFF}: ErrImagePull: {words}");
        assert_eq!(certain_at("ImagePullBackOff", &words), 2, "{words}");
    }
}

#[test]
fn a_back_off_without_a_cause_has_the_time_of_the_pull_before() {
    let certain = |words: &str| {
        let mut told = Told::new();
        told.pod(0, unpulled("ErrImagePull", words));
        for second in [1, 3] {
            told.pod(second, unpulled("ImagePullBackOff", BACK_OFF));
        }
        (3..99).find(|second| told.certain(*second).is_some())
    };
    assert_eq!(certain("dial tcp 192.0.2.1:443: i/o timeout"), Some(25));
    assert_eq!(certain("docker.io/fx/none:1: not found"), Some(3));
    // What was there before the first look is not known.
    assert_eq!(certain_at("ImagePullBackOff", BACK_OFF), 2);
}

#[test]
fn a_pod_that_goes_has_no_fault() {
    let mut told = Told::new();
    let mut pod = pods("err-image-never-pull").remove(0);
    told.pod(0, pod.clone());
    assert_eq!(told.certain(0), Some("ErrImageNeverPull"));
    pod.metadata.deletion_timestamp = Some("2026-11-24T02:50:09Z".into());
    told.pod(1, pod);
    assert_eq!(told.certain(99), None);
}

#[test]
fn a_pod_counts_again_once_a_new_watch_shows_it() {
    let mut told = Told::new();
    let pod = pods("image-pull-back-off").remove(0);
    told.pod(0, pod.clone());
    told.faults.lost();
    assert_eq!((told.certain(99), told.faults.pods().count()), (None, 0));
    told.pod(25, pod);
    assert_eq!(told.certain(25), Some("ImagePullBackOff"));
}

#[test]
fn of_two_certain_faults_the_older_one_is_told() {
    let mut told = Told::new();
    told.pod(0, pods("image-pull-back-off").remove(0));
    told.pod(1, pods("err-image-never-pull").remove(0));
    assert_eq!(told.certain(1), Some("ErrImageNeverPull"));
    assert_eq!(told.certain(25), Some("ImagePullBackOff"));
    let never = told
        .faults
        .certain(told.at(25), |pod| pod.metadata.namespace == "fx-never");
    assert_eq!(
        never.map(|fault| fault.reason.as_str()),
        Some("ErrImageNeverPull")
    );
    assert_eq!(told.faults.current(|_| true).len(), 2);
}

#[test]
fn time_before_the_wait_does_not_count() {
    let mut told = Told::new();
    told.pod(0, pods("image-pull-back-off").remove(0));
    told.faults.count_from(told.at(10), |_| true);
    assert_eq!(
        (told.certain(34), told.certain(35)),
        (None, Some("ImagePullBackOff"))
    );
}

#[test]
fn a_pod_that_is_long_in_the_making_is_worth_a_question() {
    let mut told = Told::new();
    let mut made = pods("image-pull-back-off").remove(0);
    made.status.container_statuses[0].state =
        serde_json::from_value(waiting("ContainerCreating")).unwrap();
    let mut making = made.clone();
    making
        .status
        .conditions
        .retain(|it| it.kind != "PodReadyToStartContainers");
    told.pod(0, making.clone());
    told.pod(5, making);
    let late = |told: &mut Told, second| {
        let now = told.at(second);
        told.faults.late(now, |_| true).is_some()
    };
    assert_eq!((late(&mut told, 9), late(&mut told, 10)), (false, true));
    assert_eq!((late(&mut told, 11), late(&mut told, 20)), (false, true));
    // Its image is being pulled.
    told.pod(21, made);
    assert!(!late(&mut told, 99));
}
