//! Where Docker's daemon is. The API server and the ingress are published on 127.0.0.1, which is that of the daemon's
//! machine: nobody on another one reaches them.

use std::env;
use std::fmt;
use std::fs;
use std::net::{IpAddr, UdpSocket};

use serde::Deserialize;

use super::{Check, State};
use crate::cmd::Cmd;
use crate::exec::{CmdError, Exec};
use crate::tools::docker_configuration;

const NAME: &str = "docker host";

/// Docker's context where none is chosen, which leads to a socket of this machine.
const DEFAULT: &str = "default";

/// What says where the daemon is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    /// The variable `DOCKER_HOST` has its endpoint.
    Host(String),
    /// The variable `DOCKER_CONTEXT` names a context.
    Variable(String),
    /// `docker context use` chose a context.
    Current(String),
}

impl Choice {
    /// What Docker and k3d go by, unless all is left to Docker: `DOCKER_HOST` wins over `DOCKER_CONTEXT`, and that
    /// over the configuration (docker/cli 28.2, `resolveContextName`). What is empty counts as unset.
    fn of(
        variable: impl Fn(&'static str) -> Option<String>,
        current: impl FnOnce() -> Option<String>,
    ) -> Option<Self> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        if let Some(endpoint) = set("DOCKER_HOST") {
            return Some(Self::Host(endpoint));
        }
        let choice = match set("DOCKER_CONTEXT") {
            Some(name) => Self::Variable(name),
            None => Self::Current(current().filter(|name| !name.is_empty())?),
        };
        let is_default = matches!(&choice, Self::Variable(it) | Self::Current(it) if it == DEFAULT);
        (!is_default).then_some(choice)
    }

    /// The daemon's endpoint: only Docker knows those of its contexts.
    fn endpoint(&self, exec: &Exec) -> Result<String, CmdError> {
        match self {
            Self::Host(endpoint) => Ok(endpoint.clone()),
            Self::Variable(name) | Self::Current(name) => exec.read(&question(name)),
        }
    }

    /// What the user does to have the Docker of this machine.
    fn way_back(&self) -> &'static str {
        match self {
            Self::Host(_) => "unset DOCKER_HOST",
            Self::Variable(_) => {
                "unset DOCKER_CONTEXT, or name one of this machine (docker context ls)"
            }
            Self::Current(_) => {
                "docker context use default, or another one of this machine (docker context ls)"
            }
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(_) => write!(f, "DOCKER_HOST"),
            Self::Variable(name) => write!(f, "context {name}, of DOCKER_CONTEXT"),
            Self::Current(name) => write!(f, "current context {name}"),
        }
    }
}

fn question(context: &str) -> Cmd {
    Cmd::new("docker")
        .args(["context", "inspect", context])
        .args(["--format", "{{.Endpoints.docker.Host}}"])
}

/// The one field that we read of Docker's `config.json`, which also holds passwords.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    current_context: Option<String>,
}

/// The context that `docker context use` chose. A file that cannot be read is none, as it is for Docker.
fn current_context() -> Option<String> {
    let text = fs::read_to_string(docker_configuration()?.join("config.json")).ok()?;
    let configuration: Configuration = serde_json::from_str(&text).ok()?;
    configuration.current_context
}

/// Whether the daemon is on this machine, where something says where it is. Asks Docker only where that is a context.
pub fn check(exec: &Exec) -> Option<Check> {
    let variable = |name| Some(env::var_os(name)?.to_string_lossy().into_owned());
    let choice = Choice::of(variable, current_context)?;
    // Where Docker does not know its own context, all that it is asked fails, and says so.
    let endpoint = choice.endpoint(exec).ok()?;
    Some(judge(&choice, &Endpoint::of(endpoint.trim())))
}

fn judge(choice: &Choice, endpoint: &Endpoint) -> Check {
    match endpoint.elsewhere() {
        None => Check::ok(NAME, format!("{endpoint} ({choice})")),
        Some(host) => Check::bad(
            NAME,
            State::Blocks,
            format!(
                "{endpoint} ({choice}): what the cluster publishes on 127.0.0.1 would listen on {host}, not on this machine"
            ),
            format!(
                "{}; with the Docker of {host}, run this there",
                choice.way_back()
            ),
        ),
    }
}

/// The address of a daemon, without a name and password that it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Endpoint<'a> {
    scheme: &'a str,
    address: &'a str,
}

