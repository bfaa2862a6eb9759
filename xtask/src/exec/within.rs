//! Questions that must be answered soon, or not at all.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::Exec;

/// How long what was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);

impl Exec {
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
    }
}
