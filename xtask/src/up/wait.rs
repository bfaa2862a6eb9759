//! Waiting for what the cluster does by itself, with an eye on every pod: a fault is told when it is
//! certain, not when the wait ends.

use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::Up;
use crate::diagnose::{Cause, Fault, Faults, evidence, next, volume_fault};
use crate::exec::{Exec, Handle};
use crate::kubectl;
use crate::pod::Pod;
use crate::progress::Line;
use crate::state::State;

/// How often a wait looks whether a fault has become certain.
const LOOK: Duration = Duration::from_millis(500);

/// All pods of the cluster, followed by one child from the first time that somebody wants to know.
#[derive(Default)]
pub struct Pods {
    seen: Mutex<Seen>,
    changed: Condvar,
    child: Handle,
}

#[derive(Default)]
struct Seen {
    wanted: bool,
    ended: bool,
    faults: Faults,
}

impl Pods {
    /// Begins to follow the pods, where that has not begun.
    pub fn want(&self) {
        self.lock().wanted = true;
        self.changed.notify_all();
    }

    /// Ends the following.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
        self.child.end();
    }

    /// Follows the pods until told to end; waits to be wanted first.
    pub fn follow(&self, exec: &Exec, state: &State) {
        let idle = |seen: &mut Seen| !seen.wanted && !seen.ended;
        drop(self.changed.wait_while(self.lock(), idle));
        let cmd = kubectl::watch(state, None, "pods");
        while !self.lock().ended && exec.stop().reason().is_none() {
            // A watch that ends, as when the API server restarts, begins anew with all that is there.
            let _ = exec.documents(&cmd, &self.child, |event| -> ControlFlow<()> {
                self.lock().faults.feed(&event, Instant::now());
                ControlFlow::Continue(())
            });
            self.lock().faults.lost();
            exec.stop().pause(LOOK);
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
        let certain = self.lock().faults.certain(now, &which).cloned();
        let late = self.lock().faults.late(now, which);
        // A Secret or ConfigMap that a volume lacks shows in the pod's events only.
        let volume = || late.and_then(|pod| volume_fault(up.exec, up.state, &pod));
        match certain.filter(|fault| counts(fault.cause)).or_else(volume) {
            Some(fault) => Err(up.evidence(&fault)),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a wait is for.
pub struct Wait<'a> {
    /// The object, as kubectl names it.
    pub resource: String,
    /// Whether it is what it should be.
    pub ready: &'a dyn Fn(&Value) -> bool,
    /// Its state in the cluster's words.
    pub words: &'a dyn Fn(&Value) -> String,
    /// Whether its own state is certainly a failure.
    pub failed: &'a dyn Fn(&Value) -> Option<Fault>,
    /// The pods that it depends on.
    pub pods: &'a dyn Fn(&Pod) -> bool,
    /// How long it may take.
    pub limit: Duration,
}

impl Up<'_> {
    /// Waits until an object is ready.
    ///
    /// # Errors
    /// A fault that has become certain, or the time being over, with the object's last state.
    pub(super) fn await_object(&self, wait: &Wait<'_>, line: &Line) -> Result<()> {
        self.pods.want();
        self.pods.count_from_now(wait.pods);
        let latest = Latest::default();
        thread::scope(|scope| {
            let resource = wait.resource.as_str();
            let latest = &latest;
            scope.spawn(move || latest.follow(self, resource));
            let result = self.watch_object(wait, latest, line);
            latest.end();
            result
        })
    }

    fn watch_object(&self, wait: &Wait<'_>, latest: &Latest, line: &Line) -> Result<()> {
        let begun = Instant::now();
        let mut failing: Option<Instant> = None;
        loop {
            let object = latest.next();
            if let Some(object) = &object {
                if (wait.ready)(object) {
                    return Ok(());
                }
                line.say(&(wait.words)(object));
                match (wait.failed)(object) {
                    None => failing = None,
                    Some(fault) => {
                        let since = *failing.get_or_insert_with(Instant::now);
                        if since.elapsed() >= fault.certain_after {
                            return Err(self.evidence(&fault));
                        }
                    }
                }
            }
            self.pods.check(self, wait.pods)?;
            if self.exec.stop().reason().is_some() {
                bail!("stopped");
            }
            if begun.elapsed() > wait.limit {
                let words =
                    object.map_or_else(|| "nothing was seen of it".into(), |it| (wait.words)(&it));
                let next = self.config.preview.command("status");
                bail!(
                    "{} was not ready within {} s: {words}\n    next: {next}",
                    wait.resource,
                    wait.limit.as_secs()
                );
            }
        }
    }

    /// A fault as an error: what failed, why in the cluster's words, the log's last lines, what to do.
    pub(super) fn evidence(&self, fault: &Fault) -> anyhow::Error {
        let preview = &self.config.preview;
        let ours = fault.release.as_deref() == Some(preview.project.chart.release);
        let logs = ours.then(|| preview.command("logs"));
        let evidence = evidence(self.exec, self.state, fault);
        let next = next(self.state, fault, logs.as_deref());
        anyhow::anyhow!("{evidence}\n    next: {next}")
    }
}

/// The latest state of one object.
#[derive(Default)]
struct Latest {
    object: Mutex<(Option<Value>, bool)>,
    changed: Condvar,
    child: Handle,
}

impl Latest {
    fn follow(&self, up: &Up<'_>, resource: &str) {
        let cmd = kubectl::watch(up.state, Some(&up.config.preview.namespace), resource);
        while !self.lock().1 && up.exec.stop().reason().is_none() {
            let _ = up
                .exec
                .documents(&cmd, &self.child, |mut event| -> ControlFlow<()> {
                    self.lock().0 = Some(event["object"].take());
                    self.changed.notify_all();
                    ControlFlow::Continue(())
                });
            up.exec.stop().pause(LOOK);
        }
    }

    /// The object as it is after the next change, or after a while.
    fn next(&self) -> Option<Value> {
        let object = self.lock();
        self.changed
            .wait_timeout(object, LOOK)
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .0
            .clone()
    }

    fn end(&self) {
        self.lock().1 = true;
        self.child.end();
    }

    fn lock(&self) -> MutexGuard<'_, (Option<Value>, bool)> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
