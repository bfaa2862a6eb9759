//! `up --dry-run` and `render`: what would be done, and with which manifests, without doing it.

mod commands;
mod image;
mod look;

use std::cell::Cell;
use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::cmd::Cmd;
use crate::config::Up;
use crate::flags::Form;
use crate::observe::Cluster;
use crate::plan::{self, Action, Step};
use crate::state::State;
use crate::tools::Cache;
use crate::{k3d, manifest};
use commands::Commands;

pub use look::Look;
use look::Seen;

/// One step of the plan, as `--output json` shows it.
#[derive(Debug, Serialize)]
struct Shown {
    /// The step's name.
    step: String,
    /// The steps that must be done before it.
    needs: Vec<String>,
    /// What it runs, as one would type it.
    commands: Vec<String>,
    /// The manifests that it gives to kubectl, without the values of Secrets.
    manifests: Vec<Value>,
}

/// The plan of `up`, from what is there as far as it can be asked; people are told where it cannot.
///
/// # Errors
/// Where `up` would refuse it: what is wanted does not fit what is there.
pub fn dry_run(look: &Look, form: Form) -> Result<String> {
    let (config, state) = (look.config, look.state);
    let Seen {
        cluster: seen,
        port,
        inside,
        servers,
    } = look.around()?;
    let mut steps = plan::up(config, &seen, inside.as_ref())?;
    if let Cluster::Stopped(whole) = &seen {
        steps.insert(
            0,
            Step {
                name: plan::Name::Cluster,
                needs: vec![],
                action: Action::Start(whole.clone()),
            },
        );
    }
    let whole = seen.whole().map(|whole| whole.nodes.clone());
    let nodes = whole.unwrap_or_else(|| k3d::nodes(&config.preview.cluster, &config.shape()));
    let commands = Commands {
        config,
        state,
        seen: &seen,
        port,
        servers: &servers,
        nodes: &nodes,
        inside: inside.as_ref(),
        cache: &Cache::of_user(&config.preview.root),
        releases: Cell::default(),
    };
    let shown: Vec<Shown> = steps
        .iter()
        .map(|step| Ok(show(step, &commands.of(&step.action)?)))
        .collect::<Result<_>>()?;
    match form {
        Form::Json => Ok(serde_json::to_string_pretty(
            &serde_json::json!({ "schema": 1, "steps": shown }),
        )? + "\n"),
        Form::Text => text(&shown),
    }
}

/// The manifests that `up` applies from nothing, as YAML documents.
///
/// # Errors
/// Where one cannot be shown as YAML.
pub fn render(config: &Up, state: &State) -> Result<String> {
    let steps = plan::up(config, &Cluster::Absent, None)?;
    let commands = Commands {
        config,
        state,
        seen: &Cluster::Absent,
        port: None,
        servers: &[],
        nodes: &[],
        inside: None,
        cache: &Cache::of_user(&config.preview.root),
        releases: Cell::default(),
    };
    let cmds = steps
        .iter()
        .map(|step| commands.of(&step.action))
        .collect::<Result<Vec<_>>>()?;
    let manifests = cmds
        .iter()
        .flatten()
        .filter_map(manifest_of)
        .flat_map(|list| match list {
            Value::Object(mut fields) if fields.contains_key("items") => {
                match fields.remove("items") {
                    Some(Value::Array(items)) => items,
                    _ => vec![],
                }
            }
            one => vec![one],
        });
    manifests
        .map(|it| Ok(format!("---\n{}", manifest::yaml(&it)?)))
        .collect()
}

fn show(step: &Step, commands: &[Cmd]) -> Shown {
    Shown {
        step: step.name.to_string(),
        needs: step.needs.iter().map(ToString::to_string).collect(),
        manifests: commands.iter().filter_map(manifest_of).collect(),
        commands: commands.iter().map(ToString::to_string).collect(),
    }
}

fn text(steps: &[Shown]) -> Result<String> {
    let mut text = String::new();
    for step in steps {
        let needs = step.needs.join(", ");
        let after = if needs.is_empty() {
            String::new()
        } else {
            format!("  (after {needs})")
        };
        writeln!(text, "{}{after}", step.step)?;
        for command in &step.commands {
            writeln!(text, "    {command}")?;
        }
        for manifest in &step.manifests {
            for line in manifest::yaml(manifest)?.lines() {
                writeln!(text, "        {line}")?;
            }
        }
    }
    Ok(text)
}

fn manifest_of(cmd: &Cmd) -> Option<Value> {
    let text = cmd.stdin.as_ref()?;
    serde_json::from_str(&text.0)
        .ok()
        .map(|manifest| manifest::without_secrets(&manifest))
}
