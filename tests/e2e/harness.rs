//! Runs tests one after the other, which Rust's own harness does not promise, on one stage, whose cluster
//! outlives a test. The command line is that of Rust's harness, as far as it means anything here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Error, Result, anyhow};
use clap::Parser;

use crate::stage::{Stage, is_interrupted};

/// One live test.
#[derive(Clone, Copy)]
pub struct Test {
    /// Its path: group and name.
    pub name: &'static str,
    /// What it does.
    pub run: fn(&mut Stage) -> Result<()>,
}

/// The tests of one group, in the order in which they run.
macro_rules! tests {
    ($group:literal: $($test:ident),* $(,)?) => {
        vec![$($crate::harness::Test { name: concat!($group, "::", stringify!($test)), run: $test }),*]
    };
}

/// Ends a test that cannot be run here, with the reason.
#[derive(Debug)]
pub struct Skipped(pub String);

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "skipped: {}", self.0)
    }
}

impl std::error::Error for Skipped {}

#[derive(Debug, Parser)]
struct Flags {
    /// Parts of the names of the tests to run
    filters: Vec<String>,
    /// Parts of the names of tests to leave out
    #[arg(long)]
    skip: Vec<String>,
    /// Take the filters for whole names
    #[arg(long)]
    exact: bool,
    /// Print the names
    #[arg(long)]
    list: bool,
    /// Tests never run at the same time: accepted, and ignored
    #[arg(long, value_name = "COUNT")]
    test_threads: Option<usize>,
    /// Nothing is captured: accepted, and ignored
    #[arg(long)]
    nocapture: bool,
}

impl Flags {
    fn selects(&self, name: &str) -> bool {
        let matches = |part: &String| {
            if self.exact {
                name == part
            } else {
                name.contains(part.as_str())
            }
        };
        (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skip.iter().any(matches)
    }
}

/// Runs the tests that the command line selects.
pub fn main(tests: Vec<Test>) -> ExitCode {
    let flags = Flags::parse();
    let selected: Vec<Test> = tests
        .into_iter()
        .filter(|test| flags.selects(test.name))
        .collect();
    if flags.list {
        for test in selected {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    match Stage::set().map(|stage| run(selected, stage)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the live tests cannot begin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(tests: Vec<Test>, mut stage: Stage) -> bool {
    let begun = Instant::now();
    let (mut passed, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    for test in tests {
        println!("test {}", test.name);
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| (test.run)(&mut stage)))
            .unwrap_or_else(|_| Err(anyhow!("panicked, see above")));
        let result = result.and_then(|()| stage.is_as_before());
        let seconds = begun.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                passed += 1;
                println!("test {} ... ok ({seconds:.1} s)", test.name);
            }
            Err(error) if error.is::<Skipped>() => {
                println!("test {} ... {error}", test.name);
                skipped.push(format!("{}: {error}", test.name));
            }
            Err(error) => {
                println!(
                    "test {} ... FAILED ({seconds:.1} s)\n{error:#}\n",
                    test.name
                );
                failed.push((test.name, first_line(&error)));
            }
        }
        if is_interrupted() {
            break;
        }
    }
    let report = stage.end();
    print!("{report}");
    for line in &skipped {
        println!("{line}");
    }
    for (name, why) in &failed {
        println!("FAILED: {name}: {why}");
    }
    println!(
        "test result: {}. {passed} passed; {} failed; {} skipped; finished in {:.0} s",
        if failed.is_empty() { "ok" } else { "FAILED" },
        failed.len(),
        skipped.len(),
        begun.elapsed().as_secs_f64()
    );
    failed.is_empty()
}

fn first_line(error: &Error) -> String {
    let text = format!("{error:#}");
    text.lines().next().unwrap_or_default().to_owned()
}
