//! Starts children, with an environment that reaches nothing of the user's.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::calls::{self, Calls};

/// Variables of the user's that would change what is measured.
const UNWANTED: [&str; 7] = [
    "GHILLIE_K3D_CLUSTER",
    "GHILLIE_K3D_NAMESPACE",
    "GHILLIE_K3D_PORT",
    "GHILLIE_K3D_AGENTS",
    "GHILLIE_K3D_K3S_IMAGE",
    "GHILLIE_K3D_VALKEY_OPERATOR",
    "GITHUB_ACTIONS",
];

/// How many lines of a child's last words an error shows.
const LAST_LINES: usize = 30;

/// Starts children.
pub struct Tools {
    /// A folder that is removed in the end.
    pub folder: PathBuf,
    /// How long the machine may take to get quiet before a measurement.
    pub patience: Duration,
    /// Whether children of the two sides are counted, which costs time.
    counting: bool,
}

/// A child that ended well.
pub struct Ran {
    pub took: Duration,
    pub stdout: String,
    pub stderr: String,
}

impl Tools {
    pub fn new(folder: &Path, patience: Duration) -> Result<Self> {
        for name in ["tmp", "state", "charts"] {
            fs::create_dir_all(folder.join(name))?;
        }
        for program in calls::PROGRAMS {
            which::which(program).with_context(|| format!("needs {program} on PATH"))?;
        }
        calls::make(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            patience,
            counting: false,
        })
    }

    /// A child in our own surroundings.
    #[expect(
        clippy::disallowed_methods,
        reason = "no Exec here: what is measured must not measure itself"
    )]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for name in UNWANTED {
            command.env_remove(name);
        }
        command
            .env("KUBECONFIG", self.folder.join("kubeconfig"))
            .env("TMPDIR", self.folder.join("tmp"))
            .env("XDG_STATE_HOME", self.folder.join("state"))
            .stdin(Stdio::null());
        if self.counting {
            calls::count_in(&mut command, &self.folder);
        }
        command
    }

    /// Runs a child to its end, and says how long it took.
    pub fn run(command: &mut Command) -> Result<Ran> {
        let begun = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let took = begun.elapsed();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        if !output.status.success() {
            let lines: Vec<&str> = stderr.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
            let (program, last) = (command.get_program().display(), last.join("\n"));
            bail!("{program}: {}\n{last}", output.status);
        }
        Ok(Ran {
            took,
            stdout,
            stderr,
        })
    }

    /// Runs one of the tools, which is not measured.
    pub fn ask(&self, program: &str, args: &[&str]) -> Result<String> {
        let ran = Self::run(self.command(program).args(args));
        ran.map(|ran| ran.stdout)
            .with_context(|| format!("{program} {}", args.join(" ")))
    }

    /// Does something while the children of `docker`, `k3d`, `kubectl` and `helm` are counted.
    pub fn counting<T>(&mut self, doing: impl FnOnce(&Self) -> Result<T>) -> Result<(T, Calls)> {
        calls::forget(&self.folder)?;
        self.counting = true;
        let result = doing(self);
        self.counting = false;
        Ok((result?, calls::read(&self.folder)?))
    }
}
