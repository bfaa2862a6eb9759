//! `up` interrupted at each step, by each signal: it ends at once, says what is left and what to type, leaves
//! no process behind, and the next `up` goes on from there.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use xtask::project::PROJECT;

use crate::command::Running;
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::ran::Ran;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::interrupted": at_each_step]
}

/// The signals that end a program, with the exit status that each leads to; none for the last, which
/// no program can answer.
const SIGNALS: [(Signal, &str, Option<i32>); 4] = [
    (Signal::INT, "SIGINT", Some(130)),
    (Signal::TERM, "SIGTERM", Some(143)),
    (Signal::HUP, "SIGHUP", Some(129)),
    (Signal::KILL, "SIGKILL", None),
];

/// Where `up` is interrupted.
struct Point {
    /// The step that is interrupted, by its title.
    step: &'static str,
    /// In words, where the step's title does not say it.
    when: &'static str,
    at: At,
}

/// How such a point is known.
enum At {
    /// A container of the cluster whose name ends so is there.
    Container(&'static str),
    /// A child whose command line has all these words runs.
    Child(&'static [&'static str]),
    /// Another step was just done.
    Done(&'static str),
}

const fn point(step: &'static str, when: &'static str, at: At) -> Point {
    Point { step, when, at }
}

/// In the order in which `up` comes by, so that each next `up` gets further.
const POINTS: [Point; 15] = [
    point("image", "", At::Child(&["docker buildx build"])),
    point("cluster", " in its first second", At::Container("tools")),
    point("cluster", ", its server there", At::Container("server-0")),
    point("remove leftovers", "", At::Child(&["docker rm"])),
    point("API server", "", At::Child(&["kubectl ", "/readyz"])),
    point("cluster", " just made", At::Done("cluster")),
    point(
        "CloudNativePG",
        "",
        At::Child(&["helm upgrade --install cnpg "]),
    ),
    point(
        "Valkey operator",
        "",
        At::Child(&["helm upgrade --install valkey-operator "]),
    ),
    point("image in nodes", "", At::Child(&["ctr images import"])),
    point(
        "Valkey ready",
        "",
        At::Child(&["kubectl ", "--watch", "valkeyclusters"]),
    ),
    point("PostgreSQL", "", At::Done("CloudNativePG")),
    point(
        "PostgreSQL ready",
        "",
        At::Child(&["kubectl ", "--watch", "clusters.postgresql"]),
    ),
    point(
        "application",
        "",
        At::Child(&["helm upgrade --install ghillie "]),
    ),
    point("record", "", At::Done("application")),
    point("application answers", "", At::Done("record")),
];

fn at_each_step(stage: &mut Stage) -> Result<()> {
    let is_sample = std::env::var_os("FAULTS_SAMPLE").is_some_and(|it| !it.is_empty() && it != "0");
    if is_sample {
        // One signal a step, drawn.
        let drawn = POINTS.map(|_| stage.seed.below(SIGNALS.len()));
        return chain(stage, &drawn);
    }
    // Each signal at each step, in as many rounds as there are signals.
    for round in 0..SIGNALS.len() {
        let mut number = round;
        let signals = POINTS.map(|_| {
            number += 1;
            number % SIGNALS.len()
        });
        chain(stage, &signals)?;
    }
    Ok(())
}

/// A point that was interrupted, until its step is done.
struct Pending {
    fault: String,
    step: &'static str,
    message: Option<Duration>,
    note: String,
}

/// Given nothing, when `up` is interrupted at one point after the other, then each time it ends as it should,
/// and the last `up` is well.
fn chain(stage: &mut Stage, signals: &[usize]) -> Result<()> {
    let preview = stage.preview()?;
    let mut pending: Vec<Pending> = Vec::new();
    for (point, signal) in POINTS.iter().zip(signals) {
        let (signal, name, code) = SIGNALS[*signal];
        if point.step == "application answers" {
            // Pods are replaced, so that there is something to wait for.
            let values = "podAnnotations:\n  another: one\n";
            preview.workspace.append(PROJECT.chart.values, values)?;
        }
        let fault = format!("{name} at \"{}\"{}", point.step, point.when);
        let interrupted = interrupt(&preview, point, signal, code);
        let context = || format!("{fault} (after {})", done(&pending));
        let (ran, message) = interrupted.with_context(context)?;
        settle(stage, &mut pending, &ran);
        let note = ran.error().first().copied().unwrap_or_default().to_owned();
        let step = point.step;
        let message = code.map(|_| message);
        pending.push(Pending {
            fault,
            step,
            message,
            note,
        });
    }
    let ran = preview.up()?;
    settle(stage, &mut pending, &ran);
    for it in pending {
        stage
            .report
            .add(&it.fault, it.message, Some(ran.took), &it.note);
    }
    preview.down().map(drop)
}

fn done(pending: &[Pending]) -> String {
    let faults: Vec<&str> = pending.iter().map(|it| it.fault.as_str()).collect();
    faults.join(", ")
}

/// Notes those whose step this run has done, and when.
fn settle(stage: &mut Stage, pending: &mut Vec<Pending>, ran: &Ran) {
    pending.retain(|it| {
        let Some(when) = ran.done(it.step) else {
            return true;
        };
        stage
            .report
            .add(&it.fault, it.message, Some(when), &it.note);
        false
    });
}

/// Runs `up` and interrupts it; returns how it ended, and how long that took.
fn interrupt(
    preview: &Preview,
    point: &Point,
    signal: Signal,
    code: Option<i32>,
) -> Result<(Ran, Duration)> {
    let mut up = preview.start(&["up"])?;
    arrive(preview, point, &mut up)?;
    up.signal(signal)?;
    let at = up.age();
    let ran = up.finish(LONGEST)?;
    let took = ran.took.saturating_sub(at);
    let Some(code) = code else {
        ensure!(ran.code.is_none(), "it was to be killed\n{ran}");
        return Ok((ran, took));
    };
    ran.exits(code)?;
    ensure!(
        took < Duration::from_secs(5),
        "it ended {took:?} after the signal\n{ran}"
    );
    ran.says("interrupted")?.says("k8s up")?.says("k8s down")?;
    ensure!(ran.error().len() == 1, "more than one line\n{ran}");
    ensure!(ran.stdout.is_empty(), "a URL was printed\n{ran}");
    preview.runs_nothing()?;
    Ok((ran, took))
}

fn arrive(preview: &Preview, point: &Point, up: &mut Running) -> Result<()> {
    match point.at {
        At::Done(step) => up.until_done(step, LONGEST)?,
        At::Container(role) => {
            let name = format!("k3d-{}-{role}", preview.cluster);
            up.until(&format!("container {name}"), LONGEST, |_| {
                Ok(preview.containers()?.contains_key(&name))
            })?
        }
        // One of its own: what was killed before may have left such a child.
        At::Child(words) => up.until(&format!("running {words:?}"), LONGEST, |up| {
            let mut children = preview.processes();
            children.retain(|it| it.parent == up.pid());
            Ok(children
                .iter()
                .any(|it| words.iter().all(|word| it.command.contains(word))))
        })?,
    };
    Ok(())
}
