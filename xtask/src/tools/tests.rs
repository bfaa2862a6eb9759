//! Fetching, with files that stand for the released ones: here from a folder, in `mirror` from a server on
//! 127.0.0.1.

mod mirror;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

use super::download::sum_of;
use super::fetch::fetch;
use super::problem::Problem;
use super::{Cache, Release, Source, Tool};
use crate::cmd::Cmd;
use crate::exec::Exec;
use crate::stop::Stop;

/// A mirror in a folder, a cache beside it, and the tools that are in both.
struct Place {
    folder: TempDir,
    cache: Cache,
}

const KUBECTL: &[u8] = b"\x7fELF kubectl";

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        Self { folder, cache }
    }

    fn mirror(&self) -> PathBuf {
        self.folder.path().join("mirror with spaces")
    }

    /// Puts a file into the mirror, and says what a release of it is.
    fn release(&self, content: &[u8]) -> Release {
        let file = self.mirror().join("release/v1/kubectl");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        let address = "https://files.example/release/v1/kubectl".into();
        Release {
            tool: Tool::Kubectl,
            version: "v1.33.7",
            address,
            member: None,
            sum: sum_of(&file).unwrap(),
        }
    }

    fn fetch(&self, release: &Release, source: &Source) -> Result<PathBuf, Problem> {
        fetch(&exec(), &self.cache, release, source, &|_, _| {})
    }

    fn copy(&self, release: &Release) -> Result<PathBuf, Problem> {
        self.fetch(release, &Source::Folder(self.mirror()))
    }

    /// All that is in the folder of the release in the cache.
    fn kept(&self, release: &Release) -> Vec<String> {
        let entries = fs::read_dir(self.cache.tool(release.tool.name(), release.version));
        let entries = entries.into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

fn exec() -> Exec {
    Exec::new(Arc::new(Stop::default()))
}

/// Whether a test that needs `program` must be left out, which is then said.
fn missing(program: &str) -> bool {
    let found = which::which(program).is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    !found
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_tool_comes_from_a_folder_and_is_executable() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    let path = place.copy(&release).unwrap();
    assert_eq!(
        path,
        place
            .folder
            .path()
            .join("cache/tools/kubectl/v1.33.7/kubectl")
    );
    assert_eq!(
        (fs::read(&path).unwrap(), mode(&path)),
        (KUBECTL.to_vec(), 0o755)
    );
    assert_eq!(place.kept(&release), ["kubectl"]);
}

#[test]
fn what_was_fetched_before_is_not_fetched_again() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    let path = place.copy(&release).unwrap();
    fs::remove_dir_all(place.mirror()).unwrap();
    assert_eq!(place.copy(&release), Ok(path));
}

#[test]
fn a_file_cut_short_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    place.release(&KUBECTL[..5]);
    let problem = place.copy(&release).unwrap_err();
    assert!(
        problem.what.contains("SHA-256") && problem.what.contains(&release.sum),
        "{problem}"
    );
    assert!(
        problem.do_next.contains("TOOL_MIRROR")
            && problem.do_next.contains("https://kubernetes.io"),
        "{problem}"
    );
    assert!(place.kept(&release).is_empty());
}

#[test]
fn a_file_that_is_not_in_the_folder_is_named() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    fs::remove_dir_all(place.mirror()).unwrap();
    let problem = place.copy(&release).unwrap_err();
    assert!(
        problem
            .what
            .contains("mirror with spaces/release/v1/kubectl"),
        "{problem}"
    );
    assert!(place.kept(&release).is_empty());
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    // A folder cannot be made below a file, even by root.
    fs::write(place.folder.path().join("cache"), "").unwrap();
    let problem = place.copy(&release).unwrap_err();
    assert!(problem.what.contains("cache/tools/kubectl"), "{problem}");
    assert!(problem.do_next.contains("XDG_CACHE_HOME"), "{problem}");
}

#[test]
fn two_at_once_both_get_the_whole_tool() {
    let place = Place::new();
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let release = place.release(&content);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| place.copy(&release)))
            .collect();
        for thread in threads {
            let path = thread.join().unwrap().unwrap();
            assert_eq!(sum_of(&path).unwrap(), release.sum);
        }
    });
    assert_eq!(place.kept(&release), ["kubectl"]);
}

#[test]
fn what_a_killed_run_left_is_neither_used_nor_kept_for_ever() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    let folder = place.cache.tool("kubectl", "v1.33.7");
    for (name, day) in [(".fetch-old", 0), (".fetch-new", 1)] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("download"), "half").unwrap();
        if day == 0 {
            let then = std::time::SystemTime::UNIX_EPOCH;
            fs::File::open(folder.join(name))
                .unwrap()
                .set_modified(then)
                .unwrap();
        }
    }
    place.copy(&release).unwrap();
    let mut kept = place.kept(&release);
    kept.sort();
    // The new one may be another run's that is at work.
    assert_eq!(kept, [".fetch-new", "kubectl"]);
}

#[test]
fn a_file_without_permission_is_no_tool_of_the_cache() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    let path = place.copy(&release).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(place.copy(&release), Ok(path.clone()));
    assert_eq!(mode(&path), 0o755);
}

#[test]
fn of_an_archive_the_program_is_kept() {
    if missing("tar") || missing("gzip") {
        return;
    }
    let place = Place::new();
    let packed = place.folder.path().join("linux-amd64");
    fs::create_dir_all(&packed).unwrap();
    fs::write(packed.join("helm"), "\u{7f}ELF helm").unwrap();
    fs::write(packed.join("LICENSE"), "").unwrap();
    let archive = place.folder.path().join("archive.tar.gz");
    let tar = Cmd::new("tar").args(["-c", "-z", "-f", archive.to_str().unwrap()]);
    exec()
        .read(&tar.args(["-C", place.folder.path().to_str().unwrap(), "linux-amd64"]))
        .unwrap();
    let content = fs::read(&archive).unwrap();
    let release = Release {
        tool: Tool::Helm,
        member: Some("linux-amd64/helm".into()),
        ..place.release(&content)
    };

    let path = place.copy(&release).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"\x7fELF helm");
    assert_eq!(place.kept(&release), ["helm"]);

    // Its sum is right, and it is no archive: tar says so.
    let release = Release {
        version: "v2",
        member: Some("linux-amd64/helm".into()),
        ..place.release(b"no archive")
    };
    let problem = place.copy(&release).unwrap_err();
    assert!(problem.what.contains("unpacked"), "{problem}");
    assert!(place.kept(&release).is_empty());
}
