//! Another project takes the crate over: another name, another chart, no Valkey.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::project::PROJECT;

use crate::command::{Running, ask, program};
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::ran::{Ran, get};
use crate::stage::Stage;
use crate::workspace::original;

/// What the environment variables of the other project begin with, and its image's repository.
const VARIABLES: &str = "NOTES_K8S_";
const REPOSITORY: &str = "team/notes";
/// The heading of the users' guide under which the way stands.
const HEADING: &str = "## Take it to your own workspace";
/// Where a copy of the crate's manifest ends.
const TESTS: &str = "# The tests of this repository";

/// The scenario.
pub fn tests() -> Vec<Test> {
    tests!["takeover": another_project]
}

fn another_project(stage: &mut Stage) -> Result<()> {
    // Given another project's workspace, to which the crate was taken as the users' guide says,
    stage.leave();
    let notes = Notes::new(stage.preview()?)?;

    // when `up` is run there,
    let ran = notes.run(&["up"])?;

    // then the URL alone is on stdout, and that project's image answers there and reaches its PostgreSQL.
    ran.exits(0)?;
    let url = ran.stdout.trim_end();
    let (status, body) = get(&format!("{url}ready"))?;
    ensure!(status == 200, "{url} answers {status}: {body}\n{ran}");
    let image = body["version"]["image"].as_str().unwrap_or_default();
    ensure!(image.starts_with("team/notes:"), "{image} answers\n{ran}");
    ensure!(body["checks"]["database"] == true, "{body}");
    ran.does_not_say("Valkey")?;

    // When it is run again, then nothing is made anew.
    let again = notes.run(&["up"])?;
    again.exits(0)?.within(30)?;
    ensure!(again.stdout == ran.stdout, "another URL\n{again}");
    let (_, body) = get(&format!("{url}ready"))?;
    ensure!(body["version"]["image"] == image, "another image: {body}");

    // When its status is asked for, then all is ready, and there is no Valkey in it.
    let status = notes.run(&["status", "--check", "--output", "json"])?;
    let report: Value = serde_json::from_str(&status.exits(0)?.stdout)?;
    let of = |field| of_components(&report, field);
    ensure!(of("image").contains(&image), "{image} is missing\n{status}");
    ensure!(of("name").contains(&"notes-db"), "no PostgreSQL\n{status}");
    ensure!(!of("component").contains(&"valkey"), "a Valkey\n{status}");

    // When it is deleted, then nothing is left but what the build made.
    let ran = notes.run(&["down"])?;
    ran.exits(0)?;
    notes.preview.is_gone()?;
    let images = images()?;
    ensure!(images == ["team/notes:local"], "{images:?} are left\n{ran}");
    Ok(())
}

/// A field of all components of a report of `status`.
fn of_components<'a>(report: &'a Value, field: &str) -> Vec<&'a str> {
    let components = report["components"].as_array().into_iter().flatten();
    components.filter_map(|it| it[field].as_str()).collect()
}

/// The images of the other project.
fn images() -> Result<Vec<String>> {
    let format = ["--format", "{{.Repository}}:{{.Tag}}", REPOSITORY];
    let reply = ask("docker", &[["image", "ls"].as_slice(), &format].concat())?;
    Ok(reply.lines().map(str::to_owned).collect())
}

/// The other project's workspace. Dropped, its images are removed, as its cluster is.
struct Notes {
    root: PathBuf,
    /// A preview's surroundings: home, state folder, name of the cluster.
    preview: Preview,
}

impl Notes {
    /// Makes the workspace in a folder beside the preview's own, and builds the program there.
    fn new(preview: Preview) -> Result<Self> {
        let root = preview.workspace.root.with_file_name("notes");
        let notes = Self { root, preview };
        let guide = read("docs/users-guide.md")?;
        let (_, section) = guide.split_once(HEADING).context("the guide's section")?;
        let blocks: Vec<String> = section.split("```toml\n").skip(1).map(block).collect();
        let [alias, workspace, rest] = blocks.as_slice() else {
            anyhow::bail!("the guide has {} blocks of TOML there, not 3", blocks.len());
        };
        copy(&original().join("xtask"), &notes.root.join("xtask"))?;
        let manifest = read("xtask/Cargo.toml")?;
        let (kept, _) = manifest.split_once(TESTS).context("the manifest's tests")?;
        notes.write("xtask/Cargo.toml", &(kept.to_owned() + rest))?;
        notes.write(".cargo/config.toml", alias)?;
        notes.write("Cargo.toml", workspace)?;
        notes.write("Cargo.lock", &read("Cargo.lock")?)?;
        // Over the crate's own `project.rs` comes the other project's.
        copy(&original().join("tests/takeover"), &notes.root)?;
        // What an earlier run compiled of the crate, in another folder, would stay for ever.
        notes.cargo(&["clean", "--package", "xtask"])?.exits(0)?;
        let build = ["build", "--package", "xtask", "--bin", "xtask"];
        notes.cargo(&build)?.exits(0)?;
        Ok(notes)
    }

    /// Runs `cargo xtask k8s` there.
    fn run(&self, args: &[&str]) -> Result<Ran> {
        self.cargo(&[&["xtask", "k8s"], args].concat())
    }

    fn cargo(&self, args: &[&str]) -> Result<Ran> {
        let mut command = self.command();
        let words = format!("cargo {} (of {})", args.join(" "), self.root.display());
        Running::start(command.args(args), words)?.finish(LONGEST)
    }

    /// Cargo there, in the preview's surroundings, with this machine's settings under that project's names.
    fn command(&self) -> Command {
        let mut command = program("cargo");
        // Where crates and toolchains are is not the preview's matter, and nothing is fetched.
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let home = env::var_os("HOME").unwrap_or_default();
            let set = env::var_os(name).map(PathBuf::from);
            command.env(name, set.unwrap_or_else(|| Path::new(&home).join(folder)));
        }
        command.env("CARGO_NET_OFFLINE", "true");
        // What was compiled of its dependencies is there for the next time.
        let target = Path::new(env!("CARGO_BIN_EXE_xtask")).ancestors().nth(2);
        command.env(
            "CARGO_TARGET_DIR",
            target.unwrap_or(&self.root).join("takeover"),
        );
        let ours = self.preview.command(&[]);
        let surroundings: BTreeMap<_, _> = ours.get_envs().collect();
        for (name, value) in env::vars() {
            let Some(setting) = name.strip_prefix(PROJECT.variables) else {
                continue;
            };
            if !surroundings.contains_key(OsStr::new(&name)) {
                command.env(format!("{VARIABLES}{setting}"), value);
            }
            command.env_remove(name);
        }
        for (name, value) in surroundings {
            let is_told_by_cargo = name == "CARGO_MANIFEST_DIR";
            let is_ours = name.to_string_lossy().starts_with(PROJECT.variables);
            match value.filter(|_| !is_told_by_cargo && !is_ours) {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .env(format!("{VARIABLES}CLUSTER"), &self.preview.cluster)
            .current_dir(&self.root);
        command
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap_or(&self.root))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        for image in images().unwrap_or_default() {
            let _ = ask("docker", &["image", "rm", "--force", &image]);
        }
    }
}

/// A file of this workspace.
fn read(path: &str) -> Result<String> {
    fs::read_to_string(original().join(path)).with_context(|| format!("cannot read {path}"))
}

/// What stands up to the end of a block of code, without the list's indentation.
fn block(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    let lines = lines.take_while(|line| !line.starts_with("```"));
    lines.fold(String::new(), |block, line| block + line + "\n")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
