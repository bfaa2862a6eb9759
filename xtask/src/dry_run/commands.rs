//! What each step runs.

use std::cell::Cell;
use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use crate::chart::Chart;
use crate::cmd::{Cmd, Hidden};
use crate::config::Up;
use crate::helm::Release;
use crate::image_cache::{Server, Upstream};
use crate::names::Port;
use crate::observe::{self, Cluster, Inside, Objects, Whole};
use crate::plan::{Action, Mend, Operators};
use crate::state::State;
use crate::tools::Cache;
use crate::valkey::{self, Operator};
use crate::{docker, helm, k3d, kubectl, manifest, postgres, up};

/// What stands for the ingress' port, where the system is to choose it.
const FREE_PORT: &str = "<free port>";

/// What stands for a password, which is made or read at run time.
const PASSWORD: &str = "<hidden>";

/// What the steps' commands are made of.
pub struct Commands<'a> {
    pub config: &'a Up,
    pub state: &'a State,
    /// What there is of the cluster.
    pub seen: &'a Cluster,
    /// The ingress' port, unless it is to be a free one.
    pub port: Option<Port>,
    /// The servers of the image cache.
    pub servers: &'a [Server],
    /// The nodes' containers.
    pub nodes: &'a [String],
    /// What is in the cluster, where it can be asked.
    pub inside: Option<&'a Inside>,
    /// Where charts are kept.
    pub cache: &'a Cache,
    /// Whether a release is upgraded, as far as the steps were asked for.
    pub releases: Cell<bool>,
}

