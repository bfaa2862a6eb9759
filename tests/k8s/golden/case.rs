//! A case: a run of the program, and the folder of `tests/golden` that says what it must do.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::call;
use super::given::Given;
use super::reply::Replies;
use super::run::{Run, Seen};
use super::waves::Pace;
use super::world::{World, copy, repository};
use super::{given, names::Names};

/// The cluster of the cases that were recorded with one.
pub const CLUSTER: &str = "golden";
/// The parts of a case's folder that are input, not golden.
pub const INPUT: [&str; 2] = ["replies", "state-before"];

/// The replies that all cases share: what the tools say of their versions.
pub fn shared_replies() -> PathBuf {
    repository().join("tests/golden/versions")
}

/// One case.
pub struct Case {
    pub folder: PathBuf,
    /// The folder of the case whose input it takes.
    input: PathBuf,
    pub cluster: &'static str,
    pub given: Given,
    pub variables: BTreeMap<String, String>,
    /// Variables of the real programs, when replies are recorded.
    pub real_variables: BTreeMap<String, String>,
    without: Vec<&'static str>,
    change: Box<dyn Fn(&Path)>,
    fixtures: Vec<&'static str>,
    elsewhere: bool,
    changed: Vec<(&'static str, &'static str)>,
    interrupt_after: Option<&'static str>,
}

impl Case {
    /// The case of a folder of `tests/golden`, which needs no cluster.
    pub fn new(folder: &str) -> Self {
        let folder = repository().join("tests/golden").join(folder);
        Self {
            input: folder.clone(),
            folder,
            cluster: "ghillie-local",
            given: Given::default(),
            variables: BTreeMap::new(),
            real_variables: BTreeMap::new(),
            without: vec![],
            change: Box::new(|_| {}),
            fixtures: vec![],
            elsewhere: false,
            changed: vec![],
            interrupt_after: None,
        }
    }

    /// The case of a cluster, which is in this state when its replies are recorded.
    pub fn of_cluster(folder: &str, given: Given) -> Self {
        let mut case = Self::new(folder).variable("GHILLIE_K3D_CLUSTER", CLUSTER);
        case.cluster = CLUSTER;
        case.given = given;
        case
    }

    /// Sets an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets an environment variable of the real programs when their replies are recorded.
    pub fn when_recorded(mut self, name: &str, value: &str) -> Self {
        self.real_variables.insert(name.into(), value.into());
        self
    }

