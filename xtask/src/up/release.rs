//! A Helm release: made fit for an upgrade where a killed or failed helm left it unfit, and upgraded.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Up;
use crate::cmd::Cmd;
use crate::exec::CmdError;
use crate::helm::{self, Release};
use crate::kubectl;
use crate::observe::Inside;
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

    /// Applies the definitions of an operator's chart, where its release is there already.
    pub(super) fn upgrade_definitions(&self, release: &Release, line: &Line) -> Result<()> {
        let Some(show) = definitions(self.state, self.seen(), release) else {
            return Ok(());
        };
        let shown = self.exec.read(&show)?;
        if shown.trim().is_empty() {
            return Ok(());
        }
        line.say("applying its custom resource definitions");
        let apply = kubectl::apply_text(self.state, shown);
        self.patiently(line, || self.exec.read(&apply))
            .with_context(|| format!("the definitions of {}", release.chart.title()))?;
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

/// Asks for the definitions of an operator's chart that are to be applied before its upgrade: helm installs
/// what is in a chart's `crds/`, and never upgrades it
/// (<https://helm.sh/docs/chart_best_practices/custom_resource_definitions/>).
pub fn definitions(state: &State, inside: Option<&Inside>, release: &Release) -> Option<Cmd> {
    inside?.release(&release.name)?;
    Some(helm::show_crds(state, &release.chart))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::chart::Chart;
    use crate::helm::Revision;

    #[test]
    fn definitions_are_applied_where_the_release_is_there_already() {
        let state = State::of("/state".as_ref(), &"c".parse().unwrap());
        let release = Release {
            name: "operator".into(),
            namespace: "system".into(),
            chart: Chart::Folder("chart".into()),
            values: None,
            set: Vec::new(),
            labels: BTreeMap::new(),
        };
        let asked = |inside: Option<&Inside>| definitions(&state, inside, &release);
        assert_eq!(asked(None), None, "a new cluster");
        let mut inside = Inside::default();
        assert_eq!(asked(Some(&inside)), None, "helm installs them");
        inside.releases.push(Revision {
            name: release.name.clone(),
            namespace: release.namespace.clone(),
            status: "deployed".into(),
            version: "1".into(),
            inputs: None,
            operator: None,
        });
        let show = helm::show_crds(&state, &release.chart);
        assert_eq!(asked(Some(&inside)), Some(show));
    }
}
