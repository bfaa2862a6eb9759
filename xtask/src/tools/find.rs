//! Where a program is, as the shell would find it.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

/// What was found of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file that can be executed.
    At(PathBuf),
    /// Only a file without the permission to execute it.
    NotExecutable(PathBuf),
    /// No file of that name.
    Nowhere,
}

/// Looks for `program` in the folders of `search`, which has the form of `PATH`.
pub fn program(program: &str, search: &OsStr) -> Found {
    let here = env::current_dir().unwrap_or_default();
    if let Ok(path) = which::which_in(program, Some(search), here) {
        return Found::At(path);
    }
    let mut files = env::split_paths(search).map(|folder| folder.join(program));
    files
        .find(|file| file.is_file())
        .map_or(Found::Nowhere, Found::NotExecutable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_three_cases_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, usable) = (folder.path().join("plain"), folder.path().join("usable"));
        for (folder, mode) in [(&plain, 0o644), (&usable, 0o755)] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("k3d"), "").unwrap();
            fs::set_permissions(folder.join("k3d"), Permissions::from_mode(mode)).unwrap();
        }
        let search = |folders: &[&PathBuf]| env::join_paths(folders).unwrap();
        assert_eq!(
            program("k3d", &search(&[&plain])),
            Found::NotExecutable(plain.join("k3d"))
        );
        // The shell goes on to the next folder too.
        assert_eq!(
            program("k3d", &search(&[&plain, &usable])),
            Found::At(usable.join("k3d"))
        );
        assert_eq!(program("helm", &search(&[&plain, &usable])), Found::Nowhere);
    }

    #[test]
    fn a_folder_is_no_program() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("helm")).unwrap();
        assert_eq!(program("helm", folder.path().as_os_str()), Found::Nowhere);
    }
}
