//! The image's name, which both sides share and which a preview of the user's may have too.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::figures::Side;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// The name under which both sides build.
const SHARED: &str = "ghillie:local";
/// The name of the image that is built alone.
const ALONE: &str = "ghillie:bench-alone";

/// Who has the shared name, and what was built.
pub struct Images {
    /// What had the name before, and is given it back.
    before: Option<String>,
    made: BTreeSet<String>,
}

impl Images {
    pub fn new(tools: &Tools) -> Self {
        Self {
            before: id(tools, SHARED),
            made: BTreeSet::new(),
        }
    }

    /// Builds a side's image, and keeps it.
    pub fn build(&mut self, tools: &Tools, side: Side, workspace: &Workspace) -> Result<()> {
        build(tools, workspace, SHARED)?;
        self.keep(tools, side)
    }

    /// Keeps what a side has built last.
    pub fn keep(&mut self, tools: &Tools, side: Side) -> Result<()> {
        self.made(tools);
        tools.ask("docker", &["tag", SHARED, kept(side)]).map(drop)
    }

    /// Remembers what has the shared name as built by us.
    pub fn made(&mut self, tools: &Tools) {
        self.made.extend(id(tools, SHARED));
    }

    /// Measures a build alone, by serial-up's command. Its layers stay in the builder's cache.
    pub fn build_alone(&mut self, tools: &Tools, workspace: &Workspace) -> Result<Duration> {
        let took = build(tools, workspace, ALONE)?;
        self.made.extend(id(tools, ALONE));
        tools.ask("docker", &["image", "rm", ALONE])?;
        Ok(took)
    }

    /// Removes what was built, and gives the shared name to what had it before.
    pub fn restore(&self, tools: &Tools) {
        for name in [kept(Side::Ours), kept(Side::Serial), SHARED, ALONE] {
            if id(tools, name).is_some() && self.before.as_deref() != id(tools, name).as_deref() {
                let _ = tools.ask("docker", &["image", "rm", name]);
            }
        }
        if let Some(before) = &self.before {
            let _ = tools.ask("docker", &["tag", before, SHARED]);
        }
        for id in &self.made {
            // What has a name by now is somebody else's.
            let names = ["image", "inspect", "--format", "{{len .RepoTags}}", id];
            if tools
                .ask("docker", &names)
                .is_ok_and(|count| count.trim() == "0")
            {
                let _ = tools.ask("docker", &["image", "rm", id]);
            }
        }
    }
}

/// Gives a side the shared name back, as if it were alone on the machine: serial-up would take the
/// other's build for a change.
pub fn give_back(tools: &Tools, side: Side) -> Result<()> {
    tools.ask("docker", &["tag", kept(side), SHARED]).map(drop)
}

/// Nobody has the shared name, as on a machine that never built the image.
pub fn forget(tools: &Tools) -> Result<()> {
    tools.ask("docker", &["image", "rm", SHARED]).map(drop)
}

fn kept(side: Side) -> &'static str {
    match side {
        Side::Ours => "ghillie:bench-ours",
        Side::Serial => "ghillie:bench-serial",
    }
}

fn build(tools: &Tools, workspace: &Workspace, name: &str) -> Result<Duration> {
    let mut command = tools.command("docker");
    command.args(["build", "-t", name]).arg(&workspace.root);
    Ok(Tools::run(&mut command).context("docker build")?.took)
}

/// The id of an image, where there is one.
fn id(tools: &Tools, name: &str) -> Option<String> {
    let id = tools.ask("docker", &["image", "inspect", "--format", "{{.Id}}", name]);
    id.ok().map(|id| id.trim().to_owned())
}

/// Removes the caches whose id begins with `mark` from the builder, and nothing else.
pub fn prune(tools: &Tools, mark: &str) -> Result<()> {
    let filter = format!("description~={mark}");
    tools
        .ask(
            "docker",
            &["buildx", "prune", "--force", "--filter", &filter],
        )
        .map(drop)
}
