//! What the program finds around it: a workspace, a home, a `PATH` that holds only the recorder.

use std::collections::BTreeMap;
use std::env::consts;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::names::Names;

/// The programs that the recorder stands in for.
pub const PROGRAMS: [&str; 7] = ["docker", "k3d", "kubectl", "helm", "curl", "ss", "tar"];
/// The name of Docker's plugin that builds images.
pub const BUILDX: &str = "docker-buildx";
/// The parts of this workspace that the program looks at.
const WORKSPACE: [&str; 3] = ["charts/ghillie", "tests/helm/fixtures", "Dockerfile"];

/// Folders of one run.
pub struct World {
    folder: PathBuf,
    /// Removes it, unless it is to stay.
    _removed: Option<TempDir>,
}

impl World {
    /// A world of its own, which is gone with this.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        // A worktree is known by its canonical path.
        let path = folder.path().canonicalize().expect("the folder is there");
        Self::at(&path, Some(folder))
    }

    /// A world in a folder that stays.
    pub fn staying(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder can be made");
        Self::at(&folder.canonicalize().expect("the folder is there"), None)
    }

    fn at(folder: &Path, removed: Option<TempDir>) -> Self {
        let world = Self {
            folder: folder.to_owned(),
            _removed: removed,
        };
        for name in ["state", "cache", "tmp", "bin", "home/.docker/cli-plugins"] {
            fs::create_dir_all(world.path(name)).expect("a folder can be made");
        }
        let _ = fs::remove_dir_all(world.root());
        for path in WORKSPACE {
            copy(&repository().join(path), &world.root().join(path));
        }
        world
    }

    /// Puts the recorder in the place of all tools but those `without`.
    pub fn install(&self, without: &[&str]) {
        let plugin = (BUILDX, self.path("home/.docker/cli-plugins").join(BUILDX));
        let tools = PROGRAMS.map(|name| (name, self.path("bin").join(name)));
        for (name, path) in tools.into_iter().chain([plugin]) {
            let _ = fs::remove_file(&path);
            if !without.contains(&name) {
                symlink(env!("CARGO_BIN_EXE_recorder"), path).expect("a link can be made");
            }
        }
    }

    /// The workspace.
    pub fn root(&self) -> PathBuf {
        self.path("work")
    }

    /// Our own files of one cluster.
    pub fn state(&self, cluster: &str) -> PathBuf {
        self.path("state/cargo-xtask-k8s").join(cluster)
    }

    /// Where the recorder finds the test.
    pub fn socket(&self) -> PathBuf {
        self.path("socket")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The names of what is here.
    pub fn names(&self, cluster: &str) -> Names {
        let names = Names::default();
        let cache = self.path("cache/cargo-xtask-k8s");
        for (name, path) in [
            ("ROOT", self.root()),
            ("STATE", self.state(cluster)),
            ("CACHE", cache),
            ("HOME", self.path("home")),
            ("TMP", self.path("tmp")),
            ("PATH", self.path("bin")),
        ] {
            names.set(name, path.to_string_lossy());
        }
        names.set("PLATFORM", platform());
        names
    }

    /// All environment variables of the program.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let folders = [
            ("CARGO_MANIFEST_DIR", self.root().join("xtask")),
            ("HOME", self.path("home")),
            ("PATH", self.path("bin")),
            ("TMPDIR", self.path("tmp")),
            ("XDG_CACHE_HOME", self.path("cache")),
            ("XDG_STATE_HOME", self.path("state")),
            ("RECORDER_SOCKET", self.socket()),
        ];
        folders
            .map(|(name, path)| (name.to_owned(), path.to_string_lossy().into_owned()))
            .into()
    }
}

/// The platform as Go names it.
fn platform() -> String {
    let os = consts::OS.replace("macos", "darwin");
    let processor = consts::ARCH.replace("x86_64", "amd64");
    format!("{os}-{}", processor.replace("aarch64", "arm64"))
}

/// This repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Copies a file, or a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        let entries = fs::read_dir(from).expect("the folder can be read");
        for entry in entries.flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
        return;
    }
    let folder = to.parent().expect("a file is in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .expect("the file can be copied");
}
