//! What all verbs share: progress, children that end when a signal comes, tools, and the preview they are about.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use signal_hook::consts::SIGINT;

use crate::config::Preview;
use crate::exec::Exec;
use crate::flags::{ClusterFlags, NamespaceFlags};
use crate::kubeconfig;
use crate::lock::Lock;
use crate::observe::{self, Cluster, Whole};
use crate::orphans;
use crate::progress::{Progress, Surroundings, Talk};
use crate::state::State;
use crate::stop::{self, Reason, Stop};
use crate::tools::{self, Cache, Source, Tool};

/// How long children may take to end by themselves after a signal, before they are killed.
const GRACE: Duration = Duration::from_secs(3);

/// One run of the program.
pub struct Session {
    /// What everything that waits looks at.
    pub stop: Arc<Stop>,
    /// Where people are told things.
    pub progress: Progress,
}

/// A preview that is looked at.
pub struct Visit {
    /// Which one.
    pub preview: Preview,
    /// Our own files of it.
    pub state: State,
    /// What starts children.
    pub exec: Arc<Exec>,
    /// What there is of its cluster.
    pub seen: Cluster,
}

/// A preview that is about to be changed, while no other run changes it.
pub struct Held {
    /// Which one.
    pub preview: Preview,
    /// Our own files of it.
    pub state: State,
    /// What starts children.
    pub exec: Arc<Exec>,
    _lock: Lock,
}

impl Session {
    /// A session that says as much as was asked for.
    pub fn new(talk: Talk) -> Self {
        Self {
            stop: Arc::new(Stop::default()),
            progress: Progress::new(talk, Surroundings::from_env()),
        }
    }

    /// Asks Docker for the cluster that flags and environment name. Other tools are looked for where there is a
    /// cluster to use them on, see [`Visit::running`].
    ///
    /// # Errors
    /// Where a name is not allowed, or Docker is missing or cannot be asked.
    pub fn visit(&self, cluster: &ClusterFlags, namespace: &NamespaceFlags) -> Result<Visit> {
        let preview = Preview::new(cluster, namespace)?;
        let state = State::open(&preview.cluster, &preview.root)?;
        let exec = self.exec(Some(&state))?;
        tools::need(&exec, &preview, &[Tool::Docker])?;
        let seen = observe::observe_cluster(&exec, &preview, &state)?;
        self.progress.end_group();
        Ok(Visit {
            preview,
            state,
            exec,
            seen,
        })
    }

    /// Waits until no other run changes the cluster that flags and environment name, and keeps others
    /// from changing it. Of the tools only Docker is looked for.
    ///
    /// # Errors
    /// Where a name is not allowed, Docker is missing, or it is time to end before another run is done.
    pub fn hold(
        &self,
        verb: &str,
        cluster: &ClusterFlags,
        namespace: &NamespaceFlags,
    ) -> Result<Held> {
        let preview = Preview::new(cluster, namespace)?;
        let state = State::open(&preview.cluster, &preview.root)?;
        let exec = self.exec(Some(&state))?;
        let lock = self.lock(verb, &preview, &state, &exec)?;
        tools::need(&exec, &preview, &[Tool::Docker])?;
        Ok(Held {
            preview,
            state,
            exec,
            _lock: lock,
        })
    }

    /// Finds all tools, and fetches those that are missing where that is allowed.
    ///
    /// # Errors
    /// Names all that is missing or too old, and where to get it.
    pub fn tools(&self, exec: &Exec, preview: &Preview, source: &Source) -> Result<()> {
        let say = |tool: &'static str, words: &str| self.progress.note(&format!("{tool}: {words}"));
        let cache = Cache::of_user(&preview.root);
        tools::ready(exec, &cache, &Tool::ALL, source, &say)?.give_to(exec);
        Ok(())
    }

    /// Takes the cluster's lock, and settles what a killed run left running.
    ///
    /// # Errors
    /// Where it is time to end before the other is done.
    pub fn lock(&self, verb: &str, preview: &Preview, state: &State, exec: &Exec) -> Result<Lock> {
        let lock = Lock::take(state, verb, preview, &self.stop, &self.progress)?;
        // A `down` that was waited for has removed what was there.
        let _ = state.make();
        orphans::settle(exec, state, &self.progress)?;
        Ok(lock)
    }

    /// Children that are ended in their own way when a signal comes: SIGTERM first, which lets helm mark
    /// its release, and SIGKILL for those that are still there after the grace.
    ///
    /// # Errors
    /// Where the system refuses the handlers.
    pub fn exec(&self, state: Option<&State>) -> Result<Arc<Exec>> {
        let mut exec = Exec::new(Arc::clone(&self.stop));
        if let Some(state) = state {
            exec.record_in(state.children());
        }
        let [watcher, hearer, listener] = [(); 3].map(|()| self.progress.clone());
        exec.watch_with(move |cmd, took, ok| watcher.child(cmd, took, ok));
        exec.hear_with(move |cmd, line| hearer.output(cmd.program, line));
        exec.tell_with(move |words| listener.warn(words));
        let exec = Arc::new(exec);
        let (children, stop) = (Arc::clone(&exec), Arc::clone(&self.stop));
        stop::on_signal(move |signal| {
            // The child got it too: psql drops a query and goes on, kubectl ends, and then we do.
            if signal == SIGINT && children.has_foreground() {
                return;
            }
            stop.ask(Reason::Signal(signal));
            children.end_children(true);
            let children = Arc::clone(&children);
            thread::spawn(move || {
                let begun = Instant::now();
                while children.has_children() && begun.elapsed() < GRACE {
                    thread::park_timeout(Duration::from_millis(50));
                }
                children.kill_children();
            });
        })?;
        Ok(exec)
    }
}

/// The thread that waits for signals keeps a part of it as long as the program runs.
impl Drop for Session {
    fn drop(&mut self) {
        self.progress.end_group();
    }
}

impl Visit {
    /// The cluster, running, and all that it takes to look inside: kubectl, and its kubeconfig in our file.
    ///
    /// # Errors
    /// Where it does not exist, was never whole, or does not run, or a tool is missing; each with what to type
    /// next.
    pub fn running(&self) -> Result<&Whole> {
        let whole = self.seen.running(&self.preview)?;
        kubeconfig::know_with_kubectl(&self.exec, &self.preview, &self.state, whole)?;
        Ok(whole)
    }

    /// The cluster, running and with its kubeconfig in our file.
    ///
    /// # Errors
    /// As for [`Visit::running`], but for kubectl.
    pub fn known(&self) -> Result<&Whole> {
        let whole = self.seen.running(&self.preview)?;
        kubeconfig::know(&self.exec, &self.preview, &self.state, whole)?;
        Ok(whole)
    }
}
