//! Measures `cargo xtask k8s` against `serial-up`, which does the same work one step after another, in
//! one run on one machine, and writes the result to `docs/benchmarks.md`.
//!
//! Both sides use the project's own application, from copies of this worktree, and clusters of their
//! own, one at a time: `bench-ours`, `bench-serial`, and `bench-parts` for parts measured alone. They
//! alternate, and each measurement waits until the machine is quiet. What they claim is looked at: the
//! URL must answer with the change that was made. A first round of each, which is not timed, counts child
//! processes.

mod calls;
mod figures;
mod images;
mod machine;
mod markdown;
mod parts;
mod report;
mod round;
mod side;
mod steps;
mod table;
mod tools;
mod workspace;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{CommandFactory, FromArgMatches, Parser};

use figures::{Figures, Row, Side};
use round::Bench;

/// Measure `up` against the same work done one step after another
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Flags {
    /// How often each row is measured
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Rows to measure beside `from-nothing` and `down`, which belong to each run [default: all]
    #[arg(long, value_name = "ROWS", value_enum, value_delimiter = ',')]
    only: Vec<Row>,
    /// Count no child processes: a round of each side less
    #[arg(long)]
    no_count: bool,
    /// Seconds that the machine may take to get quiet before each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 40)]
    patience: u64,
    /// The file that takes the result, from the workspace's root
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    output: PathBuf,
}

fn main() -> ExitCode {
    let result = match calls::stands_for() {
        Some(program) => return calls::count(&program),
        None => Flags::command()
            .try_get_matches()
            .and_then(|it| Flags::from_arg_matches(&it))
            .map_err(|error| error.exit())
            .and_then(|flags| measure(&flags)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(flags: &Flags) -> Result<()> {
    let rows: BTreeSet<Row> = if flags.only.is_empty() {
        Row::ALL.into_iter().collect()
    } else {
        let always = [Row::FromNothing, Row::Down];
        always
            .into_iter()
            .chain(flags.only.iter().copied())
            .collect()
    };
    let mut bench = Bench::new(rows, Duration::from_secs(flags.patience))?;
    bench.figures.tool = Some(machine::tool(&bench.tools)?);
    if !flags.no_count {
        eprintln!("bench: not timed: child processes are counted");
        for side in Side::ALL {
            bench.counted(side)?;
        }
    }
    for run in 1..=flags.runs {
        eprintln!("bench: run {run} of {}", flags.runs);
        // Who goes first alternates: what the first leaves behind must not always meet the second.
        let mut sides = Side::ALL;
        sides.rotate_left(usize::from(run % 2 == 0));
        for side in sides {
            bench.warm(side)?;
        }
        for side in sides {
            bench.cold(side)?;
        }
        bench.parts()?;
    }
    let machine = machine::describe(&bench.tools)?;
    write(flags, &bench.figures, &machine)
}

fn write(flags: &Flags, figures: &Figures, machine: &machine::Machine) -> Result<()> {
    let root = workspace::root()?;
    let path = root.join(&flags.output);
    let measured = report::measured(figures, machine);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| report::EMPTY.to_owned());
    let text = report::put(&text, &measured);
    ensure!(
        text.is_some(),
        "{} has no markers around what was measured",
        flags.output.display()
    );
    std::fs::write(&path, text.unwrap_or_default())
        .with_context(|| format!("cannot write {}", flags.output.display()))?;
    print!("{}", table::rows(figures));
    eprintln!("bench: wrote {}", flags.output.display());
    Ok(())
}
