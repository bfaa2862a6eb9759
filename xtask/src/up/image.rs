//! The application's image: built, tagged by its content, and tidied up.

use std::collections::BTreeSet;

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
            line.say(docker::build_message(text.text()));
            said.push(text.text().to_owned());
        });
        built.map_err(|error| docker::build_error(error, &said))?;
        let text = std::fs::read_to_string(&metadata).context("docker buildx wrote no metadata")?;
        let built: Built = serde_json::from_str(&text).context("the metadata of docker buildx")?;
        let name = self.name(built.config())?;
        if self.images().last() == Some(&name) {
            // Whether it has its name still matters only where a node lacks it.
            self.choose(&name, &built.ids());
            return Ok(Did::Nothing(name));
        }
        self.remember(&name)?;
        // At once: another worktree's build takes the name `local` away, and then removes what has no name.
        self.tag(&built.ids(), &name)?;
        self.choose(&name, &[]);
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
                self.remember(&name)?;
                self.choose(&name, &[]);
                return Ok(Did::This(format!("{name}, as before")));
            }
        }
        let local = format!("{repository}:local");
        let Ok(id) = self.exec.read(&docker::image_id(&local)) else {
            bail!("there is no image {local} to deploy without a build: leave out --skip-build");
        };
        let name = self.name(id.trim())?;
        self.remember(&name)?;
        self.choose(&name, &[id.trim()]);
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

    /// Remembers an image before it is anywhere, so that it can be removed whatever happens. An image of
    /// another name is not ours: somebody gave it to the Deployment by hand.
    fn remember(&self, name: &str) -> Result<()> {
        let tag = name.rsplit_once(':').map_or("", |(_, tag)| tag);
        if tag.len() != DIGITS || !tag.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Ok(());
        }
        let mut images = self.images();
        if images.last().is_none_or(|last| last != name) {
            images.retain(|image| image != name);
            images.push(name.to_owned());
            self.state.put(RECORD, &images)?;
        }
        Ok(())
    }

    /// Makes it the image of this run; it may have to be given its name, by one of these ids.
    fn choose(&self, name: &str, ids: &[&str]) {
        let ids = ids.iter().map(|&id| id.to_owned()).collect();
        let _ = self.facts.image.set((name.to_owned(), ids));
    }

    /// Names an image by the first of its ids that Docker knows.
    pub(super) fn tag<S: AsRef<str>>(&self, ids: &[S], name: &str) -> Result<()> {
        let mut result = Ok(());
        for id in ids {
            result = self.exec.read(&docker::tag(id.as_ref(), name)).map(drop);
            if result.is_ok() {
                break;
            }
        }
        Ok(result?)
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
            let names = names_of(&old, &images, &there);
            if !names.is_empty() {
                self.exec.read(&docker::remove_node_images(node, &names))?;
            }
        }
        let left = remove_from_host(self.exec, self.state, &old)?;
        for (name, why) in &left {
            self.progress
                .note(&format!("the image {name} stays for now: {why}"));
        }
        let left = left.into_iter().map(|(name, _)| name);
        self.state
            .put(RECORD, &left.chain(images).collect::<Vec<_>>())?;
        Ok(Did::This(old.join(", ")))
    }
}

/// Of the names that a node has, those of `old` images. Each has two: containerd's CRI plugin keeps a
/// record of its own, named by the digest of the image's configuration, without which the layers would stay too
/// (`createOrUpdateImageReference`, containerd 1.7 and 2.1). Our tags are that digest's first digits.
fn names_of(old: &[String], kept: &[String], there: &BTreeSet<String>) -> Vec<String> {
    let record = |name: &String| {
        let (_, tag) = name.rsplit_once(':')?;
        (tag.len() == DIGITS).then(|| format!("sha256:{tag}"))
    };
    let kept: Vec<String> = kept.iter().filter_map(record).collect();
    let records = old.iter().filter_map(record);
    let records: Vec<String> = records.filter(|it| !kept.contains(it)).collect();
    let names: Vec<String> = old.iter().map(|name| docker::in_node(name)).collect();
    let is_old = |name: &str| {
        names.iter().any(|it| it == name) || records.iter().any(|it| name.starts_with(it))
    };
    there.iter().filter(|it| is_old(it)).cloned().collect()
}

/// Removes the images that we made for a cluster that is gone; `ghillie:local` stays, as what a build made.
///
/// # Errors
/// Names those that Docker does not remove; they stay in the record, for the next time.
pub fn forget_images(exec: &Exec, state: &State) -> Result<()> {
    let names: Vec<String> = state.get(RECORD).unwrap_or_default();
    let left = remove_from_host(exec, state, &names)?;
    if left.is_empty() {
        state.remove(RECORD);
        return Ok(());
    }
    let names: Vec<&String> = left.iter().map(|(name, _)| name).collect();
    state.put(RECORD, &names)?;
    let words = left
        .iter()
        .map(|(name, why)| format!("image {name}: {why}"));
    bail!("left behind: {}", words.collect::<Vec<_>>().join("; "))
}

/// Removes names of images from the host, but those that another cluster's record has. Returns those that
/// Docker does not remove, as where a container uses one, with its words.
fn remove_from_host(exec: &Exec, state: &State, names: &[String]) -> Result<Vec<(String, String)>> {
    let ours = names.iter().filter(|it| !state.is_elsewhere(RECORD, it));
    let mut left = Vec::new();
    for name in ours {
        match exec.read(&docker::remove_image(name)) {
            Err(error) if error.is_stopped() => return Err(error.into()),
            Err(error) if !docker::is_no_such_image(&error) => {
                left.push((name.clone(), error.last_words()));
            }
            Ok(_) | Err(_) => (),
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_old_image_both_names_in_a_node_are_removed() {
        let digest = |tag: &str| format!("sha256:{tag}{}", "0".repeat(64 - DIGITS));
        let [old, gone, kept, other] = ["a", "b", "c", "d"].map(|it| it.repeat(DIGITS));
        let there = [
            format!("docker.io/library/ghillie:{kept}"),
            format!("docker.io/library/ghillie:{old}"),
            format!("docker.io/library/postgres:{old}"),
            digest(&kept),
            digest(&old),
            digest(&gone),
            digest(&other),
        ];
        let olds = [&old, &gone].map(|tag| format!("ghillie:{tag}"));
        let removed = |kept: String| names_of(&olds, &[kept], &there.iter().cloned().collect());
        let expected = [1, 4, 5].map(|it| there[it].clone());
        assert_eq!(removed(format!("ghillie:{kept}")), expected);
        // A kept image of another repository has the same content.
        let expected = [1, 5].map(|it| there[it].clone());
        assert_eq!(removed(format!("notes:{old}")), expected);
    }
}
