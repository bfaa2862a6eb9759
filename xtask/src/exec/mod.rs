//! The only place that starts a child.
//!
//! xshell alone is not enough here: `output()` loses stderr, `read()` lets it through, and neither can
//! be ended from another thread (xshell 0.2.7). So a command goes from xshell to `std` and is watched here.
//! Each child but the interactive ones leads a process group of its own: else Ctrl-C would reach k3d and
//! helm before we could decide how they are to end.

mod child;
mod error;
mod heard;
mod programs;
mod record;
mod span;
mod stream;
#[cfg(test)]
mod tests;
mod within;

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::process::Signal;
use xshell::Shell;

use crate::cmd::Cmd;
use crate::stop::{Reason, Stop};

pub use child::Handle;
use child::{Running, collect, drain, feed, signal_child, signal_group};
pub use error::{CmdError, End, exit_code};
use heard::{Hearer, Watcher};
pub use record::Record;
pub use span::Span;
use span::Spans;
pub use stream::Line;
use within::Listener;

/// Starts children, and ends them when it is time.
pub struct Exec {
    stop: Arc<Stop>,
    running: Mutex<BTreeMap<u32, Started>>,
    /// The child that has the user's terminal, where one has.
    foreground: Mutex<Option<u32>>,
    programs: Mutex<BTreeMap<&'static str, PathBuf>>,
    watcher: Option<Watcher>,
    hearer: Option<Hearer>,
    listener: Option<Listener>,
    records: Option<PathBuf>,
    spans: Mutex<Option<Spans>>,
}

/// What is known of a running child.
struct Started {
    changes: bool,
    command: String,
    begun: Instant,
}

/// What a child that ended well has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

impl Exec {
    /// Children that end when `stop` says so.
    pub fn new(stop: Arc<Stop>) -> Self {
        Self {
            stop,
            running: Mutex::default(),
            foreground: Mutex::default(),
            programs: Mutex::default(),
            watcher: None,
            hearer: None,
            listener: None,
            records: None,
            spans: Mutex::default(),
        }
    }

    /// Writes down in `folder` each child while it runs, so that a later run can find what a killed one
    /// left running.
    pub fn record_in(&mut self, folder: PathBuf) {
        self.records = Some(folder);
    }

    /// The flag that ends everything.
    pub fn stop(&self) -> &Arc<Stop> {
        &self.stop
    }

    /// Runs a child to its end and returns what it said on stdout.
    ///
    /// # Errors
    /// Where it cannot be started, fails, or is ended by us; the error carries its last words.
    pub fn read(&self, cmd: &Cmd) -> Result<String, CmdError> {
        self.run(cmd).map(|output| output.stdout)
    }

    /// Runs a child to its end and returns both streams.
    ///
    /// # Errors
    /// As for [`Exec::read`].
    pub fn run(&self, cmd: &Cmd) -> Result<Output, CmdError> {
        let begun = Instant::now();
        let mut child = self.spawn(cmd)?;
        let errors = drain(child.take_stderr());
        let stdout = drain(child.take_stdout());
        let status = child.wait(cmd)?;
        let output = Output {
            stdout: collect(stdout),
            stderr: collect(errors),
        };
        self.hear(cmd, &output);
        self.ended(cmd, begun, status, &output.stderr)?;
        Ok(output)
    }

    /// Runs a child on the user's own terminal, whose Ctrl-C is then the child's (see
    /// [`Exec::has_foreground`]), and returns how it ended.
    ///
    /// It stays in our process group: the terminal lets no other group read from it.
    ///
    /// # Errors
    /// Where it cannot be started, or it is time to end.
    pub fn interactive(&self, cmd: &Cmd) -> Result<ExitStatus, CmdError> {
        let begun = Instant::now();
        // Held while the child starts: else a signal could come between its start and its entry.
        let mut foreground = self.foreground();
        if self.stop.reason().is_some() {
            return Err(CmdError::ended(cmd));
        }
        let child = self.command(cmd).spawn();
        let mut child = child.map_err(|error| CmdError::start(cmd, &error))?;
        *foreground = Some(child.id());
        drop(foreground);
        let status = child.wait();
        *self.foreground() = None;
        let status = status.map_err(|error| CmdError::start(cmd, &error))?;
        if let Some(watcher) = &self.watcher {
            watcher(cmd, begun.elapsed(), status.success());
        }
        Ok(status)
    }

