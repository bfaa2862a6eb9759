//! The steps of a run: ours from the trace that `--timings=FILE` writes, serial-up's from its stderr.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// A step of ours.
#[derive(Debug, Clone)]
pub struct Step {
    pub name: String,
    pub begun: Duration,
    pub took: Duration,
    pub waited_for: Option<String>,
    pub critical: bool,
}

#[derive(Deserialize)]
struct Trace {
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    ph: String,
    name: String,
    #[serde(default)]
    cat: String,
    #[serde(default)]
    ts: u64,
    #[serde(default)]
    dur: u64,
    args: Args,
}

#[derive(Deserialize)]
struct Args {
    waited_for: Option<String>,
}

/// The category of child processes.
const CHILD: &str = "child";

fn events(text: &str) -> Result<impl Iterator<Item = Event>> {
    let trace: Trace = serde_json::from_str(text).context("the trace of --timings")?;
    Ok(trace.events.into_iter().filter(|event| event.ph == "X"))
}

/// The steps of a trace, in the order in which they began.
pub fn of_trace(text: &str) -> Result<Vec<Step>> {
    let steps = events(text)?.filter(|event| event.cat != CHILD);
    let mut steps: Vec<Step> = steps
        .map(|event| Step {
            name: event.name,
            begun: Duration::from_micros(event.ts),
            took: Duration::from_micros(event.dur),
            waited_for: event.args.waited_for,
            critical: event.cat == "critical",
        })
        .collect();
    steps.sort_by_key(|step| step.begun);
    Ok(steps)
}

/// For how long of a trace any child process ran.
pub fn of_children(text: &str) -> Result<Duration> {
    let children = events(text)?.filter(|event| event.cat == CHILD);
    let mut spans: Vec<(u64, u64)> = children.map(|it| (it.ts, it.ts + it.dur)).collect();
    spans.sort_unstable();
    let (mut covered, mut until) = (0, 0);
    for (begun, ended) in spans {
        covered += ended.max(until) - begun.max(until);
        until = until.max(ended);
    }
    ensure!(covered > 0, "the trace of --timings has no child process");
    Ok(Duration::from_micros(covered))
}

/// How long the steps of serial-up took whose command begins so.
pub fn of_serial(stderr: &str, command: &str) -> Option<Duration> {
    let steps = stderr.lines().filter_map(|line| {
        let (millis, step) = line.split_once(" ms  ")?;
        let millis: u64 = millis.trim().parse().ok()?;
        let (_script, step) = step.split_once(' ')?;
        step.starts_with(command)
            .then_some(Duration::from_millis(millis))
    });
    steps.reduce(|all, one| all + one)
}
