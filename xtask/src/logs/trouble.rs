//! Why a pod has no log, or not the one that was hoped for, in the cluster's words.

use crate::diagnose::plain;
use crate::pod::{Container, Pod, Terminated};

/// How many characters of the cluster's words are shown.
const LONGEST: usize = 300;

/// Something to be said of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The words, with the pod's name.
    pub words: String,
    /// Whether it is but the way of a pod that starts.
    pub is_passing: bool,
    /// What tells it from others: the words may change while the trouble stays the same.
    pub key: (String, String, u32),
}

/// What is to be said of a pod, where anything is: what has failed before what only waits.
pub fn trouble(pod: &Pod) -> Option<Trouble> {
    let say = |reason: &str, words: &str, restarts: u32, is_passing: bool| Trouble {
        words: format!("{}: {}", pod.metadata.name, plain(words, LONGEST)),
        is_passing,
        key: (pod.metadata.uid.clone(), reason.to_owned(), restarts),
    };
    if pod.is_terminating() {
        // However its containers end now, it is as somebody wanted it.
        return None;
    }
    if let Some(reason) = pod.status.reason.as_deref().filter(|_| pod.has_failed()) {
        let words = with(reason, pod.status.message.as_deref());
        return Some(say(reason, &words, 0, false));
    }
    let scheduled = pod.condition("PodScheduled");
    if let Some(condition) = scheduled.filter(|it| it.status == "False") {
        let reason = condition.reason.as_deref().unwrap_or("not scheduled");
        let words = with(reason, condition.message.as_deref());
        return Some(say(reason, &format!("not started: {words}"), 0, false));
    }
    let failed = pod.containers().find_map(|container| {
        let (reason, words) = failed(pod, container)?;
        Some(say(&reason, &words, container.restart_count, false))
    });
    let waiting = || {
        let waiting = pod.containers().find_map(|it| it.state.waiting.as_ref())?;
        let words = format!("not started yet: {}", waiting.reason);
        Some(say(&waiting.reason, &words, 0, true))
    };
    let pending = || {
        let is_pending = pod.status.phase == "Pending" && pod.containers().next().is_none();
        is_pending.then(|| say("Pending", "not started yet: Pending", 0, true))
    };
    failed.or_else(waiting).or_else(pending)
}

/// What is wrong with a container that cannot be started, or that has ended in failure.
fn failed(pod: &Pod, container: &Container) -> Option<(String, String)> {
    let name = if pod.containers().count() > 1 {
        format!("container {} ", container.name)
    } else {
        String::new()
    };
    let bad = |end: &&Terminated| end.exit_code != 0;
    let end = container.state.terminated.as_ref().filter(bad);
    if let Some(end) = end {
        return Some((end.reason.clone(), format!("{name}{}", ending(end))));
    }
    let waiting = container.state.waiting.as_ref()?;
    if let Some(end) = container.last_state.terminated.as_ref().filter(bad) {
        let words = format!(
            "{name}{}, and will be started again: {}",
            ending(end),
            waiting.reason
        );
        return Some((end.reason.clone(), words));
    }
    let is_passing = [
        "",
        "ContainerCreating",
        "PodInitializing",
        "CrashLoopBackOff",
    ];
    (!is_passing.contains(&waiting.reason.as_str())).then(|| {
        let words = with(&waiting.reason, waiting.message.as_deref());
        (
            waiting.reason.clone(),
            format!("{name}not started: {words}"),
        )
    })
}

fn ending(end: &Terminated) -> String {
    let words = format!("ended with exit status {} ({})", end.exit_code, end.reason);
    with(&words, end.message.as_deref())
}

fn with(reason: &str, message: Option<&str>) -> String {
    match message.filter(|message| !message.is_empty()) {
        Some(message) => format!("{reason}: {message}"),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixtures::pods;

    fn said(name: &str) -> Vec<String> {
        let pods = pods(name);
        pods.iter()
            .filter_map(trouble)
            .map(|trouble| trouble.words)
            .collect()
    }

    #[test]
    fn a_pod_that_cannot_start_says_why() {
        let pull = said("image-pull-back-off").remove(0);
        assert!(
            pull.starts_with(
                "fx-app-7fd456789c-m5jnk: not started: ImagePullBackOff: Back-off pulling image"
            ),
            "{pull}"
        );
        let unschedulable = said("unschedulable").remove(0);
        assert!(
            unschedulable.contains(": not started: Unschedulable: 0/2 nodes are available"),
            "{unschedulable}"
        );
        let config = said("create-container-config-error").remove(0);
        assert!(config.contains("CreateContainerConfigError: "), "{config}");
    }

    #[test]
    fn a_pod_that_crashes_says_how() {
        let crash = said("crash-loop").remove(0);
        assert_eq!(
            crash,
            "fx-app-54fbc6dfb8-6xcrb: ended with exit status 3 (Error), and will be started again: CrashLoopBackOff"
        );
        let init = said("init-crash-loop").remove(0);
        assert!(
            init.starts_with(
                "fx-app-698b8866f6-9zf7z: container migrate ended with exit status 1 (Error)"
            ),
            "{init}"
        );
    }

    #[test]
    fn how_a_pod_ends_that_is_deleted_is_no_trouble() {
        let mut pod = pods("crash-loop").remove(0);
        pod.metadata.deletion_timestamp = Some("2026-11-24T02:55:00Z".into());
        assert_eq!(trouble(&pod), None);
    }

    #[test]
    fn a_pod_that_starts_is_in_no_trouble_for_long() {
        let starting = &pods("cnpg-initdb-running")[0];
        assert!(trouble(starting).unwrap().is_passing);
        for fine in ["ghillie", "running-not-ready", "running-ready"] {
            assert_eq!(said(fine), Vec::<String>::new(), "{fine}");
        }
    }
}
