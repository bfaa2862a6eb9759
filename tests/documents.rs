//! What the documents say of the program is what the program says: its flags, its messages and its plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::{Command, CommandFactory};
use similar::TextDiff;
use xtask::config::Up;
use xtask::flags::{self, Xtask};
use xtask::observe::Cluster;
use xtask::{plan, settings};

const HEAD: &str = "\
# Reference

<!-- Written by `UPDATE_GOLDEN=1 cargo test --package xtask --test documents` from the command line's own
     definition, and compared with it by `make test`. -->

Every command with its flags, as `--help` shows them. The [users' guide](users-guide.md) says when to use which.
";

#[test]
fn the_reference_says_what_every_help_says() {
    let mut xtask = settings::document(Xtask::command());
    xtask.build();
    let mut text = HEAD.to_owned();
    add(&mut text, xtask);
    let path = root().join("docs/reference.md");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(path, text).expect("docs/reference.md is writable");
    }
    let written = fs::read_to_string(path).expect("UPDATE_GOLDEN=1 writes docs/reference.md");
    let diff = TextDiff::from_lines(&written, &text);
    let diff = diff.unified_diff().to_string();
    assert!(diff.is_empty(), "UPDATE_GOLDEN=1 mends this:\n{diff}");
}

/// Each heading there is a message of ours; what differs from case to case stands as `…`.
#[test]
fn the_messages_of_the_troubleshooting_page_are_ours() {
    let source = source(&root().join("xtask/src"));
    let page = read("docs/troubleshooting.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("### `"));
    let messages: Vec<&str> = headings.map(|it| it.trim_end_matches('`')).collect();
    assert!(messages.len() > 20, "no messages: {messages:?}");
    for message in messages {
        for part in message.split('…').map(str::trim) {
            assert!(source.contains(part), "{part:?} of {message:?}");
        }
    }
}

#[test]
fn the_design_shows_the_way_of_up_as_it_is_planned() {
    // Whatever the environment says.
    let flags = flags::Up {
        charts: flags::ChartFlags {
            cnpg_chart: Some("cloudnative-pg".into()),
            valkey_chart: Some("valkey-operator".into()),
            ..flags::ChartFlags::default()
        },
        ..flags::Up::default()
    };
    let config = Up::new(&flags).expect("the defaults are allowed");
    let steps = plan::up(&config, &Cluster::Absent, None).expect("there is a plan");
    let planned: BTreeSet<_> = steps
        .iter()
        .flat_map(|step| step.needs.iter().map(|need| (need, step.name)))
        .map(|(need, name)| (need.to_string(), name.to_string()))
        .collect();
    assert_eq!(arrows(&read("docs/local-k8s-preview-design.md")), planned);
}

#[test]
fn every_command_in_the_documents_is_one() {
    let pages = [
        "README.md",
        "docs/users-guide.md",
        "docs/troubleshooting.md",
    ];
    for page in pages.map(read) {
        for rest in page.split("cargo xtask k8s").skip(1) {
            let end = rest.find(['\n', '`', ')', '"', ';', '|', '&', '#', '…']);
            let typed = rest[..end.unwrap_or(rest.len())].trim();
            let words = shell_words::split(typed).expect("a command line");
            let words = ["xtask", "k8s"].map(str::to_owned).into_iter().chain(words);
            let parsed = settings::document(Xtask::command()).try_get_matches_from(words);
            let wrong = parsed.err().filter(|_| !typed.is_empty());
            assert!(wrong.is_none(), "{typed}: {}", wrong.unwrap());
        }
    }
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let documents = fs::read_dir(root().join("docs")).expect("docs").flatten();
    let documents = documents
        .map(|entry| entry.path())
        .filter(|path| path.is_file());
    for path in documents.chain([root().join("README.md"), root().join("CHANGELOG.md")]) {
        let page = fs::read_to_string(&path).expect("a document");
        let targets = page
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                path.clone()
            } else {
                path.with_file_name(file)
            };
            let text = fs::read_to_string(&file).unwrap_or_default();
            let found = heading.is_empty() && file.exists() || anchors(&text).contains(heading);
            assert!(found, "{} links to {target}", path.display());
        }
    }
}

/// The anchors that GitHub gives a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let kept = |char: char| char.is_alphanumeric() || char == ' ' || char == '-';
    let anchor = |line: &str| {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        text.chars()
            .filter(|char| kept(*char))
            .collect::<String>()
            .replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// The arrows of the diagram below the heading on the way of `up`: what is needed, and by what.
fn arrows(page: &str) -> BTreeSet<(String, String)> {
    let (_, section) = page.split_once("## The way of `up`").expect("the heading");
    let diagram = section.split("```").nth(1).expect("a diagram");
    let mut names = BTreeMap::new();
    let mut arrows = Vec::new();
    for line in diagram.lines().skip(2) {
        let groups: Vec<Vec<&str>> = line
            .split("-->")
            .map(|group| group.split('&').map(str::trim).collect())
            .collect();
        for node in groups.iter().flatten() {
            let (id, label) = node.split_once("[\"").unwrap_or((node, node));
            let label = label.trim_end_matches("\"]");
            names.entry(id).or_insert(label);
        }
        for pair in groups.windows(2) {
            let id = |node: &&'_ str| node.split('[').next().unwrap_or_default().to_owned();
            for from in pair[0].iter().map(id) {
                arrows.extend(pair[1].iter().map(|to| (from.clone(), id(to))));
            }
        }
    }
    let name = |id: String| {
        names
            .get(id.as_str())
            .map_or(id.clone(), ToString::to_string)
    };
    arrows
        .into_iter()
        .map(|(from, to)| (name(from), name(to)))
        .collect()
}

/// Adds the help of a command, then that of each command below it.
fn add(text: &mut String, mut command: Command) {
    let name = command.get_bin_name().unwrap_or_default().to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let help = help.join("\n");
    write!(text, "\n## `{name}`\n\n```text\n{help}\n```\n").expect("text takes what is written");
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        add(text, below.clone());
    }
}

/// All source files below a folder, with what is quoted as it is printed.
fn source(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("the source").flatten();
    let texts = entries.map(|entry| match entry.path() {
        path if path.is_dir() => source(&path),
        path => fs::read_to_string(path).expect("a source file"),
    });
    texts.collect::<String>().replace("\\\"", "\"")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a document")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
