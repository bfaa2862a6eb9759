//! Runs the steps of a plan, each as soon as what it needs is done.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow};

use crate::exec::{CmdError, Exec};
use crate::plan::{Name, Step};
use crate::progress::{Line, Outcome, Progress};
use crate::stop::Reason;
use crate::timings::{Seconds, Timing, Timings};

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// It changed something, or waited; with a word about it, which may be empty.
    This(String),
    /// All was as it should be; with a word about it.
    Nothing(String),
}

/// What a step that ran into its end hands back.
pub type Perform<'a> = dyn Fn(&Step, &Line) -> Result<Did> + Sync + 'a;

/// Steps on their way.
pub struct Run<'a> {
    exec: &'a Exec,
    progress: &'a Progress,
    last: Seconds,
    begun: Instant,
    board: Mutex<Board>,
    changed: Condvar,
}

/// What a failure comes down to, in one line.
fn gist(error: &Error) -> String {
    if let Some(child) = error.downcast_ref::<CmdError>() {
        return child.last_words();
    }
    let words = error.to_string();
    words.lines().next().unwrap_or_default().to_owned()
}

/// A step will not be begun.
struct NotToBe;

#[derive(Default)]
struct Board {
    steps: BTreeMap<Name, Status>,
    timings: Vec<Timing>,
    failure: Option<Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Waiting,
    Done(Instant),
    /// Failed, or not begun because another failed.
    Over,
}

impl Board {
    /// The one of these steps that was done last.
    fn last_done<'a>(&self, names: impl Iterator<Item = &'a Name>) -> Option<Name> {
        let done = names.filter_map(|name| match self.steps.get(name)? {
            Status::Done(when) => Some((*when, *name)),
            Status::Waiting | Status::Over => None,
        });
        done.max().map(|(_, name)| name)
    }
}

impl<'a> Run<'a> {
    /// A run that began at `begun`; `last` has the seconds that steps took last time.
    pub fn new(exec: &'a Exec, progress: &'a Progress, begun: Instant, last: Seconds) -> Self {
        Self {
            exec,
            progress,
            last,
            begun,
            board: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Starts steps, each on a thread of its own, which waits for what it needs.
    /// A step of a name that was started before is left out: it runs already.
    pub fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        steps: Vec<Step>,
        perform: &'scope Perform<'scope>,
    ) {
        let mut board = self.lock();
        let new: Vec<Step> = steps
            .into_iter()
            .filter(|step| !board.steps.contains_key(&step.name))
            .collect();
        for step in &new {
            board.steps.insert(step.name, Status::Waiting);
        }
        drop(board);
        for step in new {
            scope.spawn(move || self.run(&step, perform));
        }
    }

    /// Waits until all steps that were started are over, and returns the first failure.
    pub fn finish(&self) -> Option<Error> {
        let waiting = |board: &mut Board| {
            board
                .steps
                .values()
                .any(|status| *status == Status::Waiting)
        };
        let board = self.changed.wait_while(self.lock(), waiting);
        board.unwrap_or_else(PoisonError::into_inner).failure.take()
    }

    /// Waits until one step is over.
    ///
    /// # Errors
    /// Where it is over without being done; the failure itself is what [`Run::finish`] returns.
    pub fn wait_for(&self, name: Name) -> Result<()> {
        let board = self.lock();
        let waiting = |board: &mut Board| board.steps.get(&name) == Some(&Status::Waiting);
        let board = self
            .changed
            .wait_while(board, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        match board.steps.get(&name) {
            Some(Status::Done(_)) => Ok(()),
            _ => Err(anyhow!("stopped")),
        }
    }

    /// Whether these steps are done, those that were never started included.
    pub fn is_done(&self, names: &[Name]) -> bool {
        let board = self.lock();
        names
            .iter()
            .all(|name| !matches!(board.steps.get(name), Some(Status::Waiting | Status::Over)))
    }

    /// When each step ran, and what it waited for.
    pub fn timings(&self) -> Timings {
        Timings {
            total: self.begun.elapsed(),
            steps: self.lock().timings.clone(),
        }
    }

    fn run(&self, step: &Step, perform: &Perform<'_>) {
        if self.await_needs(step).is_err() {
            return self.over(step, Status::Over);
        }
        let title = step.name.to_string();
        let last = self.last.of(&title);
        let line = self.progress.begin(&title, last);
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| perform(step, &line)))
            .unwrap_or_else(|_| Err(anyhow!("this is a fault of xtask itself, please report it")));
        let took = begun.elapsed();
        let why;
        let (outcome, note, status) = match &result {
            Ok(Did::This(note)) => (Outcome::Done, note.as_str(), Status::Done(Instant::now())),
            Ok(Did::Nothing(note)) => (
                Outcome::Unchanged,
                note.as_str(),
                Status::Done(Instant::now()),
            ),
            Err(_) if self.exec.stop().reason().is_some() => (Outcome::Stopped, "", Status::Over),
            // All of it is told in the end, when what runs beside it is over: that may take a while.
            Err(error) => {
                why = gist(error);
                (Outcome::Failed, why.as_str(), Status::Over)
            }
        };
        line.finish(outcome, took, note);
        let mut board = self.lock();
        let waited_for = board.last_done(step.needs.iter().chain(step.awaits()));
        board.timings.push(Timing {
            step: title.clone(),
            begun: begun.duration_since(self.begun),
            took,
            needs: step.needs.iter().map(ToString::to_string).collect(),
            waited_for: waited_for.map(|name| name.to_string()),
            outcome,
        });
        drop(board);
        if let (Err(error), Outcome::Failed) = (result, outcome) {
            self.fail(error.context(title));
        }
        self.over(step, status);
    }

