//! What each tool says of its version, and which will do.
//!
//! The questions stand here together, and not with the other arguments of each tool: they are put
//! before it is known whether the tool is one that we can talk to.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::{Finding, Tool};
use crate::cmd::Cmd;

/// A version: major, minor, patch. What a distributor or a pre-release adds does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads `v1.33.4`, `1.28`, `v1.32.4-dispatcher`, `v1.28.3+k3s1` and the like; what is left out is 0.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let numbers = text.split(['-', '+', '~', ' ']).next()?;
        let mut parts = numbers.split('.').map(|part| part.parse().ok());
        let major = parts.next()??;
        Some(Self(
            major,
            parts.next().flatten().unwrap_or(0),
            parts.next().flatten().unwrap_or(0),
        ))
    }
}

/// Without a patch of 0.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(major, minor, patch) = self;
        match patch {
            0 => write!(f, "{major}.{minor}"),
            _ => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

/// The part of `kubectl version -o json` that we read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kubectl {
    client_version: Client,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    git_version: String,
}

/// Asks a tool for its version, in the words that its oldest versions know too.
pub fn question(tool: Tool) -> Cmd {
    match tool {
        Tool::Docker => Cmd::new("docker").args(["--version"]),
        Tool::Buildx => Cmd::new("docker").args(["buildx", "version"]),
        // k3d asks Docker even for this (5.8.3), and would wait for a daemon that hangs.
        Tool::K3d => Cmd::new("k3d")
            .args(["version"])
            .env("DOCKER_HOST", "unix:///dev/null"),
        Tool::Kubectl => Cmd::new("kubectl").args(["version", "--client", "--output", "json"]),
        Tool::Helm => Cmd::new("helm").args(["version", "--template", "{{.Version}}"]),
    }
}

/// The version in the reply, such as `v5.8.3`; `None` where there is none.
pub fn answer(tool: Tool, reply: &str) -> Option<String> {
    let words = |prefix: &str| {
        let rest = reply
            .lines()
            .find_map(|line| line.trim().strip_prefix(prefix));
        rest.and_then(|rest| rest.split([' ', ',']).next())
    };
    let text = match tool {
        Tool::Docker => words("Docker version ")?.to_owned(),
        Tool::Buildx => words("github.com/docker/buildx ")?.to_owned(),
        Tool::K3d => words("k3d version ")?.to_owned(),
        Tool::Kubectl => {
            serde_json::from_str::<Kubectl>(reply)
                .ok()?
                .client_version
                .git_version
        }
        Tool::Helm => reply.trim().to_owned(),
    };
    Version::parse(&text).map(|_| text)
}

/// Whether a version that a tool has told will do.
pub fn judge(tool: Tool, path: Option<PathBuf>, version: String) -> Finding {
    if Version::parse(&version) < tool.least() {
        return Finding::TooOld { path, version };
    }
    Finding::Usable {
        path,
        version: Some(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributors_suffixes_do_not_count() {
        for text in [
            "v1.32.4",
            "1.32.4",
            "v1.32.4-dispatcher",
            "v1.32.4+k3s1",
            "1.32.4~ds1-1+deb12u3",
            "v1.32.4-gke.100",
        ] {
            assert_eq!(Version::parse(text), Some(Version(1, 32, 4)), "{text}");
        }
        assert_eq!(Version::parse("v5-dev"), Some(Version(5, 0, 0)));
        assert_eq!(Version::parse("v3.14"), Some(Version(3, 14, 0)));
        for text in ["", "v", "dev", "-1.2", "99999999999.1"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(Version(1, 9, 0) < Version(1, 28, 0));
        assert!(Version(4, 0, 0) > Version(3, 14, 0));
    }

    #[test]
    fn each_tool_is_read_from_its_own_words() {
        let kubectl = include_str!("../../../tests/fixtures/kubectl/version-client.json");
        let k3d = "k3d version v5.8.3\nk3s version v1.31.5-k3s1 (default)\n";
        for (tool, reply, version) in [
            (
                Tool::Docker,
                "Docker version 28.2.2, build e6534b4\n",
                "28.2.2",
            ),
            (
                Tool::Buildx,
                "github.com/docker/buildx v0.28.0 \n",
                "v0.28.0",
            ),
            (
                Tool::Buildx,
                "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-2\n",
                "0.13.1+ds1",
            ),
            (Tool::K3d, k3d, "v5.8.3"),
            (Tool::Kubectl, kubectl, "v1.33.1"),
            (Tool::Helm, "v3.18.6", "v3.18.6"),
        ] {
            assert_eq!(answer(tool, reply).as_deref(), Some(version), "{tool:?}");
            assert!(
                matches!(judge(tool, None, version.into()), Finding::Usable { .. }),
                "{tool:?}"
            );
        }
        for tool in Tool::ALL {
            assert_eq!(answer(tool, ""), None, "{tool:?}");
            assert_eq!(answer(tool, "error: unknown flag\n"), None, "{tool:?}");
        }
    }

    #[test]
    fn what_is_too_old_is_told_from_what_will_do() {
        for (tool, old, least) in [
            (Tool::Buildx, "v0.10.0", "v0.10.2"),
            (Tool::K3d, "v5.2.1", "v5.2.2"),
            (Tool::Kubectl, "v1.27.16", "v1.28.0+k3s1"),
            (Tool::Helm, "v3.13.3", "v3.14.0"),
        ] {
            assert!(
                matches!(judge(tool, None, old.into()), Finding::TooOld { .. }),
                "{tool:?} {old}"
            );
            assert!(
                matches!(judge(tool, None, least.into()), Finding::Usable { .. }),
                "{tool:?} {least}"
            );
        }
        assert!(matches!(
            judge(Tool::Helm, None, "v4.0.0".into()),
            Finding::Usable { .. }
        ));
    }
}
