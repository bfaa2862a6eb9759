//! Questions that must be answered soon, or not at all.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::Exec;

/// How long what was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);

/// Told, in words, of what takes long.
pub(super) type Listener = Box<dyn Fn(&str) + Send + Sync>;

impl Exec {
    /// Tells `listener` what takes long, where that is wanted.
    pub fn tell_with(&mut self, listener: impl Fn(&str) + Send + Sync + 'static) {
        self.listener = Some(Box::new(listener));
    }

    /// Calls `ask` and, where that takes longer than `time`, tells `words` meanwhile.
    pub fn telling<T>(&self, time: Duration, words: &str, ask: impl FnOnce() -> T) -> T {
        let (end, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let is_over = ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
                if let Some(tell) = self.listener.as_ref().filter(|_| is_over) {
                    tell(words);
                }
            });
            let answer = ask();
            drop(end);
            answer
        })
    }

    /// Calls `ask`, and ends the children that still run after `limit`: they then count as failed.
    pub fn within<T>(&self, limit: Duration, ask: impl FnOnce() -> T) -> T {
        let (end, ended) = mpsc::channel::<()>();
        let is_over = move |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        thread::scope(|scope| {
            scope.spawn(move || {
                if is_over(limit) {
                    self.end_children(true);
                    if is_over(GRACE) {
                        self.kill_children();
                    }
                }
            });
            let answers = ask();
            drop(end);
            answers
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cmd::Cmd;
    use crate::exec::End;
    use crate::stop::Stop;

    #[test]
    fn who_does_not_answer_in_time_is_ended() {
        let exec = Exec::new(Arc::new(Stop::default()));
        let sleep = Cmd::new("sleep").args(["600"]);
        let error = exec
            .within(Duration::from_millis(50), || exec.run(&sleep))
            .unwrap_err();
        assert_eq!(error.end, End::Signal(15));
        assert!(error.is_terminated());
    }

    #[test]
    fn what_takes_long_is_told_while_it_is_waited_for() {
        let mut exec = Exec::new(Arc::new(Stop::default()));
        let (teller, told) = mpsc::channel();
        exec.tell_with(move |words| teller.send(words.to_owned()).unwrap());
        exec.telling(Duration::from_secs(3600), "slow", || ());
        assert!(told.try_recv().is_err(), "it was answered at once");
        let words = exec.telling(Duration::ZERO, "slow", || told.recv());
        assert_eq!(words.as_deref(), Ok("slow"));
    }
}
