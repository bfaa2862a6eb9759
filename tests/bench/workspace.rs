//! A copy of the worktree, and the changes that a developer would make to it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xtask::project::PROJECT;

use crate::figures::Side;

/// What is not copied.
const LEFT_OUT: [&str; 3] = ["target", ".git", "node_modules"];
/// The file whose line is changed, and the words of it that a number is added to: what the service
/// calls itself at `/`.
const SOURCE: &str = "ghillie/src/routes.rs";
const LINE: &str = "\"name\": \"ghillie";
/// How the Dockerfile begins a cache between builds.
const CACHE: &str = "--mount=type=cache,";

/// A copy of the worktree.
pub struct Workspace {
    pub root: PathBuf,
    /// Part of each change, so that no two runs make the same one.
    mark: String,
    code: u32,
    chart: u32,
    source: String,
    values: String,
    dockerfile: String,
}

/// One copy for each side.
pub struct Copies {
    ours: Workspace,
    serial: Workspace,
}

impl Copies {
    /// Copies the worktree into `folder`, twice.
    pub fn make(folder: &Path, mark: &str) -> Result<Self> {
        let copy = |side: Side, name: &str| {
            let mark = format!("{mark}-{name}");
            Workspace::copy(&folder.join(name), &mark, side.values())
        };
        Ok(Self {
            ours: copy(Side::Ours, "ours")?,
            serial: copy(Side::Serial, "serial")?,
        })
    }

    pub fn of(&self, side: Side) -> &Workspace {
        match side {
            Side::Ours => &self.ours,
            Side::Serial => &self.serial,
        }
    }

    pub fn of_mut(&mut self, side: Side) -> &mut Workspace {
        match side {
            Side::Ours => &mut self.ours,
            Side::Serial => &mut self.serial,
        }
    }
}

/// The worktree's root.
pub fn root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().map(Path::to_owned).context("no workspace")
}

impl Workspace {
    /// Copies the worktree to `to`. `values` is added to the values file.
    fn copy(to: &Path, mark: &str, values: &str) -> Result<Self> {
        copy(&root()?, to)?;
        let read = |path: &str| {
            fs::read_to_string(to.join(path)).with_context(|| format!("cannot read {path}"))
        };
        let mut workspace = Self {
            root: to.to_owned(),
            mark: mark.to_owned(),
            code: 0,
            chart: 0,
            source: read(SOURCE)?,
            values: read(PROJECT.chart.values)? + values,
            dockerfile: read(PROJECT.image.dockerfile)?,
        };
        ensure!(
            workspace.source.contains(LINE),
            "{SOURCE} has no line with {LINE}"
        );
        ensure!(
            workspace.dockerfile.contains(CACHE),
            "{} has no cache between builds",
            PROJECT.image.dockerfile
        );
        workspace.change_code()?;
        workspace.change_chart()?;
        Ok(workspace)
    }

    /// What the service calls itself since the last change of its code.
    pub fn name(&self) -> String {
        format!("ghillie {}-{}", self.mark, self.code)
    }

    /// The value of the chart since its last change.
    pub fn value(&self) -> String {
        format!("{}-{}", self.mark, self.chart)
    }

    /// Changes one line of the service.
    pub fn change_code(&mut self) -> Result<()> {
        self.code += 1;
        let line = format!("\"name\": \"{}", self.name());
        self.write(SOURCE, &self.source.replacen(LINE, &line, 1))
    }

    /// Changes one value of the chart: an annotation of the pods, which replaces them.
    pub fn change_chart(&mut self) -> Result<()> {
        self.chart += 1;
        let value = format!("podAnnotations:\n  bench: {}\n", self.value());
        self.write(PROJECT.chart.values, &format!("{}{value}", self.values))
    }

    /// Gives the image's build caches that nothing is in yet: what else uses the builder keeps its own.
    pub fn cool(&self, number: u32) -> Result<()> {
        let mut parts = self.dockerfile.split(CACHE).enumerate();
        let first = parts.next().map(|(_, head)| head.to_owned());
        let dockerfile = parts.fold(first.unwrap_or_default(), |text, (cache, part)| {
            text + &format!("{CACHE}id={}-{number}-{cache},{part}", self.mark)
        });
        self.write(PROJECT.image.dockerfile, &dockerfile)
    }

    /// Takes the project's own caches again.
    pub fn heat(&self) -> Result<()> {
        self.write(PROJECT.image.dockerfile, &self.dockerfile)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.root.join(path), text).with_context(|| format!("cannot write {path}"))
    }
}

/// Something that no earlier run had.
pub fn stamp() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("{:x}", since.unwrap_or_default().as_millis())
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
