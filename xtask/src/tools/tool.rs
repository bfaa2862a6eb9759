//! The tools by name, and what can be found of one.

use std::path::PathBuf;

use super::Version;

/// A program that we drive, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// Docker's command line.
    Docker,
    /// Docker's plugin that builds images.
    Buildx,
    /// Makes the cluster.
    K3d,
    /// Asks and changes the cluster.
    Kubectl,
    /// Installs charts.
    Helm,
}

impl Tool {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 5] = [
        Self::Docker,
        Self::Buildx,
        Self::K3d,
        Self::Kubectl,
        Self::Helm,
    ];

    /// Its name, which is the program's but for buildx.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Buildx => "buildx",
            Self::K3d => "k3d",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
        }
    }

    /// The oldest version that will do; `None` where any will.
    pub fn least(self) -> Option<Version> {
        match self {
            Self::Docker => None,
            // 0.10.0 is the first that knows `--provenance`, and refuses it, off as it is, on Docker 20.10.
            Self::Buildx => Some(Version(0, 10, 2)),
            // The oldest that was run.
            Self::K3d => Some(Version(5, 2, 2)),
            Self::Kubectl => Some(Version(1, 28, 0)),
            Self::Helm => Some(Version(3, 14, 0)),
        }
    }

    /// Where it is to be had.
    pub fn address(self) -> &'static str {
        match self {
            Self::Docker => "https://docs.docker.com/get-docker/",
            Self::Buildx => "https://docs.docker.com/go/buildx/",
            Self::K3d => "https://k3d.io/#installation",
            Self::Kubectl => "https://kubernetes.io/docs/tasks/tools/",
            Self::Helm => "https://helm.sh/docs/intro/install/",
        }
    }
}

/// What was found of one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It can be used.
    Usable {
        /// The program; `None` for a plugin of which only Docker knows where it is.
        path: Option<PathBuf>,
        /// Its version, such as `v1.33.7`; `None` where it was not asked.
        version: Option<String>,
    },
    /// There is none.
    Missing,
    /// There is a file of its name, without the permission to execute it.
    NotExecutable(PathBuf),
    /// It is older than what will do.
    TooOld {
        /// The program; `None` for a plugin of which only Docker knows where it is.
        path: Option<PathBuf>,
        /// Its version.
        version: String,
    },
    /// It is there, but does not say its version.
    Silent {
        /// What it said instead.
        why: String,
    },
}
