//! Secrets: the passwords of the stores, and the URLs that the application reads.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::Up;
use super::resource::{OPERATOR_WAIT, OPERATORS};
use super::wait::Wait;
use crate::cmd::Hidden;
use crate::execute::Did;
use crate::kubectl;
use crate::manifest;
use crate::names::Namespace;
use crate::progress::Line;

impl Up<'_> {
    /// Waits for a value of a Secret that an operator makes.
    pub(super) fn await_secret(&self, name: &str, key: &str, line: &Line) -> Result<Hidden> {
        let wait = Wait {
            resource: format!("secrets/{name}"),
            ready: &|secret| manifest::secret_value(secret, key).is_some(),
            words: &|_| format!("it has no {key} yet"),
            failed: &|_| None,
            pods: &|pod| OPERATORS.contains(&pod.metadata.namespace.as_str()),
            limit: OPERATOR_WAIT,
        };
        line.say(&format!("waiting for the Secret {name}"));
        let secret = self.await_object(&wait, line)?;
        manifest::secret_value(&secret, key).context("the Secret lost its value")
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
pub(super) fn random_password() -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("no randomness for a password: {error}"))?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect())
}
