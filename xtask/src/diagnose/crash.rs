//! Containers that end, and what of that counts.
//!
//! One end is not a fault, but where memory was wanting: the next run will want it as well. The kubelet
//! starts a container again at once after its first end; `CrashLoopBackOff` is its word from the second
//! on, but only where the container had run for less than the time to wait (10 s at first).

use std::collections::BTreeMap;
use std::time::Duration;

use super::pods::fault;
use super::{Cause, Fault};
use crate::pod::{Container, Pod, Terminated};

/// The ends of a pod's containers that do not count.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// How many, by the container's name.
    ends: BTreeMap<String, u32>,
    /// Whether a crash loop does not count either, until there are new ends.
    is_forgiven: bool,
}

impl Past {
    /// What a pod has been through when it is first seen: a restart may be another day's story. A crash
    /// loop that it is in does count.
    pub fn of(pod: &Pod) -> Self {
        let ends = pod
            .containers()
            .map(|it| (it.name.clone(), ends(it)))
            .collect();
        Self {
            ends,
            is_forgiven: false,
        }
    }

    /// All that a pod has been through up to now.
    pub fn forgiven(pod: &Pod) -> Self {
        Self {
            is_forgiven: true,
            ..Self::of(pod)
        }
    }

    /// Takes in the ends that came about when the node itself was stopped.
    pub fn learn(&mut self, pod: &Pod) {
        for container in pod
            .containers()
            .filter(|it| last_end(it).is_some_and(is_by_node))
        {
            self.ends.insert(container.name.clone(), ends(container));
        }
    }

    fn new_ends(&self, container: &Container) -> u32 {
        let past = self.ends.get(&container.name).copied().unwrap_or_default();
        ends(container).saturating_sub(past)
    }
}

/// How a container last ended, where it ever did.
pub(super) fn last_end(container: &Container) -> Option<&Terminated> {
    container
        .state
        .terminated
        .as_ref()
        .or(container.last_state.terminated.as_ref())
}

/// A container that does not stay alive.
pub(super) fn crash(pod: &Pod, container: &Container, past: &Past) -> Option<Fault> {
    let is_done = container
        .state
        .terminated
        .as_ref()
        .is_some_and(|end| end.exit_code == 0);
    let end = last_end(container).filter(|end| !container.ready && !is_done && !is_by_node(end))?;
    let waiting = container.state.waiting.as_ref();
    let is_loop = waiting.is_some_and(|it| it.reason == "CrashLoopBackOff");
    let wants_memory = end.reason == "OOMKilled";
    let seconds = match past.new_ends(container) {
        // It may be an older pod that is about to be replaced.
        0 if is_loop && !past.is_forgiven => 5,
        1 if is_loop && !past.is_forgiven => 0,
        1 if wants_memory => 10,
        2.. => 0,
        _ => return None,
    };
    let (cause, reason) = match (wants_memory, is_loop) {
        (false, true) => (Cause::Crash, "CrashLoopBackOff"),
        (false, false) => (Cause::Crash, end.reason.as_str()),
        (true, _) => (Cause::Memory, end.reason.as_str()),
    };
    let count = container.restart_count;
    let times = if count == 1 {
        "once".into()
    } else {
        format!("{count} times")
    };
    Some(Fault {
        certain_after: Duration::from_secs(seconds),
        previous_log: container.last_state.terminated.is_some(),
        ..fault(
            pod,
            Some(container),
            cause,
            reason,
            format!("{}; started again {times}", words(end)),
        )
    })
}

/// What is wrong with the pods of one owner together: two that failed are a crash loop, as a `Job` makes
/// a new pod each time. One that failed is a fault where no other follows.
///
/// Pods that the node ended (evicted them, or was stopped) are no crashes.
pub(super) fn failure(family: &[(&Pod, &Past)]) -> Option<Fault> {
    let pods: Vec<_> = family
        .iter()
        .filter(|(pod, _)| !pod.is_terminating())
        .collect();
    if pods
        .iter()
        .any(|(pod, _)| pod.is_ready() || pod.is_finished())
    {
        return None;
    }
    let failed = pods
        .iter()
        .filter(|(pod, past)| pod.has_failed() && !past.is_forgiven);
    let mut failed: Vec<&Pod> = failed.map(|(pod, _)| *pod).collect();
    failed.sort_by_key(|pod| &pod.metadata.creation_timestamp);
    let crashed: Vec<&Pod> = failed
        .iter()
        .filter(|pod| has_crashed(pod))
        .copied()
        .collect();
    if let [_, .., last] = crashed.as_slice() {
        let fault = failed_pod(last);
        let message = format!("{}; {} pods ended so", fault.message, crashed.len());
        return Some(Fault { message, ..fault });
    }
    let is_followed = pods.iter().any(|(pod, _)| !pod.has_failed());
    // A `Job` makes the next one after 10 s.
    let certain_after = Duration::from_secs(30);
    let last = failed.last().filter(|_| !is_followed)?;
    Some(Fault {
        certain_after,
        ..failed_pod(last)
    })
}

/// Whether a pod that failed did so by a container's own end.
fn has_crashed(pod: &Pod) -> bool {
    pod.status.reason.is_none() && failed_container(pod).is_some_and(|(_, end)| !is_by_node(end))
}

/// The container by whose end a pod failed.
fn failed_container(pod: &Pod) -> Option<(&Container, &Terminated)> {
    let mut ends = pod
        .containers()
        .filter_map(|it| Some((it, it.state.terminated.as_ref()?)));
    ends.find(|(_, end)| end.exit_code != 0)
}

fn failed_pod(pod: &Pod) -> Fault {
    let Some((container, end)) = failed_container(pod) else {
        let reason = pod.status.reason.as_deref().unwrap_or("Failed");
        let message = pod.status.message.clone().unwrap_or_default();
        return fault(pod, None, Cause::Crash, reason, message);
    };
    let is_memory = end.reason == "OOMKilled";
    let cause = if is_memory {
        Cause::Memory
    } else {
        Cause::Crash
    };
    fault(pod, Some(container), cause, &end.reason, words(end))
}

/// Whether the node, not the container, is to blame: `Unknown` (exit status 255) is containerd's word for
/// what it finds dead when it starts, `ContainerStatusUnknown` the kubelet's for what it does not find.
fn is_by_node(end: &Terminated) -> bool {
    end.reason == "Unknown" || end.reason == "ContainerStatusUnknown"
}

/// How often a container has ended: once before each restart, and perhaps once more.
fn ends(container: &Container) -> u32 {
    let is_dead = container.state.running.is_none() && last_end(container).is_some();
    container.restart_count.saturating_add(u32::from(is_dead))
}

/// How a container ended, and what it said of it.
fn words(end: &Terminated) -> String {
    let said = end
        .message
        .as_deref()
        .map(|it| format!(": {it}"))
        .unwrap_or_default();
    format!("exit status {} ({}){said}", end.exit_code, end.reason)
}

#[cfg(test)]
mod tests;
