//! What is wrong with a tool, and what to type about it.

use std::fmt;

use super::{Finding, Source, Tool, sums};

/// One thing that is wrong, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The tool's name.
    pub tool: &'static str,
    /// What is wrong with it, in words that go on after its name and a colon.
    pub what: String,
    /// What to type or to get.
    pub do_next: String,
}

/// All that is wrong, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// The problem of a finding, where it is one.
pub fn of(tool: Tool, finding: &Finding, source: &Source) -> Option<Problem> {
    let what = match finding {
        Finding::Usable { .. } => return None,
        Finding::Missing if tool == Tool::Buildx => {
            "not installed; Docker builds images with this plugin".into()
        }
        Finding::Missing => "not installed (not found on PATH)".into(),
        Finding::NotExecutable(path) => {
            let do_next = format!("chmod +x {}", shell_words::quote(&path.to_string_lossy()));
            let what = format!("{} may not be executed", path.display());
            return Some(Problem {
                tool: tool.name(),
                what,
                do_next,
            });
        }
        Finding::TooOld {
            path: Some(path),
            version,
        } => format!("{} is {version}, too old", path.display()),
        Finding::TooOld {
            path: None,
            version,
        } => format!("it is {version}, too old"),
        Finding::Silent { why } => format!("it does not tell its version, but says: {why}"),
    };
    let fetchable = sums::PINNED.iter().any(|pinned| pinned.tool == tool);
    let instead = match source {
        Source::Nowhere if fetchable => ", or leave out --no-install".into(),
        Source::LeftTo(command) if fetchable => format!(", or have `{command}` fetch it"),
        _ => String::new(),
    };
    let do_next = format!("install {}{instead}", by_hand(tool));
    Some(Problem {
        tool: tool.name(),
        what,
        do_next,
    })
}

/// What to install, and where to get it.
pub fn by_hand(tool: Tool) -> String {
    let least = tool
        .least()
        .map(|least| format!(" {least} or later"))
        .unwrap_or_default();
    format!("{}{least}: {}", tool.name(), tool.address())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.tool, self.what, self.do_next)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problem {}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tool: Tool, finding: &Finding, source: &Source) -> String {
        of(tool, finding, source)
            .map(|problem| problem.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn missing_too_old_and_not_executable_are_told_apart() {
        let file = std::path::PathBuf::from("/opt/my tools/k3d");
        let old = Finding::TooOld {
            path: Some(file.clone()),
            version: "v4.4.8".into(),
        };
        for (finding, text) in [
            (
                Finding::Missing,
                "k3d: not installed (not found on PATH)\n    install k3d 5.2.2 or later: https://k3d.io/#installation",
            ),
            (
                old,
                "k3d: /opt/my tools/k3d is v4.4.8, too old\n    install k3d 5.2.2 or later: https://k3d.io/#installation",
            ),
            (
                Finding::NotExecutable(file),
                "k3d: /opt/my tools/k3d may not be executed\n    chmod +x '/opt/my tools/k3d'",
            ),
        ] {
            assert_eq!(told(Tool::K3d, &finding, &Source::Official), text);
        }
        assert_eq!(
            of(
                Tool::Docker,
                &Finding::Usable {
                    path: None,
                    version: None
                },
                &Source::Official
            ),
            None
        );
    }

    #[test]
    fn only_what_we_can_fetch_is_said_to_be_fetched() {
        assert!(
            told(Tool::Helm, &Finding::Missing, &Source::Nowhere)
                .ends_with(", or leave out --no-install")
        );
        let other = Source::LeftTo("cargo xtask k8s up".into());
        let words = told(Tool::Helm, &Finding::Missing, &other);
        assert!(
            words.ends_with(", or have `cargo xtask k8s up` fetch it"),
            "{words}"
        );
        for tool in [Tool::Docker, Tool::Buildx] {
            assert!(!told(tool, &Finding::Missing, &Source::Nowhere).contains("--no-install"));
            assert!(!told(tool, &Finding::Missing, &other).contains("fetch"));
        }
    }
}
