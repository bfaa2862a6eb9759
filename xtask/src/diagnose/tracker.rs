//! All pods of the cluster, and since when each has its faults.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::crash::{self, Past};
use super::pods;
use super::{Fault, Held};
use crate::pod::{Change, Pod};

/// How long a pod may be made before its events are worth a question.
const MAKING: Duration = Duration::from_secs(10);

/// Knows the pods, told of each change, and which of their faults are certain.
#[derive(Debug, Default)]
pub struct Faults {
    /// By uid.
    pods: BTreeMap<String, Seen>,
    /// What is wrong with the pods of one owner together, by its uid.
    families: BTreeMap<String, Held>,
}

/// A pod that was seen.
#[derive(Debug)]
struct Seen {
    pod: Pod,
    past: Past,
    held: Held,
    /// Since when its volumes and its network are being made.
    making: Option<Instant>,
    /// Whether the watch has broken since: nothing is known of it until it is seen again.
    is_lost: bool,
}

impl Faults {
    /// Takes one document of a watch of all pods ([`crate::kubectl::watch`]).
    pub fn feed(&mut self, document: &Value, now: Instant) {
        if let Some(change) = Change::read(document) {
            self.change(change, now);
        }
    }

    /// Takes one change.
    pub fn change(&mut self, change: Change, now: Instant) {
        match change {
            Change::Now(pod) => self.see(&pod, now),
            Change::Gone(uid) => {
                if let Some(gone) = self.pods.remove(&uid) {
                    self.judge_family(&gone.pod, now);
                }
            }
        }
    }

    /// Says that the watch broke: a pod counts again once the next watch shows it.
    pub fn lost(&mut self) {
        self.pods.values_mut().for_each(|seen| seen.is_lost = true);
    }

    /// Counts the time of all faults from `now` on, for the pods that `which` selects: those that are
    /// waited for only now, or may be about to be replaced.
    pub fn count_from(&mut self, now: Instant, which: impl Fn(&Pod) -> bool) {
        for seen in self.pods.values_mut().filter(|seen| which(&seen.pod)) {
            seen.held.restart(now);
            seen.making = seen.making.map(|_| now);
            if let Some(family) = self.families.get_mut(family_of(&seen.pod)) {
                family.restart(now);
            }
        }
    }

    /// As [`Faults::count_from`], and no crash before `now` counts: what the pods need was not there.
    pub fn forgive(&mut self, now: Instant, which: impl Fn(&Pod) -> bool) {
        self.count_from(now, &which);
        let pods: Vec<Pod> = self.pods().filter(|pod| which(pod)).cloned().collect();
        for pod in pods {
            if let Some(seen) = self.pods.get_mut(&pod.metadata.uid) {
                seen.past = Past::forgiven(&pod);
            }
            self.see(&pod, now);
        }
    }

    /// The oldest certain fault of the pods that `which` selects.
    pub fn certain(&self, now: Instant, which: impl Fn(&Pod) -> bool) -> Option<&Fault> {
        let certain = self.held(&which).filter_map(|held| held.certain(now));
        certain
            .min_by_key(|(_, since)| *since)
            .map(|(fault, _)| fault)
    }

    /// All faults of the pods that `which` selects, certain or not.
    pub fn current(&self, which: impl Fn(&Pod) -> bool) -> Vec<&Fault> {
        self.held(&which).flat_map(Held::current).collect()
    }

    /// A pod, of those that `which` selects, whose volumes and network have been made for 10 s, and again
    /// after each 10 s more: its status says nothing of why, but its events may (see
    /// [`super::volume_fault`]).
    pub fn late(&mut self, now: Instant, which: impl Fn(&Pod) -> bool) -> Option<Pod> {
        let is_late = |since| now.saturating_duration_since(since) >= MAKING;
        let mut seen = self
            .pods
            .values_mut()
            .filter(|seen| !seen.is_lost && which(&seen.pod));
        let late = seen.find(|seen| seen.making.is_some_and(is_late))?;
        late.making = Some(now);
        Some(late.pod.clone())
    }

    /// Whether the volumes and the network of a pod have been made for `time` or longer.
    pub fn is_making(&self, now: Instant, time: Duration) -> bool {
        let is_late = |since| now.saturating_duration_since(since) >= time;
        self.seen().any(|seen| seen.making.is_some_and(is_late))
    }

    /// The pods that there are.
    pub fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.seen().map(|seen| &seen.pod)
    }

    fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.pods.values().filter(|seen| !seen.is_lost)
    }

    fn held(&self, which: &impl Fn(&Pod) -> bool) -> impl Iterator<Item = &Held> {
        let own = self
            .seen()
            .filter(|seen| which(&seen.pod))
            .map(|seen| &seen.held);
        let is_selected = |held: &&Held| {
            let pod = held
                .current()
                .next()
                .and_then(|fault| self.pods.get(&fault.object.uid));
            pod.is_some_and(|seen| !seen.is_lost && which(&seen.pod))
        };
        own.chain(self.families.values().filter(is_selected))
    }

    fn see(&mut self, pod: &Pod, now: Instant) {
        let uid = &pod.metadata.uid;
        let (mut past, mut held, making) = match self.pods.remove(uid) {
            Some(seen) => (seen.past, seen.held, seen.making),
            None => (Past::of(pod), Held::default(), None),
        };
        past.learn(pod);
        held.set(pods::faults(pod, &past), now);
        let making = pods::is_made(pod).then(|| making.unwrap_or(now));
        let seen = Seen {
            pod: pod.clone(),
            past,
            held,
            making,
            is_lost: false,
        };
        self.pods.insert(uid.clone(), seen);
        self.judge_family(pod, now);
    }

    /// Judges the pods of one owner together.
    fn judge_family(&mut self, pod: &Pod, now: Instant) {
        let family = family_of(pod);
        let members = self.seen().filter(|seen| family_of(&seen.pod) == family);
        let members: Vec<_> = members.map(|seen| (&seen.pod, &seen.past)).collect();
        let failure = crash::failure(&members);
        if failure.is_none() {
            self.families.remove(family);
        } else {
            self.families
                .entry(family.to_owned())
                .or_default()
                .set(failure, now);
        }
    }
}

/// What tells a pod's family from others: its owner, or itself where nothing owns it.
fn family_of(pod: &Pod) -> &str {
    let owner = pod.metadata.owner_references.first();
    owner.map_or(&pod.metadata.uid, |owner| &owner.uid)
}

#[cfg(test)]
mod tests;
