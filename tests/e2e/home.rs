//! The user's own files, which no preview may change by a byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// Our own cache in the user's: tools that were fetched, and what versions they told.
const OURS: &str = ".cache/cargo-xtask-k8s";

/// What a user has at home of kubectl's, helm's and k3d's.
const FILES: [(&str, &str); 7] = [
    (
        ".kube/config",
        "apiVersion: v1\nkind: Config\ncurrent-context: work\ncontexts:\n- name: work\n  context: {cluster: work, user: work}\n\
         clusters:\n- name: work\n  cluster: {server: 'https://127.0.0.1:1'}\nusers:\n- name: work\n  user: {token: t}\n",
    ),
    (".kube/cache/discovery/work/servergroups.json", "{}"),
    (
        ".config/helm/repositories.yaml",
        "apiVersion: \"\"\ngenerated: \"2026-01-01T00:00:00Z\"\nrepositories:\n- name: work\n  url: https://127.0.0.1:1\n",
    ),
    (
        ".cache/helm/repository/work-index.yaml",
        "apiVersion: v1\nentries: {}\n",
    ),
    (".local/share/helm/plugins/work/plugin.yaml", "name: work\n"),
    (".config/k3d/kubeconfig-work.yaml", "work\n"),
    (".config/notes", "mine\n"),
];

/// A home folder with such files in it.
pub struct Home {
    /// The folder.
    pub path: PathBuf,
    before: BTreeMap<PathBuf, String>,
}

impl Home {
    /// Makes the folder.
    pub fn make(path: PathBuf) -> Result<Self> {
        for (name, text) in FILES {
            let file = path.join(name);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(file, text)?;
        }
        let before = digests(&path)?;
        Ok(Self { path, before })
    }

    /// Fails where a file was changed, added or removed since the last time, but for our own cache.
    pub fn is_untouched(&mut self) -> Result<()> {
        let now = digests(&self.path)?;
        let before = std::mem::replace(&mut self.before, now.clone());
        let names: BTreeSet<_> = before.keys().chain(now.keys()).collect();
        let changed = names
            .into_iter()
            .filter(|name| before.get(*name) != now.get(*name));
        let changed: Vec<_> = changed.map(|name| name.display().to_string()).collect();
        ensure!(
            changed.is_empty(),
            "{} files of the user changed: {} ...",
            changed.len(),
            changed[..changed.len().min(3)].join(", ")
        );
        Ok(())
    }
}

/// Each file below a folder, with a digest of what it holds.
fn digests(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            let name = path.strip_prefix(folder)?.to_owned();
            if name == Path::new(OURS) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(name, xtask::digest::of(&fs::read(&path)?));
            }
        }
    }
    Ok(all)
}
