//! What runs the pods of a release: waited for until all of them are of its newest form.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::Up;
use super::wait::LOOK;
use crate::kubectl;
use crate::pod::Pod;
use crate::progress::Line;
use crate::workload::Workload;

/// How long a rollout is not asked for at most, while a pod is seen that starts.
const STARTING: Duration = Duration::from_secs(1);

/// The application's rollout, as far as it is known.
pub(super) struct Rollout {
    is_done: bool,
    asked: Option<Instant>,
    /// What it lacked when it was asked for.
    lacks: String,
}

impl Rollout {
    pub(super) fn new(is_done: bool) -> Self {
        Self {
            is_done,
            asked: None,
            lacks: String::new(),
        }
    }
}

impl Up<'_> {
    /// Waits until an operator that was installed over one of before is rolled out: until then its store may
    /// be ready by that one alone.
    ///
    /// # Errors
    /// A fault of its pods that has become certain, or the time being over, with what is lacking.
    pub(super) fn await_operator(
        &self,
        release: (&str, &str),
        limit: Duration,
        line: &Line,
    ) -> Result<()> {
        let is_its = |pod: &Pod| pod.metadata.namespace == release.1;
        let begun = Instant::now();
        self.pods.want();
        self.pods.count_from_now(is_its);
        while let Some(words) = self.not_rolled_out(release)? {
            line.say(&format!("its operator: {words}"));
            self.pods.check(self, is_its)?;
            if begun.elapsed() > limit {
                bail!(
                    "its operator, the release {}, was not rolled out within {} s: {words}\n    next: {}",
                    release.0,
                    limit.as_secs(),
                    self.config.preview.command("status")
                );
            }
            if self.exec.stop().pause(LOOK) {
                bail!("stopped");
            }
        }
        Ok(())
    }

    /// What the application's rollout lacks, in words. It is not asked for as long as one of the pods starts,
    /// but now and then all the same: that pod may be none of the rollout's, such as a Job's.
    pub(super) fn rollout_lacks(&self, rollout: &mut Rollout) -> Result<Option<String>> {
        if rollout.is_done {
            return Ok(None);
        }
        let is_due = rollout.asked.is_none_or(|it| it.elapsed() >= STARTING);
        if is_due || !self.pods.has(|pod| self.is_ours(pod) && pod.is_starting()) {
            rollout.asked = Some(Instant::now());
            let preview = &self.config.preview;
            let release = (preview.project.chart.release, preview.namespace.as_str());
            match self.not_rolled_out(release)? {
                Some(words) => rollout.lacks = words,
                None => rollout.is_done = true,
            }
        }
        Ok((!rollout.is_done).then(|| rollout.lacks.clone()))
    }

    /// What the rollout of a release lacks, in words.
    fn not_rolled_out(&self, release: (&str, &str)) -> Result<Option<String>> {
        let workloads = kubectl::workloads(self.state, release.1);
        Ok(match self.ask_for(&workloads)? {
            Ok(workloads) => lacking(&workloads, release),
            Err(trouble) => Some(trouble),
        })
    }
}

/// What the first of a release's workloads lacks that is not rolled out.
fn lacking(items: &[Value], (release, namespace): (&str, &str)) -> Option<String> {
    let mut workloads = items.iter().filter_map(Workload::read);
    let waited_for =
        workloads.find(|it| it.is_of_release(release, namespace) && !it.is_rolled_out());
    waited_for.map(|it| it.words())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::postgres;

    fn operator(release: &str, updated: i64) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {
                "name": "operator",
                "namespace": postgres::RELEASE.1,
                "generation": 2,
                "annotations": { "meta.helm.sh/release-name": release },
            },
            "spec": { "replicas": 1 },
            "status": {
                "observedGeneration": 2,
                "replicas": 1 + (1 - updated),
                "updatedReplicas": updated,
                "availableReplicas": 1,
            },
        })
    }

    #[test]
    fn an_operator_of_before_that_still_serves_does_not_stand_for_the_new_one() {
        let (name, _) = postgres::RELEASE;
        let lacks = |release, updated| lacking(&[operator(release, updated)], postgres::RELEASE);
        assert_eq!(lacks(name, 1), None);
        let words = lacks(name, 0).unwrap();
        assert_eq!(words, "rollout: 0 of 1 pods are new");
        assert_eq!(lacks("of-somebody-else", 0), None);
    }
}
