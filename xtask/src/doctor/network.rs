//! Whether the registries of the images can be reached.

use std::time::SystemTime;

use super::{Check, State};
use crate::cmd::Cmd;
use crate::exec::{End, Exec};
use crate::image_cache::Upstream;
use crate::time;

/// What came of asking a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    registry: Upstream,
    /// The status line that it answered with, or why it did not.
    said: Result<String, String>,
    /// Its clock.
    pub date: Option<SystemTime>,
}

/// Where a registry says that it is one (<https://distribution.github.io/distribution/spec/api/>).
fn address(registry: Upstream) -> String {
    format!("{}/v2/", registry.address)
}

/// Any answer will do: without a token it is 401.
fn question(registry: Upstream) -> Cmd {
    Cmd::new("curl")
        .args(["--silent", "--show-error", "--head", "--max-time", "5"])
        .args(["--proto", "=https", "--url", &address(registry)])
}

/// Asks a registry, for 5 seconds at most.
pub fn ask(exec: &Exec, registry: Upstream) -> Answer {
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

/// Whether a registry answers.
pub fn reaches(exec: &Exec, registry: Upstream) -> bool {
    ask(exec, registry).said.is_ok()
}

/// Reads the last of the replies: a proxy's comes first.
fn read(registry: Upstream, headers: &str) -> Answer {
    let status = headers
        .lines()
        .rfind(|line| line.starts_with("HTTP/"))
        .unwrap_or("nothing")
        .trim();
    let date = headers.lines().rev().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date")
            .then(|| time::read_http(value.trim()))
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
    let (name, address) = (answer.registry.host, address(answer.registry));
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

    const REGISTRY: Upstream = Upstream {
        host: "ghcr.io",
        address: "https://ghcr.io",
    };

    #[test]
    fn any_answer_is_one() {
        let headers = "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 401 \r\nDate: Tue, 24 Nov 2026 14:23:28 GMT\r\nwww-authenticate: Bearer\r\n\r\n";
        let answer = read(REGISTRY, headers);
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
            registry: REGISTRY,
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
