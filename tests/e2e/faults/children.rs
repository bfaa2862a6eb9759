//! `kill -9` of the program that `up` waits for.

use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;

use super::told;
use crate::command::kill;
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::stage::Stage;
use crate::workspace::{NAME_LINE, ROUTES};

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::children": each_is_killed]
}

/// A child by the beginning of its command line, and the step that it is of.
const CHILDREN: [(&str, &str, &str); 4] = [
    ("k3d", "k3d cluster create", "cluster"),
    (
        "helm in an installation",
        "helm upgrade --install cnpg ",
        "CloudNativePG",
    ),
    ("docker's build", "docker buildx build", "image"),
    (
        "an import into a node",
        "docker exec --interactive",
        "image in nodes",
    ),
];

fn each_is_killed(stage: &mut Stage) -> Result<()> {
    let preview = stage.preview()?;
    for (who, command, step) in CHILDREN {
        if step == "image" {
            // A build that takes its time.
            preview
                .workspace
                .replace(ROUTES, NAME_LINE, "\"name\": \"ghillie killed\"")?;
        }
        // Given an `up`, when a child of it is killed,
        let mut up = preview.start(&["up"])?;
        let child = preview.child(&mut up, command, LONGEST)?;
        if who == "k3d" {
            has_server(&preview, &mut up)?;
        }
        kill(child, Signal::KILL)?;
        let at = up.age();
        // then that is told soon: others may finish what they change,
        let ran = up.finish(Duration::from_secs(120))?;
        ran.exits(1)?.says("signal 9")?;
        let note = told(&ran)?;
        let message = ran.when("error:").unwrap_or(ran.took).saturating_sub(at);
        ensure!(
            message < Duration::from_secs(30),
            "told after {message:?}\n{ran}"
        );
        preview.runs_nothing()?;
        // and the next `up` does that step.
        let mut up = preview.start(&["up"])?;
        up.until_done(step, LONGEST)?;
        stage.report.add(
            &format!("{who} killed"),
            Some(message),
            Some(up.age()),
            &note,
        );
        up.signal(Signal::TERM)?;
        up.finish(LONGEST)?;
    }
    preview.up()?;
    preview.down().map(drop)
}

fn has_server(preview: &Preview, up: &mut crate::command::Running) -> Result<()> {
    let server = format!("k3d-{}-server-0", preview.cluster);
    up.until("a server", LONGEST, |_| {
        Ok(preview.containers()?.contains_key(&server))
    })?;
    Ok(())
}
