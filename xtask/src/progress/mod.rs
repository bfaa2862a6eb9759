//! What people see while it works: on stderr, and there only.
//!
//! On a terminal each running step has a live line. Elsewhere, and in CI, a line is printed when a step
//! ends, and now and then for one that takes long. Write errors are ignored: that nobody reads any more
//! (a closed pipe, a terminal that is gone) must not change what is done to the cluster.

mod github;
mod live;
mod screen;
mod surroundings;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::ProgressDrawTarget;

use crate::cmd::Cmd;
use live::Live;
use screen::Screen;
use text::{aligned, finished, last_line};

pub use surroundings::{Surroundings, Talk};
pub use text::{Colour, Paint, clean, human};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It changed something, or waited until something was ready.
    Done,
    /// All was as it should be.
    Unchanged,
    /// It failed.
    Failed,
    /// It was ended, or not begun, because it was time to end.
    Stopped,
}

impl Outcome {
    /// The outcome as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// Tells people what happens. Clones tell the same people.
#[derive(Clone)]
pub struct Progress(Arc<Shared>);

struct Shared {
    talk: Talk,
    paint: Paint,
    screen: Mutex<Screen>,
    idle: Condvar,
}

/// A step that runs. Dropped unfinished, it leaves no line.
pub struct Line {
    progress: Progress,
    step: Option<u64>,
}

impl Progress {
    /// Progress on stderr.
    pub fn new(talk: Talk, surroundings: Surroundings) -> Self {
        // We draw frame by frame; what indicatif would draw between (at most this often) is wasted.
        let target = ProgressDrawTarget::stderr_with_hz(1);
        Self::on(Box::new(io::stderr()), target, talk, surroundings)
    }

    /// Progress on something else that is no terminal.
    pub fn to(sink: Box<dyn Write + Send>, talk: Talk, surroundings: Surroundings) -> Self {
        let surroundings = Surroundings {
            terminal: false,
            ..surroundings
        };
        Self::on(sink, ProgressDrawTarget::hidden(), talk, surroundings)
    }

    fn on(
        sink: Box<dyn Write + Send>,
        target: ProgressDrawTarget,
        talk: Talk,
        surroundings: Surroundings,
    ) -> Self {
        let paint = Paint(surroundings.has_colours());
        let live = surroundings
            .has_live_lines()
            .then(|| Live::new(target, paint));
        Self(Arc::new(Shared {
            talk,
            paint,
            screen: Mutex::new(Screen::new(sink, live, surroundings.github)),
            idle: Condvar::new(),
        }))
    }

    /// Says that a step begins; `last` is how long it took last time.
    pub fn begin(&self, title: &str, last: Option<Duration>) -> Line {
        let shared = &self.0;
        let step = (!shared.talk.quiet).then(|| {
            let mut screen = shared.lock();
            let step = screen.begin(last_line(title), last, Instant::now());
            if !screen.ticking {
                screen.ticking = Shared::tick(shared);
            }
            step
        });
        Line {
            progress: self.clone(),
            step,
        }
    }

    /// Prints a line for people, above the live lines.
    pub fn note(&self, text: &str) {
        if !self.talk().quiet {
            self.lock().print(&clean(text));
        }
    }

    /// Prints a warning.
    pub fn warn(&self, text: &str) {
        if !self.talk().quiet {
            let label = self.paint(Colour::Yellow, "warning:");
            self.lock().print(&format!("{label} {}", clean(text)));
        }
    }

    /// Prints an error with its evidence, also where all else is quiet; an annotation too on GitHub.
    pub fn error(&self, text: &str) {
        let text = clean(text.trim_end());
        let label = self.paint(Colour::Red, "error:");
        let mut screen = self.lock();
        screen.print(&format!("{label} {text}"));
        screen.annotate(&text);
    }

    /// Prints a child that has ended, and how long it took, with `-v`.
    pub fn child(&self, cmd: &Cmd, took: Duration, ok: bool) {
        if self.talk().verbose > 0 && !self.talk().quiet {
            let failed = if ok { "" } else { "  (failed)" };
            let line = format!("{}  $ {}{failed}", aligned(took), clean(&cmd.to_string()));
            self.lock().print_detail(&self.paint(Colour::Dim, &line));
        }
    }

    /// Prints a line that a child said, with `-vv`.
    pub fn output(&self, program: &str, line: &str) {
        if self.talk().verbose > 1 && !self.talk().quiet {
            // As wide as a time: it stands below or above one.
            let line = format!("{program:>10}  | {}", last_line(line));
            self.lock().print_detail(&self.paint(Colour::Dim, &line));
        }
    }

    /// Ends GitHub's group of details: what is printed now is no detail.
    pub fn end_group(&self) {
        self.lock().end_group();
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        self.0.paint.with(colour, text)
    }

    fn talk(&self) -> Talk {
        self.0.talk
    }

    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.0.lock()
    }
}

impl Line {
    /// Says what the step waits for now: the last of these words counts, and is cut to the terminal.
    pub fn say(&self, words: &str) {
        if let Some(step) = self.step {
            self.progress
                .lock()
                .say(step, last_line(words).trim().to_owned());
        }
    }

    /// Turns the live line into one that stays; `note` may be empty.
    pub fn finish(mut self, outcome: Outcome, took: Duration, note: &str) {
        if let Some(title) = self.end() {
            let mut screen = self.progress.lock();
            let (paint, column) = (self.progress.0.paint, screen.column());
            screen.print(&finished(
                paint,
                outcome,
                &title,
                column,
                took,
                last_line(note).trim(),
            ));
        }
    }

    fn end(&mut self) -> Option<String> {
        let step = self.step.take()?;
        let mut screen = self.progress.lock();
        let title = screen.end(step);
        if screen.is_idle() {
            self.progress.0.idle.notify_all();
        }
        title
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// Keeps the screen up to date from a thread of its own, until no step runs. Says whether it does.
    fn tick(shared: &Arc<Self>) -> bool {
        let shared = Arc::clone(shared);
        let tick = move || {
            let mut screen = shared.lock();
            while !screen.is_idle() {
                let pause = screen.advance(Instant::now());
                let waited = shared.idle.wait_timeout(screen, pause);
                screen = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            screen.ticking = false;
        };
        thread::Builder::new()
            .name("progress".to_owned())
            .spawn(tick)
            .is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
