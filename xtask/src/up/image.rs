//! The application's image: built, tagged by its content, and tidied up.

use anyhow::{Context, Result, bail};

use super::Up;
use crate::docker::{self, Built};
use crate::exec::Exec;
use crate::execute::Did;
use crate::progress::Line;
use crate::state::State;

/// The file in our state folder with the names of the images that we made for this cluster, oldest first.
pub const RECORD: &str = "images.json";

/// How many digits of the image's id are its tag.
const DIGITS: usize = 12;

/// How many images of ours are kept: the current one, and the one before it.
const KEPT: usize = 2;

impl Up<'_> {
    /// Builds the image, and names it by its content: the same tag with new content would be no change
    /// to helm, and nothing would roll out.
    pub(super) fn build(&self, line: &Line) -> Result<Did> {
        let image = &self.config.preview.project.image;
        let folder = tempfile::tempdir()?;
        let metadata = folder.path().join("metadata.json");
        let cmd = docker::build(image, &self.config.preview.root, &metadata);
        let mut said = Vec::new();
        let built = self.exec.lines(&cmd, |text| {
            self.progress.output("docker", text.text());
            line.say(docker::build_message(text.text()));
            said.push(text.text().to_owned());
        });
        built.map_err(|error| docker::build_error(error, &said))?;
        let text = std::fs::read_to_string(&metadata).context("docker buildx wrote no metadata")?;
        let built: Built = serde_json::from_str(&text).context("the metadata of docker buildx")?;
        let name = self.name(built.config())?;
        let known = self.images().last() == Some(&name);
        self.know_image(&name, &built.digest)?;
        if known {
            return Ok(Did::Nothing(name));
        }
        // At once: another worktree's build takes the name `local` away, and then removes what has no name.
        self.exec.read(&docker::tag(&built.digest, &name))?;
        // What was `local` before may have no name now. If it stays (another prune runs), the next build
        // removes it.
        let _ = self.exec.read(&docker::prune_images(image));
        Ok(Did::This(name))
    }

    /// Takes the image that the cluster has, else the last one built.
    pub(super) fn reuse(&self) -> Result<Did> {
        let repository = self.config.preview.project.image.repository;
        let deployed = self.seen().and_then(|inside| inside.deployed.clone());
        if let Some(name) = deployed {
            let missing = self.nodes_without(&name);
            if missing.is_empty() || self.exec.read(&docker::image_id(&name)).is_ok() {
                self.know_image(&name, &name)?;
                return Ok(Did::This(format!("{name}, as before")));
            }
        }
        let local = format!("{repository}:local");
        let Ok(id) = self.exec.read(&docker::image_id(&local)) else {
            bail!("there is no image {local} to deploy without a build: leave out --skip-build");
        };
        let name = self.name(id.trim())?;
        self.know_image(&name, id.trim())?;
        Ok(Did::This(format!("{name}, the last one built ({local})")))
    }

    fn name(&self, digest: &str) -> Result<String> {
        let digits = digest.trim_start_matches("sha256:").get(..DIGITS);
        let digits = digits.with_context(|| format!("not an image's digest: {digest}"))?;
        Ok(format!(
            "{}:{digits}",
            self.config.preview.project.image.repository
        ))
    }

    /// Remembers the image before it is anywhere, so that it can be removed whatever happens.
    fn know_image(&self, name: &str, source: &str) -> Result<()> {
        let mut images = self.images();
        if images.last().is_none_or(|last| last != name) {
            images.retain(|image| image != name);
            images.push(name.to_owned());
            self.state.put(RECORD, &images)?;
        }
        let _ = self.facts.image.set((name.to_owned(), source.to_owned()));
        Ok(())
    }

    fn images(&self) -> Vec<String> {
        self.state.get(RECORD).unwrap_or_default()
    }

    /// The image of this run: its name by content.
    pub(super) fn image(&self) -> Result<&str> {
        self.facts
            .image
            .get()
            .map(|(name, _)| name.as_str())
            .context("no image was chosen")
    }

    /// Removes our images of earlier runs, but the one before this, from the host and from the nodes.
    pub(super) fn tidy(&self) -> Result<Did> {
        let mut images = self.images();
        let old: Vec<String> = images.drain(..images.len().saturating_sub(KEPT)).collect();
        if old.is_empty() {
            return Ok(Did::Nothing(String::new()));
        }
        let nodes = self.facts.nodes.get().map_or(&[][..], Vec::as_slice);
        let images_of_nodes = self.ask_nodes(nodes, docker::node_images)?;
        for (node, there) in nodes.iter().zip(images_of_nodes) {
            let names: Vec<String> = old
                .iter()
                .map(|name| docker::in_node(name))
                .filter(|name| there.contains(name))
                .collect();
            if !names.is_empty() {
                self.exec.read(&docker::remove_node_images(node, &names))?;
            }
        }
        remove_from_host(self.exec, self.state, &old)?;
        self.state.put(RECORD, &images)?;
        Ok(Did::This(old.join(", ")))
    }
}

/// Removes the images that we made for a cluster that is gone; `ghillie:local` stays, as what a build made.
///
/// # Errors
/// Where Docker refuses.
pub fn forget_images(exec: &Exec, state: &State) -> Result<()> {
    remove_from_host(
        exec,
        state,
        &state.get::<Vec<String>>(RECORD).unwrap_or_default(),
    )
}

/// Removes names of images from the host, but those that another cluster's record has.
fn remove_from_host(exec: &Exec, state: &State, names: &[String]) -> Result<()> {
    for name in names
        .iter()
        .filter(|name| !state.is_elsewhere(RECORD, name))
    {
        if exec.read(&docker::image_id(name)).is_ok() {
            exec.read(&docker::remove_images(std::slice::from_ref(name)))?;
        }
    }
    Ok(())
}
