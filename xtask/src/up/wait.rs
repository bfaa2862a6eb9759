//! Waiting for one object, with an eye on the pods that it depends on: a fault is told when it is certain,
//! not when the wait ends.

use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::Up;
use crate::diagnose::{Fault, evidence, next};
use crate::exec::Handle;
use crate::kubectl;
use crate::pod::Pod;
use crate::progress::Line;

/// How often a wait looks whether a fault has become certain.
pub(super) const LOOK: Duration = Duration::from_millis(500);

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
    /// Waits until an object is ready, and returns it as it is then.
    ///
    /// # Errors
    /// A fault that has become certain, or the time being over, with the object's last state.
    pub(super) fn await_object(&self, wait: &Wait<'_>, line: &Line) -> Result<Value> {
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

    fn watch_object(&self, wait: &Wait<'_>, latest: &Latest, line: &Line) -> Result<Value> {
        let begun = Instant::now();
        let mut failing: Option<Instant> = None;
        loop {
            let object = latest.next();
            if let Some(ready) = object.as_ref().filter(|it| (wait.ready)(it)) {
                return Ok(ready.clone());
            }
            if let Some(object) = &object {
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
        let evidence = evidence(self.exec, self.state, fault);
        let next = next(preview, self.state, fault, ours);
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
        let cmd = kubectl::watch_one(up.state, &up.config.preview.namespace, resource);
        while !self.lock().1 && up.exec.stop().reason().is_none() {
            let _ = up
                .exec
                .documents(&cmd, &self.child, |mut event| -> ControlFlow<()> {
                    let is_gone = event["type"] == "DELETED";
                    self.lock().0 = (!is_gone).then(|| event["object"].take());
                    self.changed.notify_all();
                    ControlFlow::Continue(())
                });
            let goes_on = |seen: &mut (Option<Value>, bool)| !seen.1;
            drop(self.changed.wait_timeout_while(self.lock(), LOOK, goes_on));
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
        self.changed.notify_all();
        self.child.end();
    }

    fn lock(&self) -> MutexGuard<'_, (Option<Value>, bool)> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
