//! What there is on this machine: Docker's containers, volumes, networks and images, and open ports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::Result;
use xtask::project::PROJECT;

use crate::command::ask;

/// Docker's things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Things {
    /// Ids of containers, by name.
    pub containers: BTreeMap<String, String>,
    /// Names of volumes.
    pub volumes: BTreeSet<String>,
    /// Ids of networks, by name.
    pub networks: BTreeMap<String, String>,
    /// Ids of the application's images, by tag; without the tag `local`, which a build always leaves.
    pub images: BTreeMap<String, String>,
}

impl Things {
    /// Asks Docker.
    pub fn seen() -> Result<Self> {
        let lines = |args: &[&str]| -> Result<Vec<String>> {
            Ok(ask("docker", args)?.lines().map(str::to_owned).collect())
        };
        let pairs = |args: &[&str]| -> Result<BTreeMap<String, String>> {
            let pair = |line: String| {
                let (name, id) = line.split_once(' ').unwrap_or((&line, ""));
                (name.to_owned(), id.to_owned())
            };
            Ok(lines(args)?.into_iter().map(pair).collect())
        };
        let named = ["--format", "{{.Names}} {{.ID}}"];
        let mut images = pairs(&[
            "image",
            "ls",
            "--format",
            "{{.Tag}} {{.ID}}",
            PROJECT.image.repository,
        ])?;
        images.retain(|tag, _| tag != "local" && tag != "<none>");
        Ok(Self {
            containers: pairs(&[&["ps", "--all"], named.as_slice()].concat())?,
            volumes: lines(&["volume", "ls", "--quiet"])?.into_iter().collect(),
            networks: pairs(&["network", "ls", "--format", "{{.Name}} {{.ID}}"])?,
            images,
        })
    }

    /// What there is of a cluster, by its name; in words.
    pub fn left_of(&self, cluster: &str) -> Vec<String> {
        let name = format!("k3d-{cluster}");
        let is_of = |it: &&String| **it == name || it.starts_with(&format!("{name}-"));
        let words = |what: &'static str| move |it: &String| format!("{what} {it}");
        let containers = self.containers.keys().filter(is_of);
        let networks = self.networks.keys().filter(is_of);
        let volumes = self.volumes.iter().filter(is_of);
        containers
            .map(words("container"))
            .chain(networks.map(words("network")))
            .chain(volumes.map(words("volume")))
            .collect()
    }
}

/// Sockets that listen for TCP, as `address:port` in hexadecimal: those of Linux' own tables, IPv4's
/// loopback being `0100007F`.
pub fn listening() -> BTreeSet<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let tables = tables.map(|path| fs::read_to_string(path).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1));
    let listening = sockets.filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (local, _, state) = (words.next()?, words.next()?, words.next()?);
        // `TCP_LISTEN` of Linux' `include/net/tcp_states.h`.
        (state == "0A").then(|| local.to_owned())
    });
    listening.collect()
}

/// Whether a socket of [`listening`] takes connections from this machine only.
pub fn is_loopback(socket: &str) -> bool {
    let address = socket.split(':').next().unwrap_or_default();
    // 127.0.0.0/8, in the byte order of the processor; and ::1.
    (address.len() == 8 && address.ends_with("7F")) || address == "00000000000000000000000001000000"
}
