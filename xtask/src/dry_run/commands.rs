//! What each step runs.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use crate::application::application;
use crate::chart::Chart;
use crate::cmd::{Cmd, Hidden};
use crate::config::Up;
use crate::image_cache::{Server, Upstream};
use crate::names::Port;
use crate::observe::{self, Cluster, Inside, Objects, Whole};
use crate::plan::{self, Action};
use crate::state::State;
use crate::valkey::Operator;
use crate::{docker, helm, k3d, kubectl, manifest, postgres, up};

/// What stands for the image, whose name is only known once it is built.
const IMAGE: &str = "<id>";

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
        format!("{}:{tag}", self.config.preview.project.image.repository)
    }

    fn pull(&self, charts: &[Chart]) -> Vec<Cmd> {
        let pull = |chart: &Chart| Some(self.state.with_helm(chart.pull("charts".as_ref())?));
        charts.iter().filter_map(pull).collect()
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

    fn import(&self) -> Vec<Cmd> {
        let save = docker::save(&self.image(IMAGE));
        let imports = self.nodes.iter().map(|node| docker::import(node));
        std::iter::once(save).chain(imports).collect()
    }

    fn apply(&self, manifest: &Value) -> Vec<Cmd> {
        vec![kubectl::apply(self.state, manifest)]
    }

    fn watch(&self, resource: Option<String>) -> Vec<Cmd> {
        let (namespace, resource) = (&self.config.preview.namespace, resource.unwrap_or_default());
        vec![kubectl::watch_one(self.state, namespace, &resource)]
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

    fn deploy(&self) -> Result<Vec<Cmd>> {
        let inside = self.inside;
        let version = inside.and_then(|inside| plan::known_secret(&self.config.preview, inside));
        let (image, version) = (self.image(IMAGE), version.unwrap_or_default());
        let release = application(&self.config.preview, &image, &version)?;
        Ok(vec![helm::upgrade(self.state, &release)])
    }

    fn record(&self) -> Result<Vec<Cmd>> {
        let record = observe::record_manifest(&self.config.preview, &Objects::new())?;
        let record = kubectl::apply(self.state, &record);
        Ok(vec![kubectl::charted(self.state), record])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags;
    use crate::image_cache::parse_servers;
    use crate::observe::Leftovers;
    use crate::project::PROJECT;

    /// The commands of a step, as one would type them.
    fn typed(seen: &Cluster, action: &Action) -> Vec<String> {
        let config = Up::new(&flags::Up::default()).unwrap();
        let state = State::of("/state".as_ref(), &config.preview.cluster);
        let network = k3d::network(&config.preview.cluster);
        let server = |it: &Upstream| {
            let (name, networks) = (it.server(), format!(r#""networks":"{network}""#));
            format!(r#"{{"name":"{name}","state":"running",{networks}}}"#)
        };
        let servers: Vec<String> = PROJECT.nodes.registries.iter().map(server).collect();
        let commands = Commands {
            config: &config,
            state: &state,
            seen,
            port: None,
            servers: &parse_servers(&servers.join("\n")).unwrap(),
            nodes: &[],
            inside: None,
        };
        let cmds = commands.of(action).unwrap();
        cmds.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_image_cache_joins_a_network_that_is_made_anew() {
        let config = Up::new(&flags::Up::default()).unwrap();
        let left = Leftovers {
            networks: vec![k3d::network(&config.preview.cluster)],
            ..Leftovers::default()
        };
        let cleared = Cluster::HalfMade(left.clone());
        let joined = |seen| typed(seen, &Action::ServeImages).len();
        assert_eq!(joined(&Cluster::Absent), 0);
        assert_eq!(joined(&cleared), PROJECT.nodes.registries.len());

        let clear = typed(&cleared, &Action::Clear(left)).join("\n");
        let (leave, remove) = (
            clear.find("network disconnect"),
            clear.find("docker network rm"),
        );
        assert!(leave.is_some() && leave < remove, "{clear}");
    }
}