    /// Whether a child has the user's terminal: what is typed there, Ctrl-C included, is for that child.
    pub fn has_foreground(&self) -> bool {
        self.foreground().is_some()
    }

    /// Asks running children to end by SIGTERM: all of them, or those only that change nothing.
    pub fn end_children(&self, all: bool) {
        self.signal_children(all, Signal::TERM);
    }

    /// Ends all children at once, by SIGKILL.
    pub fn kill_children(&self) {
        self.signal_children(true, Signal::KILL);
    }

    /// Asks a process group that is not of this run to end.
    pub fn end_group(&self, pid: u32) {
        signal_group(pid, Signal::TERM);
    }

    /// Ends a process group that is not of this run at once.
    pub fn kill_group(&self, pid: u32) {
        signal_group(pid, Signal::KILL);
    }

    /// Whether any child still runs.
    pub fn has_children(&self) -> bool {
        !self.lock().is_empty() || self.has_foreground()
    }

    fn signal_children(&self, all: bool, signal: Signal) {
        for (pid, started) in self.lock().iter() {
            if all || !started.changes {
                signal_group(*pid, signal);
            }
        }
        // It is in our own group: only the child itself is meant.
        if let Some(pid) = self.foreground().filter(|_| all) {
            signal_child(pid, signal);
        }
    }

    fn foreground(&self) -> MutexGuard<'_, Option<u32>> {
        self.foreground
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Started>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that starts children"
    )]
    fn command(&self, cmd: &Cmd) -> Command {
        let program = self.program(cmd.program);
        // A shell costs nothing, and is not `Sync`: each call has its own.
        let shell = Shell::new();
        let mut command = match shell {
            Ok(shell) => Command::from(shell.cmd(program)),
            Err(_) => Command::new(program),
        };
        if let Some(prefix) = cmd.without {
            let names = std::env::vars_os().map(|(name, _)| name);
            for name in names.filter(|it| it.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.args(&cmd.args).envs(&cmd.env);
        command
    }

    fn spawn(&self, cmd: &Cmd) -> Result<Running<'_>, CmdError> {
        let mut command = self.command(cmd);
        let stdin = if cmd.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut running = self.start(cmd, command.stdin(stdin))?;
        feed(running.child.stdin.take(), cmd.stdin.clone());
        Ok(running)
    }

    /// Starts a prepared command, unless it is time to end.
    fn start(&self, cmd: &Cmd, command: &mut Command) -> Result<Running<'_>, CmdError> {
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // Held while the child starts: else a signal could come between its start and its entry.
        let mut running = self.lock();
        if self.stop.reason().is_some() {
            return Err(CmdError::ended(cmd));
        }
        let begun = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| CmdError::start(cmd, &error))?;
        running.insert(
            child.id(),
            Started {
                changes: cmd.changes,
                command: cmd.to_string(),
                begun,
            },
        );
        drop(running);
        let folder = self.records.as_deref();
        let record = folder.map(|folder| Record::of(cmd).write(folder, child.id()));
        Ok(Running {
            exec: self,
            child,
            record,
        })
    }

    fn ended(
        &self,
        cmd: &Cmd,
        begun: Instant,
        status: ExitStatus,
        stderr: &str,
    ) -> Result<(), CmdError> {
        if let Some(watcher) = &self.watcher {
            watcher(cmd, begun.elapsed(), status.success());
        }
        if status.success() {
            return Ok(());
        }
        let by_us = match self.stop.reason() {
            Some(Reason::Signal(_)) => true,
            Some(Reason::Failure) => !cmd.changes,
            None => false,
        };
        if by_us {
            Err(CmdError::ended(cmd))
        } else {
            Err(CmdError::failed(cmd, status, stderr))
        }
    }
}
