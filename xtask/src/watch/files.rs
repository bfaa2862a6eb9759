//! What the preview is made of, as it stands on disk at one moment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::config::Up;

/// When each file was last changed, and how long it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, (SystemTime, u64)>);

/// The paths that a change is looked for in: what the image is built from, the chart, and its values.
pub fn paths(config: &Up) -> Vec<PathBuf> {
    let project = config.preview.project;
    let inputs = project.image.inputs.iter().filter(|_| !config.skip_build);
    let chart = [&project.chart.path, &project.chart.values];
    inputs
        .chain(chart)
        .map(|path| config.preview.path(path))
        .collect()
}

impl Snapshot {
    /// Looks at files, and at all that is below folders.
    pub fn of(paths: &[PathBuf]) -> Self {
        let mut snapshot = Self::default();
        for path in paths {
            snapshot.add(path);
        }
        snapshot
    }

    /// A path that is not there (any more) is left out: that is a change like any other.
    fn add(&mut self, path: &Path) {
        let Ok(about) = fs::metadata(path) else {
            return;
        };
        if about.is_file() {
            let changed = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            self.0.insert(path.to_owned(), (changed, about.len()));
        }
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if !is_editors_own(&entry.file_name().to_string_lossy()) {
                self.add(&entry.path());
            }
        }
    }

    /// The files that are new, changed or gone since `before`.
    pub fn since<'a>(&'a self, before: &'a Self) -> Vec<&'a Path> {
        let new = self.0.iter().filter(|it| before.0.get(it.0) != Some(it.1));
        let gone = before.0.iter().filter(|it| !self.0.contains_key(it.0));
        new.chain(gone).map(|(path, _)| path.as_path()).collect()
    }

    /// How long ago the first of these files was changed, by its own time.
    pub fn age(&self, files: &[&Path]) -> Duration {
        let changed = files.iter().filter_map(|file| Some(self.0.get(*file)?.0));
        let age = changed.min().and_then(|first| first.elapsed().ok());
        age.unwrap_or_default()
    }
}

/// What an editor keeps beside a file while it is open: swap files, locks, backups.
fn is_editors_own(name: &str) -> bool {
    name.starts_with('.') || name.starts_with('#') || name.ends_with('~') || name == "4913"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags;
    use crate::project::PROJECT;

    #[test]
    fn a_new_a_changed_and_a_removed_file_are_changes() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("src/deep");
        fs::create_dir_all(&nested).unwrap();
        let (stays, changes, goes) = (
            nested.join("stays"),
            nested.join("changes"),
            folder.path().join("goes"),
        );
        for file in [&stays, &changes, &goes] {
            fs::write(file, "1").unwrap();
        }
        let paths = [folder.path().to_owned()];
        let before = Snapshot::of(&paths);
        assert!(Snapshot::of(&paths).since(&before).is_empty());
        fs::write(&changes, "longer").unwrap();
        fs::remove_file(&goes).unwrap();
        let new = folder.path().join("new");
        fs::write(&new, "").unwrap();
        let now = Snapshot::of(&paths);
        let mut files = now.since(&before);
        files.sort();
        let mut expected = [goes.as_path(), &new, &changes];
        expected.sort();
        assert_eq!(files, expected);
    }

    #[test]
    fn what_an_editor_keeps_beside_a_file_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".main.rs.swp", "main.rs~", "4913", "#main.rs#"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(
            Snapshot::of(&[folder.path().to_owned()]),
            Snapshot::default()
        );
    }

    #[test]
    fn a_file_that_is_named_counts_whatever_its_name_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".dockerignore");
        fs::write(&file, "").unwrap();
        assert_ne!(Snapshot::of(&[file]), Snapshot::default());
    }

    #[test]
    fn all_that_the_image_is_built_from_is_watched() {
        let config = Up::new(&flags::Up::default()).unwrap();
        let watched = paths(&config);
        for path in &watched {
            assert!(path.exists(), "{}", path.display());
        }
        let ignored = fs::read_to_string(config.preview.path(".dockerignore")).unwrap();
        let context = config.preview.path(PROJECT.image.context);
        let let_through = ignored.lines().filter_map(|line| line.strip_prefix('!'));
        for path in let_through.map(|path| context.join(path)) {
            assert!(watched.contains(&path), "{}", path.display());
        }
        assert!(watched.contains(&config.preview.path(PROJECT.image.dockerfile)));
    }

    #[test]
    fn without_a_build_only_the_chart_and_its_values_are_watched() {
        let flags = flags::Up {
            skip_build: true,
            ..flags::Up::default()
        };
        let config = Up::new(&flags).unwrap();
        let chart = [PROJECT.chart.path, PROJECT.chart.values];
        assert_eq!(paths(&config), chart.map(|path| config.preview.path(path)));
    }
}
