//! PostgreSQL and Valkey: created, waited for, and made known to the application.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use super::Up;
use super::wait::Wait;
use crate::cmd::Hidden;
use crate::diagnose;
use crate::execute::Did;
use crate::helm::{self, Release};
use crate::kubectl;
use crate::manifest;
use crate::names::Namespace;
use crate::plan::Mend;
use crate::postgres;
use crate::progress::Line;
use crate::valkey::{self, Operator};

/// How long an operator may take until its webhook answers: its image may have to be pulled.
const OPERATOR_WAIT: Duration = Duration::from_secs(300);
/// How long a kind may be unknown after its chart was installed.
const CRD_WAIT: Duration = Duration::from_secs(20);

impl Up<'_> {
    /// Creates the application's namespace; one that is being deleted is waited for first.
    pub(super) fn create_namespace(&self, line: &Line) -> Result<Did> {
        let name = self.config.preview.namespace.as_str();
        let manifest = manifest::namespace(name);
        let apply = || {
            self.exec
                .read(&kubectl::apply_and_show(self.state, &manifest))
        };
        let reply: Value = serde_json::from_str(&self.patiently(line, apply)?)?;
        if reply["status"]["phase"] == "Terminating" {
            line.say("waiting until the one that is being deleted is gone");
            self.exec.read(&kubectl::wait_deleted(
                self.state,
                &format!("namespace/{name}"),
            ))?;
            self.apply(&manifest, line)?;
        }
        Ok(Did::This(name.to_owned()))
    }

    /// Installs an operator. Its rollout is not waited for: its resource is applied as soon as its API answers.
    pub(super) fn install(
        &self,
        release: &Release,
        mend: Option<Mend>,
        line: &Line,
    ) -> Result<Did> {
        self.upgrade(release, mend, line)?;
        Ok(Did::This(
            release.chart.args().first().cloned().unwrap_or_default(),
        ))
    }

    /// Creates PostgreSQL, and waits for the Secret that the operator makes long before the server runs.
    pub(super) fn create_postgres(&self, wanted: &Value, line: &Line) -> Result<Did> {
        let postgres = self
            .config
            .preview
            .project
            .postgres
            .as_ref()
            .context("no PostgreSQL")?;
        self.apply_resource(wanted, postgres::RELEASE, postgres::CRD, line)?;
        let url = self.await_secret(&postgres::app_secret(postgres), "uri", line)?;
        self.know_url(postgres.variable, url);
        Ok(Did::This(postgres.name.to_owned()))
    }

    /// Creates Valkey, and knows its URL.
    pub(super) fn create_valkey(
        &self,
        operator: Operator,
        wanted: &Value,
        password: bool,
        line: &Line,
    ) -> Result<Did> {
        let project = self
            .config
            .preview
            .project
            .valkey
            .as_ref()
            .context("no Valkey")?;
        let namespace = &self.config.preview.namespace;
        let secret = operator.password_secret(project);
        let made = if password {
            Some(Hidden(random_password()?))
        } else {
            None
        };
        let wanted = match &made {
            Some(password) => with_password(&secret, namespace, password, wanted),
            None => wanted.clone(),
        };
        self.apply_resource(&wanted, valkey::RELEASE, operator.crd(), line)?;
        let password = match made {
            Some(password) => password,
            None => self.await_secret(&secret, "password", line)?,
        };
        self.know_url(
            project.variable,
            operator.url(project, namespace, &password),
        );
        Ok(Did::This(format!("{} by {operator}", project.name)))
    }

    /// Applies a custom resource, as often as it takes its operator to answer.
    fn apply_resource(
        &self,
        wanted: &Value,
        release: (&str, &str),
        crd: &str,
        line: &Line,
    ) -> Result<()> {
        let begun = Instant::now();
        self.pods.want();
        loop {
            let Err(error) = self.exec.read(&kubectl::apply(self.state, wanted)) else {
                return Ok(());
            };
            if kubectl::is_unknown_kind(&error) {
                line.say("waiting for its API");
                if begun.elapsed() > CRD_WAIT {
                    return Err(self.wrong_chart(release, crd));
                }
            } else if kubectl::is_transient(&error) {
                line.say("waiting for its operator");
                self.pods
                    .check(self, |pod| pod.metadata.namespace == release.1)?;
                if begun.elapsed() > OPERATOR_WAIT {
                    return Err(anyhow!(error).context(format!(
                        "its operator did not answer within {} s",
                        OPERATOR_WAIT.as_secs()
                    )));
                }
            } else {
                return Err(error.into());
            }
            if self.exec.stop().pause(Duration::from_millis(300)) {
                bail!("stopped");
            }
        }
    }

    /// The chart does not bring the operator's resource: it is removed again, as helm would not install
    /// another chart's definitions over it.
    fn wrong_chart(&self, (release, namespace): (&str, &str), crd: &str) -> anyhow::Error {
        let removed = self
            .exec
            .read(&helm::uninstall(self.state, release, namespace));
        let removed = removed.map_or_else(
            |error| format!("could not be removed: {}", error.last_words()),
            |_| "was removed again".into(),
        );
        anyhow!(
            "the chart of the release {release} does not serve {crd}, and {removed}: check the chart and its version (a cluster whose definitions were deleted by hand is mended by the next `up`)"
        )
    }

    fn await_secret(&self, name: &str, key: &str, line: &Line) -> Result<Hidden> {
        let begun = Instant::now();
        let question = [format!("secrets/{name}")];
        loop {
            let reply = self.patiently(line, || {
                self.exec.read(&kubectl::get(
                    self.state,
                    &self.config.preview.namespace,
                    &question,
                ))
            })?;
            let value = kubectl::items(&reply)?
                .first()
                .and_then(|secret| manifest::secret_value(secret, key));
            if let Some(value) = value {
                return Ok(value);
            }
            line.say(&format!("waiting for the Secret {name}"));
            self.pods.check(self, |pod| {
                [postgres::RELEASE.1, valkey::RELEASE.1].contains(&pod.metadata.namespace.as_str())
            })?;
            if begun.elapsed() > OPERATOR_WAIT {
                bail!(
                    "the operator made no Secret {name} within {} s",
                    OPERATOR_WAIT.as_secs()
                );
            }
            if self.exec.stop().pause(Duration::from_millis(300)) {
                bail!("stopped");
            }
        }
    }

    /// Waits until PostgreSQL takes connections.
    pub(super) fn await_postgres(&self, line: &Line) -> Result<Did> {
        let postgres = self
            .config
            .preview
            .project
            .postgres
            .as_ref()
            .context("no PostgreSQL")?;
        let wait = Wait {
            resource: postgres::resource(postgres),
            ready: &postgres::is_ready,
            words: &diagnose::state_words,
            failed: &diagnose::postgres_fault,
            pods: &|pod| {
                pod.metadata.namespace == postgres::RELEASE.1
                    || pod.has_label(postgres::POD_LABEL, postgres.name)
            },
            limit: postgres.wait,
        };
        self.await_object(&wait, line)
            .map(|()| Did::This(String::new()))
    }

    /// Waits until Valkey is up.
    pub(super) fn await_valkey(&self, operator: Operator, line: &Line) -> Result<Did> {
        let valkey = self
            .config
            .preview
            .project
            .valkey
            .as_ref()
            .context("no Valkey")?;
        let wait = Wait {
            resource: operator.resource(valkey),
            ready: &|object| operator.is_ready(object),
            words: &diagnose::state_words,
            failed: &diagnose::valkey_fault,
            pods: &|pod| pod.metadata.namespace == valkey::RELEASE.1 || operator.owns(valkey, pod),
            limit: valkey.wait,
        };
        self.await_object(&wait, line)
            .map(|()| Did::This(String::new()))
    }

    pub(super) fn know_url(&self, variable: &'static str, url: Hidden) {
        self.facts
            .urls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(variable, url);
    }

    /// Writes the Secret with the stores' URLs.
    pub(super) fn write_secret(&self, line: &Line) -> Result<Did> {
        let preview = &self.config.preview;
        let urls = self
            .facts
            .urls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let secret = manifest::secret(preview.project.secret, preview.namespace.as_str(), &urls);
        let apply = || {
            self.exec
                .read(&kubectl::apply_and_show(self.state, &secret))
        };
        let reply: Value =
            serde_json::from_str(&self.patiently(line, apply)?).context("kubectl's reply")?;
        let version = reply["metadata"]["resourceVersion"]
            .as_str()
            .context("the Secret has no version")?;
        let _ = self.facts.secret.set(version.to_owned());
        Ok(Did::This(preview.project.secret.to_owned()))
    }
}

/// A resource, with the Secret that it reads its password from before it.
pub fn with_password(
    secret: &str,
    namespace: &Namespace,
    password: &Hidden,
    wanted: &Value,
) -> Value {
    let values = BTreeMap::from([("password", password.clone())]);
    let secret = manifest::secret(secret, namespace.as_str(), &values);
    json!({ "apiVersion": "v1", "kind": "List", "items": [secret, wanted] })
}

/// 32 letters and digits from the system's randomness, 160 bits.
fn random_password() -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("no randomness for a password: {error}"))?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect())
}
