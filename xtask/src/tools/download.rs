//! One file onto this machine: by curl from an address, or copied from a folder.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use hmac_sha256::Hash;

use super::problem::{Problem, by_hand};
use super::source::mirror_variable;
use super::{Release, Report, Source, Tool};
use crate::cmd::Cmd;
use crate::digest::hex;
use crate::exec::{CmdError, End, Exec};

/// How often it is told how much has come.
const TELL: Duration = Duration::from_millis(500);

/// Brings the file of `release` to `target`, and says in an error what address it was.
pub fn download(
    exec: &Exec,
    release: &Release,
    source: &Source,
    target: &Path,
    report: Report,
) -> Result<(), Problem> {
    let path = path_of(&release.address);
    let mirror = mirror_variable();
    let (address, help) = match source {
        Source::Folder(folder) => {
            let file = folder.join(path);
            return fs::copy(&file, target).map(drop).map_err(|error| {
                let what = format!("cannot be copied from {}: {error}", file.display());
                problem(
                    release.tool,
                    what,
                    &format!("put it there, or correct {mirror}"),
                )
            });
        }
        Source::Mirror(base) => (format!("{base}/{path}"), format!("correct {mirror}")),
        Source::Official | Source::Nowhere | Source::LeftTo(_) => (
            release.address.clone(),
            format!("name a mirror in {mirror}"),
        ),
    };
    report(release.tool.name(), &format!("fetching {address}"));
    let cmd = curl(&address, matches!(source, Source::Mirror(_)), target);
    by_curl(exec, release.tool, &cmd, target, report).map_err(|error| {
        let help = format!("see whether that address opens, or {help}");
        failed(release.tool, &address, &error, &help)
    })
}

/// The path of an address, without the slash in front.
fn path_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, path)| path)
}

/// curl, for one file. From a mirror plain HTTP is fine, since the sum is what is trusted.
fn curl(address: &str, mirror: bool, target: &Path) -> Cmd {
    let schemes = if mirror { "=http,https" } else { "=https" };
    let cmd = Cmd::new("curl")
        .args(["--fail", "--location", "--silent", "--show-error"])
        .args(["--proto", schemes, "--proto-redir", schemes])
        .args(["--connect-timeout", "15", "--retry", "2"])
        // Half a minute with less than 1 kB a second is a connection that has died.
        .args(["--speed-limit", "1000", "--speed-time", "30"])
        .args(["--output", &target.to_string_lossy(), "--url", address]);
    if mirror {
        cmd.args(["--netrc-optional"])
    } else {
        cmd
    }
}

/// Runs curl, and tells meanwhile how much has come.
fn by_curl(
    exec: &Exec,
    tool: Tool,
    cmd: &Cmd,
    target: &Path,
    report: Report,
) -> Result<(), CmdError> {
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut told = 0;
            while ended.recv_timeout(TELL) == Err(RecvTimeoutError::Timeout) {
                let megabytes = fs::metadata(target).map_or(0, |data| data.len() / 1_000_000);
                if megabytes != told {
                    told = megabytes;
                    report(tool.name(), &format!("{told} MB"));
                }
            }
        });
        let result = exec.run(cmd).map(drop);
        drop(end);
        result
    })
}

fn failed(tool: Tool, address: &str, error: &CmdError, help: &str) -> Problem {
    match &error.end {
        End::NotStarted(why) => problem(
            tool,
            format!("cannot be fetched, for curl could not be started: {why}"),
            "install curl",
        ),
        _ => problem(
            tool,
            format!("cannot be fetched from {address}: {}", error.last_words()),
            help,
        ),
    }
}

/// A tool that could not be fetched can still be installed by hand.
pub fn problem(tool: Tool, what: String, help: &str) -> Problem {
    Problem {
        tool: tool.name(),
        what,
        do_next: format!("{help}; or install {}", by_hand(tool)),
    }
}

/// The SHA-256 sum of a file, as 64 hexadecimal digits.
pub fn sum_of(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut sum = Hash::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => sum.update(&chunk[..read]),
        }
    }
    Ok(hex(sum.finalize()))
}
