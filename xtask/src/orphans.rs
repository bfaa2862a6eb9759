//! Children of a run that was killed: they go on without it, and would get in the way of the next.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cmd::Cmd;
use crate::exec::{Exec, Record};
use crate::progress::Progress;
use crate::state::State;

/// How long a child that does something of worth may take to finish.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a child may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked whether a child has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for what an earlier run left running and is worth waiting for, and ends the rest. Only with the
/// lock held: what changes the cluster then belongs to no run that is alive.
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
        match Record::read(&path).map(|(pid, record)| (place(exec, pid, &record), pid, record)) {
            // Of a `logs` or `status` beside us.
            Some((Place::WithItsParent, ..)) => continue,
            Some((Place::Orphan, pid, record)) => end(exec, progress, pid, &record)?,
            Some((Place::Gone, ..)) | None => (),
        }
        let _ = fs::remove_file(path);
    }
    Ok(())
}

fn end(exec: &Exec, progress: &Progress, pid: u32, record: &Record) -> Result<()> {
    if record.changes {
        let program = record.command.split(' ').next().unwrap_or_default();
        progress.note(&format!(
            "an interrupted run left {program} running (process {pid}): ending it first"
        ));
        // What k3d was creating is removed anyway; the others finish what they began.
        if program != "k3d" && ends(exec, pid, record, PATIENCE)? {
            return Ok(());
        }
    }
    exec.end_group(pid);
    if !ends(exec, pid, record, GRACE)? {
        exec.kill_group(pid);
    }
    Ok(())
}

/// Where a child is that was written down.
#[derive(PartialEq, Eq)]
enum Place {
    /// No longer there; its process id may be another process's by now.
    Gone,
    /// With the run that started it, which is alive.
    WithItsParent,
    /// Without that run.
    Orphan,
}

fn place(exec: &Exec, pid: u32, record: &Record) -> Place {
    match parent_and_command(exec, pid) {
        Some((_, now)) if !now.ends_with(&record.command) => Place::Gone,
        Some((parent, _)) if parent == record.parent => Place::WithItsParent,
        Some(_) => Place::Orphan,
        None => Place::Gone,
    }
}

/// The parent's process id and the command line of a process that runs.
fn parent_and_command(exec: &Exec, pid: u32) -> Option<(u32, String)> {
    // macOS has no /proc.
    if !Path::new("/proc/self").exists() {
        let ps = Cmd::new("ps").args(["-o", "ppid=,args=", "-p", &pid.to_string()]);
        let said = exec.read(&ps).ok()?;
        let (parent, command) = said.trim().split_once(' ')?;
        return Some((parent.parse().ok()?, command.trim().to_owned()));
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state parent`: the name may have spaces and brackets (proc(5)).
    let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = String::from_utf8_lossy(&words);
    let command = words.trim_end_matches('\0').replace('\0', " ");
    // A process that has ended and was not waited for has none.
    (!command.is_empty()).then_some((parent.parse().ok()?, command))
}

fn ends(exec: &Exec, pid: u32, record: &Record, patience: Duration) -> Result<bool> {
    let begun = Instant::now();
    while place(exec, pid, record) == Place::Orphan {
        if begun.elapsed() >= patience {
            return Ok(false);
        }
        if exec.stop().pause(LOOK) {
            bail!("stopped");
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use crate::progress::{Surroundings, Talk};
    use crate::stop::Stop;

    use super::*;

    fn exec() -> Exec {
        Exec::new(Arc::new(Stop::default()))
    }

    /// A child runs, and is written down with this parent; what it was ended by after `settle`, if it was.
    fn settled(parent: u32) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let state = State::of(folder.path(), &"c".parse().unwrap());
        fs::create_dir_all(state.children()).unwrap();
        let mut other = exec();
        other.record_in(state.children());
        let written = || fs::read_dir(state.children()).unwrap().flatten().next();
        thread::scope(|scope| {
            let child = scope.spawn(|| other.read(&Cmd::new("sleep").args(["600"])));
            let (path, mut record) = loop {
                let path = written().map(|it| it.path());
                if let Some((path, (_, record))) =
                    path.and_then(|it| Some((it.clone(), Record::read(&it)?)))
                {
                    break (path, record);
                }
                thread::sleep(Duration::from_millis(1));
            };
            record.parent = parent;
            fs::write(&path, serde_json::to_string(&record).unwrap()).unwrap();
            let progress = Progress::new(Talk::default(), Surroundings::default());
            settle(&exec(), &state, &progress).unwrap();
            let was_left = path.exists();
            other.end_children(true);
            let error = child.join().unwrap().unwrap_err();
            (!was_left).then(|| error.to_string())
        })
    }

    #[test]
    fn a_child_without_its_parent_is_ended() {
        assert!(settled(u32::MAX).unwrap().contains("signal 15"));
    }

    #[test]
    fn a_child_of_a_run_that_lives_is_left() {
        assert_eq!(settled(std::process::id()), None);
    }
}
