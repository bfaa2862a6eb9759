//! Counts child processes, in the same way for both sides: under the names of the tools, first in `PATH`,
//! stands this very program, which writes down that it was started, starts the real one, and writes down when
//! that has ended. One that is ended from outside, as a watch is, counts all the same.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

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
    /// When each ran that ended by itself, in ns since 1970.
    spans: Vec<(u128, u128)>,
}

impl Calls {
    pub fn total(&self) -> usize {
        self.programs.values().sum()
    }

    /// How long any of them ran.
    pub fn covered(&self) -> Duration {
        let mut spans = self.spans.clone();
        spans.sort_unstable();
        let (mut covered, mut until) = (0, 0);
        for (begin, end) in spans {
            covered += end.max(until) - begin.max(until);
            until = until.max(end);
        }
        Duration::from_nanos(u64::try_from(covered).unwrap_or(u64::MAX))
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
    let mut begun = BTreeMap::new();
    for line in fs::read_to_string(folder.join("calls"))?.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, pid, program, time] = words[..] else {
            bail!("a call's record is cut: {line}");
        };
        let time: u128 = time.parse()?;
        if what == "begin" {
            *calls.programs.entry(program.to_owned()).or_default() += 1;
            begun.insert(pid.to_owned(), time);
        } else if let Some(begin) = begun.remove(pid) {
            calls.spans.push((begin, time));
        }
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

/// Runs the real program, and writes down that and when it ran.
pub fn count(program: &str) -> ExitCode {
    let counted = note("begin", program).and_then(|()| {
        let code = run(program)?;
        note("end", program)?;
        Ok(code)
    });
    match counted {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("a call cannot be counted: {error:#}");
            ExitCode::from(127)
        }
    }
}

fn note(what: &str, program: &str) -> Result<()> {
    // In one write, as several begin and end at the same time.
    let line = format!("{what} {} {program} {}\n", std::process::id(), now());
    let record = env::var_os(RECORD).unwrap_or_default();
    let mut file = OpenOptions::new().append(true).create(true).open(record)?;
    Ok(file.write_all(line.as_bytes())?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "stands for a program, and starts it"
)]
fn run(program: &str) -> Result<u8> {
    let path = env::var_os(PATH).context("PATH is not known")?;
    let real = which::which_in(program, Some(&path), env::current_dir()?)?;
    let status = Command::new(real)
        .args(env::args_os().skip(1))
        .env("PATH", path)
        .status()?;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn now() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_nanos()
}
