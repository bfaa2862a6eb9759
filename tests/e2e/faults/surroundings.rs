//! Bad surroundings are met before anything is touched.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::told;
use crate::harness::Test;
use crate::preview::Preview;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::surroundings":
        a_port_that_is_taken,
        tools_that_are_missing,
        a_tool_that_may_not_be_executed,
        docker_that_is_down,
        a_home_that_cannot_be_written,
        names_and_numbers_that_are_not_allowed,
        a_node_image_that_does_not_exist,
    ]
}

/// The tools that `up` starts.
const TOOLS: [&str; 4] = ["docker", "k3d", "kubectl", "helm"];

/// Given surroundings, when `up` is run, then it fails at once with these words, and nothing was made.
fn refused(
    stage: &mut Stage,
    preview: &Preview,
    fault: &str,
    args: &[&str],
    words: &[&str],
) -> Result<()> {
    let ran = preview.run(&[&["up"], args].concat())?;
    ran.exits(1)?.within(10)?;
    for words in words {
        ran.says(words)?;
    }
    ensure!(
        preview.containers()?.is_empty(),
        "something was made\n{ran}"
    );
    stage.report.add(fault, Some(ran.took), None, &told(&ran)?);
    Ok(())
}

fn a_port_that_is_taken(stage: &mut Stage) -> Result<()> {
    let preview = stage.preview()?;
    let holder = TcpListener::bind("127.0.0.1:0")?;
    let port = holder.local_addr()?.port().to_string();
    let us = format!("pid {}", std::process::id());
    let words = [port.as_str(), "in use", us.as_str(), "--ingress-port"];
    refused(
        stage,
        &preview,
        "the port is taken",
        &["--ingress-port", &port],
        &words,
    )
}

fn tools_that_are_missing(stage: &mut Stage) -> Result<()> {
    let mut preview = stage.preview()?;
    let path = tools(&preview, &["docker"])?;
    preview.set("PATH", path.display().to_string());
    let words = [
        "k3d: not installed",
        "kubectl: not installed",
        "helm: not installed",
        "https://",
    ];
    refused(
        stage,
        &preview,
        "k3d, kubectl and helm are missing",
        &["--no-install"],
        &words,
    )?;
    let path = tools(&preview, &["k3d", "kubectl", "helm"])?;
    preview.set("PATH", path.display().to_string());
    refused(
        stage,
        &preview,
        "docker is missing",
        &["--no-install"],
        &["docker: not installed"],
    )
}

fn a_tool_that_may_not_be_executed(stage: &mut Stage) -> Result<()> {
    let mut preview = stage.preview()?;
    let path = tools(&preview, &["docker", "kubectl", "helm"])?;
    let k3d = path.join("k3d");
    fs::write(&k3d, "not a program")?;
    fs::set_permissions(&k3d, fs::Permissions::from_mode(0o644))?;
    preview.set("PATH", path.display().to_string());
    let words = ["may not be executed", "chmod +x"];
    refused(
        stage,
        &preview,
        "k3d may not be executed",
        &["--no-install"],
        &words,
    )
}

/// A folder with some of the tools, to be the whole `PATH`.
fn tools(preview: &Preview, names: &[&str]) -> Result<PathBuf> {
    let folder = preview.folder().join("bin");
    fs::create_dir_all(&folder)?;
    for name in TOOLS {
        let link = folder.join(name);
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        if names.contains(&name) {
            symlink(which::which(name)?, link)?;
        }
    }
    Ok(folder)
}

fn docker_that_is_down(stage: &mut Stage) -> Result<()> {
    let mut preview = stage.preview()?;
    preview.set("DOCKER_HOST", "unix:///nonexistent.sock");
    let words = [
        "daemon does not answer at unix:///nonexistent.sock",
        "DOCKER_HOST",
    ];
    let ran = preview.run(&["up"])?;
    ran.exits(1)?.within(10)?;
    for words in words {
        ran.says(words)?;
    }
    preview
        .run(&["down"])?
        .exits(1)?
        .within(10)?
        .says(words[0])?;
    stage
        .report
        .add("Docker is down", Some(ran.took), None, &told(&ran)?);
    Ok(())
}

fn a_home_that_cannot_be_written(stage: &mut Stage) -> Result<()> {
    // Given a home that nothing can be written to, not even by root,
    let mut preview = stage.preview()?;
    preview.set("HOME", "/proc/sys");
    preview.set("XDG_STATE_HOME", "/proc/sys/state");
    // when a command is run, then our files are below the workspace's `target/`,
    preview.run(&["down"])?.exits(0)?.says("does not exist")?;
    let ours = preview.workspace.root.join("target/xtask-k8s");
    ensure!(ours.is_dir(), "no {}", ours.display());
    // and where that cannot be written either, it says so, and what to set.
    let target = preview.workspace.root.join("target");
    fs::remove_dir_all(&target)?;
    fs::write(&target, "")?;
    refused(
        stage,
        &preview,
        "no folder can be written",
        &[],
        &["cannot be written", "XDG_STATE_HOME"],
    )
}

fn names_and_numbers_that_are_not_allowed(stage: &mut Stage) -> Result<()> {
    let preview = stage.preview()?;
    for (args, words) in [
        (["--ingress-port", "70000"], "70000"),
        (["--ingress-port", "0"], "--ingress-port"),
        (["--cluster-name", "Not_A_Name"], "Not_A_Name"),
        (["--namespace", ""], "--namespace"),
        (["--agents", "many"], "many"),
        (["--valkey-operator", "other"], "valkey-io"),
        (["--cnpg-chart", "/nonexistent/chart"], "/nonexistent/chart"),
    ] {
        let ran = preview.run(&[&["up"], args.as_slice()].concat())?;
        ran.exits(2)?.within(5)?.says(words)?;
    }
    preview.is_gone()
}

fn a_node_image_that_does_not_exist(stage: &mut Stage) -> Result<()> {
    // Given an image for the nodes that no registry has,
    let preview = stage.preview()?;
    let image = "127.0.0.1:1/nowhere:1";
    // when `up` is run, then k3d's own words are told, and nothing is left.
    let ran = preview.run(&["up", "--k3s-image", image])?;
    ran.exits(1)?.within(30)?.says(image)?;
    preview.down()?;
    stage.report.add(
        "an image of the nodes that cannot be pulled",
        Some(ran.took),
        None,
        &told(&ran)?,
    );
    Ok(())
}
