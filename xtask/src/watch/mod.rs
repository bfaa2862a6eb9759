//! `up --watch`: another round of `up` whenever a file changes that the preview is made of.
//!
//! The files are looked at again and again. There are a few dozen, which takes less than a millisecond, and
//! it needs no library to build, sees what others write over a network, and what an editor puts in a
//! file's place; notifications of the system differ in all of that from one system to the next.

mod files;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::progress::{Progress, human};
use crate::run::explain;
use crate::stop::Stop;

pub use files::{Snapshot, paths};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long nothing must change before a round begins: an editor that saves all files, or git, takes a while.
const QUIET: Duration = Duration::from_millis(300);
/// How many changed files are named.
const NAMED: usize = 3;

/// There is nothing left to bring up to date; the words say why.
#[derive(Debug)]
pub struct Over(pub String);

/// Files that changed, and have been left alone since.
struct Change {
    files: Vec<PathBuf>,
    saved: Instant,
    now: Snapshot,
}

/// Does a round after each change since `before`, until it is time to end. A round that fails is told, and the
/// next change tries again.
///
/// # Errors
/// The [`Over`] of a round.
pub fn watch(
    root: &Path,
    paths: &[PathBuf],
    mut before: Snapshot,
    stop: &Stop,
    progress: &Progress,
    mut round: impl FnMut() -> Result<()>,
) -> Result<()> {
    progress.note("watching the files of the image and the chart; Ctrl-C ends it");
    while let Some(change) = next(paths, &before, stop) {
        progress.note(&format!("changed: {}", names(root, &change.files)));
        // What changes during the round makes the next one.
        before = change.now;
        let result = round();
        if stop.signal().is_some() {
            break;
        }
        match result {
            Ok(()) => {
                let took = human(change.saved.elapsed());
                progress.note(&format!("ready {took} after the save"));
            }
            Err(error) if error.is::<Over>() => return Err(error),
            Err(error) => {
                progress.error(&explain(&error));
                progress.note("watching on: the next change tries again");
                stop.go_on();
            }
        }
    }
    Ok(())
}

/// The next change, once nothing has changed for a while; none where it is time to end.
fn next(paths: &[PathBuf], before: &Snapshot, stop: &Stop) -> Option<Change> {
    let mut last = before.clone();
    let mut saved: Option<Instant> = None;
    let mut changed = Instant::now();
    while !stop.pause(LOOK) {
        let now = Snapshot::of(paths);
        let files = now.since(before);
        if now != last {
            changed = Instant::now();
            // A file's time may be another machine's: it is believed as far as the looks allow.
            let age = now.age(&files).min(2 * LOOK);
            saved = saved.or_else(|| changed.checked_sub(age));
            last = now;
        } else if files.is_empty() {
            // All is as it was again.
            saved = None;
        } else if changed.elapsed() >= QUIET {
            return Some(Change {
                files: files.into_iter().map(Path::to_owned).collect(),
                saved: saved.unwrap_or(changed),
                now: last,
            });
        }
    }
    None
}

/// The files' names from the workspace's root, the first few of them.
fn names(root: &Path, files: &[PathBuf]) -> String {
    let name = |file: &PathBuf| {
        let short = file.strip_prefix(root).unwrap_or(file);
        short.display().to_string()
    };
    let named: Vec<String> = files.iter().take(NAMED).map(name).collect();
    let more = match files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Over {}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;
    use std::thread;

    use anyhow::anyhow;

    use super::*;
    use crate::progress::{Surroundings, Talk};
    use crate::stop::Reason;

    fn silent() -> Progress {
        let sink = Box::new(std::io::sink());
        Progress::to(sink, Talk::default(), Surroundings::default())
    }

    #[test]
    fn each_change_makes_a_round_and_a_failed_one_is_not_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.rs");
        fs::write(&file, "").unwrap();
        let paths = [folder.path().to_owned()];
        let stop = Stop::default();
        let mut rounds = 0;
        let before = Snapshot::of(&paths);
        fs::write(&file, "a").unwrap();
        let round = || {
            rounds += 1;
            match rounds {
                1 => {
                    // As a step that fails does it.
                    stop.ask(Reason::Failure);
                    fs::write(&file, "bb").unwrap();
                    Err(anyhow!("does not compile"))
                }
                2 => {
                    fs::write(&file, "ccc").unwrap();
                    Ok(())
                }
                _ => Err(Over("the cluster does not exist".into()).into()),
            }
        };
        let ended = watch(folder.path(), &paths, before, &stop, &silent(), round);
        assert!(ended.unwrap_err().is::<Over>());
        assert_eq!(rounds, 3);
    }

    #[test]
    fn files_that_are_saved_one_after_another_make_one_change() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().to_owned()];
        let (stop, before) = (Stop::default(), Snapshot::of(&paths));
        let saved = Mutex::new(0);
        let change = thread::scope(|scope| {
            scope.spawn(|| {
                for name in ["a", "b", "c", "d"] {
                    fs::write(folder.path().join(name), "").unwrap();
                    *saved.lock().unwrap() += 1;
                    stop.pause(QUIET / 2);
                }
            });
            next(&paths, &before, &stop).unwrap()
        });
        assert_eq!((change.files.len(), *saved.lock().unwrap()), (4, 4));
        assert!(change.saved.elapsed() >= QUIET);
        assert_eq!(names(folder.path(), &change.files), "a, b, c and 1 more");
    }

    #[test]
    fn a_signal_ends_the_watching() {
        let folder = tempfile::tempdir().unwrap();
        let stop = Stop::default();
        stop.ask(Reason::Signal(2));
        assert!(next(&[folder.path().to_owned()], &Snapshot::default(), &stop).is_none());
    }
}
