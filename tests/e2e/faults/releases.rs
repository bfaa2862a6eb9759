//! Releases that a killed or failed helm leaves behind.

use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use xtask::project::PROJECT;

use super::{recover, told};
use crate::command::kill;
use crate::harness::Test;
use crate::preview::LONGEST;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::releases": an_upgrade_that_failed_leaves_nothing, an_upgrade_that_was_killed]
}

fn an_upgrade_that_failed_leaves_nothing(stage: &mut Stage) -> Result<()> {
    // Given an upgrade that changed the Deployment before the API server refused its Ingress,
    let preview = stage.running()?;
    let values = "podAnnotations:\n  left: over\ningress:\n  className: Not_A_Name\n";
    preview.workspace.append(PROJECT.chart.values, values)?;
    let ran = preview.run(&["up"])?;
    preview.workspace.restore(PROJECT.chart.values)?;
    ran.exits(1)?.within(30)?.says("Not_A_Name")?;
    let status = preview.release_status(PROJECT.chart.release, PROJECT.namespace)?;
    ensure!(status == "failed", "the release is {status}");

    // when `up` is run with good values, then it is well, and nothing of the failed ones is left.
    recover(stage, &preview, "an upgrade that failed half-way", &ran)?;
    let deployment = preview.object(&["deployment", PROJECT.chart.release])?;
    let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
    ensure!(
        annotations["left"].is_null(),
        "a value of the failed upgrade is left: {annotations}"
    );
    stage.keep(preview);
    Ok(())
}

fn an_upgrade_that_was_killed(stage: &mut Stage) -> Result<()> {
    // Given a preview, and an upgrade of which helm is killed,
    let preview = stage.running()?;
    let values = "podAnnotations:\n  another: one\n";
    preview.workspace.append(PROJECT.chart.values, values)?;
    let mut up = preview.start(&["up"])?;
    let helm = preview.child(&mut up, "helm upgrade --install ghillie ", LONGEST)?;
    up.until("a pending release", LONGEST, |_| {
        let status = preview.release_status(PROJECT.chart.release, PROJECT.namespace);
        Ok(status.is_ok_and(|it| it.starts_with("pending"))
            || !preview.processes().iter().any(|it| it.pid == helm))
    })?;
    let at = up.age();
    // One that was faster than we could look is well.
    let killed = kill(helm, Signal::KILL).is_ok();
    let ran = up.finish(LONGEST)?;
    let status = preview.release_status(PROJECT.chart.release, PROJECT.namespace)?;
    if killed && status.starts_with("pending") {
        // then that is told,
        ran.exits(1)?.says("signal 9")?;
        let note = told(&ran)?;
        // and when `up` is run, then it is well.
        let recovered = preview.up()?;
        let message = ran.took.saturating_sub(at);
        ensure!(message < Duration::from_secs(10), "told late\n{ran}");
        stage.report.add(
            "helm killed in an upgrade",
            Some(message),
            Some(recovered.took),
            &note,
        );
    } else {
        println!("    helm was faster than its end ({status})");
    }
    preview.workspace.restore(PROJECT.chart.values)?;
    preview.up()?;
    stage.keep(preview);
    Ok(())
}
