//! What is wanted of the logs: flags, checked.

use std::str::FromStr;
use std::time::Duration;

use crate::cmd::Cmd;
use crate::flags::{self, Component};
use crate::project::Project;
use crate::settings::{self, BadInput};

/// Which lines of which part are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The part.
    pub component: Component,
    /// The lines' age at most.
    pub since: Option<Since>,
    /// How many of the last lines of each container.
    pub tail: Option<Tail>,
    /// Whether the run before the last is meant.
    pub previous: bool,
}

/// A time back from now, in whole seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(pub Duration);

/// A number of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail(pub u32);

impl Wanted {
    /// What the flags ask for.
    ///
    /// # Errors
    /// Where a value is not allowed, or the project has no such part.
    pub fn new(flags: &flags::Logs, project: &Project) -> Result<Self, BadInput> {
        let has = match flags.component {
            Component::App | Component::Ingress | Component::All => true,
            Component::Postgres => project.postgres.is_some(),
            Component::Valkey => project.valkey.is_some(),
            Component::Operators => project.postgres.is_some() || project.valkey.is_some(),
        };
        if !has {
            return Err(BadInput(format!(
                "invalid value '{}' for --component: {} has no such part",
                flags.component, project.name
            )));
        }
        Ok(Self {
            component: flags.component,
            since: settings::flag("since", flags.since.as_deref())?,
            tail: settings::flag("tail", flags.tail.as_deref())?,
            previous: flags.previous,
        })
    }

    /// Adds to `kubectl logs` which of a container's lines are wanted.
    pub fn narrow(&self, cmd: Cmd) -> Cmd {
        let since = self
            .since
            .map(|Since(time)| ["--since".to_owned(), format!("{}s", time.as_secs())]);
        let tail = self
            .tail
            .map(|Tail(lines)| ["--tail".to_owned(), lines.to_string()]);
        cmd.args(since.into_iter().flatten())
            .args(tail.into_iter().flatten())
    }
}

impl FromStr for Since {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = seconds(text).filter(|seconds| *seconds > 0);
        seconds
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| {
                "a time is whole numbers of d, h, m and s, such as 90s, 10m or 1h30m".into()
            })
    }
}

/// The seconds of `1d2h3m4s`, where there are not more of them than a Go duration holds.
fn seconds(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    for part in text.split_inclusive(|char: char| !char.is_ascii_digit()) {
        let (number, unit) = part.split_at(part.find(|char: char| !char.is_ascii_digit())?);
        let unit: u64 = match unit {
            "d" => 24 * 60 * 60,
            "h" => 60 * 60,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    // Go counts nanoseconds in 63 bits.
    (total < i64::MAX as u64 / 1_000_000_000).then_some(total)
}

impl FromStr for Tail {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // `u32` would read `+3` too.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let lines = text.parse().ok().filter(|_| digits);
        lines
            .map(Self)
            .ok_or_else(|| "a number of lines is 0 or more, such as 100".into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::project::PROJECT;

    #[test]
    fn a_time_is_numbers_with_units() {
        let of = |text: &str| text.parse::<Since>().ok().map(|since| since.0.as_secs());
        assert_eq!(of("90s"), Some(90));
        assert_eq!(of("10m"), Some(600));
        assert_eq!(of("1h30m"), Some(5400));
        assert_eq!(of("2d"), Some(172_800));
        for bad in [
            "",
            "0s",
            "10",
            "m",
            "10x",
            "-5m",
            "1.5h",
            "10 m",
            "5m3",
            "9999999999999d",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_said_with_its_flag() {
        let of = |since: &str, tail: &str| {
            let flags = flags::Logs {
                since: Some(since.into()),
                tail: Some(tail.into()),
                ..flags::Logs::default()
            };
            Wanted::new(&flags, &PROJECT)
        };
        assert_eq!(
            of("yesterday", "1").unwrap_err().to_string(),
            "invalid value 'yesterday' for --since: a time is whole numbers of d, h, m and s, such as 90s, 10m or 1h30m"
        );
        assert_eq!(
            of("1s", "-1").unwrap_err().to_string(),
            "invalid value '-1' for --tail: a number of lines is 0 or more, such as 100"
        );
        for bad in ["", "ten", "+3", "1.5", "99999999999"] {
            assert!(of("1s", bad).is_err(), "{bad}");
        }
        let cmd = of("1h", "0").unwrap().narrow(Cmd::new("kubectl"));
        assert_eq!(cmd.to_string(), "kubectl --since 3600s --tail 0");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_for_a_time(text in any::<String>()) {
            let _ = text.parse::<Since>();
        }
    }
}
