//! A tool from where it is released into the user's cache, checked, and only then under its name.
//!
//! Everything happens in a folder of this run's own beside the place where the tool will be, and ends in
//! one rename. So an interrupted run leaves nothing that another could take for the tool, and two runs
//! that fetch the same one do not disturb each other: the second replaces a file by an equal one.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::download::{download, problem, sum_of};
use super::problem::Problem;
use super::source::mirror_variable;
use super::{Cache, Release, Report, Source};
use crate::cmd::Cmd;
use crate::exec::Exec;

/// What the name of a run's own folder begins with.
const PREFIX: &str = ".fetch-";

/// From when on a run's own folder is one that a killed run left.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The tool of `release` in the cache, fetched from `source` where it is not there yet.
///
/// # Errors
/// Where it cannot be downloaded, is not the file that was released, or cannot be kept; the error says
/// what to type.
pub fn fetch(
    exec: &Exec,
    cache: &Cache,
    release: &Release,
    source: &Source,
    report: Report,
) -> Result<PathBuf, Problem> {
    let name = release.tool.name();
    let folder = cache.tool(name, release.version);
    let kept = folder.join(name);
    if is_program(&kept) {
        return Ok(kept);
    }
    let own = own_folder(&folder).map_err(|error| not_kept(release, &folder, &error))?;
    let file = own.path().join("download");
    download(exec, release, source, &file, report)?;
    verify(release, &file, source)?;
    let program = unpack(exec, release, &own, file)?;
    keep(&program, &kept).map_err(|error| not_kept(release, &folder, &error))?;
    report(
        name,
        &format!("{} is now in {}", release.version, folder.display()),
    );
    Ok(kept)
}

/// The tool in the cache, where it was fetched before.
pub fn kept(cache: &Cache, release: &Release) -> Option<PathBuf> {
    let kept = cache
        .tool(release.tool.name(), release.version)
        .join(release.tool.name());
    is_program(&kept).then_some(kept)
}

/// Only what was verified gets its name, so that its name is proof enough.
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Makes a folder of this run's own, and removes those that killed runs left.
fn own_folder(folder: &Path) -> io::Result<TempDir> {
    fs::create_dir_all(folder)?;
    let abandoned = |path: &Path| {
        let changed = fs::metadata(path).and_then(|data| data.modified()).ok();
        changed
            .and_then(|time| SystemTime::now().duration_since(time).ok())
            .is_some_and(|age| age > ABANDONED)
    };
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && abandoned(&entry.path()) {
            // Another run may remove it at the same time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)
}

fn verify(release: &Release, file: &Path, source: &Source) -> Result<(), Problem> {
    let sum = sum_of(file).map_err(|error| not_kept(release, file, &error))?;
    if sum == release.sum {
        return Ok(());
    }
    let help = match source {
        Source::Mirror(_) | Source::Folder(_) => {
            format!("correct the file in {}", mirror_variable())
        }
        Source::Official | Source::Nowhere | Source::LeftTo(_) => "run it again".into(),
    };
    let what = format!(
        "is not what came for {}: its SHA-256 sum is {sum}, not {}",
        release.address, release.sum
    );
    Err(problem(release.tool, what, &help))
}

/// The program in what was downloaded: in an archive the one file that we need, else the file itself.
fn unpack(
    exec: &Exec,
    release: &Release,
    own: &TempDir,
    file: PathBuf,
) -> Result<PathBuf, Problem> {
    let Some(member) = &release.member else {
        return Ok(file);
    };
    // Short options, which the tar of macOS has too; -o: the file is ours, whoever packed it.
    let tar = Cmd::new("tar")
        .args(["-x", "-z", "-o", "-f", &file.to_string_lossy()])
        .args(["-C", &own.path().to_string_lossy(), member]);
    match exec.run(&tar) {
        Ok(_) => Ok(own.path().join(member)),
        Err(error) => Err(problem(
            release.tool,
            format!("cannot be unpacked: {error}"),
            "install tar and gzip",
        )),
    }
}

/// Gives the program its name, once all of it is on the disk.
fn keep(program: &Path, kept: &Path) -> io::Result<()> {
    fs::set_permissions(program, Permissions::from_mode(0o755))?;
    File::open(program)?.sync_all()?;
    fs::rename(program, kept)
}

fn not_kept(release: &Release, place: &Path, error: &io::Error) -> Problem {
    let what = format!("cannot be kept in {}: {error}", place.display());
    problem(
        release.tool,
        what,
        "set XDG_CACHE_HOME to a folder that can be written",
    )
}
