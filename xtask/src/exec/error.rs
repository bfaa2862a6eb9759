//! Why a child failed, in its own last words.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use crate::cmd::Cmd;

/// How many lines of stderr an error keeps.
const TAIL: usize = 20;

/// A child that failed, as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CmdError {
    /// The program.
    pub program: &'static str,
    /// Program and arguments, never what it was given to read.
    pub command: String,
    /// How it ended.
    pub end: End,
    /// The last 20 lines of its stderr.
    pub stderr: Vec<String>,
}

/// How a child ended that did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It could not be started, for the reason given.
    NotStarted(String),
    /// Its exit status.
    Status(i32),
    /// The signal that ended it.
    Signal(i32),
    /// We ended it, or did not start it, because it was time to end.
    Stopped,
}

/// How we end where a child's end is ours: its exit status, or 128 and the signal's number, as a shell says it.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, signal) => 128 + signal.unwrap_or_default(),
    };
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

impl CmdError {
    pub(super) fn start(cmd: &Cmd, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "it is not installed (not found on PATH)".to_owned(),
            io::ErrorKind::PermissionDenied => "it is not executable".to_owned(),
            _ => error.to_string(),
        };
        Self::new(cmd, End::NotStarted(why), "")
    }

    pub(super) fn ended(cmd: &Cmd) -> Self {
        Self::new(cmd, End::Stopped, "")
    }

    pub(super) fn failed(cmd: &Cmd, status: ExitStatus, stderr: &str) -> Self {
        let end = match (status.code(), status.signal()) {
            (Some(code), _) => End::Status(code),
            (None, signal) => End::Signal(signal.unwrap_or_default()),
        };
        Self::new(cmd, end, stderr)
    }

    fn new(cmd: &Cmd, end: End, stderr: &str) -> Self {
        let lines: Vec<&str> = stderr
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let tail = lines.iter().skip(lines.len().saturating_sub(TAIL));
        Self {
            program: cmd.program,
            command: cmd.to_string(),
            end,
            stderr: tail.map(ToString::to_string).collect(),
        }
    }

    /// Whether its stderr has `words`.
    pub fn says(&self, words: &str) -> bool {
        self.stderr.iter().any(|line| line.contains(words))
    }

    /// Whether we ended it ourselves.
    pub fn is_stopped(&self) -> bool {
        self.end == End::Stopped
    }

    /// Whether somebody ended it. Docker's own way to end on SIGTERM is exit status 143 (docker CLI 28.2).
    pub fn is_terminated(&self) -> bool {
        matches!(self.end, End::Signal(_) | End::Status(143))
    }

    /// The last line of its stderr that says something, or how it ended where it said nothing.
    pub fn last_words(&self) -> String {
        let mut lines = self.stderr.iter().rev();
        lines
            .find(|line| !points_to_help(line))
            .cloned()
            .unwrap_or_else(|| self.end.to_string())
    }
}

/// Docker's command line ends many errors so: `See 'docker run --help'.`, since 27 with `Run` and `for more information`,
/// and where a flag is unknown with the usage before that.
fn points_to_help(line: &str) -> bool {
    let is_pointer = line.starts_with("See '") || line.starts_with("Run '");
    is_pointer && line.contains(" --help'") || line.starts_with("Usage:")
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "could not be started: {why}"),
            Self::Status(code) => write!(f, "failed with exit status {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::Stopped => f.write_str("was stopped"),
        }
    }
}

impl fmt::Display for CmdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.command, self.end)?;
        for line in &self.stderr {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CmdError {}
