//! Counts child processes, in the same way for both sides: under the names of the tools, first in `PATH`,
//! stands this very program, which writes down that it was started, and becomes the real one.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Error, Result};

/// The programs that are counted.
pub const PROGRAMS: [&str; 4] = ["docker", "helm", "k3d", "kubectl"];

/// Where calls are written down.
const RECORD: &str = "BENCH_CALLS";
/// `PATH` as it was.
const PATH: &str = "BENCH_PATH";

/// The calls of one run.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    /// How many of each program.
    pub programs: BTreeMap<String, usize>,
}

impl Calls {
    pub fn total(&self) -> usize {
        self.programs.values().sum()
    }
}

/// Puts this program under the tools' names into `folder/bin`.
pub fn make(folder: &Path) -> Result<()> {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin)?;
    let this = env::current_exe()?;
    for program in PROGRAMS {
        // No symbolic link: `up` remembers no version of a program that is called otherwise.
        fs::copy(&this, bin.join(program))?;
    }
    Ok(())
}

/// Has the calls of a child counted, and of its children.
pub fn count_in(command: &mut Command, folder: &Path) {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut counted: OsString = folder.join("bin").into();
    counted.push(":");
    counted.push(&path);
    command
        .env("PATH", counted)
        .env(PATH, path)
        .env(RECORD, folder.join("calls"));
}

/// Forgets what was counted.
pub fn forget(folder: &Path) -> Result<()> {
    Ok(fs::write(folder.join("calls"), "")?)
}

/// What was counted.
pub fn read(folder: &Path) -> Result<Calls> {
    let mut calls = Calls::default();
    for program in fs::read_to_string(folder.join("calls"))?.lines() {
        *calls.programs.entry(program.to_owned()).or_default() += 1;
    }
    Ok(calls)
}

/// The program under whose name this one was started, where it stands for another.
pub fn stands_for() -> Option<String> {
    env::var_os(RECORD)?;
    let name = env::args_os().next()?;
    let name = Path::new(&name).file_name()?.to_str()?.to_owned();
    PROGRAMS.contains(&name.as_str()).then_some(name)
}

/// Writes down that a program was started, and becomes the real one.
pub fn count(program: &str) -> ExitCode {
    let error = match note(program).and_then(|()| real(program)) {
        Ok(mut real) => Error::from(real.exec()),
        Err(error) => error,
    };
    eprintln!("a call cannot be counted: {error:#}");
    ExitCode::from(127)
}

fn note(program: &str) -> Result<()> {
    // In one write, as several begin at the same time.
    let line = format!("{program}\n");
    let record = env::var_os(RECORD).unwrap_or_default();
    let mut file = OpenOptions::new().append(true).create(true).open(record)?;
    Ok(file.write_all(line.as_bytes())?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "stands for a program, and becomes it"
)]
fn real(program: &str) -> Result<Command> {
    let path = env::var_os(PATH).context("PATH is not known")?;
    let real = which::which_in(program, Some(&path), env::current_dir()?)?;
    let mut real = Command::new(real);
    real.args(env::args_os().skip(1)).env("PATH", path);
    Ok(real)
}
