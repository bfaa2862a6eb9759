//! The machine: what it is, whether it is quiet, and what it takes to start the tool at all.

use std::env;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::figures::spread;
use crate::side;
use crate::tools::Tools;
use crate::workspace;

/// The share of its time that a quiet machine works.
const QUIET: f64 = 0.3;
/// How long a look at the machine takes.
const LOOK: Duration = Duration::from_secs(1);
/// How often the tool's start is measured.
const STARTS: usize = 15;

/// The machine, in words: a name and a value each.
pub type Machine = Vec<(&'static str, String)>;

/// What it takes to start the tool and do nothing.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The program itself, with `--help`.
    pub help: Duration,
    /// The same through `cargo xtask`.
    pub through_cargo: Duration,
}

/// Describes the machine.
pub fn describe(tools: &Tools) -> Result<Machine> {
    let info = tools.ask("docker", &["info", "--format", "{{json .}}"])?;
    let info: Value = serde_json::from_str(&info).context("the reply of docker info")?;
    let text = |field: &str| info[field].as_str().unwrap_or("unknown").to_owned();
    let memory = info["MemTotal"].as_u64().unwrap_or_default();
    let client = tools.ask("docker", &["version", "--format", "{{.Client.Version}}"])?;
    let buildx = tools.ask("docker", &["buildx", "version"])?;
    let buildx = buildx.split_whitespace().nth(1).unwrap_or("unknown");
    let kubectl = tools.ask("kubectl", &["version", "--client", "--output", "json"])?;
    let kubectl: Value = serde_json::from_str(&kubectl).context("kubectl's version")?;
    let k3d = tools.ask("k3d", &["version", "--output", "json"])?;
    let k3d: Value = serde_json::from_str(&k3d).context("k3d's version")?;
    Ok(vec![
        ("date", tools.ask("date", &["+%F"])?.trim().to_owned()),
        ("cores", info["NCPU"].to_string()),
        ("memory", gibibytes(memory)),
        ("kernel", text("KernelVersion")),
        ("system", text("OperatingSystem")),
        (
            "Docker",
            format!(
                "{}, client {}, buildx {}, storage driver {}",
                text("ServerVersion"),
                client.trim(),
                buildx.trim_start_matches('v'),
                text("Driver"),
            ),
        ),
        ("k3d", k3d["k3d"].as_str().unwrap_or("unknown").to_owned()),
        (
            "helm",
            tools.ask("helm", &["version", "--template", "{{.Version}}"])?,
        ),
        (
            "kubectl",
            kubectl["clientVersion"]["gitVersion"]
                .as_str()
                .unwrap_or("unknown")
                .to_owned(),
        ),
    ])
}

/// Bytes as GiB.
fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", mebibytes(bytes) / 1024.0)
}

/// Bytes as MiB.
pub fn mebibytes(bytes: u64) -> f64 {
    // Kibibytes first: 32 bits of them are 4 TiB, and exact as a float.
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

/// Waits until the machine does little else, and says whether it does; always where that is not known.
pub fn wait_until_quiet(patience: Duration) -> bool {
    let begun = Instant::now();
    loop {
        let Some(before) = busy_and_all() else {
            return true;
        };
        thread::sleep(LOOK);
        let Some(after) = busy_and_all() else {
            return true;
        };
        if after.0 - before.0 <= QUIET * (after.1 - before.1) {
            return true;
        }
        if begun.elapsed() > patience {
            return false;
        }
    }
}

/// The ticks in which the machine's cores worked, and all ticks, since it started (Linux, proc(5)).
fn busy_and_all() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let ticks = stat.lines().next()?.strip_prefix("cpu ")?;
    // user nice system idle iowait irq softirq steal; guest is part of user.
    let ticks: Vec<f64> = ticks
        .split_whitespace()
        .take(8)
        .flat_map(str::parse)
        .collect();
    let all: f64 = ticks.iter().sum();
    Some((all - ticks.get(3)? - ticks.get(4)?, all))
}

/// The memory of each container of a cluster, in bytes.
pub fn memory(tools: &Tools, cluster: &str) -> Result<Vec<(String, u64)>> {
    let names = side::containers(tools, cluster)?;
    let mut args = vec![
        "stats",
        "--no-stream",
        "--format",
        "{{.Name}} {{.MemUsage}}",
    ];
    args.extend(names.iter().map(String::as_str));
    let reply = tools.ask("docker", &args)?;
    let line = |line: &str| {
        let (name, usage) = line.split_once(' ')?;
        let role = name
            .strip_prefix(&format!("k3d-{cluster}-"))
            .unwrap_or(name);
        Some((role.to_owned(), bytes(usage.split(' ').next()?)?))
    };
    reply
        .lines()
        .map(|it| line(it).with_context(|| format!("docker stats says {it}")))
        .collect()
}

/// Bytes of `535.8MiB`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let factor = match &text[digits.len()..] {
        "B" => 1_u32,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let amount = digits.parse::<f64>().ok()? * f64::from(factor);
    // As whole bytes, by way of text: a float has no checked conversion.
    format!("{amount:.0}").parse().ok()
}

/// Measures what it takes to start the tool.
pub fn tool(tools: &Tools) -> Result<Tool> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = workspace::root()?;
    let median = |program: &dyn AsRef<std::ffi::OsStr>, args: &[&str]| -> Result<Duration> {
        let mut took = Vec::new();
        for _ in 0..STARTS {
            let mut command = tools.command(program.as_ref());
            took.push(Tools::run(command.args(args).current_dir(&root))?.took);
        }
        Ok(spread(&took).context("no starts")?.median)
    };
    // Once before: it may have to be built for `cargo run`.
    Tools::run(
        tools
            .command(&cargo)
            .args(["xtask", "k8s", "--help"])
            .current_dir(&root),
    )?;
    Ok(Tool {
        help: median(&env!("CARGO_BIN_EXE_xtask"), &["k8s", "--help"])?,
        through_cargo: median(&cargo, &["xtask", "k8s", "--help"])?,
    })
}
