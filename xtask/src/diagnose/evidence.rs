//! The evidence for a fault: the cluster's events and the container's last words.

use std::thread;

use super::event::{self, Event};
use super::text::{log_line, plain};
use super::{Cause, Fault};
use crate::cmd::Cmd;
use crate::exec::{CmdError, Exec};
use crate::kubectl::kubectl;
use crate::pod::Pod;
use crate::state::State;

/// How many lines of a container's log are shown.
const LOG_LINES: usize = 6;
/// How many events are shown.
const EVENTS: usize = 2;
/// How many characters of a line are shown.
const LONGEST: usize = 300;

/// The last lines of the log that tells of a fault; of the container's last run where `previous`.
fn logs(kubectl: &Cmd, fault: &Fault, previous: bool) -> Cmd {
    let container = fault.container.iter().flat_map(|it| ["-c", it]);
    let previous = previous.then_some("--previous");
    kubectl
        .clone()
        .args(["logs", &fault.object.name, "-n", &fault.object.namespace])
        .args(container)
        .args(["--tail", &LOG_LINES.to_string(), "--request-timeout", "5s"])
        .args(previous)
}

/// The events of one object.
fn events(kubectl: &Cmd, namespace: &str, uid: &str) -> Cmd {
    kubectl
        .clone()
        .args(["get", "events", "-n", namespace])
        .args(["--field-selector", &format!("involvedObject.uid={uid}")])
        .args(["-o", "json", "--request-timeout", "5s"])
}

/// What there is to say of a fault, in at most ten lines.
///
/// What cannot be had is left out, or said in a line: the fault itself is always told.
pub fn evidence(exec: &Exec, state: &State, fault: &Fault) -> String {
    gather(exec, &kubectl(state), fault).join("\n")
}

/// The certain fault of a pod whose volumes are not made, by its events (see [`super::Faults::late`]).
pub fn volume_fault(exec: &Exec, state: &State, pod: &Pod) -> Option<Fault> {
    let metadata = &pod.metadata;
    let warnings = warnings(
        exec,
        &events(&kubectl(state), &metadata.namespace, &metadata.uid),
    );
    event::volume_fault(pod, &warnings)
}

fn gather(exec: &Exec, kubectl: &Cmd, fault: &Fault) -> Vec<String> {
    let events = events(kubectl, &fault.object.namespace, &fault.object.uid);
    thread::scope(|scope| {
        let warnings = scope.spawn(|| warnings(exec, &events));
        let log = fault.cause.has_log().then(|| log(exec, kubectl, fault));
        let log = log.as_ref().map(|log| log.as_deref());
        report(fault, &warnings.join().unwrap_or_default(), log)
    })
}

fn warnings(exec: &Exec, events: &Cmd) -> Vec<Event> {
    exec.read(events)
        .map(|reply| event::warnings(&reply))
        .unwrap_or_default()
}

/// The log's last lines, or why there are none.
fn log(exec: &Exec, kubectl: &Cmd, fault: &Fault) -> Result<String, CmdError> {
    let read = |previous| exec.read(&logs(kubectl, fault, previous));
    match read(fault.previous_log) {
        // The node has dropped the last run's log.
        Err(error) if error.says("previous terminated container") => read(false),
        Ok(log) if is_dropped(&log) => read(!fault.previous_log),
        other => other,
    }
}

/// Whether a log is not the container's words but the kubelet's, which kubectl prints as if it were the
/// log: a node keeps one dead container, so a run that ended just now takes the place of the one before.
fn is_dropped(log: &str) -> bool {
    log.starts_with("unable to retrieve container logs for ")
}

/// Formats the evidence: what failed, why, the last warnings that say more than that, the log.
fn report(fault: &Fault, warnings: &[Event], log: Option<Result<&str, &CmdError>>) -> Vec<String> {
    let object = &fault.object;
    let container = fault
        .container
        .as_ref()
        .map(|it| format!(", container {it}"))
        .unwrap_or_default();
    let name = format!(
        "{} {}/{}{container}",
        object.kind, object.namespace, object.name
    );
    let mut lines = vec![format!("{name}: {}", plain(&fault.reason, LONGEST))];
    let message = plain(without_preemption(&fault.message), LONGEST);
    if !message.is_empty() {
        lines.push(format!("  {message}"));
    }
    lines.extend(event_lines(fault, warnings));
    match log {
        None => {}
        Some(Ok(log)) => lines.extend(log_lines(log)),
        Some(Err(error)) if error.is_stopped() => {}
        Some(Err(error)) => {
            lines.push(format!("  no log: {}", plain(&error.last_words(), LONGEST)));
        }
    }
    lines
}

fn log_lines(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LOG_LINES));
    let shown: Vec<String> = last
        .map(|line| format!("  | {}", log_line(line, LONGEST)))
        .collect();
    if shown.is_empty() {
        vec!["  its log is empty".into()]
    } else {
        shown
    }
}

fn event_lines(fault: &Fault, warnings: &[Event]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for event in warnings.iter().rev() {
        let message = without_preemption(event.message.as_deref().unwrap_or_default());
        let count = event.count();
        let times = if count > 1 {
            format!(" ({count} times)")
        } else {
            String::new()
        };
        let line = format!("  {}{times}: {}", event.reason, plain(message, LONGEST));
        if tells_more(event, message, fault) && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(EVENTS);
    lines.reverse();
    lines
}

/// Whether an event says what the fault's own message does not.
fn tells_more(event: &Event, message: &str, fault: &Fault) -> bool {
    // "Error: ImagePullBackOff", "Failed to pull image …: CAUSE", "Error: secret … not found".
    let cause = message.split_once(": ").map_or(message, |(_, cause)| cause);
    let is_one_word = !cause.contains(' ');
    let is_loop = event.reason == "BackOff" && matches!(fault.cause, Cause::Crash | Cause::Memory);
    !is_one_word && !is_loop && !fault.message.contains(cause)
}

/// The scheduler's message without its second half, which says that no other pod can make room.
fn without_preemption(message: &str) -> &str {
    message
        .split_once(" preemption: ")
        .map_or(message, |(message, _)| message)
}

#[cfg(test)]
mod tests;
