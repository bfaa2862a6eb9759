//! Signals, and the one flag that everything that waits looks at.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Why everything is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A signal, by its number.
    Signal(i32),
    /// A step failed: what only waits is ended, what changes something may finish.
    Failure,
}

/// Says once, to everybody, that it is time to end.
#[derive(Debug, Default)]
pub struct Stop {
    reason: Mutex<Option<Reason>>,
    changed: Condvar,
}

impl Stop {
    /// The reason to end, where there is one.
    pub fn reason(&self) -> Option<Reason> {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signal that was caught, where one was.
    pub fn signal(&self) -> Option<i32> {
        match self.reason() {
            Some(Reason::Signal(signal)) => Some(signal),
            _ => None,
        }
    }

    /// Asks everybody to end. A signal outranks a failure, the first signal those after it.
    pub fn ask(&self, reason: Reason) {
        let mut current = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*current, Some(Reason::Signal(_))) {
            *current = Some(reason);
        }
        drop(current);
        self.changed.notify_all();
    }

    /// Forgets a failure, so that what comes after it may begin. A signal is never forgotten.
    pub fn go_on(&self) {
        let mut current = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == Some(Reason::Failure) {
            *current = None;
        }
    }

    /// Waits for `time`, or less where it is time to end; says whether it is.
    pub fn pause(&self, time: Duration) -> bool {
        let current = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        let (current, _) = self
            .changed
            .wait_timeout_while(current, time, |reason| reason.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        current.is_some()
    }
}

/// Calls `caught` with the number of each SIGINT, SIGTERM and SIGHUP, from a thread of its own.
///
/// # Errors
/// Where the system refuses the handlers.
pub fn on_signal(caught: impl Fn(i32) + Send + 'static) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || signals.forever().for_each(caught));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_early_when_it_is_time_to_end() {
        let stop = Stop::default();
        std::thread::scope(|scope| {
            scope.spawn(|| stop.ask(Reason::Failure));
            assert!(stop.pause(Duration::from_secs(3600)));
        });
    }

    #[test]
    fn a_signal_outranks_a_failure_and_later_signals() {
        let stop = Stop::default();
        stop.ask(Reason::Failure);
        stop.ask(Reason::Signal(15));
        stop.ask(Reason::Signal(2));
        stop.ask(Reason::Failure);
        assert_eq!(stop.signal(), Some(15));
    }

    #[test]
    fn a_failure_can_be_forgotten_and_a_signal_cannot() {
        let stop = Stop::default();
        stop.ask(Reason::Failure);
        stop.go_on();
        assert_eq!(stop.reason(), None);
        stop.ask(Reason::Signal(2));
        stop.go_on();
        assert_eq!(stop.signal(), Some(2));
    }
}
