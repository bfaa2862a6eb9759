//! What all tests share: a home of the user's, chance, the report, and a preview that outlives a test.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tempfile::TempDir;
use xtask::project::PROJECT;

use crate::command::ask;
use crate::home::Home;
use crate::machine::Things;
use crate::preview::Preview;
use crate::report::Report;
use crate::seed::Seed;

/// How the names of the containers begin that keep images for all clusters.
const CACHE: &str = "cargo-xtask-k8s-";

/// Set when a signal says that it is time to end.
static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Whether it is time to end.
pub fn is_interrupted() -> bool {
    INTERRUPTED
        .get()
        .is_some_and(|it| it.load(Ordering::Relaxed))
}

/// The stage.
pub struct Stage {
    /// The user's home.
    pub home: Home,
    /// What chance decides.
    pub seed: Seed,
    /// How long faults took.
    pub report: Report,
    standing: Option<Preview>,
    previews: u32,
    local: Option<String>,
    before: Things,
    folder: TempDir,
}

impl Stage {
    /// Sets the stage.
    pub fn set() -> Result<Self> {
        let flag = INTERRUPTED.get_or_init(Arc::default);
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(flag))?;
        }
        let folder = tempfile::Builder::new().prefix("e2e-home-").tempdir()?;
        Ok(Self {
            home: Home::make(folder.path().join("home"))?,
            seed: Seed::new()?,
            report: Report::default(),
            standing: None,
            previews: 0,
            local: ask(
                "docker",
                &["image", "inspect", "--format", "{{.Id}}", &local()],
            )
            .ok(),
            before: Things::seen()?,
            folder,
        })
    }

    /// A preview that is not up yet.
    pub fn preview(&mut self) -> Result<Preview> {
        self.preview_in("workspace")
    }

    /// As [`Stage::preview`], from a workspace in a folder of this name.
    pub fn preview_in(&mut self, workspace: &str) -> Result<Preview> {
        self.previews += 1;
        let base = std::env::var("GHILLIE_K3D_CLUSTER")
            .ok()
            .filter(|it| !it.is_empty());
        let base = base.unwrap_or_else(|| format!("{}-e2e", PROJECT.name));
        let cluster = format!("{base}-{}", self.previews);
        let state = self.folder.path().join("state");
        Preview::new(cluster, &self.home.path, &state, workspace)
    }

    /// A preview that is up, and the project's own: the one that another test kept, else a new one.
    /// Unless [`Stage::keep`] gets it back, it is deleted.
    pub fn running(&mut self) -> Result<Preview> {
        if let Some(preview) = self.standing.take() {
            return Ok(preview);
        }
        let preview = self.preview()?;
        preview.up()?;
        Ok(preview)
    }

    /// Gives a preview that is up, and the project's own, to the next test that wants one.
    pub fn keep(&mut self, preview: Preview) {
        self.standing = Some(preview);
    }

    /// Deletes the preview that a test kept.
    pub fn leave(&mut self) {
        self.standing = None;
    }

    /// Fails where a test changed what is the user's.
    pub fn is_as_before(&mut self) -> Result<()> {
        self.home.is_untouched()
    }

    /// Deletes what is left, writes the report, and returns it.
    pub fn end(mut self) -> String {
        self.standing = None;
        // The cache of images stays where a cluster is deleted that it does not know of.
        let names = Things::seen().unwrap_or_default().containers.into_keys();
        let is_new = |name: &String| !self.before.containers.contains_key(name);
        let caches = names.filter(|name| name.starts_with(CACHE) && is_new(name));
        for name in caches {
            let _ = ask("docker", &["rm", "--force", &name]);
        }
        if let Some(id) = &self.local {
            let _ = ask("docker", &["tag", id.trim(), &local()]);
        }
        if let Err(error) = self.report.write() {
            println!("{error:#}");
        }
        self.report.to_string()
    }
}

/// The name that each build gives its image.
fn local() -> String {
    format!("{}:local", PROJECT.image.repository)
}
