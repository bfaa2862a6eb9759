//! Looking into a cluster that runs, before the plan is made.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Up;
use crate::cmd::Cmd;
use crate::exec::CmdError;
use crate::observe::{self, Inside, Whole};
use crate::{kubeconfig, kubectl};

/// How long a cluster that runs may take to answer what is in it.
const PATIENCE: Duration = Duration::from_secs(90);

impl Up<'_> {
    /// Asks the cluster what is in it, patiently: it may have been started a moment ago.
    ///
    /// # Errors
    /// Where it does not answer, or not in time.
    pub(super) fn look_inside(&self, whole: &Whole) -> Result<Inside> {
        let preview = &self.config.preview;
        kubeconfig::know(self.exec, preview, self.state, whole)?;
        let asked = self.config.valkey.asked.as_ref().map(|given| given.value);
        let begun = Instant::now();
        let mut renewed = false;
        loop {
            let error = match observe::observe_inside(self.exec, preview, self.state, whole, asked)
            {
                Ok(inside) if inside.is_ending(&preview.namespace) => {
                    self.await_namespace_end()?;
                    continue;
                }
                Ok(inside) => return Ok(inside),
                Err(error) => error,
            };
            let child = error.downcast_ref::<CmdError>();
            let is_late = begun.elapsed() > PATIENCE;
            if !renewed || child.is_some_and(kubectl::is_stale_kubeconfig) && !is_late {
                // Our file may be damaged, or an earlier cluster's. Where k3d has no other one (yet), the
                // next question tells what is wrong.
                renewed = true;
                let _ = kubeconfig::take(self.exec, preview, self.state);
            } else if !child.is_some_and(kubectl::is_transient) || is_late {
                return Err(error.context("cannot see what is in the cluster"));
            }
            if self.exec.stop().pause(Duration::from_millis(300)) {
                return Err(error);
            }
        }
    }

    /// Asks for a list of objects while something is waited for: them, or the trouble of a moment, in words.
    ///
    /// # Errors
    /// Where it cannot be asked, and that does not pass.
    pub(super) fn ask_for(&self, list: &Cmd) -> Result<Result<Vec<Value>, String>> {
        match self.exec.read(list) {
            Ok(reply) => Ok(Ok(kubectl::items(&reply).context("kubectl's list")?)),
            Err(error) if kubectl::is_transient(&error) => Ok(Err(error.last_words())),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the namespace, which is being deleted, is gone.
    ///
    /// # Errors
    /// Where that takes too long, or cannot be asked.
    pub(super) fn await_namespace_end(&self) -> Result<()> {
        let name = &self.config.preview.namespace;
        self.progress.note(&format!(
            "the namespace {name} is being deleted: waiting until it is gone"
        ));
        let wait = kubectl::wait_deleted(self.state, &format!("namespace/{name}"));
        self.exec.read(&wait)?;
        Ok(())
    }
}
