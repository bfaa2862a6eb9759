//! The folder of what we may fetch or ask again: one for each user, whatever the cluster.

use std::env;
use std::path::{Path, PathBuf};

/// Our folder among the user's caches.
const NAME: &str = "cargo-xtask-k8s";

/// `$XDG_CACHE_HOME/cargo-xtask-k8s` (`~/.cache` where that is unset), or below the workspace's
/// `target/` for a user without a home.
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
        Self::at(caches.map_or_else(
            || root.join("target/xtask-k8s/cache"),
            |caches| caches.join(NAME),
        ))
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
