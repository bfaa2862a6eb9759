//! Stopped containers, as after a reboot, are started, not made anew.

use anyhow::{Result, ensure};

use crate::command::ask;
use crate::harness::Test;
use crate::preview::Preview;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["starting": a_cluster_that_is_down_is_started, a_node_that_is_down_is_started]
}

fn a_cluster_that_is_down_is_started(stage: &mut Stage) -> Result<()> {
    // Given a preview whose containers have all ended, as after a reboot,
    let preview = stage.running()?;
    let (containers, url) = (preview.containers()?, preview.up()?.stdout);
    stop(&containers.keys().map(String::as_str).collect::<Vec<_>>())?;

    // when `up` is run, then the same containers run again, at the same address.
    let ran = preview.up()?;
    ensure!(
        preview.containers()? == containers,
        "the cluster was made anew\n{ran}"
    );
    ensure!(ran.stdout == url, "another address: {url}{ran}");
    stage.keep(preview);
    Ok(())
}

fn a_node_that_is_down_is_started(stage: &mut Stage) -> Result<()> {
    let preview = stage.running()?;
    for role in ["agent-0", "serverlb"] {
        // Given a preview of which one container has ended,
        let containers = preview.containers()?;
        let name = name(&preview, role);
        stop(&[&name])?;
        // when `up` is run, then that container runs again.
        let ran = preview.up()?;
        ran.says(&name)?;
        ensure!(
            preview.containers()? == containers,
            "the cluster was made anew\n{ran}"
        );
    }
    stage.keep(preview);
    Ok(())
}

fn name(preview: &Preview, role: &str) -> String {
    format!("k3d-{}-{role}", preview.cluster)
}

fn stop(names: &[&str]) -> Result<()> {
    ask("docker", &[&["stop", "--time", "2"], names].concat()).map(drop)
}
