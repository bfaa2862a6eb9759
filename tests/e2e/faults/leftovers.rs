//! Leftovers of a cluster: what k3d killed early leaves, parts, and what others deleted or made by hand.

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::command::{ask, kill, program, read};
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::leftovers":
        a_tools_container_and_a_network,
        a_cluster_without_its_load_balancer,
        a_cluster_that_was_deleted_by_hand,
    ]
}

/// When `up` is run, then it gets a cluster; returns what it said until then.
fn gets_a_cluster(stage: &mut Stage, preview: &Preview, fault: &str) -> Result<String> {
    let mut up = preview.start(&["up"])?;
    up.until_done("API server", LONGEST)
        .with_context(|| fault.to_owned())?;
    stage
        .report
        .add(fault, None, Some(up.age()), "until the API server answers");
    up.until_done("cluster", LONGEST)?;
    let said = up.said();
    up.signal(Signal::TERM)?;
    up.finish(LONGEST)?;
    Ok(said)
}

fn a_tools_container_and_a_network(stage: &mut Stage) -> Result<()> {
    // Given what is left where `up` and k3d are killed in k3d's first second,
    let preview = stage.preview()?;
    let tools = format!("k3d-{}-tools", preview.cluster);
    let mut up = preview.start(&["up"])?;
    up.until("the tools container", LONGEST, |_| {
        Ok(preview.containers()?.contains_key(&tools))
    })?;
    up.signal(Signal::KILL)?;
    for process in preview.processes() {
        let _ = kill(process.pid, Signal::KILL);
    }
    up.finish(LONGEST)?;
    ensure!(
        !preview.containers()?.is_empty(),
        "nothing is left: k3d was faster"
    );
    // `down` removes that,
    preview.down()?;
    // and so does `up`, also a network alone, which k3d would call somebody else's and keep.
    let network = format!("k3d-{}", preview.cluster);
    ask("docker", &["network", "create", &network])?;
    gets_a_cluster(stage, &preview, "a network that k3d did not make")?;
    preview.down().map(drop)
}

fn a_cluster_without_its_load_balancer(stage: &mut Stage) -> Result<()> {
    // Given a preview that has lost its load balancer,
    let preview = stage.running()?;
    let balancer = format!("k3d-{}-serverlb", preview.cluster);
    ask("docker", &["rm", "--force", &balancer])?;
    // when `up` is run, then it is made anew, and that is said.
    let said = gets_a_cluster(stage, &preview, "a cluster without its load balancer")?;
    ensure!(said.contains("remove leftovers"), "not said: {said}");
    preview.up()?;
    stage.keep(preview);
    Ok(())
}

fn a_cluster_that_was_deleted_by_hand(stage: &mut Stage) -> Result<()> {
    // Given a preview whose cluster somebody deleted, so that our kubeconfig and records are of none,
    let preview = stage.running()?;
    let mut k3d = program("k3d");
    k3d.args(["cluster", "delete", &preview.cluster]);
    read(k3d.env("KUBECONFIG", preview.folder().join("by-hand")))?;
    ensure!(preview.file("kubeconfig").exists(), "no kubeconfig is left");
    // when `up` is run, then it gets a cluster of its own.
    gets_a_cluster(stage, &preview, "a cluster that was deleted by hand")?;
    preview.down().map(drop)
}
