//! Where a chart comes from: a path, an `oci://` reference, or a name in a repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hmac_sha256::Hash;

use crate::cmd::Cmd;
use crate::digest::hex;
use crate::settings::{BadInput, Given};

/// A chart, and where helm finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chart {
    /// A folder on this machine, or a packed chart.
    Folder(PathBuf),
    /// An `oci://` reference, with a version.
    Oci {
        /// The reference.
        reference: String,
        /// The version, which helm needs for a pre-release.
        version: String,
    },
    /// A name in a repository, with a version.
    Named {
        /// The chart's name.
        name: String,
        /// The repository's address.
        repository: String,
        /// The version.
        version: String,
    },
}

/// Where a chart comes from when nothing else is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// A name, or an `oci://` reference.
    pub chart: &'static str,
    /// The repository in which a name is looked up.
    pub repository: &'static str,
    /// The version.
    pub version: &'static str,
}

impl Chart {
    /// The chart that was asked for, else the usual one.
    ///
    /// # Errors
    /// Where a path is no chart.
    pub fn choose(
        chart: Option<Given<String>>,
        version: Option<Given<String>>,
        usual: &Source,
    ) -> Result<Self, BadInput> {
        let version = version.map_or_else(|| usual.version.to_owned(), |given| given.value);
        let (chart, from) = match chart {
            Some(Given { value, from }) => (value, Some(from)),
            None => (usual.chart.to_owned(), None),
        };
        if chart.starts_with("oci://") {
            return Ok(Self::Oci {
                reference: chart,
                version,
            });
        }
        if chart.contains('/') || chart.starts_with('.') {
            return folder(&chart).map_err(|why| match from {
                Some(from) => BadInput(format!("invalid value '{chart}' for {from}: {why}")),
                None => BadInput(format!("the chart {chart}: {why}")),
            });
        }
        if chart.is_empty() || chart.starts_with('-') {
            let from = from.map(|from| format!(" for {from}")).unwrap_or_default();
            let allowed = "a chart is a path, an oci:// reference or a name";
            return Err(BadInput(format!(
                "invalid value '{chart}'{from}: {allowed}"
            )));
        }
        Ok(Self::Named {
            name: chart,
            repository: usual.repository.to_owned(),
            version,
        })
    }

    /// helm's arguments for it: the chart, and what says where it is.
    pub fn args(&self) -> Vec<String> {
        match self {
            Self::Folder(path) => vec![path.to_string_lossy().into_owned()],
            Self::Oci { reference, version } => {
                vec![reference.clone(), "--version".into(), version.clone()]
            }
            Self::Named {
                name,
                repository,
                version,
            } => {
                let words = [name, "--repo", repository, "--version", version];
                words.map(str::to_owned).to_vec()
            }
        }
    }

    /// Fetches it, packed, into a folder that is there. `None` where it is on this machine.
    ///
    /// When run it writes one file, which it names as the chart says (helm 3.18).
    pub fn pull(&self, folder: &Path) -> Option<Cmd> {
        let cmd = Cmd::new("helm").args(["pull"]).args(self.args());
        let cmd = cmd.args(["--destination", &folder.to_string_lossy()]);
        (!matches!(self, Self::Folder(_))).then_some(cmd)
    }

    /// Its name and version, for people and as a file's name.
    pub fn title(&self) -> String {
        match self {
            Self::Folder(path) => path.to_string_lossy().into_owned(),
            Self::Oci {
                reference: name,
                version,
            }
            | Self::Named { name, version, .. } => {
                let name = name.rsplit('/').next().unwrap_or(name);
                format!("{name}-{version}")
            }
        }
    }

    /// What it is: the content of a folder, else its name and version.
    ///
    /// # Errors
    /// Where a file of the folder cannot be read.
    pub fn identity(&self) -> Result<String> {
        match self {
            Self::Folder(path) => digest(path),
            Self::Oci { .. } | Self::Named { .. } => Ok(self.args().join(" ")),
        }
    }

    /// Whether the chart certainly lacks the custom resource definition `name`: it is a folder, and
    /// nothing in it says so.
    pub fn lacks(&self, name: &str) -> bool {
        let Self::Folder(path) = self else {
            return false;
        };
        let packed = path.join("charts").exists();
        !packed
            && files(path).is_ok_and(|files| {
                !files
                    .iter()
                    .any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(name)))
            })
    }
}

fn folder(text: &str) -> Result<Chart, String> {
    let path = Path::new(text);
    if !path.exists() {
        return Err("there is no such folder".into());
    }
    if !path.join("Chart.yaml").is_file() {
        return Err("it is not a chart, it has no Chart.yaml".into());
    }
    let whole = path.canonicalize().map_err(|error| error.to_string())?;
    Ok(Chart::Folder(whole))
}

/// A digest of a file's content, or of all files below a folder with their names.
///
/// # Errors
/// Where a file cannot be read.
fn digest(path: &Path) -> Result<String> {
    let mut sum = Hash::new();
    for file in files(path)? {
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy();
        sum.update(format!("{} {name}\n", text.len()));
        sum.update(text);
    }
    Ok(hex(sum.finalize()))
}

/// A digest of words, in their order.
pub fn digest_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut sum = Hash::new();
    for word in words {
        sum.update(format!("{} {word}\n", word.len()));
    }
    hex(sum.finalize())
}

/// All files below a folder, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut entries = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    entries.sort();
    let nested = entries
        .iter()
        .map(|entry| files(entry))
        .collect::<Result<Vec<_>>>()?;
    Ok(nested.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Origin;

    const USUAL: Source = Source {
        chart: "usual",
        repository: "https://charts.example",
        version: "1.0.0",
    };

    fn given(text: &str) -> Given<String> {
        Given {
            value: text.into(),
            from: Origin::Flag("--chart".into()),
        }
    }

    #[test]
    fn a_name_has_a_repository_and_what_is_not_a_path_a_version() {
        let args = |chart, version| {
            Chart::choose(chart, version, &USUAL)
                .unwrap()
                .args()
                .join(" ")
        };
        assert_eq!(
            args(None, None),
            "usual --repo https://charts.example --version 1.0.0"
        );
        assert_eq!(
            args(Some(given("other")), Some(given("2"))),
            "other --repo https://charts.example --version 2"
        );
        assert_eq!(
            args(Some(given("oci://r/c")), None),
            "oci://r/c --version 1.0.0"
        );
    }

    #[test]
    fn a_path_must_be_a_chart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let wrong = Chart::choose(Some(given(path)), None, &USUAL)
            .unwrap_err()
            .0;
        assert!(
            wrong.contains("--chart") && wrong.contains("Chart.yaml"),
            "{wrong}"
        );
        let wrong = Chart::choose(Some(given("./missing")), None, &USUAL)
            .unwrap_err()
            .0;
        assert!(wrong.contains("no such folder"), "{wrong}");
        fs::write(folder.path().join("Chart.yaml"), "name: x").unwrap();
        let chart = Chart::choose(Some(given(path)), Some(given("ignored")), &USUAL).unwrap();
        assert_eq!(chart.args().len(), 1, "a path has no version");
    }

    #[test]
    fn a_changed_file_changes_the_identity_and_so_does_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let chart = Chart::Folder(folder.path().to_owned());
        let mut seen = vec![chart.identity().unwrap()];
        for (name, text) in [("a", "1"), ("a", "2"), ("b", "2")] {
            fs::write(folder.path().join(name), text).unwrap();
            seen.push(chart.identity().unwrap());
        }
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }
}
