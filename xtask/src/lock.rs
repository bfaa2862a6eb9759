//! One `up`, `down`, `start` or `stop` of a cluster at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::config::Preview;
use crate::progress::Progress;
use crate::state::State;
use crate::stop::Stop;

/// How often a lock that another holds is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Held until dropped. The system takes it from a process that dies, so none is ever left behind.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

impl Lock {
    /// Takes the cluster's lock, and waits for whoever holds it.
    ///
    /// # Errors
    /// Where it is time to end before the other is done, or the file cannot be written.
    pub fn take(
        state: &State,
        verb: &str,
        preview: &Preview,
        stop: &Stop,
        progress: &Progress,
    ) -> Result<Self> {
        let path = state.path("lock");
        let mut file = open(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
            if !told {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                progress.note(&format!(
                    "waiting for {} to finish with the cluster {}; Ctrl-C gives up",
                    holder.trim(),
                    preview.cluster
                ));
                told = true;
            }
            if stop.pause(PAUSE) {
                bail!("gave up waiting");
            }
        }
        let holder = format!(
            "`{verb}` (process {}, {})\n",
            std::process::id(),
            preview.root.display()
        );
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()))?;
        Ok(Self(file))
    }

    /// Who holds the cluster's lock now, such as `` `up` (process 4711, /home/dev/ghillie) ``.
    pub fn holder(state: &State) -> Option<String> {
        let mut file = File::open(state.path("lock")).ok()?;
        let Err(TryLockError::WouldBlock) = file.try_lock_shared() else {
            return None;
        };
        let mut holder = String::new();
        file.read_to_string(&mut holder).ok()?;
        Some(holder.trim().to_owned())
    }
}

/// The lock's file, with what its holder wrote into it.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}
