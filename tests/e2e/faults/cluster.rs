//! Faults of the cluster itself.

use std::time::Duration;

use anyhow::{Result, ensure};
use xtask::project::PROJECT;

use super::{SECONDS, recover};
use crate::command::ask;
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::cluster":
        a_namespace_that_is_being_deleted,
        an_operator_that_is_down,
        a_kubeconfig_that_is_not_this_clusters,
        an_api_server_that_is_away_for_a_moment,
        another_port_or_other_nodes_than_the_clusters,
        a_paused_container,
        a_container_that_stops_while_it_is_waited_for,
    ]
}

fn a_namespace_that_is_being_deleted(stage: &mut Stage) -> Result<()> {
    // Given a preview whose namespace somebody is deleting,
    let preview = stage.running()?;
    preview.kubectl(&["delete", "namespace", PROJECT.namespace, "--wait=false"])?;
    // when `up` is run, then it waits for that, and makes everything anew.
    let ran = preview.up()?;
    stage.report.add(
        "a namespace that is being deleted",
        None,
        Some(ran.took),
        "waited for",
    );
    stage.keep(preview);
    Ok(())
}

fn an_operator_that_is_down(stage: &mut Stage) -> Result<()> {
    // Given a cluster whose nodes take no pods, an operator that must start, and a PostgreSQL to be made,
    let preview = stage.running()?;
    preview.kubectl(&["cordon", "--selector", "kubernetes.io/os=linux"])?;
    let operator = [
        "delete",
        "pods",
        "--all",
        "--namespace",
        "cnpg-system",
        "--wait=true",
    ];
    preview.kubectl(&[
        "delete",
        "clusters.postgresql.cnpg.io",
        "pg-ghillie",
        "--wait=true",
    ])?;
    preview.kubectl(&operator)?;
    // when `up` is run, then it says which pod finds no node, and why,
    let ran = preview.run(&["up"])?;
    ran.exits(1)?.within(10 + SECONDS)?;
    ran.says("cnpg-system")?.says("unschedulable")?;
    // and when the nodes take pods again, then it is well.
    preview.kubectl(&["uncordon", "--selector", "kubernetes.io/os=linux"])?;
    recover(stage, &preview, "an operator that is down", &ran)?;
    stage.keep(preview);
    Ok(())
}

fn a_kubeconfig_that_is_not_this_clusters(stage: &mut Stage) -> Result<()> {
    let preview = stage.running()?;
    let path = preview.file("kubeconfig");
    let good = std::fs::read_to_string(&path)?;
    let server = good
        .lines()
        .find(|line| line.trim_start().starts_with("server:"));
    let other = good.replace(
        server.unwrap_or("server:"),
        "    server: https://127.0.0.1:1",
    );
    for (fault, text) in [
        (
            "a kubeconfig with an earlier cluster's port",
            other.as_str(),
        ),
        ("a kubeconfig that is cut short", &good[..good.len() / 2]),
    ] {
        // Given a kubeconfig that does not lead to the cluster,
        std::fs::write(&path, text)?;
        // when `up` is run, then it takes the right one.
        let ran = preview.up()?;
        ran.within(30)?;
        stage.report.add(fault, None, Some(ran.took), "taken anew");
    }
    stage.keep(preview);
    Ok(())
}

fn an_api_server_that_is_away_for_a_moment(stage: &mut Stage) -> Result<()> {
    // Given an `up` that has something to do,
    let preview = stage.running()?;
    preview.kubectl(&["delete", "deployment", PROJECT.chart.release])?;
    preview.kubectl(&["delete", "secret", PROJECT.secret])?;
    let balancer = format!("k3d-{}-serverlb", preview.cluster);
    let mut up = preview.start(&["up"])?;
    // when the way to the API server is cut for a while,
    preview.child(&mut up, "docker buildx build", LONGEST)?;
    ask("docker", &["restart", "--time", "0", &balancer])?;
    // then that is ridden out.
    let ran = up.finish(LONGEST)?;
    ran.is_up()?;
    stage.report.add(
        "the API server away for a moment",
        None,
        Some(ran.took),
        "ridden out",
    );
    stage.keep(preview);
    Ok(())
}

fn another_port_or_other_nodes_than_the_clusters(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    let has = format!("listens on port {}", port(&preview)?);
    for (fault, asked, has) in [
        (
            "another port than the cluster's",
            ["--ingress-port", "1"],
            has.as_str(),
        ),
        (
            "other agents than the cluster's",
            ["--agents", "9"],
            "has 1 agent",
        ),
        (
            "another image than the nodes'",
            ["--k3s-image", "rancher/k3s:none"],
            PROJECT.nodes.image,
        ),
    ] {
        // when another one is asked for, then both are named, and nothing is changed.
        let ran = preview.run(&["up", asked[0], asked[1]])?;
        ran.exits(1)?.within(10)?.says(has)?;
        ran.says(&format!("{} asks for {}", asked[0], asked[1]))?;
        recover(stage, &preview, fault, &ran)?;
    }
    stage.keep(preview);
    Ok(())
}

fn a_paused_container(stage: &mut Stage) -> Result<()> {
    // Given a preview of which a container is paused,
    let preview = stage.running()?;
    let server = format!("k3d-{}-server-0", preview.cluster);
    ask("docker", &["pause", &server])?;
    // when `up` is run, then it goes on.
    let ran = preview.start(&["up"])?.finish(Duration::from_secs(150))?;
    ran.is_up()?;
    stage
        .report
        .add("a paused container", None, Some(ran.took), "goes on");
    stage.keep(preview);
    Ok(())
}

fn a_container_that_stops_while_it_is_waited_for(stage: &mut Stage) -> Result<()> {
    // Given an `up` that waits for PostgreSQL,
    let preview = stage.running()?;
    let postgres = ["clusters.postgresql.cnpg.io", "pg-ghillie"];
    preview.kubectl(&[&["delete", "--wait=true"], &postgres[..]].concat())?;
    let mut up = preview.start(&["up"])?;
    up.until_done("PostgreSQL", LONGEST)?;
    // when a node ends, then that is told at once, though to the API server it is ready for a while,
    let agent = format!("k3d-{}-agent-0", preview.cluster);
    ask("docker", &["stop", "--time", "0", &agent])?;
    let stopped = up.age();
    let ran = up.finish(LONGEST)?;
    ran.exits(1)?
        .within(stopped.as_secs() + SECONDS)?
        .says(&format!("the container {agent} has stopped"))?;
    // and the next `up` starts it.
    recover(stage, &preview, "a container that stops meanwhile", &ran)?;
    stage.keep(preview);
    Ok(())
}

fn port(preview: &Preview) -> Result<String> {
    let url = preview.up()?.stdout;
    let port = url
        .trim_end()
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    ensure!(!port.is_empty(), "no port in {url}");
    Ok(port)
}
