//! What is known of the pods while their logs are followed; readers wait here for what is next.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::source::{Runs, Source, by_age};
use super::trouble::{Trouble, trouble};
use crate::exec::Handle;
use crate::pod::{Change, Pod};

/// The pods, and who reads their logs.
#[derive(Default)]
pub struct Board {
    /// By which the child is ended that watches the pods.
    pub watch: Handle,
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    pods: BTreeMap<String, Pod>,
    readers: BTreeMap<(String, String), Arc<Handle>>,
    said: BTreeSet<(String, String, u32)>,
    ended: Option<Ended>,
}

/// Why the following is to end.
#[derive(Debug)]
pub enum Ended {
    /// It is no longer wanted.
    Enough,
    /// Nothing can be written.
    Unwritable(io::Error),
}

/// A container whose log is to be followed from now on.
pub struct New {
    /// The container.
    pub source: Source,
    /// By which its child is ended.
    pub handle: Arc<Handle>,
    /// Its runs so far.
    pub runs: Runs,
}

/// How far a reader is with its container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// The run that was read last.
    pub run: Option<String>,
    /// Whether its end is still to be seen.
    pub is_cut: bool,
    /// How often in a row reading has failed.
    pub failures: u32,
}

impl Position {
    /// The run before the current one, where the rest of its log is still to be read: it came and went
    /// before it could be followed, or it is the one that was read last and its end was not seen.
    pub fn missed<'a>(&self, runs: &'a Runs) -> Option<&'a str> {
        let is_new = runs.last != self.run;
        let is_unread = self.is_cut || runs.previous != self.run;
        let previous = runs.previous.as_deref();
        previous.filter(|_| is_new && is_unread)
    }
}

/// How long after its log's end a run is looked at again that goes on, times the failures.
const AGAIN: Duration = Duration::from_millis(500);
/// The failures that count for that.
const MOST_FAILURES: u32 = 10;

impl Board {
    /// Takes all pods that there are: those that are not among them are gone.
    pub fn set(&self, pods: Vec<Pod>) {
        let pods = pods.into_iter().map(|pod| (pod.metadata.uid.clone(), pod));
        self.lock().pods = pods.collect();
        self.changed.notify_all();
    }

    /// Takes what happened to one pod.
    pub fn change(&self, change: Change) {
        let mut seen = self.lock();
        match change {
            Change::Now(pod) => drop(seen.pods.insert(pod.metadata.uid.clone(), *pod)),
            Change::Gone(uid) => drop(seen.pods.remove(&uid)),
        }
        drop(seen);
        self.changed.notify_all();
    }

    /// The containers that have no reader yet; from now on they have one.
    pub fn new_sources(&self) -> Vec<New> {
        let mut seen = self.lock();
        if seen.ended.is_some() {
            return Vec::new();
        }
        let mut pods: Vec<&Pod> = seen.pods.values().collect();
        pods.sort_by(|one, other| by_age(one, other));
        let found = pods.into_iter().flat_map(Source::all_of);
        let found: Vec<New> = found
            .filter(|(source, _)| !seen.readers.contains_key(&source.key()))
            .map(|(source, container)| New {
                source,
                handle: Arc::default(),
                runs: Runs::of(container),
            })
            .collect();
        for new in &found {
            let handle = Arc::clone(&new.handle);
            seen.readers.insert(new.source.key(), handle);
        }
        found
    }

    /// Shows each pod, the oldest first.
    pub fn each_pod(&self, show: impl FnMut(&Pod)) {
        let seen = self.lock();
        let mut pods: Vec<&Pod> = seen.pods.values().collect();
        pods.sort_by(|one, other| by_age(one, other));
        pods.into_iter().for_each(show);
    }

    /// The troubles of pods that were not told yet; from now on they are.
    pub fn new_troubles(&self) -> Vec<Trouble> {
        let mut seen = self.lock();
        let troubles: Vec<Trouble> = seen.pods.values().filter_map(trouble).collect();
        let new = troubles.into_iter().filter(|it| !it.is_passing);
        new.filter(|it| seen.said.insert(it.key.clone())).collect()
    }

    /// Waits until there is more to read of a container than a reader has read, and says of which runs.
    /// The run that was read last is looked at again where its end was not seen: after a while or, where
    /// nothing failed, as soon as it has ended. `None` where the pod is gone, or it is time to end.
    pub fn next(&self, source: &Source, position: &Position) -> Option<Runs> {
        let begun = Instant::now();
        let pause = AGAIN * position.failures.clamp(1, MOST_FAILURES);
        let mut seen = self.lock();
        loop {
            let pod = seen
                .pods
                .get(&source.uid)
                .filter(|_| seen.ended.is_none())?;
            let runs = runs(pod, source);
            let left = pause.saturating_sub(begun.elapsed());
            let is_new = runs.last.is_some() && runs.last != position.run;
            let has_ended = position.failures == 0 && !runs.goes_on;
            if is_new || position.is_cut && (left.is_zero() || has_ended) {
                return Some(runs);
            }
            seen = if position.is_cut {
                let waited = self.changed.wait_timeout(seen, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let waited = self.changed.wait(seen);
                waited.unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Whether a run of a container has ended, by what was last seen of its pod.
    pub fn is_over(&self, source: &Source, run: &str) -> bool {
        self.lock().pods.get(&source.uid).is_none_or(|pod| {
            let runs = runs(pod, source);
            runs.last.as_deref() != Some(run) || !runs.goes_on
        })
    }

    /// Says that it is time to end, and ends all children.
    pub fn end(&self, why: Ended) {
        let mut seen = self.lock();
        seen.ended.get_or_insert(why);
        seen.readers.values().for_each(|reader| reader.end());
        drop(seen);
        self.watch.end();
        self.changed.notify_all();
    }

    /// Why it was time to end, where it was.
    pub fn take_end(&self) -> Option<Ended> {
        self.lock().ended.take()
    }

    /// Whether it is time to end.
    pub fn has_ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn runs(pod: &Pod, source: &Source) -> Runs {
    let container = pod.containers().find(|it| it.name == source.container);
    container.map(Runs::of).unwrap_or_default()
}

#[cfg(test)]
mod tests;
