//! The application's image brought into every node.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Error, Result, ensure};

use super::Up;
use crate::cmd::Cmd;
use crate::docker;
use crate::exec::{CmdError, End};
use crate::execute::Did;
use crate::observe::Inside;
use crate::pod::Pod;
use crate::postgres;
use crate::progress::Line;
use crate::project::Image;
use crate::scoped::joined;

/// How long the image of a new cluster waits at most for the operators: PostgreSQL needs them, and takes
/// longest of all.
const OPERATORS_FIRST: Duration = Duration::from_secs(25);

impl Up<'_> {
    /// The nodes that lack an image, as far as was seen.
    pub(super) fn nodes_without(&self, name: &str) -> Vec<String> {
        let nodes = self.facts.nodes.get().map_or(&[][..], Vec::as_slice);
        nodes_without(self.seen(), nodes, name)
    }

    /// Brings the image into the nodes that lack it, all at once, and looks whether it is there.
    pub(super) fn import(&self, line: &Line) -> Result<Did> {
        let (name, ids) = self.facts.image.get().context("no image was chosen")?;
        let nodes = self.nodes_without(name);
        if nodes.is_empty() {
            return Ok(Did::Nothing(String::new()));
        }
        self.let_operators_start(line);
        line.say(&nodes.join(", "));
        self.tag(ids, name)?;
        let (images, sent) = self.send(name, &nodes)?;
        let wanted = docker::in_node(name);
        for (node, images) in nodes.iter().zip(images) {
            ensure!(
                images.lines().any(|image| image == wanted),
                "the node {node} does not have {name} after its import"
            );
        }
        let _ = self.facts.imported.set(());
        Ok(Did::This(format!(
            "{} of {}{sent}",
            nodes.len(),
            self.facts.nodes.get().map_or(0, Vec::len)
        )))
    }

    /// In a new cluster the import would slow the operators down.
    fn let_operators_start(&self, line: &Line) {
        if self.config.preview.project.postgres.is_none() || self.seen().is_some() {
            return;
        }
        line.say("waiting until the operators start, which it would slow down");
        let runs = |pod: &Pod| pod.metadata.namespace == postgres::RELEASE.1 && pod.is_running();
        self.pods.want();
        self.pods.await_one(self.exec, OPERATORS_FIRST, runs);
    }

    /// Sends the image to nodes. Returns the images that each has then, one a line, and in words how much was
    /// sent, where that is not all.
    fn send(&self, name: &str, nodes: &[String]) -> Result<(Vec<String>, String)> {
        if have_layers(&self.config.preview.project.image, self.seen(), nodes) {
            match self.send_missing(name, nodes) {
                Ok((images, 1)) => return Ok((images, ", 1 layer sent".to_owned())),
                Ok((images, layers)) => return Ok((images, format!(", {layers} layers sent"))),
                // Somebody ended it: no reason to try another way.
                Err(error) if was_ended(&error) => return Err(error),
                // Something hinders the short way, such as a node that has tidied up its content.
                Err(_) => {}
            }
        }
        let images = self.exec.pipe(&docker::save(name), &imports(nodes))?;
        Ok((images, String::new()))
    }

    /// Sends the nodes the image without the layers that all of them have. Returns the images that each has
    /// then, and how many layers were sent.
    fn send_missing(&self, name: &str, nodes: &[String]) -> Result<(Vec<String>, usize)> {
        let folder = tempfile::tempdir()?;
        let (saved, layout) = (folder.path().join("saved"), folder.path().join("layout"));
        fs::create_dir(&saved)?;
        let has = thread::scope(|scope| {
            let has = scope.spawn(|| self.ask_nodes(nodes, docker::node_content));
            self.exec
                .pipe(&docker::save(name), &[docker::unpack(&saved)])?;
            joined(has)
        })?;
        let all = has.into_iter().reduce(|all, node| &all & &node);
        let sent = docker::lay_out(&saved, &layout, name, &all.unwrap_or_default())?;
        let images = self.exec.pipe(&docker::pack(&layout), &imports(nodes))?;
        Ok((images, sent))
    }

    /// Asks all nodes at once; each answers with one word a line.
    pub(super) fn ask_nodes(
        &self,
        nodes: &[String],
        question: fn(&str) -> Cmd,
    ) -> Result<Vec<BTreeSet<String>>> {
        thread::scope(|scope| {
            let ask = |node| {
                let reply = self.exec.read(&question(node))?;
                Ok(reply.lines().map(str::to_owned).collect())
            };
            let asked: Vec<_> = nodes
                .iter()
                .map(|node| scope.spawn(move || ask(node)))
                .collect();
            asked.into_iter().map(joined).collect()
        })
    }
}

/// The nodes that lack an image, as far as was seen.
pub fn nodes_without(seen: Option<&Inside>, nodes: &[String], name: &str) -> Vec<String> {
    let wanted = docker::in_node(name);
    let images = |node: &String| seen.and_then(|inside| inside.images.get(node));
    let has = |node: &String| images(node).is_some_and(|images| images.contains(&wanted));
    nodes.iter().filter(|node| !has(node)).cloned().collect()
}

/// Whether each of the nodes has an image of before, and so most of the layers.
pub fn have_layers(image: &Image, seen: Option<&Inside>, nodes: &[String]) -> bool {
    let before = docker::in_node(&format!("{}:", image.repository));
    let images = |node| seen.and_then(|inside| inside.images.get(node));
    let has = |images: &BTreeSet<String>| images.iter().any(|it| it.starts_with(&before));
    nodes.iter().all(|node| images(node).is_some_and(has))
}

/// Reads an archive of images into each of the nodes.
pub fn imports(nodes: &[String]) -> Vec<Cmd> {
    nodes.iter().map(|node| docker::import(node)).collect()
}

fn was_ended(error: &Error) -> bool {
    let child = error.downcast_ref::<CmdError>();
    child.is_some_and(|it| matches!(it.end, End::Signal(_) | End::Stopped))
}
