//! `up --dry-run` and `render`: what would be done, and with which manifests, without doing it.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::application::application;
use crate::chart::Chart;
use crate::cmd::{Cmd, Hidden};
use crate::config::{Preview, Up};
use crate::exec::Exec;
use crate::flags::Form;
use crate::names::Port;
use crate::observe::{self, Cluster, Inside};
use crate::plan::{self, Action, Step};
use crate::state::State;
use crate::valkey::Operator;
use crate::{docker, helm, k3d, kubectl, manifest, postgres, up};

/// What stands for the image, whose name is only known once it is built.
const IMAGE: &str = "<id>";
/// What stands for a password, which is made or read at run time.
const PASSWORD: &str = "<hidden>";

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

/// The plan of `up`, from what is there, or from nothing where no tool can be asked.
///
/// # Errors
/// Where what is wanted does not fit what is there.
pub fn dry_run(config: &Up, exec: &Exec, state: &State, form: Form) -> Result<String> {
    let seen = observe::observe_cluster(exec, &config.preview, state).unwrap_or(Cluster::Absent);
    let inside = match &seen {
        Cluster::Running(whole) if state.kubeconfig().exists() => {
            let asked = config.valkey.asked.as_ref().map(|given| given.value);
            observe::observe_inside(exec, &config.preview, state, whole, asked).ok()
        }
        _ => None,
    };
    let port = seen
        .whole()
        .and_then(|whole| whole.port)
        .or(config.port.as_ref().map(|given| given.value));
    let mut steps = plan::up(config, &seen, inside.as_ref(), port.unwrap_or(Port(0)))?;
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
    let nodes = whole.unwrap_or_else(|| k3d::nodes(&config.preview.cluster, &config.shape));
    let shown: Vec<Shown> = steps
        .iter()
        .map(|step| show(step, config, state, &nodes, inside.as_ref()))
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
    let steps = plan::up(config, &Cluster::Absent, None, Port(0))?;
    let cmds = steps
        .iter()
        .map(|step| commands(step, config, state, &[], None))
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

fn show(
    step: &Step,
    config: &Up,
    state: &State,
    nodes: &[String],
    inside: Option<&Inside>,
) -> Result<Shown> {
    let commands = commands(step, config, state, nodes, inside)?;
    Ok(Shown {
        step: step.name.to_string(),
        needs: step.needs.iter().map(ToString::to_string).collect(),
        manifests: commands.iter().filter_map(manifest_of).collect(),
        commands: commands.iter().map(ToString::to_string).collect(),
    })
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

/// What a step runs, in order. Questions that are repeated until they are answered stand once.
fn commands(
    step: &Step,
    config: &Up,
    state: &State,
    nodes: &[String],
    inside: Option<&Inside>,
) -> Result<Vec<Cmd>> {
    let preview = &config.preview;
    let image = format!("{}:{IMAGE}", preview.project.image.repository);
    Ok(match &step.action {
        Action::FetchCharts(charts) => {
            let pull = |chart: &Chart| Some(state.with_helm(chart.pull("charts".as_ref())?));
            charts.iter().filter_map(pull).collect()
        }
        Action::ServeImages => {
            let registries = preview.project.nodes.registries.iter();
            registries.map(|upstream| upstream.run(true)).collect()
        }
        Action::Clear(left) => vec![
            docker::remove_containers(&left.containers),
            docker::remove_volumes(&left.volumes),
        ],
        Action::Create(shape, port) => vec![k3d::create(
            &preview.cluster,
            shape,
            *port,
            &preview.worktree(),
        )],
        Action::Start(whole) => {
            let unpause = (!whole.paused.is_empty()).then(|| docker::unpause(&whole.paused));
            let start = k3d::start(&preview.cluster);
            unpause.into_iter().chain([start]).collect()
        }
        Action::AwaitApi => vec![k3d::kubeconfig(&preview.cluster), kubectl::ready(state)],
        Action::CreateNamespace => vec![kubectl::apply(
            state,
            &manifest::namespace(preview.namespace.as_str()),
        )],
        Action::Build => vec![docker::build(
            &preview.project.image,
            &preview.root,
            "metadata.json".as_ref(),
        )],
        Action::Reuse => vec![docker::image_id(&format!(
            "{}:local",
            preview.project.image.repository
        ))],
        Action::Import => import(&image, nodes),
        Action::Install { release, .. } => vec![helm::upgrade(state, release)],
        Action::CreatePostgres(wanted) => vec![kubectl::apply(state, wanted)],
        Action::CreateValkey {
            operator,
            manifest,
            password: true,
        } => vec![kubectl::apply(
            state,
            &with_password(preview, *operator, manifest),
        )],
        Action::CreateValkey { manifest, .. } => vec![kubectl::apply(state, manifest)],
        Action::AwaitPostgres => {
            let resource = preview
                .project
                .postgres
                .as_ref()
                .map(postgres::resource)
                .unwrap_or_default();
            vec![kubectl::watch_one(state, &preview.namespace, &resource)]
        }
        Action::AwaitValkey(operator) => {
            let resource = preview
                .project
                .valkey
                .as_ref()
                .map(|valkey| operator.resource(valkey));
            vec![kubectl::watch_one(
                state,
                &preview.namespace,
                &resource.unwrap_or_default(),
            )]
        }
        Action::WriteSecret => vec![kubectl::apply(state, &secret(preview))],
        Action::Deploy(_) => {
            let version = inside.and_then(|inside| plan::known_secret(preview, inside));
            vec![helm::upgrade(
                state,
                &application(preview, &image, &version.unwrap_or_default())?,
            )]
        }
        Action::Record => vec![
            kubectl::charted(state),
            kubectl::apply(
                state,
                &observe::record_manifest(preview, &observe::Objects::new())?,
            ),
        ],
        Action::Tidy | Action::AwaitAnswer => vec![],
    })
}

fn import(image: &str, nodes: &[String]) -> Vec<Cmd> {
    let imports = nodes.iter().map(|node| docker::import(node));
    std::iter::once(docker::save(image))
        .chain(imports)
        .collect()
}

fn with_password(preview: &Preview, operator: Operator, manifest: &Value) -> Value {
    let valkey = preview.project.valkey.as_ref();
    let secret = valkey.map(|valkey| operator.password_secret(valkey));
    let password = Hidden(PASSWORD.into());
    let secret = secret.unwrap_or_default();
    up::with_password(&secret, &preview.namespace, &password, manifest)
}

fn secret(preview: &Preview) -> Value {
    let stores = &preview.project;
    let variables = [
        stores.postgres.as_ref().map(|it| it.variable),
        stores.valkey.as_ref().map(|it| it.variable),
    ];
    let values = variables
        .into_iter()
        .flatten()
        .map(|key| (key, Hidden(PASSWORD.into())));
    manifest::secret(
        stores.secret,
        preview.namespace.as_str(),
        &values.collect::<BTreeMap<_, _>>(),
    )
}
