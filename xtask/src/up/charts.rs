//! The operators' charts: fetched before anything is touched, and kept for the next cluster.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};

use super::Up;
use crate::chart::{Chart, digest_of};
use crate::execute::Did;
use crate::helm::Release;
use crate::progress::Line;
use crate::scoped::joined;
use crate::tools::Cache;

impl Up<'_> {
    /// Fetches the charts that are not in the user's cache, at the same time.
    pub(super) fn fetch_charts(&self, charts: &[Chart], line: &Line) -> Result<Did> {
        let missing = missing_charts(&self.cache, charts);
        if missing.is_empty() {
            return Ok(Did::Nothing(String::new()));
        }
        let titles: Vec<String> = missing.iter().map(|chart| chart.title()).collect();
        line.say(&titles.join(", "));
        thread::scope(|scope| {
            let fetch = |chart| scope.spawn(move || self.fetch(chart));
            let threads: Vec<_> = missing.iter().copied().map(fetch).collect();
            threads.into_iter().try_for_each(joined)
        })?;
        Ok(Did::This(titles.join(", ")))
    }

    fn fetch(&self, chart: &Chart) -> Result<()> {
        let kept = kept(&self.cache, chart);
        let folder = self.cache.charts();
        let writing = || format!("cannot write {}", folder.display());
        fs::create_dir_all(&folder).with_context(writing)?;
        // Beside its place, so that it can be moved there whole.
        let beside = tempfile::tempdir_in(&folder).with_context(writing)?;
        let Some(cmd) = chart.pull(beside.path()) else {
            return Ok(());
        };
        self.exec.read(&self.state.with_helm(cmd)).with_context(|| {
            format!(
                "the chart {} cannot be fetched: check the network, or give a folder that holds it (--cnpg-chart, --valkey-chart)",
                chart.title()
            )
        })?;
        let mut files = fs::read_dir(beside.path())?.flatten();
        let file = files.next().context("helm pull wrote no file")?;
        keep(&file.path(), &kept).with_context(writing)
    }
}

/// The charts that are to be fetched: those that are not in the cache.
pub fn missing_charts<'a>(cache: &Cache, charts: &'a [Chart]) -> Vec<&'a Chart> {
    let is_missing = |chart: &&Chart| !is_whole(&kept(cache, chart));
    charts.iter().filter(is_missing).collect()
}

/// A release with its chart as helm is given it: the file in the cache, where it was fetched.
pub fn at_hand(cache: &Cache, release: &Release) -> Release {
    let chart = match &release.chart {
        Chart::Folder(folder) => Chart::Folder(folder.clone()),
        far => Chart::Folder(kept(cache, far)),
    };
    Release {
        chart,
        ..release.clone()
    }
}

/// Where a fetched chart is kept: a reference and a version name one content for ever.
fn kept(cache: &Cache, chart: &Chart) -> PathBuf {
    let digest = digest_of(chart.args().iter().map(String::as_str));
    let file = format!("{}-{}.tgz", chart.title(), &digest[..8]);
    cache.charts().join(file)
}

/// Whether a chart was fetched: an empty file is what a loss of power leaves of one that was not synced.
fn is_whole(kept: &Path) -> bool {
    fs::metadata(kept).is_ok_and(|file| file.len() > 0)
}

/// Moves a fetched chart to its place, once all of it is on the disk: else the name could get there first.
fn keep(fetched: &Path, kept: &Path) -> io::Result<()> {
    File::open(fetched)?.sync_all()?;
    fs::rename(fetched, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_of_which_a_loss_of_power_left_the_name_alone_is_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let [fetched, kept] = ["fetched.tgz", "kept.tgz"].map(|name| folder.path().join(name));
        assert!(!is_whole(&kept));
        fs::write(&kept, "").unwrap();
        assert!(!is_whole(&kept));
        fs::write(&fetched, "chart").unwrap();
        keep(&fetched, &kept).unwrap();
        assert!(is_whole(&kept) && !fetched.exists());
    }
}