    /// Leaves out tools.
    pub fn without(mut self, tools: &[&'static str]) -> Self {
        self.without.extend(tools);
        self
    }

    /// Changes the workspace.
    pub fn in_workspace(mut self, change: impl Fn(&Path) + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    /// Takes replies, and our own files of the cluster, from another case.
    pub fn with_input_of(mut self, other: &str) -> Self {
        self.input = repository().join("tests/golden").join(other);
        self
    }

    /// Runs the program in another worktree than the one that made the cluster.
    pub fn in_another_worktree(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    /// Takes a reply from `tests/fixtures`.
    pub fn with_fixture(mut self, path: &'static str) -> Self {
        self.fixtures.push(path);
        self
    }

    /// Changes words of the recorded replies, for what cannot be recorded any more.
    pub fn where_tools_say(mut self, to: &'static str, not: &'static str) -> Self {
        self.changed.push((not, to));
        self
    }

    /// Ctrl-C comes when this was printed on stdout.
    pub fn interrupted_after(mut self, words: &'static str) -> Self {
        self.interrupt_after = Some(words);
        self
    }

    /// Runs `cargo xtask COMMAND` and compares what it does with the golden files.
    pub fn run(&self, command: &str) {
        let asked = |variable| env::var_os(variable).is_some();
        if asked("RECORD") {
            if self.is_recorded() {
                given::record(self, command);
            }
        } else if asked("UPDATE_GOLDEN") {
            self.update(command);
        } else {
            self.compare(&self.replay(command, Pace::Known(self.waves())));
        }
    }

    /// Whether the tools themselves can be brought to say what the case needs. Else it must not reach them:
    /// without the reply that it is about, it would make a preview.
    fn is_recorded(&self) -> bool {
        let is_real = self.given != Given::NoCluster || !self.real_variables.is_empty();
        is_real && self.input == self.folder
    }

    /// What is run in a world, by recorders or for real.
    pub fn prepare<'a>(&self, world: &'a World, names: &'a Names, command: &str) -> Run<'a> {
        world.install(&self.without);
        (self.change)(&world.root());
        let mut variables = world.variables();
        variables.extend(self.variables.clone());
        if self.elsewhere {
            let other = world.path("elsewhere");
            fs::create_dir_all(&other).expect("a folder can be made");
            copy(&world.root(), &other);
            let package = other.join("xtask").to_string_lossy().into_owned();
            variables.insert("CARGO_MANIFEST_DIR".into(), package);
            names.set("ROOT", other.to_string_lossy());
            names.set("OTHER", world.root().to_string_lossy());
        }
        let words = shell_words::split(command).expect("the command can be read");
        Run {
            world,
            names,
            args: words,
            variables,
            real: None,
            interrupt_after: self.interrupt_after.map(str::to_owned),
        }
    }

    fn replay(&self, command: &str, pace: Pace) -> Seen {
        let world = World::new();
        let names = world.names(self.cluster);
        let run = self.prepare(&world, &names, command);
        self.put_state(&world, &names);
        let mut replies = Replies::default();
        replies.add_all(&shared_replies());
        replies.add_all(&self.input.join(INPUT[0]));
        for path in &self.fixtures {
            replies.add(&repository().join("tests/fixtures").join(path));
        }
        for (from, to) in &self.changed {
            replies.change(from, to);
        }
        run.run(replies, pace)
    }

    /// Our own files of the cluster as they were before.
    fn put_state(&self, world: &World, names: &Names) {
        let (from, to) = (self.input.join(INPUT[1]), world.state(self.cluster));
        if from.is_dir() {
            copy(&from, &to);
            for file in fs::read_dir(&to).expect("the folder is there").flatten() {
                let text = fs::read_to_string(file.path()).unwrap_or_default();
                fs::write(file.path(), names.fill(&text)).expect("the file can be written");
            }
        }
    }

    fn waves(&self) -> Vec<call::Wave> {
        call::read(&fs::read_to_string(self.folder.join("calls")).unwrap_or_default())
    }

    /// Rewrites the golden files. Where the calls are others than before, a slow run finds their waves.
    fn update(&self, command: &str) {
        let mut seen = self.replay(command, Pace::Known(self.waves()));
        if seen.waves != self.waves() {
            let found = self.replay(command, Pace::Unknown).waves;
            seen = self.replay(command, Pace::Known(found.clone()));
            let diff = difference("calls", &call::show(&found), &call::show(&seen.waves));
            assert!(diff.is_empty(), "calls come in no certain order: {diff}");
        }
        let missing = seen.replies.missing();
        assert!(missing.is_empty(), "{missing}`make record` records it");
        seen.replies.prune(&self.folder);
        let golden = self.golden();
        for path in golden.keys().filter(|path| !seen.files.contains_key(*path)) {
            let _ = fs::remove_file(self.folder.join(path));
        }
        for (path, text) in &seen.files {
            let path = self.folder.join(path);
            let folder = path.parent().expect("a golden file is in a folder");
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, text))
                .expect("a golden file can be written");
        }
    }

    fn compare(&self, seen: &Seen) {
        let golden = self.golden();
        let paths: BTreeSet<&String> = golden.keys().chain(seen.files.keys()).collect();
        let text =
            |files: &BTreeMap<String, String>, path| files.get(path).cloned().unwrap_or_default();
        let mut wrong = String::new();
        for path in paths {
            let (wanted, is) = (text(&golden, path), text(&seen.files, path));
            wrong += &difference(&self.name(path), &wanted, &is);
        }
        let missing = seen.replies.missing();
        wrong += &missing;
        if missing.is_empty() {
            wrong += &seen.replies.unused(&self.folder);
        }
        assert!(
            wrong.is_empty(),
            "{wrong}\nUPDATE_GOLDEN=1 takes what is now for right"
        );
    }

    /// A file's path from the repository on.
    fn name(&self, path: &str) -> String {
        let path = self.folder.join(path);
        let short = path.strip_prefix(repository()).unwrap_or(&path);
        short.display().to_string()
    }

    /// The golden files by their paths in the folder.
    fn golden(&self) -> BTreeMap<String, String> {
        let files = |folder: &str| {
            let entries = fs::read_dir(self.folder.join(folder))
                .into_iter()
                .flatten()
                .flatten();
            let files = entries.filter(|entry| entry.path().is_file());
            let prefix = if folder.is_empty() {
                String::new()
            } else {
                format!("{folder}/")
            };
            files
                .map(|entry| {
                    let text = fs::read_to_string(entry.path()).unwrap_or_default();
                    (
                        format!("{prefix}{}", entry.file_name().to_string_lossy()),
                        text,
                    )
                })
                .collect::<Vec<_>>()
        };
        files("").into_iter().chain(files("manifests")).collect()
    }
}

fn difference(path: &str, wanted: &str, is: &str) -> String {
    let diff = TextDiff::from_lines(wanted, is);
    diff.unified_diff().header(path, "this run").to_string()
}
