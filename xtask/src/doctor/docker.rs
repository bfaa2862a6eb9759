//! What Docker's daemon says of itself and its machine.

use serde::Deserialize;

use super::{Check, State};
use crate::cmd::Cmd;
use crate::exec::{CmdError, Exec};
use crate::tools::{Problem, explain_docker};

/// Below this the stores and the application are killed for want of memory. It is what is left to a
/// machine of 2 GiB once the kernel has taken its own.
const LEAST_MEMORY: u64 = 1_800 * MIB;

/// Below this (a machine of 4 GiB) an image that is being built has to be paid with swapping.
const GOOD_MEMORY: u64 = 3_700 * MIB;

const MIB: u64 = 1 << 20;

/// Named fields of `docker info`, whose whole reply is some 4 kB.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Info {
    /// The engine's version.
    pub version: String,
    /// The system that it runs on.
    pub system: String,
    /// The version of that system's kernel.
    pub kernel: String,
    /// Bytes of memory.
    pub memory: u64,
    /// Where images and containers are kept.
    pub root: String,
    /// `1` or `2`.
    pub cgroup: String,
    /// Its clock, as RFC 3339 has it.
    pub time: String,
}

fn question() -> Cmd {
    let fields = r#"{"version":{{json .ServerVersion}},"system":{{json .OperatingSystem}},"kernel":{{json .KernelVersion}},"memory":{{json .MemTotal}},"root":{{json .DockerRootDir}},"cgroup":{{json .CgroupVersion}},"time":{{json .SystemTime}}}"#;
    Cmd::new("docker").args(["info", "--format", fields])
}

/// Asks the daemon, and says what is wrong where it does not answer.
pub fn ask(exec: &Exec) -> Result<Info, Problem> {
    let reply = exec
        .read(&question())
        .map_err(|error| explain_docker(&error).unwrap_or_else(|| unknown(&error)))?;
    serde_json::from_str(&reply).map_err(|error| Problem {
        tool: "docker",
        what: format!("docker info answers what we cannot read: {error}"),
        do_next: "docker info".into(),
    })
}

fn unknown(error: &CmdError) -> Problem {
    let what = if error.is_terminated() {
        "Docker's daemon does not answer".into()
    } else {
        format!("docker info failed: {}", error.last_words())
    };
    Problem {
        tool: "docker",
        what,
        do_next: "docker info; restart Docker if that hangs too".into(),
    }
}

/// Whether the cluster has enough memory.
pub fn memory(info: &Info) -> Check {
    let found = format!(
        "{}.{} GiB for Docker",
        info.memory / (1024 * MIB),
        info.memory % (1024 * MIB) * 10 / (1024 * MIB)
    );
    let more = "give Docker's machine 4 GiB or more (Docker Desktop: Settings, Resources; Colima: colima start --memory 4)";
    match info.memory {
        ..LEAST_MEMORY => Check::bad("memory", State::Blocks, found + ", 2 GiB are needed", more),
        LEAST_MEMORY..GOOD_MEMORY => Check::bad(
            "memory",
            State::Warning,
            found + ", 4 GiB are advised",
            more,
        ),
        _ => Check::ok("memory", found),
    }
}

/// Whether the kernel's way to limit containers is one that Kubernetes keeps.
pub fn cgroup(info: &Info) -> Check {
    match info.cgroup.as_str() {
        "1" => Check::bad(
            "cgroup",
            State::Warning,
            "version 1, which Kubernetes only keeps alive since 1.31",
            "boot with systemd.unified_cgroup_hierarchy=1, or a newer system",
        ),
        version => Check::ok("cgroup", format!("version {version}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Info {
        serde_json::from_str(include_str!("../../../tests/fixtures/docker/info.ok.json")).unwrap()
    }

    #[test]
    fn the_recorded_reply_is_one_to_our_question() {
        let asked = include_str!("../../../tests/fixtures/docker/info.daemon-down.txt");
        assert!(
            asked
                .lines()
                .next()
                .unwrap()
                .contains(&question().to_string())
        );
        assert_eq!(recorded().version, "20.10.24+dfsg1");
        assert_eq!(cgroup(&recorded()).state, State::Warning);
    }

    #[test]
    fn memory_blocks_warns_or_will_do() {
        // What machines of 1, 2, 3, 4 and 8 GiB report: the kernel takes a part.
        for (mib, state, found) in [
            (960, State::Blocks, "0.9 GiB for Docker, 2 GiB are needed"),
            (
                1_930,
                State::Warning,
                "1.8 GiB for Docker, 4 GiB are advised",
            ),
            (
                2_900,
                State::Warning,
                "2.8 GiB for Docker, 4 GiB are advised",
            ),
            (3_900, State::Ok, "3.8 GiB for Docker"),
            (8_192, State::Ok, "8.0 GiB for Docker"),
        ] {
            let check = memory(&Info {
                memory: mib * MIB,
                ..recorded()
            });
            assert_eq!((check.state, check.found.as_str()), (state, found));
        }
    }
}
