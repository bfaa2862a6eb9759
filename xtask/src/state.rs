//! Our own files of one cluster: kubeconfig, lock, records of what we began, the tools' caches.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cmd::Cmd;
use crate::names::ClusterName;

/// The folder of one cluster, readable by its owner only.
///
/// `$XDG_STATE_HOME/cargo-xtask-k8s/<cluster>` (`~/.local/state` where that is unset), or below the
/// workspace's `target/` where the home is missing or read-only.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

impl State {
    /// Opens the cluster's folder, and makes it where it is missing.
    ///
    /// # Errors
    /// Where neither the home nor the workspace can be written.
    pub fn open(cluster: &ClusterName, root: &Path) -> Result<Self> {
        let home = home().map(|home| Self::of(&home.join("cargo-xtask-k8s"), cluster));
        let target = Self::of(&root.join("target/xtask-k8s"), cluster);
        if let Some(home) = home.filter(|home| home.make().is_ok()) {
            return Ok(home);
        }
        target.make().with_context(|| {
            format!("no folder for our own files: {} cannot be written, set XDG_STATE_HOME to one that can", target.folder.display())
        })?;
        Ok(target)
    }

    /// The cluster's folder below `base`, which need not be there.
    pub(crate) fn of(base: &Path, cluster: &ClusterName) -> Self {
        Self {
            folder: base.join(cluster.as_str()),
        }
    }

    /// Makes the folder and what must be in it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn make(&self) -> io::Result<()> {
        for folder in [self.folder.clone(), self.children()] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        // Only a written file proves that a file can be written.
        tempfile::tempfile_in(&self.folder).map(drop)
    }

    /// The kubeconfig of this cluster, the only one that our tools are given.
    pub fn kubeconfig(&self) -> PathBuf {
        self.path("kubeconfig")
    }

    /// Where kubectl keeps what it knows of the API server.
    pub fn kube_cache(&self) -> PathBuf {
        self.path("kube-cache")
    }

    /// Where the children are written down while they run.
    pub fn children(&self) -> PathBuf {
        self.path("children")
    }

    /// A file of this folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether another cluster's list of that file name has an entry.
    pub fn is_elsewhere(&self, file: &str, entry: &str) -> bool {
        let folders = self.folder.parent().and_then(|all| fs::read_dir(all).ok());
        let others = folders
            .into_iter()
            .flatten()
            .flatten()
            .map(|folder| folder.path());
        others.filter(|other| *other != self.folder).any(|folder| {
            Self { folder }
                .get::<Vec<String>>(file)
                .is_some_and(|list| list.iter().any(|it| it == entry))
        })
    }

    /// Writes a file of mode 0600, whole or not at all.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        let written = tempfile::NamedTempFile::new_in(&self.folder).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }

    /// Writes a record as JSON, as [`State::write`] does.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn put<T: Serialize>(&self, name: &str, record: &T) -> Result<()> {
        self.write(name, &serde_json::to_string_pretty(record)?)
    }

    /// Reads a record; `None` where it is missing, or is not what we write today.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let text = fs::read_to_string(self.path(name)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Removes a file; one that is missing is fine.
    pub fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.path(name));
    }

    /// Removes all that only the cluster gave a meaning, but `kept`. The lock stays: someone may wait for it.
    pub fn clear(&self, kept: &[&str]) {
        let names = [
            "kubeconfig",
            "cluster.json",
            "begun.json",
            "images.json",
            "timings.json",
            "registries.yaml",
        ];
        for name in names.iter().filter(|name| !kept.contains(name)) {
            self.remove(name);
        }
        for name in ["kube-cache", "helm", "children"] {
            let _ = fs::remove_dir_all(self.path(name));
        }
    }

    /// Gives kubectl this cluster's kubeconfig, and a cache of our own.
    pub fn with_kubectl(&self, cmd: Cmd) -> Cmd {
        cmd.args(["--kubeconfig", &self.kubeconfig().to_string_lossy()])
            .env("KUBECACHEDIR", self.kube_cache().to_string_lossy())
    }

    /// Gives helm this cluster's kubeconfig, and homes of our own; kubectl's cache too, which it shares.
    /// None of the user's variables: `HELM_KUBEAPISERVER`, for one, would lead it to another cluster.
    pub fn with_helm(&self, cmd: Cmd) -> Cmd {
        let home = |name: &str| self.path("helm").join(name).to_string_lossy().into_owned();
        self.with_kubectl(cmd)
            .env("HELM_CACHE_HOME", home("cache"))
            .env("HELM_CONFIG_HOME", home("config"))
            .env("HELM_DATA_HOME", home("data"))
            .without("HELM_")
    }

    /// Gives k3d this cluster's kubeconfig as the default one, which it edits whatever it is told.
    pub fn with_k3d(&self, cmd: Cmd) -> Cmd {
        cmd.env("KUBECONFIG", self.kubeconfig().to_string_lossy())
    }
}

fn home() -> Option<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_only_a_cluster_gave_a_meaning_goes_but_what_is_to_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::of(folder.path(), &"c".parse().unwrap());
        state.make().unwrap();
        let names = ["kubeconfig", "images.json", "lock"];
        let left = |kept: &[&str]| {
            for name in names {
                state.write(name, "").unwrap();
            }
            state.clear(kept);
            names.map(|name| state.path(name).exists())
        };
        assert_eq!(left(&[]), [false, false, true]);
        assert_eq!(left(&["images.json"]), [false, true, true]);
        assert!(!state.children().exists());
    }
}