impl<'a> Endpoint<'a> {
    /// Docker takes what has no scheme for TCP.
    fn of(text: &'a str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        let authority = rest.find('/').unwrap_or(rest.len());
        let user = rest[..authority].rfind('@').map_or(0, |at| at + 1);
        Self {
            scheme,
            address: &rest[user..],
        }
    }

    /// The host, where that is another machine.
    fn elsewhere(self) -> Option<&'a str> {
        if ["unix", "npipe", "fd"].contains(&self.scheme) {
            return None;
        }
        let host = host(self.address);
        // Docker takes localhost where there is none.
        let is_here = host.is_empty()
            || host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(is_own);
        (!is_here).then_some(host)
    }
}

impl fmt::Display for Endpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address)
    }
}

/// The host of `HOST[:PORT][/PATH]`, an IPv6 address without its brackets.
fn host(address: &str) -> &str {
    let authority = address.split('/').next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Whether an address is one of this machine: only on those can one listen.
fn is_own(address: IpAddr) -> bool {
    address.to_canonical().is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(host: &str, context: &str, current: Option<&str>) -> Option<Choice> {
        let variable = |name| {
            let value = match name {
                "DOCKER_HOST" => host,
                _ => context,
            };
            Some(value.to_owned())
        };
        Choice::of(variable, || current.map(str::to_owned))
    }

    #[test]
    fn the_host_wins_over_the_context_and_that_over_the_configuration() {
        let endpoint = "tcp://build.example:2376";
        assert_eq!(
            choice(endpoint, "far", Some("near")),
            Some(Choice::Host(endpoint.into()))
        );
        assert_eq!(
            choice("", "far", Some("near")),
            Some(Choice::Variable("far".into()))
        );
        assert_eq!(
            choice("", "", Some("near")),
            Some(Choice::Current("near".into()))
        );
    }

    #[test]
    fn docker_s_own_choice_needs_no_question() {
        assert_eq!(choice("", "", None), None);
        assert_eq!(choice("", "", Some("")), None);
        assert_eq!(choice("", "", Some("default")), None);
        assert_eq!(choice("", "default", Some("far")), None);
    }

    #[test]
    fn sockets_and_loopback_are_of_this_machine() {
        for endpoint in [
            "unix:///var/run/docker.sock",
            "unix:///home/a@b/.colima/docker.sock",
            "npipe:////./pipe/docker_engine",
            "fd://",
            "tcp://127.0.0.1:2375",
            "tcp://127.3.2.1",
            "tcp://[::1]:2376",
            "tcp://[::ffff:127.0.0.1]:2376",
            "tcp://0.0.0.0:2375",
            "tcp://localhost:2375/",
            "tcp://LocalHost",
            "tcp://:2375",
            "tcp://",
            "localhost:2375",
            "ssh://core@127.0.0.1:53685/run/podman/podman.sock",
        ] {
            assert_eq!(Endpoint::of(endpoint).elsewhere(), None, "{endpoint}");
        }
    }

    #[test]
    fn other_hosts_are_named_without_user_and_port() {
        for (endpoint, host) in [
            ("tcp://build.example:2376", "build.example"),
            ("tcp://192.0.2.7:2376", "192.0.2.7"),
            ("tcp://[2001:db8::7]:2376", "2001:db8::7"),
            ("ssh://me@build.example", "build.example"),
            ("ssh://me@build.example:22/run/docker.sock", "build.example"),
            ("build.example", "build.example"),
            ("tcp://127.0.0.1.example:2375", "127.0.0.1.example"),
            ("tcp://localhost.example", "localhost.example"),
            ("tcp://localhost@build.example", "build.example"),
        ] {
            assert_eq!(Endpoint::of(endpoint).elsewhere(), Some(host), "{endpoint}");
        }
    }

    #[test]
    fn what_is_elsewhere_blocks_and_says_how_to_come_back() {
        let far = Endpoint::of("ssh://me:secret@build.example");
        let check = judge(&Choice::Variable("far".into()), &far);
        assert_eq!(check.state, State::Blocks);
        assert_eq!(
            check.found,
            "ssh://build.example (context far, of DOCKER_CONTEXT): what the cluster publishes on 127.0.0.1 would listen on build.example, not on this machine"
        );
        assert_eq!(
            check.do_next.unwrap(),
            "unset DOCKER_CONTEXT, or name one of this machine (docker context ls); with the Docker of build.example, run this there"
        );
        let near = Endpoint::of("unix:///home/me/.colima/docker.sock");
        assert_eq!(
            judge(&Choice::Current("colima".into()), &near),
            Check::ok(
                NAME,
                "unix:///home/me/.colima/docker.sock (current context colima)"
            )
        );
    }
}
