//! A Helm release: made fit for an upgrade where a killed or failed helm left it unfit, and upgraded.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Up;
use crate::cmd::Cmd;
use crate::exec::CmdError;
use crate::helm::{self, Release};
use crate::kubectl;
use crate::plan::Mend;
use crate::progress::Line;
use crate::state::State;

impl Up<'_> {
    /// Upgrades a release, after mending it.
    pub(super) fn upgrade(&self, release: &Release, mend: Option<Mend>, line: &Line) -> Result<()> {
        if let Some(mend) = mend {
            self.mend(release, mend, line)?;
        }
        line.say(&format!("helm upgrade {}", release.name));
        self.patiently(line, || self.exec.read(&helm::upgrade(self.state, release)))?;
        let _ = self.facts.released.set(());
        Ok(())
    }

    fn mend(&self, release: &Release, mend: Mend, line: &Line) -> Result<()> {
        line.say(match mend {
            Mend::Uninstall => "removing an installation that was cut short",
            Mend::Rollback => "rolling back an upgrade that was cut short",
            Mend::Renew => "making the workloads of a failed upgrade anew",
        });
        for cmd in mending(self.state, release, mend) {
            self.exec.read(&cmd)?;
        }
        Ok(())
    }

    /// Runs a child, and again while the cluster has the trouble of a moment, for about 20 s.
    pub(super) fn patiently<T>(
        &self,
        line: &Line,
        mut child: impl FnMut() -> Result<T, CmdError>,
    ) -> Result<T> {
        let mut pause = Duration::from_millis(250);
        loop {
            match child() {
                Err(error) if kubectl::is_transient(&error) && pause < Duration::from_secs(8) => {
                    line.say(&format!("trying again: {}", error.last_words()));
                    if self.exec.stop().pause(pause) {
                        return Err(error.into());
                    }
                    pause = pause.mul_f32(1.5);
                }
                other => return other.map_err(Into::into),
            }
        }
    }

    /// Applies a manifest, riding out the trouble of a moment.
    pub(super) fn apply(&self, manifest: &Value, line: &Line) -> Result<()> {
        self.patiently(line, || {
            self.exec.read(&kubectl::apply(self.state, manifest))
        })
        .with_context(|| {
            format!(
                "{} {}",
                manifest["kind"].as_str().unwrap_or("objects"),
                manifest["metadata"]["name"].as_str().unwrap_or_default()
            )
        })?;
        Ok(())
    }
}

/// What makes a release fit for an upgrade, in order.
pub fn mending(state: &State, release: &Release, mend: Mend) -> Vec<Cmd> {
    let (name, namespace) = (release.name.as_str(), release.namespace.as_str());
    match mend {
        Mend::Uninstall => vec![helm::uninstall(state, name, namespace)],
        Mend::Rollback => vec![
            helm::rollback(state, name, namespace),
            renew(state, name, namespace),
        ],
        Mend::Renew => vec![renew(state, name, namespace)],
    }
}

/// Deletes the release's workloads, which the next upgrade makes anew: helm computes its patch against
/// the last *deployed* revision, so a field that a failed one added would stay (helm 3.18).
fn renew(state: &State, release: &str, namespace: &str) -> Cmd {
    let selector =
        format!("app.kubernetes.io/managed-by=Helm,app.kubernetes.io/instance={release}");
    let kinds = "deployments,statefulsets,daemonsets";
    kubectl::delete(state, namespace, kinds, &selector)
}
