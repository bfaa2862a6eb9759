//! The log as it comes: each container has a reader, and new pods get theirs as they appear.

use std::io::{self, PipeReader, Stdout};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::board::{Board, Ended};
use super::page::Page;
use super::reader::Reader;
use super::{Logs, is_closed};
use crate::exec::CmdError;
use crate::kubectl;
use crate::observe::{Cluster, observe_cluster};
use crate::pod::{Change, Pod};
use crate::session::Visit;

/// How long to wait before the API server is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a cluster may be in pieces before that is its end: Docker, or somebody, may be restarting it.
const PIECES: Duration = Duration::from_secs(15);

/// What readers share.
pub struct Follow<'a> {
    /// What is wanted, and of which cluster.
    pub logs: &'a Logs,
    /// What is known of the pods.
    pub board: Board,
    page: Mutex<Page<Stdout>>,
}

impl Logs {
    /// Writes the log as it comes, until it is time to end or nobody reads any more.
    ///
    /// # Errors
    /// Where the cluster is gone, or nothing can be written.
    pub(super) fn follow(&self) -> Result<()> {
        let pods = self.pods()?;
        if pods.is_empty() {
            self.progress
                .note(&format!("{}: waiting for one", self.nothing()));
        }
        let follow = Follow {
            logs: self,
            board: Board::default(),
            page: Mutex::new(Page::new(io::stdout(), self.look)),
        };
        let (ended, end) = io::pipe().context("no pipe")?;
        thread::scope(|scope| {
            scope.spawn(|| follow.await_closed(&ended));
            let result = follow.watch(scope, pods);
            follow.board.end(Ended::Enough);
            drop(end);
            result
        })?;
        match follow.board.take_end() {
            Some(Ended::Unwritable(error)) => Err(error).context("cannot write the log to stdout"),
            _ => Ok(()),
        }
    }
}

impl Follow<'_> {
    /// Writes lines of a reader's; where that fails, all is ended.
    pub fn write(&self, reader: &Reader<'_>, lines: &[u8]) -> ControlFlow<()> {
        let mut page = self.page();
        if self.board.has_ended() {
            return ControlFlow::Break(());
        }
        let Err(error) = page.write(&reader.source, lines) else {
            return ControlFlow::Continue(());
        };
        drop(page);
        self.board.end(if is_closed(&error) {
            Ended::Enough
        } else {
            Ended::Unwritable(error)
        });
        ControlFlow::Break(())
    }

    /// Whether it is time to end.
    pub fn has_ended(&self) -> bool {
        self.board.has_ended() || self.logs.visit.exec.stop().reason().is_some()
    }

    /// Waits a while before something is asked again; says whether it is time to end.
    pub fn pause(&self) -> bool {
        self.logs.visit.exec.stop().pause(AGAIN) || self.has_ended()
    }

    /// Keeps the pods up to date, and starts readers.
    fn watch<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        first: Vec<Pod>,
    ) -> Result<()> {
        let Visit { exec, state, .. } = &self.logs.visit;
        let cmd = kubectl::watch_all(state, "pods");
        self.board.set(first);
        self.catch_up(scope, true);
        while !self.has_ended() {
            // A watch that ends, as when the API server restarts, begins anew with all that is there.
            let _ = exec.documents(&cmd, &self.board.watch, |event| -> ControlFlow<()> {
                let change = Change::read(&event);
                let wanted = change.filter(|change| match change {
                    Change::Now(pod) => self.logs.wants(pod),
                    Change::Gone(_) => true,
                });
                if let Some(change) = wanted {
                    self.board.change(change);
                    self.catch_up(scope, false);
                }
                ControlFlow::Continue(())
            });
            if let Some(pods) = self.pods_again()? {
                self.board.set(pods);
                self.catch_up(scope, false);
            }
        }
        Ok(())
    }

    /// Asks for the pods after the watch has ended, until there is an answer; `None` where it is time to end.
    fn pods_again(&self) -> Result<Option<Vec<Pod>>> {
        let stop = self.logs.visit.exec.stop();
        let (begun, mut is_told) = (Instant::now(), false);
        while !self.has_ended() && !stop.pause(AGAIN) {
            let error = match self.logs.pods() {
                Ok(pods) => return Ok(Some(pods)),
                Err(_) if self.has_ended() => break,
                Err(error) => error,
            };
            self.check_cluster(begun.elapsed() < PIECES)?;
            if !std::mem::replace(&mut is_told, true) {
                let words = "the API server does not answer, waiting until it does";
                let why = error.downcast_ref::<CmdError>().map(CmdError::last_words);
                let why = why.unwrap_or_else(|| format!("{error:#}"));
                self.logs.progress.warn(&format!("{words}: {why}"));
            }
        }
        Ok(None)
    }

    /// Fails where the cluster is gone or, unless it `may_be_in_pieces`, does not run. One that was made
    /// anew under its name is as good.
    fn check_cluster(&self, may_be_in_pieces: bool) -> Result<()> {
        let visit = &self.logs.visit;
        let seen = match observe_cluster(&visit.exec, &visit.preview, &visit.state) {
            Ok(Cluster::HalfMade(_) | Cluster::Stopped(_)) | Err(_) if may_be_in_pieces => {
                return Ok(());
            }
            seen => seen?,
        };
        let now = Visit {
            preview: visit.preview.clone(),
            state: visit.state.clone(),
            exec: Arc::clone(&visit.exec),
            seen,
        };
        now.running().map(drop)
    }

    /// Starts readers for the containers that have none, and tells what is wrong with pods.
    fn catch_up<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, is_first: bool) {
        let new = self.board.new_sources();
        if !new.is_empty() {
            let mut page = self.page();
            self.board.each_pod(|pod| page.meet(pod));
        }
        for new in new {
            scope.spawn(move || Reader::new(self, new, is_first).read());
        }
        for trouble in self.board.new_troubles() {
            self.logs.progress.warn(&trouble.words);
        }
    }

    /// Ends all once nobody reads any more, also while there is nothing to be written.
    fn await_closed(&self, ended: &PipeReader) {
        let stdout = io::stdout();
        loop {
            let mut fds = [
                PollFd::new(&stdout, PollFlags::empty()),
                PollFd::new(ended, PollFlags::empty()),
            ];
            // The end of a pipe whose other end is closed is always told.
            match poll(&mut fds, None) {
                Err(Errno::INTR) => {}
                Ok(_) if fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => {
                    return self.board.end(Ended::Enough);
                }
                // It is time to end, or stdout is nothing that can be watched.
                _ => return,
            }
        }
    }

    fn page(&self) -> MutexGuard<'_, Page<Stdout>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
