//! The golden tests of `cargo xtask k8s`: see [`golden`].

mod bad_input;
mod down;
mod dry_run;
mod golden;
mod help;
mod logs;
mod status;
mod tools;
mod up;

use std::fs;
use std::path::Path;

use golden::repository;

#[test]
fn every_case_folder_is_read_by_a_test() {
    let tests = repository().join("tests/k8s");
    let sources: String = fs::read_dir(tests)
        .unwrap()
        .filter_map(|file| fs::read_to_string(file.unwrap().path()).ok())
        .collect();
    let mut cases = Vec::new();
    find_cases(&repository().join("tests/golden"), "", &mut cases);
    assert!(!cases.is_empty());
    for case in cases {
        assert!(
            sources.contains(&format!("\"{case}\"")),
            "no test reads tests/golden/{case}"
        );
    }
}

/// Every run ends, so every case has a status.
fn find_cases(folder: &Path, name: &str, cases: &mut Vec<String>) {
    if folder.join("status").is_file() {
        cases.push(name.to_owned());
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let inner = format!("{name}/{}", entry.file_name().display());
        find_cases(&entry.path(), inner.trim_start_matches('/'), cases);
    }
}
