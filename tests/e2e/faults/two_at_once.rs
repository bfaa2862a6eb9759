//! Two commands for one cluster at the same time.

use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use xtask::project::PROJECT;

use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::two_at_once": the_second_waits_for_the_first, a_lock_whose_owner_died_is_taken_over]
}

/// An `up` that takes some seconds.
fn busy(preview: &Preview) -> Result<crate::command::Running> {
    preview.kubectl(&["delete", "deployment", PROJECT.chart.release])?;
    preview
        .workspace
        .append(PROJECT.chart.values, "podAnnotations:\n  slow: \"1\"\n")?;
    let mut up = preview.start(&["up"])?;
    preview.child(&mut up, "docker", LONGEST)?;
    preview.workspace.restore(PROJECT.chart.values)?;
    Ok(up)
}

fn the_second_waits_for_the_first(stage: &mut Stage) -> Result<()> {
    // Given an `up` that runs,
    let preview = stage.running()?;
    let first = busy(&preview)?;
    first.signal(Signal::STOP)?;
    // when a second command is run, then it says for whom it waits,
    for verb in ["up", "down"] {
        let mut second = preview.start(&[verb])?;
        let told = second.until_says("waiting for `up`", Duration::from_secs(5))?;
        let pid = format!("process {}", first.pid());
        ensure!(
            second.said().contains(&pid),
            "not for whom: {}",
            second.said()
        );
        // and gives up on Ctrl-C;
        second.signal(Signal::INT)?;
        let at = second.age();
        let ran = second.finish(Duration::from_secs(10))?;
        ran.exits(130)?;
        let took = ran.took.saturating_sub(at);
        ensure!(took < Duration::from_secs(5), "gave up late\n{ran}");
        stage.report.add(
            &format!("a second command (`{verb}`)"),
            Some(told),
            Some(took),
            "waits, and gives up on Ctrl-C",
        );
    }
    // it goes on as soon as the first is done.
    let mut second = preview.start(&["up"])?;
    second.until_says("waiting for `up`", Duration::from_secs(5))?;
    first.signal(Signal::CONT)?;
    first.finish(LONGEST)?.is_up()?;
    second.finish(LONGEST)?.is_up()?;
    stage.keep(preview);
    Ok(())
}

fn a_lock_whose_owner_died_is_taken_over(stage: &mut Stage) -> Result<()> {
    // Given an `up` that was killed,
    let preview = stage.running()?;
    let first = busy(&preview)?;
    first.signal(Signal::KILL)?;
    first.finish(LONGEST)?;
    // when another is run, then it does not wait for it.
    let ran = preview.up()?;
    ran.does_not_say("waiting for `up`")?;
    stage.report.add(
        "a lock whose owner died",
        None,
        Some(ran.took),
        "taken over",
    );
    stage.keep(preview);
    Ok(())
}
