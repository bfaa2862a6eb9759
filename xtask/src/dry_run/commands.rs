//! What each step runs.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use crate::application::application;
use crate::chart::Chart;
use crate::cmd::{Cmd, Hidden};
use crate::config::Preview;
use crate::observe::{self, Inside, Objects, Whole};
use crate::plan::{self, Action};
use crate::state::State;
use crate::valkey::Operator;
use crate::{docker, helm, k3d, kubectl, manifest, postgres, up};

/// What stands for the image, whose name is only known once it is built.
const IMAGE: &str = "<id>";

/// What stands for a password, which is made or read at run time.
const PASSWORD: &str = "<hidden>";

/// What the steps' commands are made of.
pub struct Commands<'a> {
    pub preview: &'a Preview,
    pub state: &'a State,
    /// The nodes' containers.
    pub nodes: &'a [String],
    /// What is in the cluster, where it can be asked.
    pub inside: Option<&'a Inside>,
}

impl Commands<'_> {
    /// What a step runs, in order. Questions that are repeated until they are answered stand once.
    ///
    /// # Errors
    /// Where the application's chart or its values cannot be read.
    pub fn of(&self, action: &Action) -> Result<Vec<Cmd>> {
        let Self { preview, state, .. } = *self;
        let project = preview.project;
        Ok(match action {
            Action::FetchCharts(charts) => self.pull(charts),
            Action::ServeImages => {
                let registries = project.nodes.registries.iter();
                registries.map(|upstream| upstream.run(true)).collect()
            }
            Action::Clear(left) => vec![
                docker::remove_containers(&left.containers),
                docker::remove_volumes(&left.volumes),
            ],
            Action::Create(shape, port) => {
                let worktree = preview.worktree();
                vec![k3d::create(&preview.cluster, shape, *port, &worktree)]
            }
            Action::Start(whole) => self.start(whole),
            Action::AwaitApi => vec![k3d::kubeconfig(&preview.cluster), kubectl::ready(state)],
            Action::CreateNamespace => self.apply(&manifest::namespace(preview.namespace.as_str())),
            Action::Build => {
                let metadata = "metadata.json".as_ref();
                vec![docker::build(&project.image, &preview.root, metadata)]
            }
            Action::Reuse => vec![docker::image_id(&self.image("local"))],
            Action::Import => self.import(),
            Action::Install { release, .. } => vec![helm::upgrade(state, release)],
            Action::CreatePostgres(wanted) => self.apply(wanted),
            Action::CreateValkey {
                operator,
                manifest,
                password: true,
            } => self.apply(&self.with_password(*operator, manifest)),
            Action::CreateValkey { manifest, .. } => self.apply(manifest),
            Action::AwaitPostgres => self.watch(project.postgres.as_ref().map(postgres::resource)),
            Action::AwaitValkey(operator) => {
                let valkey = project.valkey.as_ref();
                self.watch(valkey.map(|it| operator.resource(it)))
            }
            Action::WriteSecret => self.apply(&self.secret()),
            Action::Deploy(_) => self.deploy()?,
            Action::Record => self.record()?,
            Action::Tidy | Action::AwaitAnswer => vec![],
        })
    }

    fn image(&self, tag: &str) -> String {
        format!("{}:{tag}", self.preview.project.image.repository)
    }

    fn pull(&self, charts: &[Chart]) -> Vec<Cmd> {
        let pull = |chart: &Chart| Some(self.state.with_helm(chart.pull("charts".as_ref())?));
        charts.iter().filter_map(pull).collect()
    }

    fn start(&self, whole: &Whole) -> Vec<Cmd> {
        let unpause = (!whole.paused.is_empty()).then(|| docker::unpause(&whole.paused));
        let start = k3d::start(&self.preview.cluster);
        unpause.into_iter().chain([start]).collect()
    }

    fn import(&self) -> Vec<Cmd> {
        let save = docker::save(&self.image(IMAGE));
        let imports = self.nodes.iter().map(|node| docker::import(node));
        std::iter::once(save).chain(imports).collect()
    }

    fn apply(&self, manifest: &Value) -> Vec<Cmd> {
        vec![kubectl::apply(self.state, manifest)]
    }

    fn watch(&self, resource: Option<String>) -> Vec<Cmd> {
        let (namespace, resource) = (&self.preview.namespace, resource.unwrap_or_default());
        vec![kubectl::watch_one(self.state, namespace, &resource)]
    }

    fn with_password(&self, operator: Operator, manifest: &Value) -> Value {
        let valkey = self.preview.project.valkey.as_ref();
        let secret = valkey.map(|valkey| operator.password_secret(valkey));
        let password = Hidden(PASSWORD.into());
        let secret = secret.unwrap_or_default();
        up::with_password(&secret, &self.preview.namespace, &password, manifest)
    }

    fn secret(&self) -> Value {
        let project = self.preview.project;
        let variables = [
            project.postgres.as_ref().map(|it| it.variable),
            project.valkey.as_ref().map(|it| it.variable),
        ];
        let values = variables
            .into_iter()
            .flatten()
            .map(|key| (key, Hidden(PASSWORD.into())));
        manifest::secret(
            project.secret,
            self.preview.namespace.as_str(),
            &values.collect::<BTreeMap<_, _>>(),
        )
    }

    fn deploy(&self) -> Result<Vec<Cmd>> {
        let inside = self.inside;
        let version = inside.and_then(|inside| plan::known_secret(self.preview, inside));
        let (image, version) = (self.image(IMAGE), version.unwrap_or_default());
        let release = application(self.preview, &image, &version)?;
        Ok(vec![helm::upgrade(self.state, &release)])
    }

    fn record(&self) -> Result<Vec<Cmd>> {
        let record = observe::record_manifest(self.preview, &Objects::new())?;
        let record = kubectl::apply(self.state, &record);
        Ok(vec![kubectl::charted(self.state), record])
    }
}
