//! k3d: its argument lists and the names that it gives (k3d 5.2.2 to 5.9.0).

use std::fmt::Display;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::cmd::Cmd;
use crate::exec::{CmdError, Exec};
use crate::names::ClusterName;
use crate::progress::Line;

/// Our label on each of a cluster's containers: the worktree that made it.
pub const WORKTREE_LABEL: &str = "cargo-xtask-k8s.worktree";

/// What k3d would not take as it is in a label's value.
const LABEL: &AsciiSet = &CONTROLS
    .add(b'%')
    .add(b'@')
    .add(b'\\')
    .add(b'"')
    .add(b',')
    .add(b'=');

/// What a cluster is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// How many agents it has beside its one server.
    pub agents: u8,
    /// The nodes' image.
    pub image: String,
}

/// How long k3d may take to get the nodes' image and make their containers, and then again until they run.
const CREATE_LIMIT: &str = "600s";

/// The ingress' port on loopback, which leads through the load balancer to the server alone.
///
/// `80@loadbalancer` would lead to all nodes. Its nginx leaves a node out for 10 s that once did not answer,
/// each of its processes for itself (`max_fails=1 fail_timeout=10s` of k3d 5.8.3): where the ingress had been
/// away, some connections were closed for up to 9 s after others were answered. A single one it never leaves out
/// (<https://nginx.org/en/docs/stream/ngx_stream_upstream_module.html#server>), and every node leads to the same
/// ingress anyway.
fn ingress(port: impl Display) -> String {
    format!("127.0.0.1:{port}:80@server:0:proxy")
}

/// Creates the cluster, its ingress, at `port`, and its API server on loopback only.
///
/// When run it fails with status 1 whatever the cause: see its stderr. Killed, it rolls nothing back.
pub fn create(name: &ClusterName, shape: &Shape, port: impl Display, worktree: &str) -> Cmd {
    let label = |nodes: &str| format!("{WORKTREE_LABEL}={worktree}@{nodes}");
    let mut cmd = Cmd::new("k3d")
        .args(["cluster", "create", name.as_str()])
        // Else it waits for ever for a node that runs and never joins. With it, it rolls back by itself.
        .args(["--timeout", CREATE_LIMIT])
        .args([
            "--image",
            &shape.image,
            "--agents",
            &shape.agents.to_string(),
        ])
        .args(["--port", &ingress(port)])
        // Else the API server listens on every interface (k3d 5.8.3: `DefaultAPIHost` is 0.0.0.0).
        .args(["--api-port", "127.0.0.1:random"])
        .args(["--kubeconfig-update-default=false"])
        // Nobody asks a preview for `kubectl top`.
        .args(["--k3s-arg", "--disable=metrics-server@server:*"])
        .args([
            "--runtime-label",
            &label("server:*"),
            "--runtime-label",
            &label("loadbalancer"),
        ]);
    if shape.agents > 0 {
        cmd = cmd.args(["--runtime-label", &label("agent:*")]);
    }
    quiet(cmd).changes()
}

/// Has a new cluster's nodes pull images as a file of k3s says (`registries.yaml`).
pub fn with_registries(create: Cmd, file: &Path) -> Cmd {
    create.args(["--registry-config", &file.to_string_lossy()])
}

/// Starts a stopped cluster.
pub fn start(name: &ClusterName) -> Cmd {
    quiet(Cmd::new("k3d").args([
        "cluster",
        "start",
        name.as_str(),
        "--wait",
        "--timeout",
        "300s",
    ]))
    .changes()
}

/// Stops a cluster's containers, which keep their volumes. Exits 0 also where none runs.
pub fn stop(name: &ClusterName) -> Cmd {
    quiet(Cmd::new("k3d").args(["cluster", "stop", name.as_str()])).changes()
}

/// Deletes a cluster. Exits 0 whatever happens, a daemon that is down included: look afterwards.
pub fn delete(name: &ClusterName) -> Cmd {
    quiet(Cmd::new("k3d").args(["cluster", "delete", name.as_str()])).changes()
}

/// Prints the kubeconfig, of a stopped cluster too.
pub fn kubeconfig(name: &ClusterName) -> Cmd {
    quiet(Cmd::new("k3d").args(["kubeconfig", "get", name.as_str()]))
}

/// Without these k3d colours its log, and says what the user's settings make it say.
fn quiet(cmd: Cmd) -> Cmd {
    cmd.env("LOG_LEVEL", "info").env("LOG_COLORS", "false")
}

/// The line that says that the cluster's network is there.
pub fn says_that_network_is_there(line: &str, name: &ClusterName) -> bool {
    line.contains(&format!("network '{}'", network(name)))
}

/// The line that says that the servers run and that the load balancer, and with it the API server's
/// port, is about to.
pub fn says_that_servers_run(line: &str, name: &ClusterName) -> bool {
    line.contains(&format!("Starting node '{}'", load_balancer(name)))
}

/// The containers of a new cluster's nodes, the server first.
pub fn nodes(name: &ClusterName, shape: &Shape) -> Vec<String> {
    let agents = (0..shape.agents).map(|number| format!("k3d-{name}-agent-{number}"));
    std::iter::once(format!("k3d-{name}-server-0"))
        .chain(agents)
        .collect()
}

