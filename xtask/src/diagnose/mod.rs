//! What is wrong, as soon as it is certain, and the evidence for it.
//!
//! Everything but [`evidence`] and [`volume_fault`] is pure: no clock, no child. [`Faults`] is told of each
//! pod and the time, and says which faults have been there for long enough.

mod crash;
mod event;
mod evidence;
mod held;
mod next;
mod pods;
mod resource;
mod text;
mod tracker;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use evidence::{evidence, volume_fault};
use held::Held;
pub use next::{advice, next};
pub use resource::{postgres_fault, state_words, valkey_fault};
pub use text::plain;
pub use tracker::Faults;

/// Something that is wrong, or may be: see `certain_after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is about.
    pub object: Object,
    /// The container, where it is one container's.
    pub container: Option<String>,
    /// What sort of fault it is.
    pub cause: Cause,
    /// In one word, the cluster's own where it has one.
    pub reason: String,
    /// In a sentence, the cluster's own where it has one.
    pub message: String,
    /// How long it must be there without a break before it is certain.
    pub certain_after: Duration,
    /// The Helm release of its pod, by the pod's label.
    pub release: Option<String>,
    /// Whether its log is that of the container's last run, not of the one that runs now.
    pub previous_log: bool,
}

/// What a fault is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// `Pod`, or a custom resource's kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What no other object ever has.
    pub uid: String,
}

/// The sorts of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The image cannot be had.
    Image,
    /// The container cannot be made, mostly for a missing Secret or `ConfigMap`.
    Create,
    /// A volume cannot be mounted, mostly for a missing Secret or `ConfigMap`.
    Volume,
    /// The container ends again and again.
    Crash,
    /// The container needs more memory than it may have.
    Memory,
    /// The pod finds no node.
    Scheduling,
    /// The container runs and is not ready.
    Probe,
    /// The operator says that a custom resource has failed.
    Resource,
}

impl Cause {
    /// Whether a program that lacks what it needs may bring it about by itself, and end it again.
    pub fn is_of_the_program(self) -> bool {
        matches!(self, Self::Crash | Self::Memory | Self::Probe)
    }

    /// Whether a container of this fault has run, so that it may have a log.
    fn has_log(self) -> bool {
        self.is_of_the_program()
    }
}
