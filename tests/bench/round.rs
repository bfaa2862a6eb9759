//! One side, once: from nothing, through the changes, and down again.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::calls::Calls;
use crate::figures::{Figures, Part, Row, Side};
use crate::images::{self, Images};
use crate::tools::{Ran, Tools};
use crate::workspace::{self, Copies};
use crate::{machine, parts, side, steps};

/// The rows that one cluster goes through, in this order.
const WAY: [Row; 4] = [
    Row::FromNothing,
    Row::NothingChanged,
    Row::CodeChanged,
    Row::ChartChanged,
];

/// How often the time is measured in which no child runs: it is short, and the machine does other work too.
const OWN_RUNS: usize = 5;

/// All that is measured, and what is needed for it.
pub struct Bench {
    pub tools: Tools,
    pub figures: Figures,
    rows: BTreeSet<Row>,
    copies: Copies,
    mark: String,
    images: Images,
    /// How many times the builder's cache was made cold.
    cold: u32,
    interrupted: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Bench {
    /// Copies the worktree, removes what a killed run left, and builds the image once for each side.
    pub fn new(rows: BTreeSet<Row>, patience: Duration) -> Result<Self> {
        for name in ["GHILLIE_K3D_CNPG_CHART", "GHILLIE_K3D_VALKEY_CHART"] {
            let chart = std::env::var_os(name).filter(|it| fs::metadata(it).is_ok());
            ensure!(
                chart.is_some(),
                "set {name} to the operator's chart on this machine (helm pull --untar), so that neither side waits for the network"
            );
        }
        let folder = tempfile::Builder::new().prefix("bench-").tempdir()?;
        let tools = Tools::new(folder.path(), patience)?;
        let mark = workspace::stamp();
        let mut bench = Self {
            copies: Copies::make(folder.path(), &mark)?,
            mark,
            figures: Figures::default(),
            rows,
            images: Images::new(&tools),
            cold: 0,
            interrupted: Arc::default(),
            tools,
            _folder: folder,
        };
        // A signal ends the child that runs, and then us, in an orderly way.
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&bench.interrupted))?;
        }
        side::remove_clusters(&bench.tools)?;
        for side in Side::ALL {
            let workspace = bench.copies.of(side);
            bench.images.build(&bench.tools, side, workspace)?;
        }
        Ok(bench)
    }

    /// Counts the child processes of each row; nothing is timed.
    pub fn counted(&mut self, side: Side) -> Result<()> {
        for row in WAY {
            if !self.wanted(row) {
                continue;
            }
            self.prepare(side, row)?;
            let (ran, calls) = self.count(side, true)?;
            eprintln!(
                "bench: {row:15} {side:?}: {} child processes",
                calls.total()
            );
            self.figures.calls.insert((row, side), calls);
            self.served(side, row, &ran)?;
            if (row, side) == (Row::NothingChanged, Side::Ours) {
                self.measure_own()?;
            }
        }
        let (_, calls) = self.count(side, false)?;
        self.figures.calls.insert((Row::Down, side), calls);
        Ok(())
    }

    /// Measures for how much of a run in which nothing was changed no child runs.
    fn measure_own(&mut self) -> Result<()> {
        for _ in 0..OWN_RUNS {
            self.quiet();
            let ran = Side::Ours.up(&self.tools, self.copies.of(Side::Ours))?;
            let children = steps::of_children(&fs::read_to_string(side::trace(&self.tools))?)?;
            self.figures.own.push(ran.took.saturating_sub(children));
        }
        Ok(())
    }

    fn count(&mut self, side: Side, up: bool) -> Result<(Ran, Calls)> {
        let workspace = self.copies.of(side);
        self.tools.counting(|tools| {
            if up {
                side.up(tools, workspace)
            } else {
                side.down(tools, workspace)
            }
        })
    }

    /// Measures a side's rows in one cluster.
    pub fn warm(&mut self, side: Side) -> Result<()> {
        for row in WAY {
            if !self.wanted(row) {
                continue;
            }
            self.up(side, row)?;
            if row == Row::FromNothing {
                self.quiet();
                let memory = machine::memory(&self.tools, side.cluster())?;
                let all = self.figures.memory.entry(side).or_default();
                all.push(memory.into_iter().collect());
            }
        }
        if side == Side::Ours && self.wanted(Row::CodeChanged) {
            self.build_alone()?;
        }
        self.down(side)
    }

    /// Measures a side from nothing, without anything of the image in the builder's cache.
    pub fn cold(&mut self, side: Side) -> Result<()> {
        if !self.wanted(Row::ColdCache) {
            return Ok(());
        }
        self.cold += 1;
        self.copies.of(side).cool(self.cold)?;
        self.up(side, Row::ColdCache)?;
        self.copies.of(side).heat()?;
        side.down(&self.tools, self.copies.of(side))?;
        images::prune(&self.tools, &self.mark)
    }

    /// Measures the parts of PostgreSQL's way.
    pub fn parts(&mut self) -> Result<()> {
        if !self.wanted(Row::Parts) {
            return Ok(());
        }
        for part in Part::ALL {
            self.quiet();
            let took = parts::measure(&self.tools, part)?;
            eprintln!("bench: {:6.2} s  {part}", took.as_secs_f64());
            self.figures.alone.entry(part).or_default().push(took);
        }
        parts::remove(&self.tools)
    }

    /// Measures one `up`. serial-up is measured again where it did not do what it was to do: its `k3d image
    /// import` may fail and say that it did not (k3d 5.8.3).
    fn up(&mut self, side: Side, row: Row) -> Result<()> {
        let may_fail = side == Side::Serial && row != Row::ColdCache;
        let mut more = if may_fail { 2 } else { 0 };
        let (ran, late) = loop {
            match self.one_up(side, row) {
                Err(error) if more > 0 => {
                    eprintln!("bench: measured again: {error:#}");
                    more -= 1;
                    if row == Row::FromNothing {
                        side.down(&self.tools, self.copies.of(side))?;
                    }
                }
                ended => break ended?,
            }
        };
        self.note(side, row, ran.took);
        self.figures.late.entry((row, side)).or_default().push(late);
        match (side, row) {
            (Side::Ours, Row::FromNothing) => {
                let trace = steps::of_trace(&fs::read_to_string(side::trace(&self.tools))?)?;
                self.figures.traces.push((ran.took, trace));
            }
            (Side::Serial, Row::FromNothing) => parts::note_serial(&mut self.figures, &ran.stderr),
            (Side::Serial, Row::CodeChanged) => {
                let build = steps::of_serial(&ran.stderr, "docker build");
                let build = build.context("serial-up did not say how long its build took")?;
                self.figures.rest.push(ran.took.saturating_sub(build));
            }
            _ => {}
        }
        Ok(())
    }

    /// Runs `up`, and looks whether it did what it was to do, and how long after its end.
    fn one_up(&mut self, side: Side, row: Row) -> Result<(Ran, Duration)> {
        self.prepare(side, row)?;
        self.quiet();
        let ran = side.up(&self.tools, self.copies.of(side))?;
        let late = self.served(side, row, &ran)?;
        Ok((ran, late))
    }

    /// Makes the change.
    fn prepare(&mut self, side: Side, row: Row) -> Result<()> {
        ensure!(!self.interrupted.load(Ordering::Relaxed), "interrupted");
        let workspace = self.copies.of_mut(side);
        match row {
            Row::CodeChanged => workspace.change_code()?,
            Row::ChartChanged => workspace.change_chart()?,
            _ => {}
        }
        images::give_back(&self.tools, side)?;
        if row == Row::ColdCache {
            images::forget(&self.tools)?;
        }
        Ok(())
    }

    fn served(&mut self, side: Side, row: Row, ran: &Ran) -> Result<Duration> {
        if row == Row::ColdCache {
            // What is kept is what the builder has in its cache.
            self.images.made(&self.tools);
        } else {
            self.images.keep(&self.tools, side)?;
        }
        side::served(side, &self.tools, self.copies.of(side), ran.stdout.trim())
    }

    /// Measures the build of a changed line, with the preview up as it is when `up` builds one.
    fn build_alone(&mut self) -> Result<()> {
        let workspace = self.copies.of_mut(Side::Ours);
        workspace.change_code()?;
        self.quiet();
        let workspace = self.copies.of(Side::Ours);
        let took = self.images.build_alone(&self.tools, workspace)?;
        eprintln!(
            "bench: {:6.2} s  docker build of a changed line",
            took.as_secs_f64()
        );
        self.figures.build.push(took);
        Ok(())
    }

    fn down(&mut self, side: Side) -> Result<()> {
        self.quiet();
        let ran = side.down(&self.tools, self.copies.of(side))?;
        self.note(side, Row::Down, ran.took);
        Ok(())
    }

    fn note(&mut self, side: Side, row: Row, took: Duration) {
        eprintln!("bench: {:6.2} s  {row:15} {side:?}", took.as_secs_f64());
        self.figures.took.entry((row, side)).or_default().push(took);
    }

    fn quiet(&mut self) {
        self.figures.begun.0 += 1;
        if !machine::wait_until_quiet(self.tools.patience) {
            self.figures.begun.1 += 1;
        }
    }

    fn wanted(&self, row: Row) -> bool {
        self.rows.contains(&row)
    }

    /// Removes what is left, in the end and after a failure.
    fn clean(&self) -> Result<()> {
        let _ = images::prune(&self.tools, &self.mark);
        side::remove_clusters(&self.tools)?;
        self.images.restore(&self.tools);
        Ok(())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = self.clean() {
            eprintln!("bench: {error:#}");
        }
    }
}
