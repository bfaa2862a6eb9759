//! Custom resources: applied as soon as their operator answers.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

use super::Up;
use crate::execute::Did;
use crate::helm;
use crate::kubectl;
use crate::manifest;
use crate::pod::Pod;
use crate::progress::Line;
use crate::{postgres, valkey};

/// The operators' namespaces.
pub(super) const OPERATORS: [&str; 2] = [postgres::RELEASE.1, valkey::RELEASE.1];
/// How long an operator may take until its webhook answers: its image may have to be pulled.
pub(super) const OPERATOR_WAIT: Duration = Duration::from_secs(300);
/// How often it is looked whether an operator that is not ready has failed.
const OPERATOR_LOOK: Duration = Duration::from_secs(1);
/// After how many of these it is asked all the same: its pods may not have been seen.
const OPERATOR_LOOKS: usize = 15;
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
            self.await_namespace_end()?;
            self.apply(&manifest, line)?;
        }
        Ok(Did::This(name.to_owned()))
    }

    /// Applies a custom resource, as often as it takes its operator to answer.
    pub(super) fn apply_resource(
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
                self.await_webhook(release.1)?;
                if begun.elapsed() > OPERATOR_WAIT {
                    return Err(anyhow!(error).context(format!(
                        "its operator did not answer within {} s",
                        OPERATOR_WAIT.as_secs()
                    )));
                }
            } else {
                return Err(error.into());
            }
            if self.exec.stop().pause(Duration::from_millis(200)) {
                bail!("stopped");
            }
        }
    }

    /// A webhook answers once its operator is ready: to ask it more often would slow that down.
    fn await_webhook(&self, namespace: &str) -> Result<()> {
        let ours = |pod: &Pod| pod.metadata.namespace == namespace;
        for _ in 0..OPERATOR_LOOKS {
            self.pods.check(self, ours)?;
            let ready = |pod: &Pod| ours(pod) && pod.is_ready();
            if self.pods.await_one(self.exec, OPERATOR_LOOK, ready) {
                break;
            }
        }
        Ok(())
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
}
