//! The application: deployed, recorded, and asked until it answers.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::Up;
use super::rollout::Rollout;
use crate::application::{application, owns};
use crate::execute::{Did, Run};
use crate::helm::INPUTS_LABEL;
use crate::ingress;
use crate::kubectl;
use crate::observe::{self, observe_objects};
use crate::plan::{Mend, STORES_READY};
use crate::pod::Pod;
use crate::probe::{self, Answer};
use crate::progress::{Line, Outcome};

/// How many answers in a row must be of the new pods: the ingress takes turns among those that it knows.
const TURNS: usize = 4;

/// How long a cluster that was started may take until its stores run: till their operators look at them, they
/// say that they are ready, which is of before it was stopped.
const RESTART: Duration = Duration::from_secs(30);

impl Up<'_> {
    /// Installs or upgrades the application, unless it is there from the same inputs and as we left it.
    pub(super) fn deploy(&self, mend: Option<Mend>, line: &Line) -> Result<Did> {
        let version = self
            .facts
            .secret
            .get()
            .map(String::as_str)
            .unwrap_or_default();
        let release = application(&self.config.preview, self.image()?, version)?;
        let unchanged = self.seen().is_some_and(|inside| {
            inside.is_unchanged(&release.name, &release.labels[INPUTS_LABEL])
        });
        if unchanged {
            return self.retry_image();
        }
        self.upgrade(&release, mend, line)?;
        let _ = self.facts.deployed.set(());
        Ok(Did::This(self.image()?.to_owned()))
    }

    /// Replaces pods that may be waiting for an image that the nodes have only now: the kubelet would look
    /// for it again after up to five minutes.
    fn retry_image(&self) -> Result<Did> {
        if self.facts.imported.get().is_some() {
            let preview = &self.config.preview;
            let selector = format!(
                "app.kubernetes.io/instance={}",
                preview.project.chart.release
            );
            let delete = kubectl::delete_pending_pods(self.state, &preview.namespace, &selector);
            self.exec.read(&delete)?;
        }
        Ok(Did::Nothing(String::new()))
    }

    /// Records in the cluster what the objects of the releases are now, so that the next `up` sees whether
    /// somebody changed them.
    pub(super) fn record(&self, line: &Line) -> Result<Did> {
        if self.facts.released.get().is_none() {
            return Ok(Did::Nothing(String::new()));
        }
        let seen = observe_objects(self.exec, &self.config.preview, self.state)?;
        if self.facts.deployed.get().is_some() {
            check_deployed(self.image()?, seen.deployed.as_deref())?;
        }
        let manifest = observe::record_manifest(&self.config.preview, &seen.objects)?;
        self.apply(&manifest, line)?;
        Ok(Did::This(String::new()))
    }

    /// Asks the application while the cluster is looked at: where nothing is to be done, that is its answer.
    /// No scoped thread, as nobody waits for an answer that takes its time.
    pub(super) fn ask_beforehand(&self) {
        let (replied, port) = (Arc::clone(&self.facts.replied), self.port);
        let ready = &self.config.preview.project.ready;
        thread::spawn(move || replied.set(probe::fetch(port, ready)));
    }

    /// Whether the application was ready before, and nothing was done since.
    fn was_ready(&self, image: &str, run: &Run<'_>) -> bool {
        let ready = &self.config.preview.project.ready;
        let replied = self.facts.replied.get();
        let is_unchanged = || {
            let mut steps = run.timings().steps.into_iter();
            steps.all(|step| step.outcome == Outcome::Unchanged) && run.is_done(&STORES_READY)
        };
        !self.is_replacing()
            && replied.is_some_and(|it| it.judge(ready, image) == Answer::Ready)
            && is_unchanged()
    }

    /// Asks the application until this run's image answers and says that it reaches its stores, and until
    /// no pod of before could be what answers.
    pub(super) fn await_answer(&self, line: &Line, run: &Run<'_>) -> Result<Did> {
        let project = self.config.preview.project;
        let image = self.image()?;
        if self.was_ready(image, run) {
            return Ok(Did::Nothing(String::new()));
        }
        let mut stores_ready: Option<Instant> = None;
        let mut rollout = Rollout::new(!self.is_replacing());
        let mut asked = 0_u32;
        let mut unfit = None;
        self.pods.count_from_now(|pod| self.is_ours(pod));
        loop {
            let answer = self.ask(image, &mut rollout)?;
            let Some(words) = answer.words() else {
                let did = if asked == 0 { Did::Nothing } else { Did::This };
                return Ok(did(String::new()));
            };
            asked += 1;
            line.say(words);
            self.check_fit(&answer, &mut unfit)?;
            self.pods.want();
            let started = self.facts.started.get().map(Instant::elapsed);
            if stores_ready.is_none() && run.is_done(&STORES_READY) && is_credible(started) {
                stores_ready = Some(Instant::now());
                self.pods.forgive(|pod| self.is_ours(pod));
            }
            self.check_application(stores_ready.is_some())?;
            if let Some(since) = stores_ready.filter(|since| since.elapsed() > project.ready.wait) {
                let next = self.config.preview.command("logs");
                bail!(
                    "the application did not answer within {} s of its stores being ready: {words}\n    next: {next}",
                    since.elapsed().as_secs()
                );
            }
            if self.exec.stop().pause(probe::PAUSE) {
                bail!("stopped");
            }
        }
    }

    /// Asks what there is to wait for still. The ingress takes turns between the pods that it knows:
    /// where pods were replaced, one of before may be among them for a while after the rollout.
    fn ask(&self, image: &str, rollout: &mut Rollout) -> Result<Answer> {
        let turns = if self.is_replacing() { TURNS } else { 1 };
        for _ in 0..turns {
            let answer = probe::ask(self.port, &self.config.preview.project.ready, image);
            if matches!(answer, Answer::NotYet(_)) {
                return Ok(answer);
            }
            // A pod of before may be of the same image, from other values or another Secret: its answer
            // says nothing of the new ones.
            if let Some(words) = self.rollout_lacks(rollout)? {
                return Ok(Answer::NotYet(words));
            }
            if answer != Answer::Ready {
                return Ok(answer);
            }
            if self.has_left_over() {
                return Ok(Answer::NotYet("pods of before still end".into()));
            }
        }
        Ok(Answer::Ready)
    }

    /// Whether what answers may be a pod of a workload that somebody deleted or scaled to nothing. The ingress
    /// knows it for up to 2 s after its end has begun, and then no pod at all until it has taken in the new ones.
    fn has_left_over(&self) -> bool {
        let is_gone = self.seen().is_some_and(|inside| !inside.is_serving);
        is_gone
            && self
                .pods
                .has(|pod| self.is_ours(pod) && pod.is_terminating())
    }

    /// Whether there may be pods of before that this run, or somebody else, replaces: also of a workload
    /// that somebody deleted, they serve on for a while.
    fn is_replacing(&self) -> bool {
        let deployed = self.facts.deployed.get().is_some();
        self.seen()
            .is_some_and(|inside| inside.is_rolling || deployed)
    }

    /// The application's crashes count only once its stores are ready: it may well end without them.
    fn check_application(&self, stores_ready: bool) -> Result<()> {
        self.pods.check(self, |pod| {
            pod.has_label(ingress::LABEL.0, ingress::LABEL.1)
        })?;
        let ours = |pod: &Pod| self.is_ours(pod);
        self.pods.check_for(self, ours, |cause| {
            stores_ready || !cause.is_of_the_program()
        })
    }

    pub(super) fn is_ours(&self, pod: &Pod) -> bool {
        owns(&self.config.preview, pod)
    }
}