    /// Waits until the needs are done; fails when a need is over without being done, or it is time to end.
    fn await_needs(&self, step: &Step) -> Result<(), NotToBe> {
        let mut board = self.lock();
        loop {
            if self.exec.stop().reason().is_some() {
                return Err(NotToBe);
            }
            let needs = || step.needs.iter().filter_map(|name| board.steps.get(name));
            if needs().any(|status| *status == Status::Over) {
                return Err(NotToBe);
            }
            if !needs().any(|status| *status == Status::Waiting) {
                return Ok(());
            }
            // Woken now and then, as a signal does not wake it.
            let pause = Duration::from_millis(200);
            board = self
                .changed
                .wait_timeout(board, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Ends the run because of `error`, unless something else failed before.
    pub fn fail(&self, error: Error) {
        let mut board = self.lock();
        if board.failure.is_none() {
            board.failure = Some(error);
            drop(board);
            self.exec.stop().ask(Reason::Failure);
            self.exec.end_children(false);
        }
    }

    fn over(&self, step: &Step, status: Status) {
        self.lock().steps.insert(step.name, status);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path, sync::Arc, thread};

    use super::*;
    use crate::cmd::Cmd;
    use crate::docker;
    use crate::plan::Action;
    use crate::progress::{Surroundings, Talk};
    use crate::project::PROJECT;
    use crate::stop::Stop;

    #[test]
    fn a_failure_is_told_without_waiting_for_the_build_of_the_image() {
        let exec = Exec::new(Arc::new(Stop::default()));
        let out = Box::new(io::sink());
        let progress = Progress::to(out, Talk::default(), Surroundings::default());
        let run = Run::new(&exec, &progress, Instant::now(), Seconds::default());
        // A build that takes its time.
        let build = Cmd {
            program: "sleep",
            args: vec!["20".into()],
            ..docker::build(&PROJECT.image, Path::new("/"), Path::new("/metadata"))
        };
        let perform = |step: &Step, _: &Line| {
            if step.name == Name::Image {
                return Ok(Did::This(exec.read(&build)?));
            }
            while !exec.has_children() {
                thread::sleep(Duration::from_millis(1));
            }
            Err(anyhow!("no network"))
        };
        let step = |name, action| Step {
            name,
            needs: vec![],
            action,
        };
        let steps = vec![
            step(Name::Image, Action::Build),
            step(Name::Api, Action::AwaitApi),
        ];
        let failure = thread::scope(|scope| {
            run.start(scope, steps, &perform);
            run.finish()
        });
        assert_eq!(format!("{:#}", failure.unwrap()), "API server: no network");
        let ended = run.timings().steps;
        let of_build = ended.iter().find(|it| it.step == "image").unwrap();
        assert_eq!(of_build.outcome, Outcome::Stopped);
    }
}
