//! `docs/reference.md` is what clap knows of each command, so that no flag is ever missing there.

use std::fmt::Write;
use std::{env, fs};

use clap::{Command, CommandFactory};
use similar::TextDiff;
use xtask::flags::Xtask;
use xtask::settings;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference.md");

const HEAD: &str = "\
# Reference

<!-- Written by `UPDATE_GOLDEN=1 cargo test --package xtask --test reference` from the command line's own
     definition, and compared with it by `make test`. -->

Every command with its flags, as `--help` shows them. The [users' guide](users-guide.md) says when to use which.
";

#[test]
fn the_reference_says_what_every_help_says() {
    let mut xtask = settings::document(Xtask::command());
    xtask.build();
    let mut text = HEAD.to_owned();
    add(&mut text, xtask);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(PATH, text).expect("docs/reference.md is writable");
    }
    let written = fs::read_to_string(PATH).expect("UPDATE_GOLDEN=1 writes docs/reference.md");
    let diff = TextDiff::from_lines(&written, &text);
    let diff = diff.unified_diff().to_string();
    assert!(diff.is_empty(), "UPDATE_GOLDEN=1 mends this:\n{diff}");
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
