//! What is wrong with pods, since when, and whether that is certain, by the times that the cluster tells.

use std::time::{Duration, Instant, SystemTime};

use super::Judge;
use crate::diagnose::{Fault, Faults, advice, plain};
use crate::pod::{Change, Pod};
use crate::status::report::{Part, Problem};
use crate::time::read_rfc3339;

/// How many characters of the cluster's own words are shown.
const LONGEST: usize = 300;

/// Tells of pods as they are, each as if it had been so since it was last ready.
pub fn told<'a>(pods: impl IntoIterator<Item = &'a Pod>, now: SystemTime) -> Faults {
    let mut faults = Faults::default();
    let clock = Instant::now();
    for pod in pods {
        let age = unready_since(pod).and_then(|since| age(since, now));
        // The machine may have been started after that: then its clock knows no such time.
        let since = clock.checked_sub(age.unwrap_or_default()).unwrap_or(clock);
        faults.change(Change::Now(Box::new(pod.clone())), since);
    }
    faults
}

/// Since when a pod is not ready: since it was made, where it never was.
fn unready_since(pod: &Pod) -> Option<&str> {
    let condition = |kind| pod.condition(kind).filter(|it| it.status != "True");
    let since = condition("Ready").or_else(|| condition("PodScheduled"));
    since
        .and_then(|it| it.since.as_deref())
        .or(pod.metadata.creation_timestamp.as_deref())
}

/// Whether a pod that is not ready was so earlier, since its containers last started.
pub fn was_ready(pod: &Pod) -> bool {
    let unready = pod.condition("Ready").filter(|it| it.status == "False");
    let Some(unready) = unready.and_then(|it| read_rfc3339(it.since.as_deref()?)) else {
        return false;
    };
    let containers = pod.status.container_statuses.iter();
    let running = containers.filter_map(|it| it.state.running.as_ref());
    let mut started = running.filter_map(|it| read_rfc3339(it.started_at.as_deref()?));
    started.any(|started| started < unready)
}

/// How long ago a time was; none where it is no time, or is to come.
pub fn age(since: &str, now: SystemTime) -> Option<Duration> {
    now.duration_since(read_rfc3339(since)?).ok()
}

/// Text of the cluster's, fit to be shown.
pub fn words(text: &str) -> String {
    plain(text, LONGEST)
}

impl Judge<'_> {
    /// The problems of the pods that `which` selects. Where they `lack` something, what their programs do
    /// is not certain: they may well end without it, and will go on once they have it.
    pub fn pod_problems(
        &self,
        part: Part,
        lack: bool,
        which: impl Fn(&Pod) -> bool,
    ) -> Vec<Problem> {
        let pod = |fault: &Fault| {
            let mut pods = self.inside.pods.iter();
            pods.find(|pod| pod.metadata.uid == fault.object.uid)
        };
        let told = self.faults.current(&which).into_iter();
        let late = self.inside.late.iter();
        let late = late.filter(|fault| pod(fault).is_some_and(&which));
        told.chain(late)
            .map(|fault| {
                let since = pod(fault).and_then(unready_since);
                let certain =
                    self.is_held(since, fault) && !(lack && fault.cause.is_of_the_program());
                Problem {
                    certain,
                    ..self.problem(part, fault, since)
                }
            })
            .collect()
    }

    /// A fault that has been there since a time.
    pub fn problem(&self, part: Part, fault: &Fault, since: Option<&str>) -> Problem {
        let object = &fault.object;
        let (preview, kubectl) = (self.about.preview, &self.about.kubectl);
        Problem {
            component: part,
            object: format!("{} {}/{}", object.kind, object.namespace, object.name),
            container: fault.container.clone(),
            reason: words(&fault.reason),
            message: words(&fault.message),
            since: since.map(str::to_owned),
            certain: self.is_held(since, fault),
            do_next: advice(preview, kubectl, fault, part == Part::Application),
        }
    }

    fn is_held(&self, since: Option<&str>, fault: &Fault) -> bool {
        let held = since.and_then(|since| age(since, self.about.now));
        held.unwrap_or_default() >= fault.certain_after
    }
}
