//! When each child ran, for who wants to know where the time of a run went.

use std::mem::take;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Exec;

/// When a child ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its command, as one would type it.
    pub command: String,
    /// When it was started, since [`Exec::note_spans`].
    pub begun: Duration,
    /// From then until it had ended.
    pub took: Duration,
}

/// The children that have ended since somebody wants to know.
#[derive(Debug)]
pub(super) struct Spans {
    since: Instant,
    ended: Vec<Span>,
}

impl Exec {
    /// Begins to note when children run.
    pub fn note_spans(&self) {
        *self.noted() = Some(Spans {
            since: Instant::now(),
            ended: Vec::new(),
        });
    }

    /// When the children ran that have ended since [`Exec::note_spans`], in the order in which they ended.
    pub fn spans(&self) -> Vec<Span> {
        let mut noted = self.noted();
        noted
            .as_mut()
            .map(|it| take(&mut it.ended))
            .unwrap_or_default()
    }

    /// Notes a child that has just ended, where somebody wants to know.
    pub(super) fn note(&self, command: String, begun: Instant) {
        if let Some(spans) = self.noted().as_mut() {
            spans.ended.push(Span {
                command,
                begun: begun.saturating_duration_since(spans.since),
                took: begun.elapsed(),
            });
        }
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Option<Spans>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use super::*;
    use crate::cmd::Cmd;
    use crate::exec::Handle;
    use crate::stop::Stop;

    #[test]
    fn children_are_noted_from_the_time_that_somebody_wants_to_know() {
        let exec = Exec::new(Arc::new(Stop::default()));
        let child = |script| Cmd::new("sh").args(["-c", script]);
        exec.read(&child("true")).unwrap();
        assert_eq!(exec.spans(), []);
        exec.note_spans();
        exec.read(&child("sleep 0.1")).unwrap();
        exec.read(&child("exit 3")).unwrap_err();
        // One that is ended, as a watch is, ran too.
        let first = |_| ControlFlow::Break(());
        let watch = child("echo {}; sleep 60");
        exec.documents(&watch, &Handle::default(), first).unwrap();
        let spans = exec.spans();
        let commands: Vec<&str> = spans.iter().map(|it| it.command.as_str()).collect();
        let wanted = [
            "sh -c 'sleep 0.1'",
            "sh -c 'exit 3'",
            "sh -c 'echo {}; sleep 60'",
        ];
        assert_eq!(commands, wanted);
        assert!(spans[0].took >= Duration::from_millis(100));
        assert!(spans[1].begun >= spans[0].begun + spans[0].took);
        assert_eq!(exec.spans(), [], "each is told once");
    }
}
