//! The parts of PostgreSQL's way, each measured alone: the machine is quiet before each begins.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use xtask::names::Namespace;
use xtask::postgres;
use xtask::project::PROJECT;

use crate::figures::{Figures, Part};
use crate::machine;
use crate::steps;
use crate::tools::Tools;

/// The cluster in which they are measured.
pub const CLUSTER: &str = "bench-parts";

/// Measures a part of the way. They build upon each other, in their order.
pub fn measure(tools: &Tools, part: Part) -> Result<Duration> {
    match part {
        Part::Create => create(tools),
        Part::Operator => operator(tools),
        Part::Ready => ready(tools),
    }
    .with_context(|| part.to_string())
}

/// With serial-up's arguments, but for the port.
fn create(tools: &Tools) -> Result<Duration> {
    let mut command = tools.command("k3d");
    command
        .args([
            "cluster",
            "create",
            CLUSTER,
            "--image",
            "rancher/k3s:v1.33.4-k3s1",
        ])
        .args(["--agents", "1", "--port", "127.0.0.1:0:80@loadbalancer"]);
    Ok(Tools::run(&mut command)?.took)
}

fn operator(tools: &Tools) -> Result<Duration> {
    let (release, namespace) = postgres::RELEASE;
    let chart = std::env::var_os("GHILLIE_K3D_CNPG_CHART").context("no chart")?;
    let mut command = tools.command("helm");
    command
        .args(["upgrade", "--install", release])
        .arg(chart)
        .args(["--namespace", namespace, "--create-namespace", "--wait"]);
    Ok(Tools::run(&mut command)?.took)
}

fn ready(tools: &Tools) -> Result<Duration> {
    let wanted = PROJECT.postgres.as_ref().context("no PostgreSQL")?;
    let namespace: Namespace = PROJECT.namespace.parse().map_err(anyhow::Error::msg)?;
    tools.ask("kubectl", &["create", "namespace", namespace.as_str()])?;
    machine::wait_until_quiet(tools.patience);
    let manifest = tools.folder.join("postgres.json");
    fs::write(
        &manifest,
        postgres::manifest(wanted, &namespace).to_string(),
    )?;
    let resource = postgres::resource(wanted);
    let begun = Instant::now();
    tools.ask(
        "kubectl",
        &["apply", "--filename", &manifest.to_string_lossy()],
    )?;
    tools.ask(
        "kubectl",
        &[
            "wait",
            "--namespace",
            namespace.as_str(),
            "--for=condition=Ready",
            &resource,
            "--timeout=600s",
        ],
    )?;
    Ok(begun.elapsed())
}

/// Removes the cluster.
pub fn remove(tools: &Tools) -> Result<()> {
    tools.ask("k3d", &["cluster", "delete", CLUSTER])?;
    if crate::side::containers(tools, CLUSTER)?.is_empty() {
        return Ok(());
    }
    bail!("{CLUSTER} is still there")
}

/// Notes how long each part took as a step of serial-up, by what it said.
pub fn note_serial(figures: &mut Figures, stderr: &str) {
    for (part, took) in in_serial(stderr) {
        figures.in_serial.entry(part).or_default().extend(took);
    }
}

fn in_serial(stderr: &str) -> [(Part, Option<Duration>); 3] {
    let step = |command: &str| steps::of_serial(stderr, command);
    // Cut there; Valkey's would go on with `valk`.
    let ready = step("kubectl wait -n ghillie --for=condition=Ready clus");
    // Its two manifests are applied by the same command; PostgreSQL's comes first.
    let apply = stderr.lines().find(|line| line.contains(" apply "));
    let apply = apply.and_then(|line| steps::of_serial(line, "apply "));
    let ready = ready.zip(apply).map(|(ready, apply)| ready + apply);
    [
        (Part::Create, step("k3d cluster create")),
        (Part::Operator, step("helm upgrade --install cnpg")),
        (Part::Ready, ready),
    ]
}
