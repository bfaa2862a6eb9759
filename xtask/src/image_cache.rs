//! A cache of the images that the nodes pull: one registry container for each upstream, which fetches what
//! it lacks and keeps it in a volume that outlives the cluster, so that nothing is pulled twice.
//!
//! Nothing of it is published: the nodes reach it through the cluster's own network. Where it does not
//! answer, containerd asks the upstream itself (k3s 1.33: the default endpoint is tried last).

use std::env;
use std::slice;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cmd::Cmd;
use crate::docker;

/// The registry that serves as a cache (Distribution's; `REGISTRY_PROXY_REMOTEURL` makes it one:
/// <https://distribution.github.io/distribution/recipes/mirror/>).
const IMAGE: &str = "registry:2";
/// Our label on its containers and volumes.
const LABEL: &str = "cargo-xtask-k8s.image-cache";
/// Where the registry keeps what it has fetched.
const DATA: &str = "/var/lib/registry";
/// How the registry is told which way leads out.
const PROXIES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// A registry whose images are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upstream {
    /// How images name it.
    pub host: &'static str,
    /// Where it answers.
    pub address: &'static str,
}

/// One of the cache's containers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// `running`, or another state of Docker's.
    pub state: String,
    /// Its networks, separated by commas.
    networks: String,
}

impl Upstream {
    /// The name of the container and of its volume; nodes reach it by that too.
    ///
    /// Without the host's dots: below `.io` anybody may register a domain, and where the container is not in the
    /// network, Docker's resolver asks the outer one, so that a stranger could answer the nodes.
    pub fn server(self) -> String {
        format!("cargo-xtask-k8s-{}", self.host.replace('.', "-"))
    }

    /// Has its container run: nothing where it does, and anew where it has ended. Whether the upstream `is_reached`
    /// is asked only where that matters.
    pub fn serve(self, known: Option<&Server>, is_reached: impl FnOnce() -> bool) -> Vec<Cmd> {
        if known.is_some_and(Server::runs) {
            return Vec::new();
        }
        let dead = known.map(|it| docker::remove_containers(slice::from_ref(&it.name)));
        dead.into_iter().chain([self.run(is_reached())]).collect()
    }

    /// Has its container join the network of a cluster, where it is not in that already.
    pub fn join(self, known: Option<&Server>, network: &str) -> Option<Cmd> {
        let is_there = known.is_some_and(|it| it.runs() && it.is_in(network));
        let connect = Cmd::new("docker")
            .args(["network", "connect", network, &self.server()])
            .changes();
        (!is_there).then_some(connect)
    }

    /// Starts its container. Without the upstream `is_reached` it would end at once (registry 2 and 3 ask
    /// it when they start): then it serves what it has.
    fn run(self, is_reached: bool) -> Cmd {
        let upstream = is_reached.then(|| format!("REGISTRY_PROXY_REMOTEURL={}", self.address));
        let set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
        // By name only: an address of a proxy may hold a password.
        let proxies = PROXIES.into_iter().filter(set).map(str::to_owned);
        let variables = upstream.into_iter().chain(proxies);
        Cmd::new("docker")
            .args(["run", "--detach", "--name", &self.server()])
            .args(["--label", &format!("{LABEL}={}", self.host)])
            .args(["--volume", &format!("{}:{DATA}", self.server())])
            .args(variables.flat_map(|variable| ["--env".to_owned(), variable]))
            // Registry 3 would look for a collector of traces on its own port 4318, for ever.
            .args(["--env", "OTEL_TRACES_EXPORTER=none"])
            .args([IMAGE])
            .changes()
    }
}

impl Server {
    fn runs(&self) -> bool {
        self.state == "running"
    }

    /// Whether it is in a network.
    pub fn is_in(&self, network: &str) -> bool {
        self.networks.split(',').any(|it| it == network)
    }

    /// Whether it serves other clusters than the one of this network.
    pub fn serves_others(&self, network: &str) -> bool {
        let mut others = self.networks.split(',').filter(|it| *it != network);
        others.any(|it| it != "bridge")
    }

    /// Leaves a network, which could not be removed else.
    pub fn leave(&self, network: &str) -> Cmd {
        Cmd::new("docker")
            .args(["network", "disconnect", "--force", network, &self.name])
            .changes()
    }

    /// Asks how many KiB it keeps; the number is the reply's first word.
    pub fn size(&self) -> Cmd {
        Cmd::new("docker").args(["exec", &self.name, "du", "-sk", DATA])
    }
}

/// Lists the cache's containers.
pub fn servers() -> Cmd {
    let fields =
        r#"{"name":{{json .Names}},"state":{{json .State}},"networks":{{json .Networks}}}"#;
    Cmd::new("docker")
        .args(["ps", "--all", "--filter", &format!("label={LABEL}")])
        .args(["--no-trunc", "--format", fields])
}

/// The containers of a reply to [`servers`].
///
/// # Errors
/// Where a line is not what was asked for.
pub fn parse_servers(reply: &str) -> serde_json::Result<Vec<Server>> {
    reply.lines().map(serde_json::from_str).collect()
}

/// What k3s is told: to ask the cache first (<https://docs.k3s.io/installation/private-registry>). JSON,
/// which is YAML too.
pub fn registries(upstreams: &[Upstream]) -> Value {
    let mirrors = upstreams.iter().map(|upstream| {
        let endpoint = format!("http://{}:5000", upstream.server());
        (upstream.host.to_owned(), json!({ "endpoint": [endpoint] }))
    });
    json!({ "mirrors": mirrors.collect::<Map<_, _>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::PROJECT;

    #[test]
    fn nothing_of_the_cache_is_published() {
        for upstream in PROJECT.nodes.registries {
            let cmd = upstream.run(true).to_string();
            assert!(!cmd.contains("--publish") && !cmd.contains("-p "), "{cmd}");
        }
    }

    #[test]
    fn no_name_of_a_server_is_one_that_can_be_registered() {
        for upstream in PROJECT.nodes.registries {
            assert!(!upstream.server().contains('.'), "{}", upstream.server());
        }
    }

    #[test]
    fn of_a_server_only_what_is_missing_is_made() {
        let made = |state: &str, networks: &str| {
            let upstream = PROJECT.nodes.registries[0];
            let (name, networks) = (upstream.server(), format!(r#""networks":"{networks}""#));
            let line = format!(r#"{{"name":"{name}","state":"{state}",{networks}}}"#);
            let known = parse_servers(&line).unwrap().pop();
            let cmds = upstream.serve(known.as_ref(), || true).into_iter();
            let cmds = cmds.chain(upstream.join(known.as_ref(), "k3d-a"));
            cmds.map(|it| it.args[0].clone()).collect::<Vec<_>>()
        };
        assert_eq!(made("running", "bridge,k3d-a"), [""; 0]);
        assert_eq!(made("running", "bridge"), ["network"]);
        assert_eq!(made("exited", "bridge,k3d-a"), ["rm", "run", "network"]);
    }

    #[test]
    fn a_server_knows_whether_other_clusters_need_it() {
        let server = |networks| {
            let line = format!(r#"{{"name":"n","state":"running","networks":"{networks}"}}"#);
            parse_servers(&line).unwrap().remove(0)
        };
        assert!(server("bridge,k3d-a").is_in("k3d-a"));
        assert!(!server("bridge,k3d-a").serves_others("k3d-a"));
        assert!(server("bridge,k3d-a,k3d-b").serves_others("k3d-a"));
        assert!(!server("bridge").is_in("k3d-a"));
    }
}
