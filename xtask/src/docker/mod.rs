//! docker: its argument lists and its replies (docker CLI 28.2 and 29.7, Engines 20.10 and 29, buildx 0.10.2 to 0.38).

mod archive;
mod build_words;
mod detail;
mod image;

use serde::Deserialize;

use crate::cmd::Cmd;
use crate::k3d;
use crate::names::ClusterName;

pub use archive::{lay_out, pack, unpack};
pub use build_words::build_error;
pub use detail::{Detail, details, parse_details};
pub use image::*;

/// The label that k3d gives everything it makes for a cluster (k3d 5.8.3).
const CLUSTER_LABEL: &str = "k3d.cluster";

/// A container of a k3d cluster. `docker ps` is asked for these fields by name: its whole reply
/// carries the cluster's token, in the labels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Container {
    /// The whole id.
    pub id: String,
    /// The name, such as `k3d-ghillie-local-server-0`.
    pub name: String,
    /// `created`, `running`, `paused`, `restarting`, `exited`, `removing` or `dead`.
    pub state: String,
    /// k3d's role: `server`, `agent`, `loadbalancer`, or empty for the tools container.
    pub role: String,
    /// What is published, such as `127.0.0.1:8081->80/tcp, 127.0.0.1:6550->6443/tcp`; empty when it does not run.
    pub ports: String,
    /// Our label: the worktree that made the cluster; empty where we did not.
    pub worktree: String,
}

impl Container {
    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// The host's port that leads to `port` of the container, where one is published.
    pub fn published(&self, port: u16) -> Option<u16> {
        let wanted = format!("{port}/tcp");
        let mapping = self.ports.split(", ").find_map(|mapping| {
            mapping
                .split_once("->")
                .filter(|(_, inside)| *inside == wanted)
        });
        mapping?.0.rsplit_once(':')?.1.parse().ok()
    }
}

/// Lists the containers of a cluster, stopped ones and k3d's tools container too.
pub fn containers(cluster: &ClusterName) -> Cmd {
    let fields = format!(
        r#"{{"id":{{{{json .ID}}}},"name":{{{{json .Names}}}},"state":{{{{json .State}}}},"role":{{{{json (.Label "k3d.role")}}}},"ports":{{{{json .Ports}}}},"worktree":{{{{json (.Label "{}")}}}}}}"#,
        k3d::WORKTREE_LABEL
    );
    Cmd::new("docker")
        .args(["ps", "--all", "--no-trunc"])
        .args(["--filter", &format!("label={CLUSTER_LABEL}={cluster}")])
        .args(["--format", &fields])
}

/// The containers of a `docker ps` reply of [`containers`].
///
/// # Errors
/// Where a line is not what was asked for.
pub fn parse_containers(reply: &str) -> serde_json::Result<Vec<Container>> {
    reply.lines().map(serde_json::from_str).collect()
}

/// Tells of each of these containers that ends, until it is ended itself: one event as JSON a line. `since` is a
/// time ago, such as `0s`, or a time in seconds since 1970.
pub fn ends(containers: &[String], since: &str) -> Cmd {
    let cmd = Cmd::new("docker")
        .args(["events", "--format", "{{json .}}", "--since", since])
        .args(["--filter", "event=die"]);
    containers.iter().fold(cmd, |cmd, name| {
        cmd.args(["--filter", &format!("container={name}")])
    })
}

/// Asks which port of the host a stopped container would publish for its port 80.
pub fn configured_port(container: &str) -> Cmd {
    let field =
        r#"{{with index .HostConfig.PortBindings "80/tcp"}}{{(index . 0).HostPort}}{{end}}"#;
    Cmd::new("docker").args(["container", "inspect", "--format", field, container])
}

/// Asks which image a container was made of, by the name that was given then.
pub fn configured_image(container: &str) -> Cmd {
    Cmd::new("docker").args([
        "container",
        "inspect",
        "--format",
        "{{.Config.Image}}",
        container,
    ])
}

/// Lists the networks whose name is `name`, one name a line (the filter alone matches parts of names).
pub fn networks(name: &str) -> Cmd {
    let pattern = format!("name=^{name}$");
    Cmd::new("docker").args([
        "network",
        "ls",
        "--filter",
        &pattern,
        "--format",
        "{{.Name}}",
    ])
}

/// Lists the volumes of a cluster, one name a line: those with k3d's label.
pub fn volumes(cluster: &ClusterName) -> Cmd {
    let label = format!("label={CLUSTER_LABEL}={cluster}");
    Cmd::new("docker").args(["volume", "ls", "--filter", &label, "--format", "{{.Name}}"])
}

/// Lists the volumes whose name is `name`, one name a line.
pub fn named_volume(name: &str) -> Cmd {
    let pattern = format!("name=^{name}$");
    Cmd::new("docker").args([
        "volume",
        "ls",
        "--filter",
        &pattern,
        "--format",
        "{{.Name}}",
    ])
}

/// Removes containers, running or not, with their anonymous volumes.
pub fn remove_containers(names: &[String]) -> Cmd {
    Cmd::new("docker")
        .args(["rm", "--force", "--volumes"])
        .args(names.iter().cloned())
        .changes()
}

/// Wakes paused containers.
pub fn unpause(names: &[String]) -> Cmd {
    Cmd::new("docker")
        .args(["unpause"])
        .args(names.iter().cloned())
        .changes()
}

/// Removes a network.
pub fn remove_network(name: &str) -> Cmd {
    Cmd::new("docker").args(["network", "rm", name]).changes()
}

/// Removes volumes.
pub fn remove_volumes(names: &[String]) -> Cmd {
    Cmd::new("docker")
        .args(["volume", "rm"])
        .args(names.iter().cloned())
        .changes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_fields_of_a_container_are_asked_for() {
        let cmd = containers(&"ghillie-local".parse().unwrap());
        let format = cmd.args.last().unwrap();
        assert!(
            !format.contains(".Labels"),
            "labels carry the cluster's token: {format}"
        );
        assert!(
            format.contains(r#""worktree":{{json (.Label "cargo-xtask-k8s.worktree")}}"#),
            "{format}"
        );
    }

    #[test]
    fn a_published_port_is_found_by_the_port_inside() {
        let container = |ports: &str| {
            let line = format!(
                r#"{{"id":"a","name":"n","state":"running","role":"loadbalancer","ports":"{ports}","worktree":""}}"#
            );
            parse_containers(&line).unwrap().remove(0)
        };
        let ports = "127.0.0.1:8081->80/tcp, 127.0.0.1:6550->6443/tcp";
        assert_eq!(container(ports).published(80), Some(8081));
        assert_eq!(container(ports).published(6443), Some(6550));
        assert_eq!(container(ports).published(443), None);
        assert_eq!(container("").published(80), None);
        assert_eq!(
            container("80/tcp, [::1]:8081->80/tcp").published(80),
            Some(8081)
        );
    }
}
