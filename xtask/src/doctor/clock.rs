//! Whether this machine's clock is right, by the clocks that others show.

use std::time::SystemTime;

use super::{Check, State};

/// Seconds by which clocks may differ: more, and certificates and tokens may not be valid yet.
const DRIFT: u64 = 60;

/// Compares with Docker's clock and with those of servers. `None` where nobody showed one.
pub fn judge(
    docker: Option<SystemTime>,
    servers: impl Iterator<Item = SystemTime>,
    now: SystemTime,
) -> Option<Check> {
    let others = docker
        .map(|time| ("Docker's", time))
        .into_iter()
        .chain(servers.map(|time| ("a server's", time)));
    let apart = |time: SystemTime| {
        now.duration_since(time)
            .unwrap_or_else(|error| error.duration())
    };
    let (whose, drift) = others
        .map(|(whose, time)| (whose, apart(time).as_secs()))
        .max_by_key(|(_, drift)| *drift)?;
    if drift <= DRIFT {
        return Some(Check::ok("clock", format!("within {DRIFT} s of {whose}")));
    }
    let do_next = match whose {
        "Docker's" => {
            "restart Docker, whose virtual machine may have slept (Colima: colima restart)"
        }
        _ => "set the clock: sudo timedatectl set-ntp true (macOS: System Settings, Date & Time)",
    };
    Some(Check::bad(
        "clock",
        State::Warning,
        format!("{drift} s away from {whose}"),
        do_next,
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn unix(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_clock_that_is_furthest_away_is_told() {
        let now = unix(10_000);
        let judged = |docker, server| judge(Some(unix(docker)), [unix(server)].into_iter(), now);
        assert_eq!(judge(None, [].into_iter(), now), None);
        assert_eq!(judged(9_950, 10_050).unwrap().state, State::Ok);
        let slept = judged(2_800, 10_000).unwrap();
        assert_eq!(
            (slept.state, slept.found.as_str()),
            (State::Warning, "7200 s away from Docker's")
        );
        let wrong = judged(10_000, 96_400).unwrap();
        assert_eq!(
            (wrong.state, wrong.found.as_str()),
            (State::Warning, "86400 s away from a server's")
        );
    }
}
