//! What is told of children while all goes well: that they ended, and what they said.

use std::time::Duration;

use super::{Exec, Line, Output};
use crate::cmd::Cmd;

/// Told of each child that has ended, how long it took and whether it ended well.
pub(super) type Watcher = Box<dyn Fn(&Cmd, Duration, bool) + Send + Sync>;
/// Told of each line that a child said.
pub(super) type Hearer = Box<dyn Fn(&Cmd, &str) + Send + Sync>;

impl Exec {
    /// Tells `watcher` of each child that has ended; a watch that is ended once it is not needed is none.
    pub fn watch_with(&mut self, watcher: impl Fn(&Cmd, Duration, bool) + Send + Sync + 'static) {
        self.watcher = Some(Box::new(watcher));
    }

    /// Tells `hearer` what children say for people: on stderr, and on stdout where they were not asked for
    /// something, for an answer may hold a secret.
    pub fn hear_with(&mut self, hearer: impl Fn(&Cmd, &str) + Send + Sync + 'static) {
        self.hearer = Some(Box::new(hearer));
    }

    /// Passes on what a child has said by its end.
    pub(super) fn hear(&self, cmd: &Cmd, output: &Output) {
        if self.hearer.is_none() {
            return;
        }
        let out = output.stdout.lines().map(|line| Line::Out(line.to_owned()));
        let err = output.stderr.lines().map(|line| Line::Err(line.to_owned()));
        for line in out.chain(err) {
            self.hear_line(cmd, &line);
        }
    }

    /// Passes on a line that a child has just said.
    pub(super) fn hear_line(&self, cmd: &Cmd, line: &Line) {
        let is_answer = !cmd.changes || cmd.args.iter().any(|arg| arg == "json");
        match (&self.hearer, line) {
            (Some(hearer), Line::Err(text)) => hearer(cmd, text),
            (Some(hearer), Line::Out(text)) if !is_answer => hearer(cmd, text),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::stop::Stop;

    /// What is heard of a shell's `echo out; echo err >&2`.
    fn heard(cmd: Cmd) -> Vec<String> {
        let mut exec = Exec::new(Arc::new(Stop::default()));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&heard);
        exec.hear_with(move |cmd, line| {
            lines
                .lock()
                .unwrap()
                .push(format!("{}: {line}", cmd.program));
        });
        let cmd = cmd.args(["-c", "echo out; echo err >&2"]);
        exec.run(&cmd).unwrap();
        exec.lines(&cmd, |_| {}).unwrap();
        let mut heard = heard.lock().unwrap().clone();
        heard.sort();
        heard
    }

    #[test]
    fn an_answer_is_not_for_people_and_the_words_of_what_changes_something_are() {
        let both = ["sh: err", "sh: err", "sh: out", "sh: out"];
        assert_eq!(heard(Cmd::new("sh").changes()), both);
        assert_eq!(heard(Cmd::new("sh")), both[..2]);
    }
}
