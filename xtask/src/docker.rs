//! docker: its argument lists and its replies (docker CLI 28.2 on Engine 20.10, BuildKit by buildx 0.28).

use serde::Deserialize;

use crate::cmd::Cmd;
use crate::exec::CmdError;
use crate::k3d;
use crate::names::ClusterName;
use crate::project::Image;

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

/// Client and server of `docker version`; no server where the daemon does not answer.
#[derive(Debug, Clone, Deserialize)]
pub struct Version {
    /// The engine, where it answered.
    #[serde(rename = "Server")]
    pub server: Option<Engine>,
}

/// The engine that `docker version` names.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Engine {
    /// Its version.
    pub version: String,
}

/// Asks client and daemon for their versions. Exits 1 when the daemon is down, with a reply all the same.
pub fn version() -> Cmd {
    Cmd::new("docker").args(["version", "--format", "{{json .}}"])
}

/// Asks for BuildKit's client, which an image build with cache mounts needs.
pub fn buildx_version() -> Cmd {
    Cmd::new("docker").args(["buildx", "version"])
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

/// Asks which port of the host a stopped container would publish for its port 80.
pub fn configured_port(container: &str) -> Cmd {
    let field =
        r#"{{with index .HostConfig.PortBindings "80/tcp"}}{{(index . 0).HostPort}}{{end}}"#;
    Cmd::new("docker").args(["container", "inspect", "--format", field, container])
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

/// Builds the application's image as `<repository>:local` and writes what was built to `metadata`.
///
/// Without provenance and SBOM, whose dates would give each build another id (containerd image store).
pub fn build(image: &Image, root: &std::path::Path, metadata: &std::path::Path) -> Cmd {
    Cmd::new("docker")
        .args(["buildx", "build", "--load", "--progress", "plain"])
        .args(["--provenance=false", "--sbom=false"])
        .args(["--metadata-file", &metadata.to_string_lossy()])
        .args(["--tag", &format!("{}:local", image.repository)])
        .args(["--file", &root.join(image.dockerfile).to_string_lossy()])
        .args([root.join(image.context).to_string_lossy()])
        .env("DOCKER_BUILDKIT", "1")
        .changes()
}

/// What a build wrote to its metadata file (buildx 0.28).
#[derive(Debug, Clone, Deserialize)]
pub struct Built {
    /// The digest by which Docker knows the image, `sha256:` and 64 hexadecimal digits: of its
    /// configuration in the classic image store, of its manifest in containerd's.
    #[serde(rename = "containerimage.digest")]
    pub digest: String,
    /// The digest of its configuration, which containerd's store tells beside the other.
    #[serde(rename = "containerimage.config.digest")]
    config: Option<String>,
}

impl Built {
    /// The digest of the image's configuration: the same in both stores.
    pub fn config(&self) -> &str {
        self.config.as_ref().unwrap_or(&self.digest)
    }
}

/// The words of a line of BuildKit's plain progress, without the step's number and time.
pub fn build_message(line: &str) -> &str {
    let words = line
        .strip_prefix('#')
        .and_then(|line| line.split_once(' '))
        .map_or(line, |(_, words)| words);
    let (time, rest) = words.split_once(' ').unwrap_or((words, ""));
    if time.parse::<f64>().is_ok() {
        rest
    } else {
        words
    }
}

/// A build's failure without what is not the builder's own last words.
pub fn build_failure(error: CmdError) -> CmdError {
    error
}

/// The name under which a node's containerd has an image of Docker's.
pub fn in_node(name: &str) -> String {
    format!("docker.io/library/{name}")
}

/// Asks for the id of a local image; exits 1 where there is none.
pub fn image_id(name: &str) -> Cmd {
    Cmd::new("docker").args(["image", "inspect", "--format", "{{.Id}}", name])
}

/// Gives an image another name.
pub fn tag(from: &str, to: &str) -> Cmd {
    Cmd::new("docker").args(["tag", from, to]).changes()
}

/// Removes names of images; an image whose last name goes is deleted.
pub fn remove_images(names: &[String]) -> Cmd {
    Cmd::new("docker")
        .args(["image", "rm"])
        .args(names.iter().cloned())
        .changes()
}

/// Writes an image to stdout, as a tar archive.
pub fn save(image: &str) -> Cmd {
    Cmd::new("docker").args(["save", image]).changes()
}

/// Reads a tar archive of images into a node's containerd. Its `ctr` uses the namespace `k8s.io` unasked.
pub fn import(node: &str) -> Cmd {
    Cmd::new("docker")
        .args(["exec", "--interactive", node])
        .args(["ctr", "images", "import", "-"])
        .changes()
}

/// Lists the names of the images that a node has, one a line.
pub fn node_images(node: &str) -> Cmd {
    Cmd::new("docker").args(["exec", node, "ctr", "images", "ls", "--quiet"])
}

/// Removes names of images from a node.
pub fn remove_node_images(node: &str, names: &[String]) -> Cmd {
    Cmd::new("docker")
        .args(["exec", node, "ctr", "images", "rm"])
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

    #[test]
    fn a_build_tells_what_it_does_without_its_numbers() {
        assert_eq!(
            build_message("#12 3.456    Compiling axum v0.8.1"),
            "   Compiling axum v0.8.1"
        );
        assert_eq!(
            build_message("#5 [build 2/4] COPY ghillie ./"),
            "[build 2/4] COPY ghillie ./"
        );
        assert_eq!(
            build_message("ERROR: failed to solve"),
            "ERROR: failed to solve"
        );
    }

    #[test]
    fn both_image_stores_give_the_same_digest() {
        let classic: Built =
            serde_json::from_str(r#"{"containerimage.digest":"sha256:aa"}"#).unwrap();
        let containerd: Built = serde_json::from_str(
            r#"{"containerimage.config.digest":"sha256:aa","containerimage.digest":"sha256:bb"}"#,
        )
        .unwrap();
        assert_eq!(
            (classic.config(), containerd.config()),
            ("sha256:aa", "sha256:aa")
        );
        assert_eq!(containerd.digest, "sha256:bb");
    }
}