/// Whether a container is one of the cluster's agents.
pub fn is_agent(name: &ClusterName, container: &str) -> bool {
    container.starts_with(&format!("k3d-{name}-agent-"))
}

/// Whether k3d asks k3s' channels which image that is (5.8.3, `TransformSimpleToClusterConfig`).
pub fn is_channel(image: &str) -> bool {
    ["latest", "stable"].contains(&image) || image.starts_with('+')
}

/// The words of a line of k3d's log, without level and time.
pub fn message(line: &str) -> String {
    let words = line.split_once("msg=").map_or(line, |(_, words)| words);
    let words = words
        .split_once(']')
        .filter(|(head, _)| head.starts_with("INFO["))
        .map_or(words, |(_, words)| words);
    let words = words.trim();
    // Quoted as Go does, which is nearly as JSON does.
    serde_json::from_str(words).unwrap_or_else(|_| words.trim_matches('"').to_owned())
}

/// Runs k3d, shows what it says, and hands over each of its lines.
///
/// # Errors
/// As for [`Exec::lines`], told as by [`explained`].
pub fn run(exec: &Exec, cmd: &Cmd, line: &Line, each: impl Fn(&str)) -> Result<(), CmdError> {
    let ran = exec.lines(cmd, |said| {
        line.say(&message(said.text()));
        each(said.text());
    });
    ran.map(drop).map_err(explained)
}

/// A failure of k3d's in its words alone, up to where it begins to take away what it had made: it ends with
/// "Cluster creation FAILED" whatever the cause (5.8.3).
pub fn explained(mut error: CmdError) -> CmdError {
    let is_rollback = |line: &String| line.contains(">>> Rolling Back");
    if let Some(cause @ 1..) = error.stderr.iter().position(is_rollback) {
        error.stderr.truncate(cause);
    }
    for line in &mut error.stderr {
        *line = message(line);
    }
    error
}

/// A worktree's path as a label's value: k3d takes what follows an `@` for a node filter.
pub fn encode_label(worktree: &str) -> String {
    utf8_percent_encode(worktree, LABEL).to_string()
}

/// The worktree's path that a label's value stands for.
pub fn decode_label(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

/// The container through which everything is published.
pub fn load_balancer(name: &ClusterName) -> String {
    format!("k3d-{name}-serverlb")
}

/// The network of the cluster.
pub fn network(name: &ClusterName) -> String {
    format!("k3d-{name}")
}

/// The volume that k3d makes for imported images.
pub fn image_volume(name: &ClusterName) -> String {
    format!("k3d-{name}-images")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::End;
    use crate::names::Port;

    #[test]
    fn ingress_and_api_server_listen_on_loopback_only() {
        let shape = Shape {
            agents: 1,
            image: "rancher/k3s:v1".into(),
        };
        let cmd = create(&"c".parse().unwrap(), &shape, Port(8080), "/w").to_string();
        assert!(
            cmd.contains("--port 127.0.0.1:8080:80@server:0:proxy"),
            "{cmd}"
        );
        assert!(cmd.contains("--api-port 127.0.0.1:random"), "{cmd}");
        assert!(cmd.contains("--kubeconfig-update-default=false"), "{cmd}");
    }

    #[test]
    fn any_path_survives_in_a_label() {
        let path = "/home/a@b/it's 100%/\"ü\", x=y";
        let label = encode_label(path);
        assert!(!label.contains('@') && !label.contains('"'), "{label}");
        assert_eq!(decode_label(&label), path);
    }

    #[test]
    fn a_log_line_is_shown_without_level_and_time() {
        let plain = r#"time="2026-11-24T02:30:57Z" level=info msg="Starting servers...""#;
        assert_eq!(message(plain), "Starting servers...");
        assert_eq!(
            message("INFO[0003] Starting servers...   "),
            "Starting servers..."
        );
        assert_eq!(message("kubectl cluster-info"), "kubectl cluster-info");
        let quoted = r#"time="2026-11-27T02:50:21Z" level=error msg="namespace {\"time\" \"\"} does not exist""#;
        assert_eq!(message(quoted), r#"namespace {"time" ""} does not exist"#);
    }

    #[test]
    fn a_failure_ends_with_its_cause() {
        let reply = include_str!("../../tests/fixtures/k3d/cluster-create.port-in-use.txt");
        let (_, stderr) = reply.split_once("--- stderr\n").unwrap();
        let failed = |lines: &str| {
            explained(CmdError {
                program: "k3d",
                command: "k3d cluster create fx1".into(),
                end: End::Status(1),
                stderr: lines.lines().map(ToOwned::to_owned).collect(),
            })
        };
        let error = failed(stderr);
        assert_eq!(error.stderr.len(), 1, "{error}");
        assert!(
            error.stderr[0].starts_with("Failed Cluster Start: "),
            "{error}"
        );
        assert!(
            error
                .last_words()
                .ends_with(" 127.0.0.1:8091: bind: address already in use"),
            "{error}"
        );
        let nothing_before = stderr.split_once('\n').unwrap().1;
        let last = failed(nothing_before).last_words();
        assert!(last.starts_with("Cluster creation FAILED"), "{last}");
    }
}
