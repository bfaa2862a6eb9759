//! One container's log, followed over restarts and cut connections.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::board::{New, Position};
use super::cursor::Cursor;
use super::follow::Follow;
use super::page::split;
use super::source::{Runs, Source};
use crate::cmd::Cmd;
use crate::exec::{CmdError, Handle};
use crate::kubectl;

/// After so many failures in a row, which is some seconds, it is told that a log cannot be had.
const TOLD_AFTER: u32 = 5;
/// As that, for what may pass by itself: half a minute.
const TOLD_AFTER_TROUBLE: u32 = 10;

/// Reads one container's log.
pub struct Reader<'a> {
    /// The container.
    pub source: Source,
    follow: &'a Follow<'a>,
    handle: Arc<Handle>,
    position: Position,
    cursor: Cursor,
    /// The run whose older lines are wanted only as far as the flags say.
    first: Option<String>,
    /// The last line, without its end: more of it may follow.
    begun: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// A reader of a container; `is_first` where that was there before the following began.
    pub fn new(follow: &'a Follow<'a>, new: New, is_first: bool) -> Self {
        let runs = if is_first { new.runs } else { Runs::default() };
        Self {
            source: new.source,
            follow,
            handle: new.handle,
            position: Position {
                // What had ended by then is not wanted.
                run: runs.previous,
                ..Position::default()
            },
            cursor: Cursor::default(),
            first: runs.last,
            begun: Vec::new(),
        }
    }

    /// Reads until the pod is gone, or it is time to end.
    pub fn read(mut self) {
        let follow = self.follow;
        while let Some(runs) = follow.board.next(&self.source, &self.position) {
            if let Some(run) = self.position.missed(&runs) {
                self.catch_up(run);
            }
            self.position.run = runs.last;
            let result = self.follow_run();
            if follow.has_ended() || !self.judge(result) {
                return;
            }
        }
    }

    /// Reads the rest of the run before the current one. Its node may have to come back first.
    fn catch_up(&mut self, run: &str) {
        for _ in 0..TOLD_AFTER {
            self.begun.clear();
            let cmd = self.logs(Some(run)).args(["--previous"]);
            match self.take_all(&cmd) {
                Err(error) if !has_no_log(&error) && !self.follow.pause() => {}
                _ => break,
            }
        }
        self.end_line();
    }

    /// Follows the current run from where it was last read, until its log ends.
    fn follow_run(&mut self) -> Result<(), CmdError> {
        let run = self.position.run.clone();
        let cmd = self.logs(run.as_deref()).args(["--follow"]);
        self.take_all(&cmd)
    }

    /// Takes in how the log ended; says whether there may be more.
    fn judge(&mut self, result: Result<(), CmdError>) -> bool {
        let run = self.position.run.clone().unwrap_or_default();
        let is_over = self.follow.board.is_over(&self.source, &run);
        match result {
            Ok(()) => {
                self.position.failures = 0;
                self.position.is_cut = !is_over;
                if is_over {
                    self.end_line();
                }
                // Else it is read again with what follows it.
                self.begun.clear();
                true
            }
            Err(error) if kubectl::is_not_found(&error) => false,
            Err(error) => {
                self.position.is_cut = true;
                self.position.failures += 1;
                self.begun.clear();
                let told_after = if kubectl::is_transient(&error) {
                    TOLD_AFTER_TROUBLE
                } else {
                    TOLD_AFTER
                };
                if self.position.failures == told_after {
                    let words = format!("{}: {}", self.source.mark, error.last_words());
                    self.follow.logs.progress.warn(&words);
                }
                true
            }
        }
    }

    /// Asks for the log of a run with its time stamps, from where it was last read.
    fn logs(&mut self, run: Option<&str>) -> Cmd {
        self.cursor.begin();
        let cmd = self.source.logs(&self.follow.logs.visit.state);
        let cmd = cmd.args(["--timestamps"]);
        match self.cursor.since_time() {
            Some(time) => cmd.args(["--since-time", &time]),
            None if run.is_some() && run == self.first.as_deref() => {
                self.follow.logs.wanted.narrow(cmd)
            }
            None => cmd,
        }
    }

    fn take_all(&mut self, cmd: &Cmd) -> Result<(), CmdError> {
        let (exec, handle) = (&self.follow.logs.visit.exec, Arc::clone(&self.handle));
        exec.blocks(cmd, &handle, |block| self.take(block))
    }

    /// Writes those of the lines that were not read before.
    fn take(&mut self, block: &[u8]) -> ControlFlow<()> {
        let mut lines = Vec::with_capacity(block.len());
        for line in split(block) {
            if line.ends_with(b"\n") {
                lines.extend_from_slice(self.cursor.take(line).unwrap_or_default());
            } else {
                self.begun = line.to_vec();
            }
        }
        self.write(&lines)
    }

    /// Writes a last line that never got its end.
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.begun);
        if let Some(text) = self.cursor.take(&line) {
            let text = text.to_vec();
            let _ = self.write(&text);
        }
    }

    fn write(&mut self, lines: &[u8]) -> ControlFlow<()> {
        if lines.is_empty() {
            return ControlFlow::Continue(());
        }
        self.position.failures = 0;
        self.follow.write(self, lines)
    }
}

/// Whether the node says that it has no log of an earlier run any more.
fn has_no_log(error: &CmdError) -> bool {
    kubectl::is_not_found(error) || error.says("previous terminated container")
}
