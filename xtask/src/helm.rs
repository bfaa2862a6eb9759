//! helm: its argument lists and its replies (helm 3.14 to 3.22, and 4).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::chart::Chart;
use crate::cmd::{Cmd, Hidden};
use crate::state::State;

/// Our label on a release: the digest of what it was made of.
pub const INPUTS_LABEL: &str = "xtask-k8s/inputs";
/// Our label on a release of a Valkey operator: which of them it is.
pub const OPERATOR_LABEL: &str = "xtask-k8s/operator";

/// A release as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its chart.
    pub chart: Chart,
    /// Its values file; without one, the chart's own values.
    pub values: Option<Values>,
    /// Single values over the file's, as text.
    pub set: Vec<(String, String)>,
    /// Labels of ours on the release.
    pub labels: BTreeMap<&'static str, String>,
}

/// A values file, as it was when its digest was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: Hidden,
}

/// The last revision of a release, by the labels that Helm (and we) gave it. Another namespace may have
/// a release of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Revision {
    /// The release's name.
    pub name: String,
    /// The release's namespace, which is no label.
    #[serde(skip)]
    pub namespace: String,
    /// `deployed`, `failed`, `pending-install`, `pending-upgrade`, `pending-rollback`, `uninstalling`.
    pub status: String,
    /// The revision's number.
    pub version: String,
    /// What it was made of, where we made it.
    #[serde(rename = "xtask-k8s/inputs", default)]
    pub inputs: Option<String>,
    /// The Valkey operator that it is, where it is one.
    #[serde(rename = "xtask-k8s/operator", default)]
    pub operator: Option<String>,
}

/// Installs the release, or upgrades it to what it should be. An unchanged one gets a new revision too.
///
/// It does not wait: what the release is to bring about is watched, so that a fault is seen when it happens.
pub fn upgrade(state: &State, release: &Release) -> Cmd {
    let labels: Vec<String> = release
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut cmd = state
        .with_helm(
            Cmd::new("helm")
                .args(["upgrade", "--install", &release.name])
                .args(release.chart.args()),
        )
        .args(["--namespace", &release.namespace, "--create-namespace"])
        .args(["--history-max", "3", "--labels", &labels.join(",")]);
    // Without either, helm takes the values of the revision before, a failed one's too.
    cmd = match &release.values {
        Some(values) => match plain(&values.path) {
            Some(path) => cmd.args(["--values", path]),
            None => cmd.args(["--values", "-"]).stdin(values.text.0.as_str()),
        },
        None => cmd.args(["--reset-values"]),
    };
    for (name, value) in &release.set {
        cmd = cmd.args(["--set-string", &format!("{name}={value}")]);
    }
    cmd.changes()
}

/// Prints what a chart has in its folder `crds/`, as YAML documents; nothing where it has none.
pub fn show_crds(state: &State, chart: &Chart) -> Cmd {
    let show = Cmd::new("helm").args(["show", "crds"]).args(chart.args());
    state.with_helm(show)
}

/// A path that `--values` takes as it is. helm reads its value as CSV and then as a URL (helm 3.18 and 4), so
/// there are paths that no spelling brings through.
fn plain(path: &Path) -> Option<&str> {
    path.to_str()
        .filter(|path| !path.contains(['"', ',', '%', '\n', '\r']))
}

/// Goes back to the last deployed revision, which ends a `pending-upgrade`.
pub fn rollback(state: &State, release: &str, namespace: &str) -> Cmd {
    state
        .with_helm(Cmd::new("helm").args(["rollback", release]))
        .args(["--namespace", namespace])
        .changes()
}

/// Removes the release, which ends a `pending-install`.
pub fn uninstall(state: &State, release: &str, namespace: &str) -> Cmd {
    state
        .with_helm(Cmd::new("helm").args(["uninstall", release]))
        .args(["--namespace", namespace, "--wait", "--timeout", "60s"])
        .changes()
}

/// The last revision of each release, from the reply of [`crate::kubectl::releases`]: a line has the
/// release's namespace and one JSON object.
///
/// # Errors
/// Where a line is not what was asked for.
pub fn parse_revisions(reply: &str) -> serde_json::Result<Vec<Revision>> {
    let mut last: BTreeMap<(String, String), Revision> = BTreeMap::new();
    for line in reply.lines().filter(|line| !line.trim().is_empty()) {
        let (namespace, labels) = line.split_once(' ').unwrap_or_default();
        let revision = Revision {
            namespace: namespace.to_owned(),
            ..serde_json::from_str(labels)?
        };
        let number = |it: &Revision| it.version.parse::<u32>().unwrap_or_default();
        let release = (revision.namespace.clone(), revision.name.clone());
        if last
            .get(&release)
            .is_none_or(|other| number(other) < number(&revision))
        {
            last.insert(release, revision);
        }
    }
    Ok(last.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_values_file_whose_path_helm_would_misread_is_given_on_stdin() {
        let upgrade = |path: &str| {
            let release = Release {
                name: "app".into(),
                namespace: "app".into(),
                chart: Chart::Folder("chart".into()),
                values: Some(Values {
                    path: path.into(),
                    text: Hidden("a: 1".into()),
                }),
                set: Vec::new(),
                labels: BTreeMap::new(),
            };
            let state = State::of("/state".as_ref(), &"c".parse().unwrap());
            let cmd = upgrade(&state, &release);
            let option = cmd.args.iter().position(|it| it == "--values").unwrap();
            (cmd.args[option + 1].clone(), cmd.stdin)
        };
        for path in ["/it's mine/v.yaml", "/Öko/a?b#c/v.yaml"] {
            assert_eq!(upgrade(path), (path.to_owned(), None));
        }
        for path in ["/a \"b\"/v.yaml", "/a,b/v.yaml", "/100%, a/v.yaml"] {
            assert_eq!(upgrade(path), ("-".to_owned(), Some(Hidden("a: 1".into()))));
        }
    }

    #[test]
    fn the_definitions_are_those_of_the_chart_that_is_installed() {
        let state = State::of("/state".as_ref(), &"c".parse().unwrap());
        let chart = Chart::Named {
            name: "operator".into(),
            repository: "https://charts.example".into(),
            version: "1.2.3".into(),
        };
        let cmd = show_crds(&state, &chart);
        let words = "helm show crds operator --repo https://charts.example --version 1.2.3 ";
        assert!(cmd.to_string().starts_with(words), "{cmd}");
        assert!(!cmd.changes);
    }

    #[test]
    fn the_last_revision_of_each_release_counts() {
        let reply = r#"one {"name":"app","owner":"helm","status":"deployed","version":"9","xtask-k8s/inputs":"aa"}
one {"name":"app","owner":"helm","status":"pending-upgrade","version":"10"}
two {"name":"app","owner":"helm","status":"failed","version":"1"}
"#;
        let revisions = parse_revisions(reply).unwrap();
        let seen: Vec<_> = revisions
            .iter()
            .map(|it| [&it.namespace, &it.name, &it.status, &it.version].map(String::as_str))
            .collect();
        assert_eq!(
            seen,
            [
                ["one", "app", "pending-upgrade", "10"],
                ["two", "app", "failed", "1"]
            ]
        );
        assert_eq!(parse_revisions("").unwrap(), []);
        assert!(parse_revisions("error: x").is_err());
    }
}
