//! The versions that tools have told, so that a run in which nothing changed starts no child to ask again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::Tool;

/// What tells one state of a tool's file from any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    tool: String,
    /// Without symbolic links.
    path: PathBuf,
    size: u64,
    /// Seconds since 1970, and nanoseconds.
    modified: (i64, i64),
    inode: u64,
}

impl File {
    /// The state of a tool's file now. `None` where its version cannot be told from its file: a
    /// script, or a link to a program of another name, may start another version tomorrow (asdf,
    /// mise, snap).
    pub fn of(tool: Tool, path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        if !path.file_name()?.to_str()?.contains(tool.name()) || is_script(&path) {
            return None;
        }
        let data = fs::metadata(&path).ok()?;
        let modified = (data.mtime(), data.mtime_nsec());
        Some(Self {
            tool: tool.name().into(),
            size: data.size(),
            inode: data.ino(),
            modified,
            path,
        })
    }

    fn key(&self) -> String {
        format!("{} {}", self.tool, self.path.display())
    }
}

fn is_script(path: &Path) -> bool {
    let mut first = [0; 2];
    // What cannot be read cannot be told from a script.
    fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut first))
        .is_err()
        || first == *b"#!"
}

/// A file, and the version that it told.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    file: File,
    version: String,
}

/// All that was told, before and now.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    known: BTreeMap<String, Known>,
    changed: bool,
}

impl Memory {
    /// Reads what was remembered. A file that is missing or broken is an empty memory.
    pub fn open(path: PathBuf) -> Self {
        let known = fs::read_to_string(&path)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok());
        let entries = Entries {
            known: known.unwrap_or_default(),
            changed: false,
        };
        Self {
            path,
            entries: Mutex::new(entries),
        }
    }

    /// The version that this very file told before.
    pub fn recall(&self, file: &File) -> Option<String> {
        let entries = self.lock();
        let known = entries
            .known
            .get(&file.key())
            .filter(|known| known.file == *file);
        known.map(|known| known.version.clone())
    }

    /// Remembers what a file told. It is written by [`Memory::save`].
    pub fn remember(&self, file: File, version: &str) {
        let mut entries = self.lock();
        entries.known.insert(
            file.key(),
            Known {
                file,
                version: version.into(),
            },
        );
        entries.changed = true;
    }

    /// Writes what is new, whole or not at all. Where it cannot be written, the tools are asked again.
    pub fn save(&self) {
        let entries = self.lock();
        let Some(folder) = self.path.parent().filter(|_| entries.changed) else {
            return;
        };
        let text = serde_json::to_string_pretty(&entries.known).unwrap_or_default();
        let _ = fs::create_dir_all(folder)
            .and_then(|()| tempfile::NamedTempFile::new_in(folder))
            .and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file))
            .and_then(|file| file.persist(&self.path).map_err(|error| error.error));
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn written(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn a_version_is_remembered_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let helm = written(folder.path(), "helm", "\u{7f}ELF one");
        let memory = Memory::open(folder.path().join("deep/versions.json"));
        let file = File::of(Tool::Helm, &helm).unwrap();
        assert_eq!(memory.recall(&file), None);
        memory.remember(file.clone(), "v3.18.6");
        memory.save();

        let memory = Memory::open(folder.path().join("deep/versions.json"));
        assert_eq!(memory.recall(&file).as_deref(), Some("v3.18.6"));
        // As a package manager does: another file under the same name.
        let other = written(folder.path(), "new", "\u{7f}ELF two");
        fs::rename(other, &helm).unwrap();
        assert_eq!(memory.recall(&File::of(Tool::Helm, &helm).unwrap()), None);
    }

    #[test]
    fn what_may_start_another_program_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let shim = written(folder.path(), "kubectl", "#!/bin/sh\n");
        assert_eq!(File::of(Tool::Kubectl, &shim), None);
        let mise = written(folder.path(), "mise", "\u{7f}ELF");
        symlink(&mise, folder.path().join("k3d")).unwrap();
        assert_eq!(File::of(Tool::K3d, &folder.path().join("k3d")), None);
        let versioned = written(folder.path(), "helm-3.18", "\u{7f}ELF");
        symlink(&versioned, folder.path().join("helm")).unwrap();
        assert!(File::of(Tool::Helm, &folder.path().join("helm")).is_some());
    }

    #[test]
    fn a_broken_memory_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "versions.json", "{\"helm");
        let helm = written(folder.path(), "helm", "\u{7f}ELF");
        let file = File::of(Tool::Helm, &helm).unwrap();
        let memory = Memory::open(path);
        assert_eq!(memory.recall(&file), None);
        memory.remember(file.clone(), "v3.18.6");
        memory.save();
        assert!(
            Memory::open(folder.path().join("versions.json"))
                .recall(&file)
                .is_some()
        );
    }

    #[test]
    fn a_memory_that_cannot_be_written_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let helm = written(folder.path(), "helm", "\u{7f}ELF");
        // A folder cannot be made below a file, whoever asks for it.
        let memory = Memory::open(helm.join("versions.json"));
        memory.remember(File::of(Tool::Helm, &helm).unwrap(), "v3.18.6");
        memory.save();
    }
}
