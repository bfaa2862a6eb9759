//! The log as it is now: one container after another, the pods in the order in which they were made.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Context, Result};

use super::page::Page;
use super::source::{Runs, Source};
use super::trouble::trouble;
use super::{Logs, is_closed};
use crate::cmd::Cmd;
use crate::exec::{CmdError, Handle};
use crate::kubectl;
use crate::pod::{Container, Pod};

/// How many blocks of a log may wait to be written; then its child waits.
const AHEAD: usize = 4;

impl Logs {
    /// Writes the whole log.
    ///
    /// # Errors
    /// Where a log cannot be had, after the others were written.
    pub(super) fn print(&self) -> Result<()> {
        let pods = self.pods()?;
        if pods.is_empty() {
            let up = self.visit.preview.command("up");
            self.progress
                .warn(&format!("{}: `{up}` makes what is missing", self.nothing()));
        }
        let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let mut page = Page::new(out, self.look);
        for pod in &pods {
            page.meet(pod);
        }
        for trouble in pods.iter().filter_map(trouble) {
            self.progress.warn(&trouble.words);
        }
        let sources = self.sources(&pods);
        if sources.is_empty() && self.wanted.previous && !pods.is_empty() {
            let what = self.wanted.component.words();
            self.progress.warn(&format!(
                "no container of {what} was started again: there is no earlier run"
            ));
        }
        self.print_all(&sources, &mut page)
    }

    /// The containers that have a log, of the run that is wanted.
    fn sources(&self, pods: &[Pod]) -> Vec<(Source, Cmd)> {
        let has_log = |container: &Container| {
            if self.wanted.previous {
                let end = container.last_state.terminated.as_ref();
                end.is_some_and(|end| !end.container_id.is_empty())
            } else {
                Runs::of(container).last.is_some()
            }
        };
        let sources = pods.iter().flat_map(Source::all_of);
        sources
            .filter(|(_, container)| has_log(container))
            .map(|(source, _)| {
                let cmd = self.wanted.narrow(source.logs(&self.visit.state));
                let previous = self.wanted.previous.then_some("--previous");
                (source, cmd.args(previous))
            })
            .collect()
    }

    /// All children run at the same time, each as far ahead as its blocks may wait; what they say is
    /// written in their order.
    fn print_all(&self, sources: &[(Source, Cmd)], page: &mut Page<impl Write>) -> Result<()> {
        thread::scope(|scope| {
            let begun = sources.iter().map(|(source, cmd)| {
                let (sender, receiver) = sync_channel(AHEAD);
                let child = scope.spawn(move || self.send(cmd, &sender));
                (source, receiver, child)
            });
            let mut failed = None;
            for (source, blocks, child) in begun.collect::<Vec<_>>() {
                match write(page, source, &blocks) {
                    Err(error) if is_closed(&error) => return Ok(()),
                    written => written.context("cannot write the log to stdout")?,
                }
                // A child's panic has told its story already.
                let Ok(Err(error)) = child.join() else {
                    continue;
                };
                if kubectl::is_not_found(&error) {
                    let words = error.last_words();
                    self.progress.warn(&format!("{}: {words}", source.mark));
                } else {
                    failed = failed.or(Some(error));
                }
            }
            match page.flush() {
                Err(error) if is_closed(&error) => {}
                flushed => flushed.context("cannot write the log to stdout")?,
            }
            failed.map_or(Ok(()), |error| Err(error.into()))
        })
    }

    fn send(&self, cmd: &Cmd, sender: &SyncSender<Vec<u8>>) -> Result<(), CmdError> {
        let exec = &self.visit.exec;
        exec.blocks(cmd, &Handle::default(), |block| {
            match sender.send(block.to_vec()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })
    }
}

fn write(
    page: &mut Page<impl Write>,
    source: &Source,
    blocks: &Receiver<Vec<u8>>,
) -> io::Result<()> {
    blocks
        .iter()
        .try_for_each(|block| page.write(source, &block))
}
