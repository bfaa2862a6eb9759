//! Where the time of a run went: pure data, and what is made of it.

#[cfg(test)]
mod tests;
mod trace;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::progress::{Outcome, human};

/// One step that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Its name.
    pub step: String,
    /// When it began, since the run began.
    pub begun: Duration,
    /// How long it took.
    pub took: Duration,
    /// The steps that had to be done before it.
    pub needs: Vec<String>,
    /// What it waited for longest: of its needs, and of what it waits for while it runs, the one that was
    /// done last; none where there is nothing of the kind.
    pub waited_for: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// The steps of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timings {
    /// How long the whole run took.
    pub total: Duration,
    /// The steps that ran, in the order in which they ended.
    pub steps: Vec<Timing>,
}

/// How long each step took when it last did something, in seconds: kept from run to run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(BTreeMap<String, f64>);

impl Seconds {
    /// How long a step took when it last did something, where that is known.
    pub fn of(&self, step: &str) -> Option<Duration> {
        // A file that somebody edited may hold what is no duration.
        Duration::try_from_secs_f64(*self.0.get(step)?).ok()
    }

    /// These, and of the runs before what these do not tell: a run that found a step's work done must
    /// not make us forget how long it takes.
    #[must_use]
    pub fn on_top_of(mut self, before: Self) -> Self {
        for (step, seconds) in before.0 {
            self.0.entry(step).or_insert(seconds);
        }
        self
    }
}

impl Timing {
    fn end(&self) -> Duration {
        self.begun + self.took
    }
}

impl Timings {
    /// The steps that the run waited for, in order: the one that ended last, the one that it waited for,
    /// and so on back to one that waited for nothing. To end sooner, one of these must take less.
    pub fn critical_path(&self) -> Vec<&Timing> {
        let mut path: Vec<&Timing> = Vec::new();
        let mut next = self.steps.iter().max_by_key(|step| step.end());
        while let Some(step) = next.filter(|step| !path.contains(step)) {
            path.push(step);
            next = step
                .waited_for
                .as_ref()
                .and_then(|name| self.steps.iter().find(|step| step.step == *name));
        }
        path.reverse();
        path
    }

    /// One line: the total, and the step of the critical path that took longest, not counting what it took
    /// beside the one before it.
    pub fn summary(&self) -> String {
        let ended = |outcome| self.steps.iter().any(|step| step.outcome == outcome);
        let end = match (ended(Outcome::Failed), ended(Outcome::Stopped)) {
            (true, _) => "failed after",
            (false, true) => "stopped after",
            (false, false) => "ready in",
        };
        let total = human(self.total);
        let mut since = Duration::ZERO;
        let alone = self.critical_path().into_iter().map(|step| {
            let begun = step.begun.max(std::mem::replace(&mut since, step.end()));
            (step.end().saturating_sub(begun), &step.step)
        });
        match alone.max_by_key(|(took, _)| *took) {
            Some((took, step)) => {
                format!("{end} {total}, of which {} waiting for {step}", human(took))
            }
            None => format!("{end} {total}"),
        }
    }

    /// A table of the steps in the order in which they began; `*` marks the critical path.
    pub fn table(&self) -> String {
        let path = self.critical_path();
        let names = self.steps.iter().map(|step| step.step.as_str());
        let width = names
            .chain(["total"])
            .map(|name| name.chars().count())
            .max()
            .unwrap_or_default();
        let row = |mark, step: &str, begun: &str, took: &str, waited_for: &str| {
            let row = format!("{mark} {step:width$}  {begun:>10}  {took:>10}  {waited_for}");
            format!("{}\n", row.trim_end())
        };
        let mut rows = vec![row(' ', "step", "began at", "took", "waited for")];
        rows.extend(self.by_begin().into_iter().map(|step| {
            let mark = if path.contains(&step) { '*' } else { ' ' };
            let outcome = match step.outcome {
                Outcome::Done => String::new(),
                outcome => format!("  ({})", outcome.word()),
            };
            let waited_for = step.waited_for.as_deref().unwrap_or("-");
            let end = format!("{waited_for}{outcome}");
            row(
                mark,
                &step.step,
                &human(step.begun),
                &human(step.took),
                &end,
            )
        }));
        rows.push(row(' ', "total", "", &human(self.total), ""));
        rows.push(
            "* critical path: the run would end sooner only if one of these took less\n".to_owned(),
        );
        rows.concat()
    }

    /// How long the steps took, to be kept for the next run: those that did something. One that had
    /// nothing to do, or did not end well, says nothing about how long it takes.
    pub fn seconds(&self) -> Seconds {
        let done = self
            .steps
            .iter()
            .filter(|step| step.outcome == Outcome::Done);
        // In whole ms: nobody needs more, and the file stays readable.
        let millis = |took: Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Seconds(
            done.map(|step| {
                (
                    step.step.clone(),
                    Duration::from_millis(millis(step.took)).as_secs_f64(),
                )
            })
            .collect(),
        )
    }

    fn by_begin(&self) -> Vec<&Timing> {
        let mut steps: Vec<&Timing> = self.steps.iter().collect();
        steps.sort_by_key(|step| step.begun);
        steps
    }
}
