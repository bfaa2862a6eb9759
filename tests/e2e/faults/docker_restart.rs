//! The daemon restarted in the middle.

use std::time::Duration;

use anyhow::Result;

use super::told;
use crate::command::{program, read};
use crate::harness::{Skipped, Test};
use crate::preview::LONGEST;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::docker_restart": in_the_middle_of_up]
}

fn in_the_middle_of_up(stage: &mut Stage) -> Result<()> {
    let command = std::env::var("E2E_RESTART_DOCKER").unwrap_or_default();
    if command.is_empty() {
        let why = "E2E_RESTART_DOCKER does not say how Docker is restarted on this machine";
        return Err(Skipped(why.into()).into());
    }
    // Given an `up` that gets its image into the nodes,
    stage.leave();
    let preview = stage.preview()?;
    let mut up = preview.start(&["up"])?;
    preview.child(&mut up, "docker exec --interactive", LONGEST)?;
    // when Docker is restarted, then that is told,
    let at = up.age();
    read(program("sh").args(["-c", &format!("{command} </dev/null >/dev/null 2>&1")]))?;
    let ran = up.finish(Duration::from_secs(200))?;
    let (message, note) = if ran.code == Some(0) {
        (None, "ridden out".to_owned())
    } else {
        ran.exits(1)?;
        (Some(ran.took.saturating_sub(at)), told(&ran)?)
    };
    // and the next `up` is well, whatever containers came back by themselves.
    let recovered = preview.up()?;
    stage
        .report
        .add("Docker restarted", message, Some(recovered.took), &note);
    preview.down().map(drop)
}
