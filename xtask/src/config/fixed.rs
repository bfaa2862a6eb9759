//! What a cluster keeps as it was created.

use std::error::Error;
use std::fmt::{self, Display};

use super::Preview;
use crate::settings::Given;

/// That a cluster was created otherwise than it is asked for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// What it has, and who asks for what.
    pub what: String,
    /// What to type.
    pub do_next: String,
}

impl Fixed {
    /// That the cluster `has` something else than what is asked for; in words, such as `listens on port 8080`.
    pub fn new(preview: &Preview, has: impl Display, asked: &Given<impl Display>) -> Self {
        let Given { value, from } = asked;
        Self {
            what: format!(
                "the cluster {} {has}, {from} asks for {value}",
                preview.cluster
            ),
            do_next: format!(
                "leave it out, or delete the preview first: {}",
                preview.command("down")
            ),
        }
    }
}

impl Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.do_next)
    }
}

impl Error for Fixed {}
