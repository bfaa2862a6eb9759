//! The application's stores as people reach them: the pod of the server, and the connection to it.

pub mod clients;
pub mod forward;
mod url;

use std::fmt;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::cmd::Hidden;
use crate::exec::CmdError;
use crate::kubectl;
use crate::manifest;
use crate::pod::Pod;
use crate::postgres;
use crate::project::Project;
use crate::session::Visit;
use crate::valkey::Operator;

pub use url::StoreUrl;

/// A store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// The primary of CloudNativePG's cluster
    Postgres,
    /// The server of the Valkey operator
    Valkey,
}

/// The pod in which a store's server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub pod: String,
    /// What no other pod ever has: a replacement may take over the name.
    pub uid: String,
    /// The server's container.
    pub container: &'static str,
}

impl Store {
    /// The port that its server listens on.
    pub fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Valkey => 6379,
        }
    }

    /// The application's variable for it, which is the key of its URL in the Secret.
    ///
    /// # Errors
    /// Where the project does without it.
    pub fn variable(self, project: &Project) -> Result<&'static str> {
        let variable = match self {
            Self::Postgres => project.postgres.as_ref().map(|it| it.variable),
            Self::Valkey => project.valkey.as_ref().map(|it| it.variable),
        };
        variable.with_context(|| format!("{} has no {self}", project.name))
    }

    /// The container of its server, where the pod is one that takes writes.
    fn container(self, project: &Project, pod: &Pod) -> Option<&'static str> {
        match self {
            Self::Postgres => {
                let postgres = project.postgres.as_ref()?;
                let (role, primary) = postgres::PRIMARY_LABEL;
                let ours = pod.has_label(postgres::POD_LABEL, postgres.name)
                    && pod.has_label(role, primary);
                ours.then_some(postgres::CONTAINER)
            }
            Self::Valkey => {
                let valkey = project.valkey.as_ref()?;
                let mut all = Operator::ALL.into_iter();
                let operator = all.find(|operator| operator.owns(valkey, pod))?;
                Some(operator.container())
            }
        }
    }

    /// The server among pods: the one that is ready and stays.
    fn choose(self, project: &Project, pods: &[Pod]) -> Option<Server> {
        let mut ready = pods
            .iter()
            .filter(|pod| pod.is_ready() && !pod.is_terminating());
        ready.find_map(|pod| {
            Some(Server {
                pod: pod.metadata.name.clone(),
                uid: pod.metadata.uid.clone(),
                container: self.container(project, pod)?,
            })
        })
    }

    /// Asks the cluster where its server runs; `None` where no pod of it is ready.
    ///
    /// # Errors
    /// Where the API server cannot be asked.
    fn ask(self, visit: &Visit) -> Result<Option<Server>, CmdError> {
        let question = kubectl::get(&visit.state, &visit.preview.namespace, &["pods".into()]);
        let reply = visit.exec.read(&question)?;
        // What is not JSON has no pod.
        let items = kubectl::items(&reply).unwrap_or_default();
        let pods: Vec<Pod> = items.iter().filter_map(Pod::read).collect();
        Ok(self.choose(visit.preview.project, &pods))
    }

    /// The pod of its server.
    ///
    /// # Errors
    /// Where the API server cannot be asked, or no pod of it is ready.
    pub fn server(self, visit: &Visit) -> Result<Server> {
        let preview = &visit.preview;
        self.variable(preview.project)?;
        self.ask(visit)?.with_context(|| {
            format!(
                "{self} has no pod that is ready in the namespace {}\n    next: {}",
                preview.namespace,
                preview.command("status")
            )
        })
    }

    /// The application's own connection to it.
    ///
    /// # Errors
    /// Where the API server cannot be asked, or the Secret with it does not exist.
    pub fn url(self, visit: &Visit) -> Result<StoreUrl> {
        let preview = &visit.preview;
        let (name, key) = (preview.project.secret, self.variable(preview.project)?);
        let question = [format!("secrets/{name}")];
        let question = kubectl::get(&visit.state, &preview.namespace, &question);
        let reply = visit.exec.read(&question)?;
        let items = kubectl::items(&reply).context("kubectl's reply about the Secret")?;
        let secret = items.first().with_context(|| {
            let up = preview.command("up");
            format!(
                "the Secret {name} does not exist in the namespace {}: `{up}` makes it",
                preview.namespace
            )
        })?;
        let url: Option<Hidden> = manifest::secret_value(secret, key);
        url.and_then(|url| StoreUrl::read(&url)).with_context(|| {
            format!("the Secret {name} has no URL with user and password under {key}")
        })
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Valkey => "Valkey",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixtures::pods;
    use crate::project::PROJECT;

    #[test]
    fn the_server_is_the_pod_that_is_ready_and_takes_writes() {
        let all = pods("ghillie");
        let of = |store: Store| {
            store
                .choose(&PROJECT, &all)
                .map(|it| (it.pod, it.container))
        };
        assert_eq!(
            of(Store::Postgres),
            Some(("pg-ghillie-1".into(), "postgres"))
        );
        assert_eq!(
            of(Store::Valkey),
            Some(("valkey-valkey-ghillie-0-0-0".into(), "server"))
        );
    }

    #[test]
    fn a_replica_a_job_and_a_pod_on_its_way_out_are_no_servers() {
        assert_eq!(
            Store::Postgres.choose(&PROJECT, &pods("cnpg-instance-not-ready")),
            None,
            "neither is ready"
        );
        let mut all = pods("ghillie");
        for pod in &mut all {
            if let Some(role) = pod.metadata.labels.get_mut("cnpg.io/instanceRole") {
                *role = "replica".into();
            }
        }
        assert_eq!(Store::Postgres.choose(&PROJECT, &all), None);
        for pod in &mut all {
            pod.metadata.deletion_timestamp = Some("2026-11-24T02:30:57Z".into());
        }
        assert_eq!(Store::Valkey.choose(&PROJECT, &all), None);
    }
}
