//! A run that has ended, and what it must have said and done.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::project::PROJECT;

/// How many of its last lines are shown of a run that did not do what it should.
const SHOWN: usize = 60;

/// A run that has ended.
pub struct Ran {
    /// What it is called in errors.
    pub words: String,
    /// Its exit status; none where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said, by the time since it began.
    pub lines: Vec<(Duration, String)>,
    /// How long it ran.
    pub took: Duration,
}

impl Ran {
    /// Fails where the exit status is another one.
    pub fn exits(&self, code: i32) -> Result<&Self> {
        ensure!(
            self.code == Some(code),
            "it was to exit with status {code}\n{self}"
        );
        Ok(self)
    }

    /// Fails unless this `up` ended well, and the URL that it printed answers.
    pub fn is_up(&self) -> Result<&Self> {
        self.exits(0)?;
        let url = self.stdout.trim_end_matches('\n');
        let is_url = url.starts_with("http://127.0.0.1:") && !url.contains(char::is_whitespace);
        ensure!(is_url, "stdout is not a URL alone\n{self}");
        let (status, body) = get(&format!("{url}{}", &PROJECT.ready.path[1..]))?;
        ensure!(status == 200, "{url} answers {status}: {body}\n{self}");
        Ok(self)
    }

    /// Fails where stderr lacks these words.
    pub fn says(&self, words: &str) -> Result<&Self> {
        ensure!(
            self.stderr().contains(words),
            "it did not say {words:?}\n{self}"
        );
        Ok(self)
    }

    /// Fails where stderr has these words.
    pub fn does_not_say(&self, words: &str) -> Result<&Self> {
        ensure!(!self.stderr().contains(words), "it said {words:?}\n{self}");
        Ok(self)
    }

    /// Fails where it took longer.
    pub fn within(&self, seconds: u64) -> Result<&Self> {
        ensure!(
            self.took < Duration::from_secs(seconds),
            "it was to end within {seconds} s\n{self}"
        );
        Ok(self)
    }

    /// When a step was done, or had nothing to do.
    pub fn done(&self, step: &str) -> Option<Duration> {
        let done = self.lines.iter().find(|(_, line)| is_done(line, step));
        done.map(|(when, _)| *when)
    }

    /// All that it said.
    pub fn stderr(&self) -> String {
        text(&self.lines)
    }

    /// When it first said these words.
    pub fn when(&self, words: &str) -> Option<Duration> {
        let said = self.lines.iter().find(|(_, line)| line.contains(words));
        said.map(|(when, _)| *when)
    }

    /// The lines of its error: what comes from `error:` on.
    pub fn error(&self) -> Vec<&str> {
        let lines = self.lines.iter().map(|(_, line)| line.as_str());
        lines
            .skip_while(|line| !line.starts_with("error:"))
            .collect()
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match (self.code, self.signal) {
            (Some(code), _) => format!("exit status {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        let took = self.took.as_secs_f64();
        writeln!(f, "    `{}` ended with {end} after {took:.1} s", self.words)?;
        for line in self.stdout.lines() {
            writeln!(f, "    stdout | {line}")?;
        }
        for (when, line) in self
            .lines
            .iter()
            .skip(self.lines.len().saturating_sub(SHOWN))
        {
            writeln!(f, "    {:6.1} | {line}", when.as_secs_f64())?;
        }
        Ok(())
    }
}

/// Lines as text.
pub fn text(lines: &[(Duration, String)]) -> String {
    lines
        .iter()
        .fold(String::new(), |text, (_, line)| text + line + "\n")
}

/// Whether a step's line says that it was done, or had nothing to do.
pub fn is_done(text: &str, step: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.strip_prefix("✓ ").or(line.strip_prefix("= "));
        rest.and_then(|rest| rest.strip_prefix(step))
            .is_some_and(|rest| rest.starts_with("  "))
    })
}

/// Asks for a URL; what is answered is JSON, or is shown as text.
pub fn get(url: &str) -> Result<(u16, Value)> {
    let reply = minreq::get(url)
        .with_timeout(10)
        .send()
        .with_context(|| format!("{url} does not answer"))?;
    let text = String::from_utf8_lossy(reply.as_bytes()).into_owned();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((reply.status_code, body))
}
