//! What a pod's status says is wrong with it.

use std::time::Duration;

use super::crash::{self, Past};
use super::{Cause, Fault, Object};
use crate::pod::{Container, Pod, Waiting};

/// How many seconds a pull may fail for what may pass: the kubelet tries again after 10 s, then after 20 s.
const PULLING: u64 = 25;

/// What is wrong with a pod. One that terminates or has ended has no faults of its own; whether one that
/// failed is a fault depends on the others of its kind, which [`super::Faults`] knows.
pub fn faults(pod: &Pod, past: &Past) -> Vec<Fault> {
    if pod.is_terminating() || pod.is_finished() || pod.has_failed() {
        return Vec::new();
    }
    let containers = pod
        .containers()
        .filter_map(|it| crash::crash(pod, it, past).or_else(|| not_started(pod, it)));
    let unready = pod
        .status
        .container_statuses
        .iter()
        .filter_map(|it| unready(pod, it));
    unschedulable(pod)
        .into_iter()
        .chain(containers)
        .chain(unready)
        .collect()
}

/// Whether its volumes and its network are still being made; its image is pulled after that.
pub(super) fn is_made(pod: &Pod) -> bool {
    let has_begun = |it: &Container| it.state.running.is_some() || crash::last_end(it).is_some();
    let ready = pod.condition("PodReadyToStartContainers");
    pod.status.phase == "Pending"
        && pod.spec.node_name.is_some()
        && !pod.is_terminating()
        && ready.is_none_or(|it| it.status != "True")
        && !pod.containers().any(has_begun)
}

/// A certain fault of a pod or, where one is given, of its container.
pub(super) fn fault(
    pod: &Pod,
    container: Option<&Container>,
    cause: Cause,
    reason: &str,
    message: String,
) -> Fault {
    let metadata = &pod.metadata;
    Fault {
        object: Object {
            kind: "Pod".into(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
        },
        container: container.map(|it| it.name.clone()),
        cause,
        reason: reason.to_owned(),
        message,
        certain_after: Duration::ZERO,
        release: metadata.labels.get("app.kubernetes.io/instance").cloned(),
        previous_log: false,
    }
}

/// A container that cannot be started. The kubelet's reasons stand in `pkg/kubelet/images/types.go`,
/// `pkg/kubelet/container/sync_result.go` and `pkg/kubelet/kuberuntime/kuberuntime_container.go`.
fn not_started(pod: &Pod, container: &Container) -> Option<Fault> {
    let Waiting { reason, message } = container.state.waiting.as_ref()?;
    let message = message.clone().unwrap_or_default();
    let (cause, seconds) = match reason.as_str() {
        // Nothing is wrong, or it is a crash.
        "" | "ContainerCreating" | "PodInitializing" | "CrashLoopBackOff" => return None,
        "ErrImageNeverPull" | "InvalidImageName" => (Cause::Image, 0),
        "ErrImagePull" | "ImagePullBackOff" if may_pass(&message) => (Cause::Image, PULLING),
        "ErrImagePull" => (Cause::Image, 10),
        "ImagePullBackOff" => (Cause::Image, 2),
        "ImageInspectError" | "RegistryUnavailable" | "SignatureValidationFailed" => {
            (Cause::Image, 10)
        }
        "CreateContainerConfigError" => (Cause::Create, 5),
        _ => (Cause::Create, 10),
    };
    let certain_after = Duration::from_secs(seconds);
    Some(Fault {
        certain_after,
        ..fault(pod, Some(container), cause, reason, message)
    })
}

/// Gives a fault the time of the one that it goes on from, where it only says that a pull is about to be tried
/// again: a kubelet before 1.32 says no more in `ImagePullBackOff`.
pub(super) fn go_on(fault: &mut Fault, before: &Fault) {
    let time = Duration::from_secs(PULLING);
    let is_bare = fault.reason == "ImagePullBackOff" && names_no_cause(&fault.message);
    if is_bare && before.cause == Cause::Image && before.certain_after == time {
        fault.certain_after = time;
    }
}

/// Whether no more is said than `Back-off pulling image "ghcr.io/team/notes:1"`.
fn names_no_cause(message: &str) -> bool {
    let image = message.strip_prefix("Back-off pulling image \"");
    let rest = image.and_then(|it| it.split_once('"'));
    message.is_empty() || rest.is_some_and(|(_, rest)| rest.is_empty())
}

/// Whether a pull failed for what may pass by itself: a network that is slow or away, a registry that is busy or
/// starts. What a registry answered does not pass, whatever else failed before it.
fn may_pass(message: &str) -> bool {
    const ANSWERS: [&str; 2] = ["not found", "denied"];
    const WORDS: [&str; 16] = [
        "timeout",
        "Timeout",
        "timed out",
        "deadline exceeded",
        "connection reset",
        "EOF",
        "Temporary failure in name resolution",
        "server misbehaving",
        "no such host",
        "connection refused",
        "no route to host",
        "network is unreachable",
        "Too Many Requests",
        "Internal Server Error",
        "Bad Gateway",
        "Service Unavailable",
    ];
    let says = |words: &&str| message.contains(*words);
    WORDS.iter().any(says) && !ANSWERS.iter().any(says)
}

/// A pod without a node. While a cluster starts, none of its nodes takes pods.
fn unschedulable(pod: &Pod) -> Option<Fault> {
    const PASSING: [&str; 6] = [
        "no nodes available",
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.cloudprovider.kubernetes.io/uninitialized",
        "unbound immediate PersistentVolumeClaims",
        "persistentvolumeclaim",
    ];
    let scheduled = pod
        .condition("PodScheduled")
        .filter(|it| it.status == "False")?;
    let reason = scheduled
        .reason
        .as_deref()
        .filter(|it| *it == "Unschedulable")?;
    let message = scheduled.message.clone().unwrap_or_default();
    let may_pass = PASSING.iter().any(|words| message.contains(words));
    let certain_after = Duration::from_secs(if may_pass { 60 } else { 10 });
    Some(Fault {
        certain_after,
        ..fault(pod, None, Cause::Scheduling, reason, message)
    })
}

/// A container that runs and is not ready, the time of its startup probe not counted: until that has
/// passed, the container says itself that it needs more time.
fn unready(pod: &Pod, container: &Container) -> Option<Fault> {
    if container.state.running.is_none() || container.started != Some(true) || container.ready {
        return None;
    }
    let ready = pod.condition("Ready").filter(|it| it.status == "False")?;
    let reason = ready.reason.as_deref().unwrap_or("NotReady");
    let message = ready.message.clone().unwrap_or_default();
    let certain_after = Duration::from_secs(30);
    Some(Fault {
        certain_after,
        ..fault(pod, Some(container), Cause::Probe, reason, message)
    })
}
