//! Children of a run that was killed: they go on without it, and would get in the way of the next.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cmd::Cmd;
use crate::exec::Exec;
use crate::progress::Progress;
use crate::state::State;

/// How long a child that does something of worth may take to finish.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a child may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked whether a child has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for what an earlier run left running, and ends what does not end by itself. Only with the lock
/// held, so that no run is alive that these could belong to.
///
/// # Errors
/// Where it is time to end ourselves.
pub fn settle(exec: &Exec, state: &State, progress: &Progress) -> Result<()> {
    let entries = fs::read_dir(state.children())
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        let path = entry.path();
        if let Some((pid, command)) =
            recorded(&path).filter(|(pid, command)| is_running(exec, *pid, command))
        {
            let program = command.split(' ').next().unwrap_or_default();
            progress.note(&format!(
                "an interrupted run left {program} running (process {pid}): ending it first"
            ));
            // What k3d was creating is removed anyway; the others finish what they began.
            let patience = if program == "k3d" {
                Duration::ZERO
            } else {
                PATIENCE
            };
            if !ends(exec, pid, &command, patience)? {
                exec.end_group(pid);
                if !ends(exec, pid, &command, GRACE)? {
                    exec.kill_group(pid);
                }
            }
        }
        let _ = fs::remove_file(path);
    }
    Ok(())
}

/// Process id and command line of a record.
fn recorded(path: &Path) -> Option<(u32, String)> {
    let pid = path.file_name()?.to_str()?.parse().ok()?;
    Some((pid, fs::read_to_string(path).ok()?))
}

/// Whether that very command still runs under that id, which may have gone to another process since.
fn is_running(exec: &Exec, pid: u32, command: &str) -> bool {
    let now = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(words) => String::from_utf8_lossy(&words)
            .trim_end_matches('\0')
            .replace('\0', " "),
        Err(_) if Path::new("/proc/self").exists() => return false,
        // macOS has no /proc.
        Err(_) => {
            let ps = Cmd::new("ps").args(["-o", "args=", "-p", &pid.to_string()]);
            exec.read(&ps).unwrap_or_default().trim().to_owned()
        }
    };
    !now.is_empty() && now.ends_with(command)
}

fn ends(exec: &Exec, pid: u32, command: &str, patience: Duration) -> Result<bool> {
    let begun = Instant::now();
    while is_running(exec, pid, command) {
        if begun.elapsed() >= patience {
            return Ok(false);
        }
        if exec.stop().pause(LOOK) {
            bail!("stopped");
        }
    }
    Ok(true)
}
