//! What another project relies on that takes the crate over, and the second application that does it in the
//! live tests (`tests/takeover/`): without a cluster.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use xtask::config::{Preview, Up};
// By this name the second application's `project.rs` finds it in the crate.
use xtask::description;
use xtask::flags;
use xtask::names::Port;
use xtask::observe::Cluster;
use xtask::plan::{self, Action, Name};
use xtask::probe::{self, Answer};

#[path = "takeover/xtask/src/project.rs"]
mod project;

#[expect(dead_code, reason = "its main is that of a program")]
#[path = "takeover/server/notes.rs"]
mod notes;

use project::PROJECT;

#[test]
fn everything_that_the_second_application_names_is_there() {
    let root = workspace().join("tests/takeover");
    let files = [
        PROJECT.image.dockerfile,
        PROJECT.chart.values,
        &format!("{}/Chart.yaml", PROJECT.chart.path),
    ];
    for file in files {
        assert!(root.join(file).is_file(), "{file}");
    }
    assert!(root.join(PROJECT.image.context).is_dir());
}

#[test]
fn the_second_application_is_planned_with_its_own_names_and_without_valkey() {
    let config = up();
    let steps = plan::up(&config, &Cluster::Absent, None).expect("a plan");
    let names: Vec<Name> = steps.iter().map(|step| step.name).collect();
    for valkey in [Name::ValkeyOperator, Name::Valkey, Name::ValkeyReady] {
        assert!(!names.contains(&valkey), "{valkey}");
    }
    let postgres = steps.iter().find_map(|step| match &step.action {
        Action::CreatePostgres(manifest) => Some(manifest),
        _ => None,
    });
    let postgres = postgres.expect("PostgreSQL is planned");
    assert_eq!(postgres["metadata"]["name"], "notes-db");
    assert_eq!(postgres["spec"]["storage"]["size"], "512Mi");
}

#[test]
fn the_second_application_answers_as_its_description_says() {
    let database = TcpListener::bind("127.0.0.1:0").expect("a port");
    let asked = |database: String| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let image = "team/notes:1".to_owned();
        thread::spawn(move || notes::serve(&listener, notes::Settings { image, database }));
        probe::ask(Port(port), &PROJECT.ready, "team/notes:1")
    };
    let port = database.local_addr().expect("an address").port();
    let url = |port| format!("postgresql://notes:secret@127.0.0.1:{port}/notes");
    assert_eq!(asked(url(port)), Answer::Ready);
    let words = "the application does not reach PostgreSQL".into();
    assert_eq!(asked(url(1)), Answer::NotYet(words));
}

/// What a copy of the crate keeps of its manifest, as the users' guide says.
#[test]
fn above_its_tests_the_manifest_needs_nothing_outside_of_the_crate() {
    let manifest = read("xtask/Cargo.toml");
    let (kept, tests) = manifest
        .split_once("\n# The tests of this repository")
        .expect("the line from which on a copy does without");
    for outside in ["../", "workspace = true", "[dev-dependencies]"] {
        assert!(!kept.contains(outside), "{outside} stands above the tests");
    }
    assert!(tests.contains("../tests/"), "no tests");
}

#[test]
fn nothing_but_one_file_of_the_crate_knows_what_the_project_is_called() {
    let mut files = Vec::new();
    add_sources(&workspace().join("xtask/src"), &mut files);
    assert!(files.len() > 50, "no sources: {files:?}");
    for file in files.iter().filter(|file| !file.ends_with("project.rs")) {
        let text = fs::read_to_string(file).expect("a source");
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let names = line.to_lowercase().contains(xtask::project::PROJECT.name);
            assert!(!names, "{}: {line}", file.display());
        }
    }
}

/// The sources of the program itself: not those of its tests.
fn add_sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let is_test = ["tests", "tests.rs", "fixtures.rs"]
            .iter()
            .any(|it| name == *it);
        if path.is_dir() && !is_test {
            add_sources(&path, files);
        } else if path.is_file() && !is_test {
            files.push(path);
        }
    }
}

/// What is wanted of the second application where nothing is asked for.
fn up() -> Up {
    let flags = flags::Up {
        // Whatever the environment says.
        charts: flags::ChartFlags {
            cnpg_chart: Some("cloudnative-pg".into()),
            valkey_chart: Some("valkey-operator".into()),
            ..flags::ChartFlags::default()
        },
        ..flags::Up::default()
    };
    let config = Up::new(&flags).expect("the defaults are allowed");
    Up {
        preview: Preview {
            project: &PROJECT,
            root: workspace().join("tests/takeover"),
            ..config.preview
        },
        ..config
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).expect("a file of this workspace")
}

fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the workspace's root")
}
