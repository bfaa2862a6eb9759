//! The folder of what we may fetch or ask again: one for each user, whatever the cluster.

use std::env;
use std::path::{Path, PathBuf};

/// Our folder among the user's caches.
const NAME: &str = "cargo-xtask-k8s";

/// `$XDG_CACHE_HOME/cargo-xtask-k8s` (`~/.cache` where that is unset), or below the workspace's `target/` where the
/// home is missing or read-only.
///
/// It holds `tools/<tool>/<version>/<tool>`, `charts/` and `versions.json`, and may be deleted at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's cache. It is made when something is put into it.
    pub fn of_user(root: &Path) -> Self {
        let set = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let caches = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        Self::among(caches.as_deref(), root)
    }

    /// A cache among the user's, or below the workspace where there are none or none can be made.
    fn among(caches: Option<&Path>, root: &Path) -> Self {
        let folder = caches.map(|caches| caches.join(NAME));
        let folder = folder.filter(|folder| can_be_written(folder));
        Self::at(folder.unwrap_or_else(|| root.join("target/xtask-k8s/cache")))
    }

    /// A cache in a folder of its own.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder of one version of a tool.
    pub fn tool(&self, tool: &str, version: &str) -> PathBuf {
        self.folder.join("tools").join(tool).join(version)
    }

    /// The folder of the charts that were fetched.
    pub fn charts(&self) -> PathBuf {
        self.folder.join("charts")
    }

    /// What the tools have told of their versions.
    pub fn memory(&self) -> PathBuf {
        self.folder.join("versions.json")
    }
}

/// Whether files can be put into a folder, which need not be there and is not made. Only a written file proves it:
/// this one goes at once.
fn can_be_written(folder: &Path) -> bool {
    // Without following links: below one that leads nowhere no folder can be made.
    let is_there = |path: &&Path| path.symlink_metadata().is_ok();
    let there = folder.ancestors().find(is_there);
    there.is_some_and(|it| tempfile::tempfile_in(it).is_ok())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_cache_that_cannot_be_written_is_below_the_workspace() {
        let root = Path::new("/workspace");
        let below = Cache::at("/workspace/target/xtask-k8s/cache");
        let home = tempfile::tempdir().unwrap();
        let [missing, nowhere, locked] =
            ["missing", "nowhere", "locked"].map(|name| home.path().join(name));
        symlink(home.path().join("none"), &nowhere).unwrap();
        fs::create_dir(&locked).unwrap();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();

        assert_eq!(Cache::among(None, root), below);
        assert_eq!(Cache::among(Some(Path::new("/dev/null/x")), root), below);
        assert_eq!(Cache::among(Some(&nowhere), root), below);
        // For root no folder is locked.
        if tempfile::tempfile_in(&locked).is_err() {
            assert_eq!(Cache::among(Some(&locked), root), below);
        }
        let made = Cache::among(Some(&missing), root);
        assert_eq!(made, Cache::at(missing.join(NAME)));
        assert!(!missing.exists(), "it is made before anything is put in");
    }
}
