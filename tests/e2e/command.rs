//! One run of a program: watched while it runs, and looked at when it has ended.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::ran::{Ran, is_done, text};
use crate::stage::is_interrupted;

/// How often a wait looks.
const LOOK: Duration = Duration::from_millis(5);

/// A run that goes on. Dropped, it is killed.
pub struct Running {
    words: String,
    child: Child,
    begun: Instant,
    lines: Lines,
    readers: Vec<JoinHandle<()>>,
    stdout: Arc<Mutex<String>>,
}

/// Lines of stderr, each with the time at which it came.
type Lines = Arc<Mutex<Vec<(Duration, String)>>>;

/// A child in the environment of these tests.
#[expect(
    clippy::disallowed_methods,
    reason = "what starts children in the program is what is tested here"
)]
pub fn program(name: impl AsRef<OsStr>) -> Command {
    Command::new(name)
}

/// Runs a tool to its end and returns what it printed.
pub fn ask(name: &str, args: &[&str]) -> Result<String> {
    read(program(name).args(args))
}

/// Runs a prepared command to its end and returns what it printed.
pub fn read(command: &mut Command) -> Result<String> {
    let words = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {words}"))?;
    ensure!(
        output.status.success(),
        "{words}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Running {
    /// Starts a command; `words` name it in errors.
    pub fn start(command: &mut Command, words: String) -> Result<Self> {
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {words}"))?;
        let (lines, stdout) = (Lines::default(), Arc::<Mutex<String>>::default());
        let (said, printed) = (Arc::clone(&lines), Arc::clone(&stdout));
        let (errors, output) = (child.stderr.take(), child.stdout.take());
        let readers = vec![
            thread::spawn(move || {
                for line in BufReader::new(errors.into_iter().next().expect("piped")).lines() {
                    let Ok(line) = line else { return };
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    said.push((begun.elapsed(), line));
                }
            }),
            thread::spawn(move || {
                let mut output = BufReader::new(output.into_iter().next().expect("piped"));
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = output.read(&mut chunk) {
                    let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
                    printed.push_str(&String::from_utf8_lossy(&chunk[..count]));
                }
            }),
        ];
        Ok(Self {
            words,
            child,
            begun,
            lines,
            readers,
            stdout,
        })
    }

    /// The time since it began.
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said until now.
    pub fn said(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        text(&lines)
    }

    /// What it has printed until now.
    pub fn printed(&self) -> String {
        let stdout = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
        stdout.clone()
    }

    /// Waits until `is_so`, and fails where it ends before that, or `limit` is over.
    pub fn until(
        &mut self,
        what: &str,
        limit: Duration,
        mut is_so: impl FnMut(&Self) -> Result<bool>,
    ) -> Result<Duration> {
        let begun = Instant::now();
        loop {
            let ended = self.child.try_wait()?.is_some();
            if is_so(self)? {
                return Ok(begun.elapsed());
            }
            ensure!(
                !ended,
                "`{}` ended before {what}:\n{}",
                self.words,
                self.said()
            );
            ensure!(
                begun.elapsed() < limit,
                "`{}`: not {what} within {} s:\n{}",
                self.words,
                limit.as_secs(),
                self.said()
            );
            ensure!(!is_interrupted(), "interrupted");
            thread::sleep(LOOK);
        }
    }

    /// Waits until it has said these words.
    pub fn until_says(&mut self, words: &str, limit: Duration) -> Result<Duration> {
        self.until(&format!("saying {words:?}"), limit, |it| {
            Ok(it.said().contains(words))
        })
    }

    /// Waits until the line of a step that was done stands there.
    pub fn until_done(&mut self, step: &str, limit: Duration) -> Result<Duration> {
        self.until(&format!("the step {step}"), limit, |it| {
            Ok(is_done(&it.said(), step))
        })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(self.pid(), signal)
    }

    /// Waits until it has ended; past `limit` it is killed, and that is an error.
    pub fn finish(mut self, limit: Duration) -> Result<Ran> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.age() > limit || is_interrupted() {
                let _ = self.child.kill();
                ensure!(!is_interrupted(), "interrupted");
                bail!(
                    "`{}` did not end within {} s:\n{}",
                    self.words,
                    limit.as_secs(),
                    self.said()
                );
            }
            thread::sleep(LOOK);
        };
        let took = self.age();
        // A child of it that outlives it may hold the pipes: what came until now is what it said.
        let readers = std::mem::take(&mut self.readers);
        let patience = Instant::now();
        while readers.iter().any(|it| !it.is_finished())
            && patience.elapsed() < Duration::from_secs(1)
        {
            thread::sleep(LOOK);
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Ran {
            words: self.words.clone(),
            code: status.code(),
            signal: status.signal(),
            stdout: self.printed(),
            lines: lines.clone(),
            took,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Sends a process a signal.
pub fn kill(pid: u32, signal: Signal) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    kill_process(pid.context("no process id")?, signal)?;
    Ok(())
}
