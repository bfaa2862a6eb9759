//! What containers are made of, and when they ran.

use serde::Deserialize;

use crate::cmd::Cmd;

/// What a container is made of and when it ran, of `docker container inspect`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Detail {
    /// The name, with Docker's `/` before it.
    name: String,
    /// As [`super::Container::state`].
    pub state: String,
    /// The image, as it was asked for.
    pub image: String,
    /// When it was made (RFC 3339).
    pub created: String,
    /// When it last began to run (RFC 3339; the year 1 where it never did).
    pub started: String,
    /// When it last ended (RFC 3339; the year 1 where it never did).
    pub finished: String,
    /// Its exit status, where it has ended.
    pub exit_code: i32,
}

impl Detail {
    /// The name, such as `k3d-ghillie-local-server-0`.
    pub fn name(&self) -> &str {
        self.name.trim_start_matches('/')
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }
}

/// Asks what containers are made of and when they ran, one JSON document a line; exits 1 where one is missing.
pub fn details(names: &[String]) -> Cmd {
    let fields = r#"{"name":{{json .Name}},"state":{{json .State.Status}},"image":{{json .Config.Image}},"created":{{json .Created}},"started":{{json .State.StartedAt}},"finished":{{json .State.FinishedAt}},"exit_code":{{json .State.ExitCode}}}"#;
    Cmd::new("docker")
        .args(["container", "inspect", "--format", fields])
        .args(names.iter().cloned())
}

/// The containers of a reply to [`details`].
///
/// # Errors
/// Where a line is not what was asked for.
pub fn parse_details(reply: &str) -> serde_json::Result<Vec<Detail>> {
    reply.lines().map(serde_json::from_str).collect()
}
