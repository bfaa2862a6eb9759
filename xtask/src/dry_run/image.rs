//! What the steps of the application's image run. Its name is made of its content, and so only known once it is
//! built.

use anyhow::Result;

use super::commands::Commands;
use crate::application::application;
use crate::cmd::Cmd;
use crate::docker;
use crate::helm::INPUTS_LABEL;
use crate::plan::{self, Mend};
use crate::up;

/// What stands for the id of an image, and for the part of it that is its tag.
const ID: &str = "<id>";

/// What stands for the version of the application's Secret where that is yet to be written.
const VERSION: &str = "<version>";

/// What stands for the digest of what is not all known.
const DIGEST: &str = "<digest>";

impl Commands<'_> {
    pub(super) fn build(&self) -> Vec<Cmd> {
        let (image, root) = (
            &self.config.preview.project.image,
            &self.config.preview.root,
        );
        vec![
            docker::build(image, root, "<folder>/metadata.json".as_ref()),
            docker::tag(ID, &self.name(ID)),
            docker::prune_images(image),
        ]
    }

    /// Asks for the image that is taken, unless all nodes have it.
    pub(super) fn reuse(&self) -> Vec<Cmd> {
        match self.deployed() {
            Some(name) if up::nodes_without(self.inside, self.nodes, name).is_empty() => vec![],
            Some(name) => vec![docker::image_id(name)],
            None => vec![docker::image_id(&self.name("local"))],
        }
    }

    /// Sends the image to the nodes that may lack it: where all have one of before, without the layers of that.
    pub(super) fn import(&self) -> Vec<Cmd> {
        let name = self.image();
        let nodes = up::nodes_without(self.inside, self.nodes, &name);
        if nodes.is_empty() {
            return vec![];
        }
        let is_unnamed = self.config.skip_build && self.deployed().is_none();
        let tag = is_unnamed.then(|| docker::tag(ID, &name));
        let image = &self.config.preview.project.image;
        let mut cmds: Vec<Cmd> = tag.into_iter().collect();
        if up::have_layers(image, self.inside, &nodes) {
            cmds.extend(nodes.iter().map(|node| docker::node_content(node)));
            cmds.push(docker::save(&name));
            cmds.push(docker::unpack("<folder>/saved".as_ref()));
            cmds.push(docker::pack("<folder>/layout".as_ref()));
        } else {
            cmds.push(docker::save(&name));
        }
        cmds.extend(up::imports(&nodes));
        cmds
    }

    /// Upgrades the application, unless it is as it should be.
    pub(super) fn deploy(&self, mend: Option<Mend>) -> Result<Vec<Cmd>> {
        let preview = &self.config.preview;
        let inside = self.inside;
        let version = inside.and_then(|inside| plan::known_secret(preview, inside));
        let is_known = version.is_some() && self.deployed().is_some();
        let version = version.unwrap_or_else(|| VERSION.to_owned());
        let mut release = application(preview, &self.image(), &version)?;
        if !is_known {
            release.labels.insert(INPUTS_LABEL, DIGEST.to_owned());
        }
        let inputs = &release.labels[INPUTS_LABEL];
        let is_unchanged = inside.is_some_and(|it| it.is_unchanged(&release.name, inputs));
        Ok(if is_unchanged {
            vec![]
        } else {
            self.upgrade(&release, mend)
        })
    }

    /// The image that is in the cluster, where that is to stay.
    fn deployed(&self) -> Option<&str> {
        let deployed = self.inside?.deployed.as_deref();
        deployed.filter(|_| self.config.skip_build)
    }

    fn image(&self) -> String {
        self.deployed().map_or_else(|| self.name(ID), str::to_owned)
    }

    fn name(&self, tag: &str) -> String {
        format!("{}:{tag}", self.config.preview.project.image.repository)
    }
}
