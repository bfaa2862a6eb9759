//! Whose a cluster is: another worktree's, nobody's that we know, or ours.

use anyhow::{Result, ensure};

use xtask::project::PROJECT;

use crate::command::{ask, program, read};
use crate::harness::Test;
use crate::machine::Things;
use crate::preview::Preview;
use crate::stage::Stage;

/// Those beside the preview that other tests share.
pub fn beside_another() -> Vec<Test> {
    tests!["ownership": a_second_namespace_is_refused, another_worktree_is_refused_and_has_its_own_beside]
}

/// Those with a cluster that was made by hand.
pub fn not_ours() -> Vec<Test> {
    tests!["ownership": a_cluster_made_by_hand_is_left_alone_until_adopted, half_a_cluster_made_by_hand_is_left_alone]
}

fn a_second_namespace_is_refused(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    // when `up` asks for one in another namespace of its cluster,
    let ran = preview.run(&["up", "--namespace", "second"])?;
    // then that is refused, for both would answer at one URL, and nothing was made.
    ran.exits(1)?.within(10)?;
    ran.says(&format!("`--namespace {}`", PROJECT.namespace))?;
    let namespaces = preview.kubectl(&["get", "namespaces", "--output", "name"])?;
    ensure!(!namespaces.contains("second"), "{namespaces}");
    preview.up()?;
    stage.keep(preview);
    Ok(())
}

fn another_worktree_is_refused_and_has_its_own_beside(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    let (containers, image) = (preview.containers()?, preview.deployed()?);
    // when another worktree asks for the same cluster,
    let mut other = stage.preview_in("worktree")?;
    let own = other.cluster.clone();
    other.set("GHILLIE_K3D_CLUSTER", preview.cluster.clone());
    for verb in ["up", "down"] {
        let ran = other.run(&[verb])?;
        // then it is refused before anything is touched, with that worktree and the variable named.
        ran.exits(1)?.within(10)?.says("GHILLIE_K3D_CLUSTER")?;
        ran.says(&preview.workspace.root.display().to_string())?;
        ensure!(preview.containers()? == containers, "it was touched\n{ran}");
    }

    // When it asks for one of its own, then both are there side by side, with the same image;
    other.set("GHILLIE_K3D_CLUSTER", own);
    other.up()?;
    preview.up()?;
    ensure!(
        other.deployed()? == image,
        "the same code is the same image"
    );
    // and when that one is deleted, then the first still has its image.
    other.down()?;
    let tag = image.rsplit(':').next().unwrap_or_default();
    ensure!(Things::seen()?.images.contains_key(tag), "{image} is gone");
    preview.up()?;
    stage.keep(preview);
    Ok(())
}

fn a_cluster_made_by_hand_is_left_alone_until_adopted(stage: &mut Stage) -> Result<()> {
    // Given a cluster of that name that somebody made by hand,
    let preview = stage.preview()?;
    make(&preview, &["--port", "127.0.0.1:0:80@loadbalancer"])?;
    let containers = preview.containers()?;
    is_refused(&preview, "was not made by this tool")?;
    ensure!(preview.containers()? == containers, "it was touched");

    // when it is adopted, then it is the preview, and can be deleted.
    let ran = preview.run(&["up", "--adopt"])?;
    ran.is_up()?;
    ensure!(
        preview.containers()? == containers,
        "it was made anew\n{ran}"
    );
    preview.up()?;
    preview.down().map(drop)
}

fn half_a_cluster_made_by_hand_is_left_alone(stage: &mut Stage) -> Result<()> {
    // Given a cluster of that name that somebody made without a load balancer,
    let preview = stage.preview()?;
    make(&preview, &["--no-lb"])?;
    let containers = preview.containers()?;
    // when `up` and `down` are run, then they refuse, and nothing was touched.
    is_refused(&preview, "was not made by this tool")?;
    ensure!(preview.containers()? == containers, "it was touched");
    // It is deleted where that is asked for.
    preview.run(&["down", "--adopt"])?.exits(0)?;
    preview.is_gone()
}

fn is_refused(preview: &Preview, words: &str) -> Result<()> {
    for verb in ["up", "down"] {
        let ran = preview.run(&[verb])?;
        ran.exits(1)?.within(10)?.says(words)?.says("--adopt")?;
    }
    Ok(())
}

/// Makes a cluster as a user would who does not know of us.
fn make(preview: &Preview, args: &[&str]) -> Result<()> {
    let kubeconfig = preview.folder().join("by-hand");
    let create = [
        "cluster",
        "create",
        &preview.cluster,
        "--api-port",
        "127.0.0.1:random",
        "--kubeconfig-update-default=false",
        "--timeout",
        "120s",
    ];
    let mut k3d = program("k3d");
    k3d.args(create).args(args).env("KUBECONFIG", kubeconfig);
    let image = ask("docker", &["image", "ls", "--quiet", PROJECT.nodes.image])?;
    if !image.is_empty() {
        k3d.args(["--image", PROJECT.nodes.image]);
    }
    read(&mut k3d).map(drop)
}