impl Commands<'_> {
    /// What a step runs, in order. Questions that are repeated until they are answered stand once.
    ///
    /// # Errors
    /// Where the application's chart or its values cannot be read.
    pub fn of(&self, action: &Action) -> Result<Vec<Cmd>> {
        let (config, state) = (self.config, self.state);
        let preview = &config.preview;
        let project = preview.project;
        Ok(match action {
            Action::FetchCharts(charts) => self.pull(charts),
            Action::ServeImages => self.serve_images(),
            Action::Clear(left) => up::removals(left, self.servers),
            Action::Create(shape) => {
                let port = self.port.map(|port| port.to_string());
                let port = port.unwrap_or_else(|| FREE_PORT.to_owned());
                vec![up::create(config, state, shape, port)]
            }
            Action::Start(whole) => self.start(whole),
            Action::AwaitApi => vec![k3d::kubeconfig(&preview.cluster), kubectl::ready(state)],
            Action::CreateNamespace => {
                let namespace = manifest::namespace(preview.namespace.as_str());
                vec![kubectl::apply_and_show(state, &namespace)]
            }
            Action::Build => self.build(),
            Action::Reuse => self.reuse(),
            Action::Import => self.import(),
            Action::Install { release, mend } => self.install(release, *mend),
            Action::CreatePostgres(wanted) => {
                let secret = project.postgres.as_ref().map(postgres::app_secret);
                self.create(wanted, secret)
            }
            Action::CreateValkey {
                operator,
                manifest,
                password,
            } => self.create_valkey(*operator, manifest, *password),
            Action::AwaitPostgres(operators) => {
                let watch = self.watch(project.postgres.as_ref().map(postgres::resource));
                self.after_rollout(*operators, postgres::RELEASE, watch)
            }
            Action::AwaitValkey(operator, operators) => {
                let valkey = project.valkey.as_ref();
                let watch = self.watch(valkey.map(|it| operator.resource(it)));
                self.after_rollout(*operators, valkey::RELEASE, watch)
            }
            Action::WriteSecret => vec![kubectl::apply_and_show(state, &self.secret())],
            Action::Deploy(mend) => self.deploy(*mend)?,
            Action::Record => self.record()?,
            Action::Tidy | Action::AwaitAnswer => vec![],
        })
    }

    fn pull(&self, charts: &[Chart]) -> Vec<Cmd> {
        let (folder, missing) = (self.cache.charts(), up::missing_charts(self.cache, charts));
        let pulls = missing.into_iter().filter_map(|it| it.pull(&folder));
        pulls.map(|pull| self.state.with_helm(pull)).collect()
    }

    fn serve_images(&self) -> Vec<Cmd> {
        let preview = &self.config.preview;
        let (network, servers) = (k3d::network(&preview.cluster), self.servers);
        let registries = preview.project.nodes.registries.iter();
        let known = |it: &Upstream| servers.iter().find(|server| server.name == it.server());
        let serve = registries
            .clone()
            .flat_map(|it| it.serve(known(it), || true));
        // A network that is removed first is left by all.
        let is_new = matches!(self.seen, Cluster::HalfMade(left) if !left.networks.is_empty());
        let inside = |it: &Upstream| known(it).filter(|_| !is_new);
        let join = registries.filter_map(|it| it.join(inside(it), &network));
        serve.chain(join).collect()
    }

    fn start(&self, whole: &Whole) -> Vec<Cmd> {
        let unpause = (!whole.paused.is_empty()).then(|| docker::unpause(&whole.paused));
        let start = k3d::start(&self.config.preview.cluster);
        unpause.into_iter().chain([start]).collect()
    }

    /// Installs or upgrades an operator. That its chart has definitions to apply is only known at run time.
    fn install(&self, release: &Release, mend: Option<Mend>) -> Vec<Cmd> {
        let release = up::at_hand(self.cache, release);
        let show = up::definitions(self.state, self.inside, &release);
        let apply = show
            .is_some()
            .then(|| kubectl::apply_text(self.state, String::new()));
        let definitions = show.into_iter().chain(apply);
        definitions.chain(self.upgrade(&release, mend)).collect()
    }

    /// Makes a release fit, and upgrades it.
    pub(super) fn upgrade(&self, release: &Release, mend: Option<Mend>) -> Vec<Cmd> {
        self.releases.set(true);
        let mending = mend.map(|mend| up::mending(self.state, release, mend));
        let upgrade = helm::upgrade(self.state, release);
        mending.into_iter().flatten().chain([upgrade]).collect()
    }

    /// Applies a store's resource, and waits for the Secret that its operator makes.
    fn create(&self, resource: &Value, secret: Option<String>) -> Vec<Cmd> {
        let wait = secret.map(|secret| self.watch(Some(format!("secrets/{secret}"))));
        let apply = kubectl::apply(self.state, resource);
        let wait = wait.into_iter().flatten();
        std::iter::once(apply).chain(wait).collect()
    }

    fn create_valkey(&self, operator: Operator, resource: &Value, password: bool) -> Vec<Cmd> {
        if password {
            return self.create(&self.with_password(operator, resource), None);
        }
        let valkey = self.config.preview.project.valkey.as_ref();
        self.create(resource, valkey.map(|it| operator.password_secret(it)))
    }

    fn watch(&self, resource: Option<String>) -> Vec<Cmd> {
        let (namespace, resource) = (&self.config.preview.namespace, resource.unwrap_or_default());
        vec![kubectl::watch_one(self.state, namespace, &resource)]
    }

    /// What a store's wait runs, after the one for its operator.
    fn after_rollout(
        &self,
        operators: Operators,
        release: (&str, &str),
        wait: Vec<Cmd>,
    ) -> Vec<Cmd> {
        let is_awaited = operators == Operators::Awaited;
        let rollout = is_awaited.then(|| kubectl::workloads(self.state, release.1));
        rollout.into_iter().chain(wait).collect()
    }

    fn with_password(&self, operator: Operator, manifest: &Value) -> Value {
        let valkey = self.config.preview.project.valkey.as_ref();
        let secret = valkey.map(|valkey| operator.password_secret(valkey));
        let password = Hidden(PASSWORD.into());
        let secret = secret.unwrap_or_default();
        up::with_password(&secret, &self.config.preview.namespace, &password, manifest)
    }

    fn secret(&self) -> Value {
        let project = self.config.preview.project;
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
            self.config.preview.namespace.as_str(),
            &values.collect::<BTreeMap<_, _>>(),
        )
    }

    /// Records what the releases have made, where one is upgraded.
    fn record(&self) -> Result<Vec<Cmd>> {
        if !self.releases.get() {
            return Ok(vec![]);
        }
        let record = observe::record_manifest(&self.config.preview, &Objects::new())?;
        let record = kubectl::apply(self.state, &record);
        Ok(vec![kubectl::charted(self.state), record])
    }
}

#[cfg(test)]
mod tests;
