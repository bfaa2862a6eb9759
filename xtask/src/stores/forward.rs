//! `forward`: a port of this machine that leads to a store, through whatever happens to its pod.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::Value;

use super::{Server, Store};
use crate::exec::{CmdError, Handle, Line};
use crate::flags;
use crate::kubectl;
use crate::listen::{self, Listener};
use crate::names::Port;
use crate::observe;
use crate::pod::Change;
use crate::progress::Progress;
use crate::session::Visit;
use crate::settings::Origin;
use crate::stdout::print;

/// The pause before the store is looked for again.
const PAUSE: Duration = Duration::from_millis(300);

/// A port that is held.
struct Forward<'a> {
    visit: &'a Visit,
    store: Store,
    port: Port,
    progress: &'a Progress,
}

/// Why kubectl no longer forwards.
enum Lost {
    /// The pod is gone, or about to be.
    Pod,
    /// The connection, in kubectl's last words.
    Connection(String),
}

/// Holds a port until it is time to end, and prints the URL once connections are taken.
///
/// # Errors
/// Where the port cannot be listened on, the store has no ready pod, or the cluster is stopped or deleted.
pub fn forward(visit: &Visit, flags: &flags::Forward, progress: &Progress) -> Result<()> {
    let store = flags.store;
    store.variable(visit.preview.project)?;
    visit.running()?;
    let port = match flags.port {
        Some(port) => {
            let from = Origin::Flag("--port".into());
            listen::check(&visit.exec, port, &from, Listener::User)?
        }
        None => listen::free()?,
    };
    let mut server = store.server(visit)?;
    let url = store.url(visit)?.at(port, flags.show_secrets);
    let forward = Forward {
        visit,
        store,
        port,
        progress,
    };
    let told = AtomicBool::new(false);
    loop {
        let ready = || {
            progress.note(&format!(
                "forwarding 127.0.0.1:{port} to {store} in the pod {} until Ctrl-C",
                server.pod
            ));
            if !told.swap(true, Ordering::Relaxed)
                && let Err(error) = print(&format!("{url}\n"))
            {
                progress.warn(&format!("{error:#}"));
            }
        };
        let lost = forward.hold(&server, &ready)?;
        if visit.exec.stop().reason().is_some() {
            return Ok(());
        }
        progress.note(&match lost {
            Lost::Pod => format!("the pod {} is being replaced", server.pod),
            Lost::Connection(words) => format!("the connection was lost ({words}): making it anew"),
        });
        match forward.next_server()? {
            Some(next) => server = next,
            None => return Ok(()),
        }
    }
}

impl Forward<'_> {
    /// Forwards to one pod until that pod goes, or kubectl ends.
    ///
    /// kubectl alone would go on with a pod that is gone until somebody connects (kubectl 1.33).
    fn hold(&self, server: &Server, ready: &(dyn Fn() + Sync)) -> Result<Lost> {
        let (forwarding, watching) = (Handle::default(), Handle::default());
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                self.await_end(server, &watching, &over);
                forwarding.end();
            });
            let ended = self.kubectl(server, &forwarding, ready);
            over.store(true, Ordering::Relaxed);
            watching.end();
            match ended {
                Ok(()) => Ok(Lost::Pod),
                Err(error) if error.is_stopped() => Ok(Lost::Pod),
                Err(error) if error.says("unable to listen on") => Err(anyhow!(error)),
                Err(error) => Ok(Lost::Connection(error.last_words())),
            }
        })
    }

    fn kubectl(
        &self,
        server: &Server,
        handle: &Handle,
        ready: &(dyn Fn() + Sync),
    ) -> Result<(), CmdError> {
        let Visit {
            preview,
            state,
            exec,
            ..
        } = self.visit;
        let to = self.store.port();
        let cmd = kubectl::port_forward(state, &preview.namespace, &server.pod, self.port, to);
        let mut said = false;
        exec.lines_until(&cmd, handle, |line| {
            if let Line::Out(text) = line {
                self.progress.output("kubectl", text);
            }
            if !said && line.text().starts_with("Forwarding from ") {
                said = true;
                ready();
            }
        })
        .map(|_| ())
    }

    /// Returns once the pod is gone or about to be, or nobody waits for that any more.
    fn await_end(&self, server: &Server, handle: &Handle, over: &AtomicBool) {
        let Visit {
            preview,
            state,
            exec,
            ..
        } = self.visit;
        let name = format!("pods/{}", server.pod);
        let cmd = kubectl::watch_one(state, &preview.namespace, &name);
        while !over.load(Ordering::Relaxed) && exec.stop().reason().is_none() {
            let seen = exec.documents(&cmd, handle, |event| {
                if stays(&event, &server.uid) {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            if let Ok(Some(())) = seen {
                return;
            }
            // A watch that ends, as when the API server restarts, begins anew.
            exec.stop().pause(PAUSE);
        }
    }

    /// The pod that takes over; none where it is time to end.
    fn next_server(&self) -> Result<Option<Server>> {
        let Visit {
            preview,
            state,
            exec,
            ..
        } = self.visit;
        while !exec.stop().pause(PAUSE) {
            match self.store.ask(self.visit) {
                Ok(Some(server)) => return Ok(Some(server)),
                Ok(None) => {}
                // No answer is the trouble of a moment, unless there is no cluster any more.
                Err(error) if error.is_stopped() => {}
                Err(_) => {
                    observe::observe_cluster(exec, preview, state)?.running(preview)?;
                }
            }
        }
        Ok(None)
    }
}

/// Whether an event of the watch tells that the pod of this uid is there to stay.
fn stays(event: &Value, uid: &str) -> bool {
    match Change::read(event) {
        Some(Change::Now(pod)) => pod.metadata.uid == uid && !pod.is_terminating(),
        Some(Change::Gone(_)) => false,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_stays_until_it_is_deleted_terminates_or_has_a_namesake() {
        let event = |kind: &str, uid: &str, deleted: Value| {
            let metadata = json!({ "uid": uid, "deletionTimestamp": deleted });
            json!({ "type": kind, "object": { "metadata": metadata } })
        };
        let now = || json!("2026-11-24T02:30:57Z");
        assert!(stays(&event("ADDED", "1", Value::Null), "1"));
        assert!(stays(&event("MODIFIED", "1", Value::Null), "1"));
        assert!(stays(&json!({ "type": "BOOKMARK", "object": {} }), "1"));
        assert!(!stays(&event("MODIFIED", "1", now()), "1"));
        assert!(!stays(&event("DELETED", "1", Value::Null), "1"));
        assert!(!stays(&event("ADDED", "2", Value::Null), "1"));
    }
}
