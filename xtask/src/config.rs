//! What a run is to do: made once from flags and environment, and never changed.

mod check;
mod fixed;
mod nodes;
mod operators;

use std::env;
use std::path::{Path, PathBuf};

use crate::flags;
use crate::k3d::Shape;
use crate::names::{ClusterName, Namespace, Port};
use crate::project::{PROJECT, Project};
use crate::settings::{self, BadInput, Given};

pub use fixed::Fixed;
pub use nodes::{Agents, AskedNodes, ImageName};
pub use operators::{AskedChart, Valkey};

/// Which preview: what all verbs know.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The project.
    pub project: &'static Project,
    /// The workspace's root.
    pub root: PathBuf,
    /// The k3d cluster.
    pub cluster: ClusterName,
    /// The namespace of the application and its stores.
    pub namespace: Namespace,
}

/// What `up` is to bring about.
#[derive(Debug, Clone)]
pub struct Up {
    /// Which preview.
    pub preview: Preview,
    /// The ingress' port, where one was asked for.
    pub port: Option<Given<Port>>,
    /// Whether to deploy an image that is there already.
    pub skip_build: bool,
    /// What was asked for of the nodes: a cluster keeps those that it has.
    pub nodes: AskedNodes,
    /// Whether the images that a new cluster's nodes pull are kept for the next one.
    pub image_cache: bool,
    /// The chart of CloudNativePG.
    pub cnpg: AskedChart,
    /// The Valkey operator.
    pub valkey: Valkey,
    /// Whether to take over a cluster that we did not make.
    pub adopt: bool,
}

impl Preview {
    /// The preview that flags and environment name.
    ///
    /// # Errors
    /// Where a name is not allowed.
    pub fn new(
        cluster: &flags::ClusterFlags,
        namespace: &flags::NamespaceFlags,
    ) -> Result<Self, BadInput> {
        let project = &PROJECT;
        let cluster = settings::CLUSTER.get::<ClusterName>(cluster.cluster_name.as_deref())?;
        let namespace = settings::NAMESPACE.get::<Namespace>(namespace.namespace.as_deref())?;
        Ok(Self {
            project,
            root: root(),
            cluster: or_default(cluster, project.cluster)?,
            namespace: or_default(namespace, project.namespace)?,
        })
    }

    /// A path of the project, from the workspace's root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The worktree, as the label of what we make for it says it.
    pub fn worktree(&self) -> String {
        let root = self
            .root
            .canonicalize()
            .unwrap_or_else(|_| self.root.clone());
        crate::k3d::encode_label(&root.to_string_lossy())
    }

    /// The command line of a verb for this preview, to be typed next.
    pub fn command(&self, verb: &str) -> String {
        let mut words = vec!["cargo".to_owned(), "xtask".into(), "k8s".into()];
        words.extend(verb.split(' ').map(str::to_owned));
        if self.cluster.as_str() != self.project.cluster {
            words.extend(["--cluster-name".into(), self.cluster.to_string()]);
        }
        let knows_namespace = !WITHOUT_NAMESPACE.contains(&words[3].as_str());
        if knows_namespace && self.namespace.as_str() != self.project.namespace {
            words.extend(["--namespace".into(), self.namespace.to_string()]);
        }
        words.join(" ")
    }
}

/// The verbs that are about the whole cluster, and have no `--namespace`.
const WITHOUT_NAMESPACE: [&str; 5] = ["doctor", "open", "env", "stop", "down"];

impl Up {
    /// What flags and environment ask for, checked.
    ///
    /// # Errors
    /// Where a value is not allowed, or a file of the project is missing.
    pub fn new(flags: &flags::Up) -> Result<Self, BadInput> {
        let preview = Preview::new(&flags.cluster, &flags.namespace)?;
        let registries = preview.project.nodes.registries;
        let up = Self {
            port: settings::PORT.get(flags.ingress_port.as_deref())?,
            skip_build: flags.skip_build,
            nodes: AskedNodes::new(flags)?,
            image_cache: !flags.no_image_cache && !registries.is_empty(),
            cnpg: AskedChart::of_cnpg(&flags.charts)?,
            valkey: Valkey::new(&flags.charts)?,
            adopt: flags.adopt,
            preview,
        };
        check::description(up.preview.project)?;
        up.check_charts()?;
        check::files(&up.preview, up.skip_build)?;
        Ok(up)
    }

    /// What a new cluster is made of.
    pub fn shape(&self) -> Shape {
        self.nodes.shape(&self.preview.project.nodes)
    }

    fn check_charts(&self) -> Result<(), BadInput> {
        let project = self.preview.project;
        if let Some(postgres) = &project.postgres {
            self.cnpg.choose(&postgres.chart)?;
        }
        if let Some(valkey) = &project.valkey {
            self.valkey.check(valkey)?;
        }
        Ok(())
    }

    /// What `start` asks for: what is in the cluster, as it is.
    ///
    /// # Errors
    /// Where a variable names a chart that is none.
    pub fn as_it_is(preview: Preview, adopt: bool) -> Result<Self, BadInput> {
        let nothing = flags::ChartFlags::default();
        Ok(Self {
            port: None,
            skip_build: true,
            nodes: AskedNodes::default(),
            image_cache: false,
            cnpg: AskedChart::of_cnpg(&nothing)?,
            valkey: Valkey::new(&nothing)?,
            adopt,
            preview,
        })
    }
}

/// The workspace's root: cargo tells it when it runs us, else it is where we were built.
fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package
        .parent()
        .map_or_else(|| package.clone(), Path::to_owned)
}

fn or_default<T>(given: Option<Given<T>>, default: &str) -> Result<T, BadInput>
where
    T: std::str::FromStr<Err = String>,
{
    match given {
        Some(given) => Ok(given.value),
        None => default
            .parse()
            .map_err(|why| BadInput(format!("the project's own name {default}: {why}"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_command_to_type_names_cluster_and_namespace_where_the_verb_knows_them() {
        let cluster = flags::ClusterFlags {
            cluster_name: Some("other".into()),
        };
        let namespace = flags::NamespaceFlags {
            namespace: Some("team".into()),
        };
        let preview = Preview::new(&cluster, &namespace).unwrap();
        let root = flags::Xtask::command();
        for verb in root.find_subcommand("k8s").unwrap().get_subcommands() {
            let knows = |id: &str| verb.get_arguments().any(|it| it.get_id() == id);
            if !knows("cluster_name") {
                continue;
            }
            let typed = preview.command(verb.get_name());
            assert!(typed.contains(" --cluster-name other"), "{typed}");
            assert_eq!(
                typed.contains(" --namespace team"),
                knows("namespace"),
                "{typed}"
            );
        }
    }
}
