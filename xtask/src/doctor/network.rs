//! Whether the registries of the images can be reached.

use std::time::SystemTime;

use super::{Check, State, clock};
use crate::cmd::Cmd;
use crate::exec::{End, Exec};

/// A registry by the name that people know, and where it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registry {
    name: &'static str,
    address: &'static str,
}

/// The registries that the images of a new cluster come from.
pub const REGISTRIES: [Registry; 2] = [
    Registry {
        name: "docker.io",
        address: "https://registry-1.docker.io/v2/",
    },
    Registry {
        name: "ghcr.io",
        address: "https://ghcr.io/v2/",
    },
];

/// What came of asking a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    registry: Registry,
    /// The status line that it answered with, or why it did not.
    said: Result<String, String>,
    /// Its clock.
    pub date: Option<SystemTime>,
}

/// Any answer will do: without a token it is 401.
fn question(registry: Registry) -> Cmd {
    Cmd::new("curl")
        .args(["--silent", "--show-error", "--head", "--max-time", "5"])
        .args(["--proto", "=https", "--url", registry.address])
}

/// Asks a registry, for 5 seconds at most.
pub fn ask(exec: &Exec, registry: Registry) -> Answer {
    match exec.read(&question(registry)) {
        Ok(headers) => read(registry, &headers),
        Err(error) => {
            let why = match error.end {
                End::NotStarted(_) => "curl, which asks it, is not installed".into(),
                _ => error.last_words(),
            };
            Answer {
                registry,
                said: Err(why),
                date: None,
            }
        }
    }
}

/// Reads the last of the replies: a proxy's comes first.
fn read(registry: Registry, headers: &str) -> Answer {
    let status = headers
        .lines()
        .rfind(|line| line.starts_with("HTTP/"))
        .unwrap_or("nothing")
        .trim();
    let date = headers.lines().rev().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date")
            .then(|| clock::read_http(value.trim()))
            .flatten()
    });
    Answer {
        registry,
        said: Ok(status.to_owned()),
        date,
    }
}

/// A registry out of reach is no fault while its images are there.
pub fn judge(answer: &Answer) -> Check {
    let Registry { name, address } = answer.registry;
    match &answer.said {
        Ok(status) => Check::ok(name, format!("answers ({status})")),
        Err(why) => Check::bad(
            name,
            State::Warning,
            format!("not reached: {why}"),
            format!(
                "curl -I {address}; images that are not on this machine yet cannot be pulled without it"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_answer_is_one() {
        let headers = "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 401 \r\nDate: Tue, 24 Nov 2026 14:23:28 GMT\r\nwww-authenticate: Bearer\r\n\r\n";
        let answer = read(REGISTRIES[1], headers);
        assert!(answer.date.is_some());
        let check = judge(&answer);
        assert_eq!(
            (check.name, check.state, check.found.as_str()),
            ("ghcr.io", State::Ok, "answers (HTTP/2 401)")
        );
    }

    #[test]
    fn a_registry_out_of_reach_is_a_warning() {
        let said = Err("curl: (6) Could not resolve host: ghcr.io".into());
        let check = judge(&Answer {
            registry: REGISTRIES[1],
            said,
            date: None,
        });
        assert_eq!(check.state, State::Warning);
        assert!(
            check.found.contains("Could not resolve host"),
            "{}",
            check.found
        );
    }
}
