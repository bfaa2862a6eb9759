//! The two ways to bring a preview up, and to take it down.

use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::project::PROJECT;

use crate::figures::Side;
use crate::parts;
use crate::tools::{Ran, Tools};
use crate::workspace::{self, Workspace};

/// How long the application may take to answer after serial-up has printed its URL.
const PATIENCE: Duration = Duration::from_secs(60);

impl Side {
    /// What each side's values file has beside the project's: serial-up deploys a fixed tag.
    pub fn values(self) -> &'static str {
        match self {
            Self::Ours => "\n",
            Self::Serial => "\nimage:\n  tag: local\n",
        }
    }

    /// Brings the preview up; stdout has the URL.
    pub fn up(self, tools: &Tools, workspace: &Workspace) -> Result<Ran> {
        match self {
            Self::Ours => ours(tools, workspace, &["up", &timings(tools)]),
            Self::Serial => serial(tools, workspace),
        }
        .with_context(|| format!("{} does not come up", self.cluster()))
    }

    /// Takes it down.
    pub fn down(self, tools: &Tools, workspace: &Workspace) -> Result<Ran> {
        let ran = match self {
            Self::Ours => ours(tools, workspace, &["down"])?,
            Self::Serial => {
                Tools::run(
                    tools
                        .command("k3d")
                        .args(["cluster", "delete", self.cluster()]),
                )?
            }
        };
        ensure!(
            containers(tools, self.cluster())?.is_empty(),
            "{} is still there",
            self.cluster()
        );
        Ok(ran)
    }
}

/// The file to which our own `up` writes its steps.
pub fn trace(tools: &Tools) -> std::path::PathBuf {
    tools.folder.join("trace.json")
}

fn timings(tools: &Tools) -> String {
    format!("--timings={}", trace(tools).display())
}

fn ours(tools: &Tools, workspace: &Workspace, args: &[&str]) -> Result<Ran> {
    let mut command = tools.command(env!("CARGO_BIN_EXE_xtask"));
    command
        .arg("k8s")
        .args(args)
        // Where cargo tells the program which workspace it is run in.
        .env("CARGO_MANIFEST_DIR", workspace.root.join("xtask"))
        .env("GHILLIE_K3D_CLUSTER", Side::Ours.cluster());
    Tools::run(&mut command)
}

fn serial(tools: &Tools, workspace: &Workspace) -> Result<Ran> {
    let port = match fs::read_to_string(tools.folder.join("port")) {
        Ok(port) => port,
        Err(_) => free_port(tools)?,
    };
    // Its lines about steps begin with its own path and are cut after 60 characters: from its own folder that
    // path is short.
    let mut command = tools.command("bash");
    command
        .arg("serial-up")
        .current_dir(workspace::root()?.join("tests/bench"))
        .env("GHILLIE_K3D_CLUSTER", Side::Serial.cluster())
        .env("GHILLIE_K3D_PORT", port)
        .env("APP_CHART", workspace.root.join(PROJECT.chart.path))
        .env("APP_VALUES", workspace.root.join(PROJECT.chart.values))
        .env("APP_CONTEXT", workspace.root.join(PROJECT.image.context))
        .env("LOG", tools.folder.join("serial.log"));
    Tools::run(&mut command).with_context(|| {
        let log = fs::read_to_string(tools.folder.join("serial.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    })
}

/// A free port, and the same one each time.
fn free_port(tools: &Tools) -> Result<String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port().to_string();
    fs::write(tools.folder.join("port"), &port)?;
    Ok(port)
}

/// The containers of a cluster.
pub fn containers(tools: &Tools, cluster: &str) -> Result<Vec<String>> {
    let label = format!("label=k3d.cluster={cluster}");
    let names = tools.ask(
        "docker",
        &["ps", "--all", "--filter", &label, "--format", "{{.Names}}"],
    )?;
    Ok(names.lines().map(str::to_owned).collect())
}

/// Deletes the clusters of ours that are there: a killed run may have left one.
pub fn remove_clusters(tools: &Tools) -> Result<()> {
    for cluster in [Side::Ours.cluster(), Side::Serial.cluster(), parts::CLUSTER] {
        if !containers(tools, cluster)?.is_empty() {
            tools.ask("k3d", &["cluster", "delete", cluster])?;
        }
    }
    Ok(())
}

/// Waits until the preview serves what the workspace has, and says how long that took.
pub fn served(side: Side, tools: &Tools, workspace: &Workspace, url: &str) -> Result<Duration> {
    let begun = Instant::now();
    loop {
        let Err(error) = answer(url, workspace) else {
            let late = begun.elapsed();
            return annotated(side, tools, workspace).map(|()| late);
        };
        if begun.elapsed() > PATIENCE {
            return Err(error.context(format!("{url} does not serve what was asked for")));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The application is ready, and has the line that was changed last.
fn answer(url: &str, workspace: &Workspace) -> Result<()> {
    let get = |path: &str| -> Result<Value> {
        let url = format!("{}{path}", url.trim_end_matches('/'));
        let reply = minreq::get(url).with_timeout(3).send()?;
        ensure!(
            reply.status_code == 200,
            "{path} answers {}",
            reply.status_code
        );
        Ok(serde_json::from_slice(reply.as_bytes())?)
    };
    let name = &get("/")?["name"];
    ensure!(
        *name == workspace.name(),
        "{name} answers, not {}",
        workspace.name()
    );
    get(PROJECT.ready.path).map(drop)
}

/// The pods have the value of the chart that was changed last.
fn annotated(side: Side, tools: &Tools, workspace: &Workspace) -> Result<()> {
    let kubeconfig = tools.folder.join("asked");
    fs::write(
        &kubeconfig,
        tools.ask("k3d", &["kubeconfig", "get", side.cluster()])?,
    )?;
    let kubeconfig = kubeconfig.to_string_lossy();
    let field = "jsonpath={.spec.template.metadata.annotations.bench}";
    let seen = tools.ask(
        "kubectl",
        &[
            "--kubeconfig",
            &kubeconfig,
            "--namespace",
            PROJECT.namespace,
            "get",
            "deployment",
            PROJECT.chart.release,
            "--output",
            field,
        ],
    )?;
    ensure!(
        seen == workspace.value(),
        "the chart's value is {seen}, not {}",
        workspace.value()
    );
    Ok(())
}
