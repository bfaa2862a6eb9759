//! How much is to be said, and to whom.

use std::env;
use std::io::{self, IsTerminal};

/// How much is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Talk {
    /// Nothing but errors.
    pub quiet: bool,
    /// 1: each child with its time; 2: what it says, too.
    pub verbose: u8,
}

/// Who reads.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that exclude none of each other"
)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// It is a terminal whose cursor can be moved.
    pub terminal: bool,
    /// No colours are wanted.
    pub no_color: bool,
    /// It is a job of GitHub Actions.
    pub github: bool,
    /// It is a job of some CI.
    pub ci: bool,
}

impl Surroundings {
    /// What stderr and the environment say: `TERM`, `NO_COLOR` (<https://no-color.org>), `CI` and
    /// `GITHUB_ACTIONS`. An empty variable counts as unset.
    pub fn from_env() -> Self {
        Self::of(io::stderr().is_terminal(), |name| env::var(name).ok())
    }

    /// As [`Surroundings::from_env`], for what is printed to stdout.
    pub fn of_stdout() -> Self {
        Self::of(io::stdout().is_terminal(), |name| env::var(name).ok())
    }

    /// Whether what is written to stdout may have colours; a CI's log, which is no terminal, has none.
    pub fn stdout_has_colours() -> bool {
        let stdout = Self::of_stdout();
        stdout.terminal && !stdout.no_color
    }

    fn of(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            terminal: terminal && variable("TERM").is_some_and(|term| term != "dumb"),
            no_color: variable("NO_COLOR").is_some(),
            github: variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            ci: variable("CI").is_some_and(|value| value != "false" && value != "0"),
        }
    }

    /// Whether steps get live lines.
    pub fn has_live_lines(self) -> bool {
        self.terminal && !self.ci && !self.github
    }

    /// Whether there are colours.
    pub fn has_colours(self) -> bool {
        self.has_live_lines() && !self.no_color
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Surroundings {
        Surroundings::of(true, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn live_lines_need_a_terminal_that_can_do_it_and_no_ci() {
        assert!(with(&[("TERM", "xterm")]).has_live_lines());
        assert!(!with(&[("TERM", "dumb")]).has_live_lines());
        assert!(!with(&[]).has_live_lines());
        assert!(!with(&[("TERM", "xterm"), ("CI", "true")]).has_live_lines());
        assert!(with(&[("TERM", "xterm"), ("CI", "false")]).has_live_lines());
        assert!(!with(&[("TERM", "xterm"), ("GITHUB_ACTIONS", "true")]).has_live_lines());
        assert!(!Surroundings::of(false, |_| Some("xterm".to_owned())).has_live_lines());
    }

    #[test]
    fn no_color_counts_unless_it_is_empty() {
        assert!(with(&[("TERM", "xterm"), ("NO_COLOR", "")]).has_colours());
        assert!(!with(&[("TERM", "xterm"), ("NO_COLOR", "0")]).has_colours());
    }
}
