//! All pods of the cluster, watched while somebody waits for something that depends on them.

use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Up;
use super::resource::OPERATORS;
use super::wait::LOOK;
use crate::diagnose::{Cause, Fault, Faults, volume_fault};
use crate::exec::{Exec, Handle};
use crate::kubectl;
use crate::pod::Pod;
use crate::state::State;

/// How often a wait looks at the pods that were seen.
const GLANCE: Duration = Duration::from_millis(50);

/// How long a pod may be made before its kubelet is made to try again.
const NUDGE: Duration = Duration::from_millis(1500);

/// How often that is done at most.
const NUDGES: u32 = 20;

/// How long an operator's crashes do not count. Where Docker or the cluster was started again, its first runs
/// do not reach the API server, as the nodes still make its network; the kubelet's next try is 10 s later.
const SETTLING: Duration = Duration::from_secs(20);

/// All pods of the cluster, followed by one child from the first time that somebody wants to know.
#[derive(Default)]
pub struct Pods {
    seen: Mutex<Seen>,
    changed: Condvar,
    child: Handle,
    /// What tells that the cluster's containers run no longer, see [`Up::watch_containers`].
    pub(super) containers: Handle,
}

#[derive(Default)]
struct Seen {
    wanted: Option<Instant>,
    ended: bool,
    faults: Faults,
}

impl Pods {
    /// Begins to follow the pods, where that has not begun.
    pub fn want(&self) {
        self.lock().wanted.get_or_insert_with(Instant::now);
        self.changed.notify_all();
    }

    /// Ends the following.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
        self.child.end();
        self.containers.end();
    }

    /// Waits until somebody wants to know; says whether that is before the following has ended.
    pub fn await_wanted(&self) -> bool {
        let idle = |seen: &mut Seen| seen.wanted.is_none() && !seen.ended;
        drop(self.changed.wait_while(self.lock(), idle));
        !self.is_over()
    }

    /// Whether the following has ended.
    pub fn is_over(&self) -> bool {
        self.lock().ended
    }

    /// Follows the pods until told to end; waits to be wanted first.
    pub fn follow(&self, exec: &Exec, state: &State) {
        self.await_wanted();
        let cmd = kubectl::watch_all(state, "pods");
        while !self.lock().ended && exec.stop().reason().is_none() {
            // A watch that ends, as when the API server restarts, begins anew with all that is there.
            let _ = exec.documents(&cmd, &self.child, |event| -> ControlFlow<()> {
                self.lock().faults.feed(&event, Instant::now());
                ControlFlow::Continue(())
            });
            self.lock().faults.lost();
            self.rest(LOOK);
        }
    }

    /// Makes the kubelets try again what failed in the first minute of a cluster: a pod whose network or
    /// volumes could not be made yet, because the node was not as far, would wait for 10 s and longer.
    pub fn nudge(&self, exec: &Exec, state: &State) {
        let mut time = 0;
        while time < NUDGES && !self.rest(NUDGE) && exec.stop().reason().is_none() {
            let is_late = self.lock().faults.is_making(Instant::now(), NUDGE);
            if is_late {
                time += 1;
                // It only shortens a wait: where it fails, the wait is as long as it is.
                let _ = exec.read(&kubectl::nudge(state, time));
            }
        }
    }

    /// Waits for that long, but no longer than the pods are followed; says whether that has ended.
    pub fn rest(&self, time: Duration) -> bool {
        let goes_on = |seen: &mut Seen| !seen.ended;
        let waited = self.changed.wait_timeout_while(self.lock(), time, goes_on);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// Whether a pod as `wanted` was seen.
    pub fn has(&self, wanted: impl Fn(&Pod) -> bool) -> bool {
        self.lock().faults.pods().any(wanted)
    }

    /// Waits until there is a pod as `wanted`, for `patience` at most; says whether there is.
    pub fn await_one(
        &self,
        exec: &Exec,
        patience: Duration,
        wanted: impl Fn(&Pod) -> bool,
    ) -> bool {
        let begun = Instant::now();
        loop {
            if self.has(&wanted) {
                return true;
            }
            if begun.elapsed() >= patience || exec.stop().pause(GLANCE) {
                return false;
            }
        }
    }

    /// Forgets what was wrong with these pods until now: they may be replaced, or get what they lacked.
    pub fn count_from_now(&self, which: impl Fn(&Pod) -> bool) {
        self.lock().faults.count_from(Instant::now(), which);
    }

    /// Forgives these pods their crashes until now: what they lacked is there only now.
    pub fn forgive(&self, which: impl Fn(&Pod) -> bool) {
        self.lock().faults.forgive(Instant::now(), which);
    }

    /// Fails where a fault of a pod that `which` selects has become certain, with the evidence for it.
    pub fn check(&self, up: &Up<'_>, which: impl Fn(&Pod) -> bool) -> Result<()> {
        self.check_for(up, which, |_| true)
    }

    /// As [`Pods::check`], for faults of some causes.
    pub fn check_for(
        &self,
        up: &Up<'_>,
        which: impl Fn(&Pod) -> bool,
        counts: impl Fn(Cause) -> bool,
    ) -> Result<()> {
        let now = Instant::now();
        let seen = self.lock();
        let certain = seen.faults.certain(now, &which).cloned();
        let followed = seen.wanted.map(|since| now - since).unwrap_or_default();
        drop(seen);
        let certain = certain.filter(|fault| counts(fault.cause) && !may_settle(fault, followed));
        let late = self.lock().faults.late(now, which);
        // A Secret or ConfigMap that a volume lacks shows in the pod's events only.
        let volume = || late.and_then(|pod| volume_fault(up.exec, up.state, &pod));
        match certain.or_else(volume) {
            Some(fault) => Err(up.evidence(&fault)),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a fault may pass once the cluster's network is there; the pods are followed for so long.
fn may_settle(fault: &Fault, followed: Duration) -> bool {
    let is_operator = OPERATORS.contains(&fault.object.namespace.as_str());
    is_operator && fault.cause == Cause::Crash && followed < SETTLING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Object;

    #[test]
    fn an_operators_first_crashes_may_pass_and_nothing_else() {
        let passes = |namespace: &str, cause, seconds| {
            let fault = Fault {
                object: Object {
                    kind: "Pod".into(),
                    namespace: namespace.into(),
                    name: "pod".into(),
                    uid: "uid".into(),
                },
                container: None,
                cause,
                reason: String::new(),
                message: String::new(),
                certain_after: Duration::ZERO,
                release: None,
                previous_log: false,
            };
            may_settle(&fault, Duration::from_secs(seconds))
        };
        let operators = OPERATORS[0];
        assert!(passes(operators, Cause::Crash, 5));
        assert!(!passes(operators, Cause::Crash, 25));
        assert!(!passes(operators, Cause::Image, 5));
        assert!(!passes("ghillie", Cause::Crash, 5));
    }
}
