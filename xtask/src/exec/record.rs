//! A running child, written down: a later run finds by this what a killed one left running.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cmd::Cmd;

/// What is written down of one child, in a file that has its process id for a name.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// The process that started it; it has another parent once that one is gone.
    pub parent: u32,
    /// Whether it changes something: then it had better finish.
    pub changes: bool,
    /// Its program's name and its arguments, with spaces between.
    pub command: String,
}

impl Record {
    /// A child that we have just started.
    pub(super) fn of(cmd: &Cmd) -> Self {
        Self {
            parent: std::process::id(),
            changes: cmd.changes,
            command: cmd.words().collect::<Vec<_>>().join(" "),
        }
    }

    /// Writes it down in `folder`; returns where.
    pub(super) fn write(&self, folder: &Path, pid: u32) -> PathBuf {
        let path = folder.join(pid.to_string());
        // Without it a later run cannot end this child; that is no reason to do nothing now.
        let _ = serde_json::to_string(self).map(|text| fs::write(&path, text));
        path
    }

    /// Reads such a file: the child's process id, and what was written of it.
    pub fn read(path: &Path) -> Option<(u32, Self)> {
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        let record = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        Some((pid, record))
    }
}
