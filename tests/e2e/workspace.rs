//! A copy of this workspace that tests may change.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xtask::project::PROJECT;

/// What is not copied.
const LEFT_OUT: [&str; 4] = ["target", ".git", "node_modules", "fixtures"];
/// The service's line that says its name.
pub const NAME_LINE: &str = "\"name\": \"ghillie\"";
/// The file of that line.
pub const ROUTES: &str = "ghillie/src/routes.rs";

/// The copy.
pub struct Workspace {
    /// Its root.
    pub root: PathBuf,
}

/// The workspace that these tests are of.
pub fn original() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

impl Workspace {
    /// Copies the workspace to `root`.
    pub fn copy(root: PathBuf) -> Result<Self> {
        copy(original(), &root).with_context(|| format!("cannot copy to {}", root.display()))?;
        let workspace = Self { root };
        workspace.restore(PROJECT.chart.values)?;
        Ok(workspace)
    }

    /// Replaces words that stand in a file.
    pub fn replace(&self, path: &str, from: &str, to: &str) -> Result<()> {
        let text = self.read(path)?;
        ensure!(text.contains(from), "{path} has no {from:?}");
        self.write(path, &text.replacen(from, to, 1))
    }

    /// Adds text to the end of a file.
    pub fn append(&self, path: &str, text: &str) -> Result<()> {
        self.write(path, &(self.read(path)? + text))
    }

    /// Makes a file what it is in the original.
    pub fn restore(&self, path: &str) -> Result<()> {
        let file = self.root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(original().join(path), file).with_context(|| format!("cannot restore {path}"))?;
        Ok(())
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.root.join(path), text).with_context(|| format!("cannot write {path}"))
    }

    fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read {path}"))
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if LEFT_OUT.iter().any(|it| name == *it) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