/// Looks whether the chart deploys the image of this run: helm takes a value of a name that the chart does not have.
fn check_deployed(image: &str, seen: Option<&str>) -> Result<()> {
    let other = seen.map_or("none of that name".to_owned(), |it| format!("but {it}"));
    ensure!(
        seen == Some(image),
        "the chart does not deploy the image {image}, {other}\n    next: mend `repository_value` or `tag_value` in xtask/src/project.rs, or the chart"
    );
    Ok(())
}

/// Whether stores that say that they are ready are; the cluster was started that long ago, if by this run.
fn is_credible(started: Option<Duration>) -> bool {
    started.is_none_or(|since| since >= RESTART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_that_deploys_another_image_is_told_from_one_that_deploys_none() {
        let says = |seen| check_deployed("shop:2", seen).unwrap_err().to_string();
        assert!(check_deployed("shop:2", Some("shop:2")).is_ok());
        let other = says(Some("shop:1.16.0"));
        assert!(
            other.starts_with("the chart does not deploy the image shop:2, but shop:1.16.0\n"),
            "{other}"
        );
        assert!(says(None).contains("shop:2, none of that name\n"));
    }

    #[test]
    fn stores_of_a_cluster_that_was_just_started_may_not_run_yet() {
        let started = |seconds| is_credible(Some(Duration::from_secs(seconds)));
        assert!(is_credible(None), "the cluster ran already");
        assert!(!started(0) && !started(29));
        assert!(started(30));
    }
}
