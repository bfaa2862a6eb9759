//! The nodes of a new cluster, as far as others than the project's own were asked for.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::flags;
use crate::k3d::Shape;
use crate::project;
use crate::settings::{self, BadInput, Given};

/// More agents than this are a mistake on one machine.
const MOST_AGENTS: u8 = 9;

/// What was asked for of the nodes.
#[derive(Debug, Clone, Default)]
pub struct AskedNodes {
    /// How many agents there are beside the server.
    pub agents: Option<Given<Agents>>,
    /// The nodes' image.
    pub image: Option<Given<ImageName>>,
}

impl AskedNodes {
    /// What flags and environment ask for.
    ///
    /// # Errors
    /// Where a value is not allowed.
    pub fn new(flags: &flags::Up) -> Result<Self, BadInput> {
        Ok(Self {
            agents: settings::AGENTS.get(flags.agents.as_deref())?,
            image: settings::K3S_IMAGE.get(flags.k3s_image.as_deref())?,
        })
    }

    /// What a new cluster is made of: what was asked for, else the usual.
    pub fn shape(&self, usual: &project::Nodes) -> Shape {
        let agents = self.agents.as_ref();
        let image = self.image.as_ref().map(|given| given.value.0.as_str());
        Shape {
            agents: agents.map_or(usual.agents, |given| given.value.0),
            image: image.unwrap_or(usual.image).to_owned(),
        }
    }
}

/// How many agents a cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agents(pub u8);

impl FromStr for Agents {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let count = text.parse().ok().filter(|count| *count <= MOST_AGENTS);
        count
            .map(Self)
            .ok_or_else(|| format!("the number of agents is 0 to {MOST_AGENTS}"))
    }
}

impl Display for Agents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// An image's name: checked for what would be taken for a flag; k3d and Docker know the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName(pub String);

impl FromStr for ImageName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fine =
            !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_whitespace);
        fine.then(|| Self(text.to_owned()))
            .ok_or_else(|| "an image is named like rancher/k3s:v1.33.4-k3s1".into())
    }
}

impl Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
