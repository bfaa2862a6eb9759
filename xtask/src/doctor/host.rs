//! What this machine's kernel says: disk, limits and ports.

use std::fs;

use super::{Check, State};
use crate::listen::{self, Listener};
use crate::names::Port;

/// Below this share of the disk, in percent, k3s' kubelet evicts pods (k3s 1.33: `eviction-hard`
/// is `imagefs.available<5%,nodefs.available<5%`).
const EVICTION: u64 = 5;

/// Bytes that the images of a new cluster and of the application take at least.
const LEAST_DISK: u64 = 3 * GIB;

/// Bytes with which builds and a second cluster fit too.
const GOOD_DISK: u64 = 10 * GIB;

const GIB: u64 = 1 << 30;

/// What a kernel allows each user of inotify: its file, what is advised, and what to set it to
/// (<https://kind.sigs.k8s.io/docs/user/known-issues/>, "too many open files").
const INOTIFY: [(&str, &str, u64, u64); 2] = [
    ("inotify instances", "max_user_instances", 256, 512),
    ("inotify watches", "max_user_watches", 65_536, 524_288),
];

/// Whether Docker's daemon runs on this machine's kernel, and not in a virtual machine or elsewhere.
pub fn is_kernel_of(version: &str) -> bool {
    fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|own| own.trim() == version)
}

/// The room on the disk of Docker's images.
pub fn disk(root: &str) -> Check {
    match rustix::fs::statvfs(root) {
        Ok(disk) => judge_disk(
            disk.f_bavail.saturating_mul(disk.f_frsize),
            disk.f_blocks.saturating_mul(disk.f_frsize),
            root,
        ),
        Err(error) => Check::ok("disk", format!("not known: {root}: {error}")),
    }
}

fn judge_disk(free: u64, all: u64, root: &str) -> Check {
    let percent = free
        .saturating_mul(100)
        .checked_div(all)
        .unwrap_or_default();
    let found = format!("{} GiB ({percent} %) free at {root}", free / GIB);
    let more = "docker system df shows what takes room, docker system prune frees some of it";
    if percent < EVICTION {
        let found = format!("{found}; below {EVICTION} % Kubernetes evicts pods");
        return Check::bad("disk", State::Blocks, found, more);
    }
    match free {
        ..LEAST_DISK => Check::bad(
            "disk",
            State::Blocks,
            format!("{found}; {} GiB are needed", LEAST_DISK / GIB),
            more,
        ),
        LEAST_DISK..GOOD_DISK => Check::bad(
            "disk",
            State::Warning,
            format!("{found}; {} GiB are advised", GOOD_DISK / GIB),
            more,
        ),
        _ => Check::ok("disk", found),
    }
}

/// The kernel's limits of inotify, which every pod's runtime takes from. Nothing where they cannot be read.
pub fn inotify() -> Vec<Check> {
    let limit = |file: &str| {
        fs::read_to_string(format!("/proc/sys/fs/inotify/{file}"))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    INOTIFY
        .iter()
        .filter_map(|row| Some(judge_inotify(row, limit(row.1)?)))
        .collect()
}

fn judge_inotify(
    (name, file, advised, better): &(&'static str, &str, u64, u64),
    limit: u64,
) -> Check {
    if limit < *advised {
        let found = format!("{limit} for each user, {advised} are advised");
        let do_next = format!(
            "sudo sysctl fs.inotify.{file}={better}, and the same in a file of /etc/sysctl.d to keep it"
        );
        return Check::bad(name, State::Warning, found, do_next);
    }
    Check::ok(name, format!("{limit} for each user"))
}

/// Whether the port that was asked for is free on 127.0.0.1, for Docker to publish it.
pub fn port(port: Port) -> Check {
    match listen::test(port, Listener::Docker) {
        Ok(()) => Check::ok("port", format!("{port} is free on 127.0.0.1")),
        Err(error) => {
            let found = format!("{port} cannot be used on 127.0.0.1: {error}");
            Check::bad(
                "port",
                State::Blocks,
                found,
                "choose another port, or none for a free one",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn a_disk_blocks_by_share_and_by_size() {
        for (free, all, state) in [
            (4 * GIB, 100 * GIB, State::Blocks),
            (30 * GIB, 1_000 * GIB, State::Blocks),
            (2 * GIB, 20 * GIB, State::Blocks),
            (5 * GIB, 50 * GIB, State::Warning),
            (50 * GIB, 500 * GIB, State::Ok),
            (0, 0, State::Blocks),
        ] {
            assert_eq!(judge_disk(free, all, "/").state, state, "{free} of {all}");
        }
    }

    #[test]
    fn a_disk_that_is_not_there_is_not_known() {
        let check = disk("/no/such/folder");
        assert_eq!(check.state, State::Ok);
        assert!(check.found.starts_with("not known"), "{}", check.found);
    }

    #[test]
    fn low_limits_name_the_command_that_lifts_them() {
        let check = judge_inotify(&INOTIFY[0], 128);
        assert_eq!(check.state, State::Warning);
        assert!(
            check
                .do_next
                .unwrap()
                .starts_with("sudo sysctl fs.inotify.max_user_instances=512")
        );
        assert_eq!(judge_inotify(&INOTIFY[0], 256).state, State::Ok);
    }

    #[test]
    fn a_port_that_somebody_has_blocks() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = Port(listener.local_addr().unwrap().port());
        assert_eq!(port(taken).state, State::Blocks);
        drop(listener);
        assert_eq!(port(taken).state, State::Ok);
    }
}
