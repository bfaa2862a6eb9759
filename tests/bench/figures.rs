//! What was measured.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use clap::ValueEnum;

use crate::calls::Calls;
use crate::machine::Tool;
use crate::steps::Step;

/// A situation in which both sides are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Row {
    /// There is no cluster; the image's layers are in the builder's cache
    FromNothing,
    /// The same again
    NothingChanged,
    /// One line of the service was changed
    CodeChanged,
    /// One value of the chart was changed
    ChartChanged,
    /// The cluster is deleted
    Down,
    /// There is no cluster, and nothing of the image in the builder's cache
    ColdCache,
    /// The parts of the way that PostgreSQL takes, each alone
    Parts,
}

/// One of the two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Ours,
    Serial,
}

/// A part of the way that PostgreSQL takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Create,
    Operator,
    Ready,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Figures {
    /// How long each command took, run by run.
    pub took: BTreeMap<(Row, Side), Vec<Duration>>,
    /// How long after the command's end the URL answered with what was asked for.
    pub late: BTreeMap<(Row, Side), Vec<Duration>>,
    /// The child processes of one run.
    pub calls: BTreeMap<(Row, Side), Calls>,
    /// For how much of a run in which nothing was changed no child ran.
    pub own: Vec<Duration>,
    /// What serial-up took beside the build of its changed line.
    pub rest: Vec<Duration>,
    /// The build of a changed line, alone.
    pub build: Vec<Duration>,
    /// Each part, after the one before has left the machine quiet.
    pub alone: BTreeMap<Part, Vec<Duration>>,
    /// Each part as a step of serial-up.
    pub in_serial: BTreeMap<Part, Vec<Duration>>,
    /// The memory of each container, in bytes, run by run.
    pub memory: BTreeMap<Side, Vec<BTreeMap<String, u64>>>,
    /// The steps of each run from nothing.
    pub traces: Vec<(Duration, Vec<Step>)>,
    /// The tool alone.
    pub tool: Option<Tool>,
    /// How many measurements began, and how many of them on a machine that did not get quiet.
    pub begun: (usize, usize),
}

/// Median, least and most of some durations.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: Duration,
    pub least: Duration,
    pub most: Duration,
}

impl Row {
    /// The rows of the table.
    pub const SHOWN: [Self; 6] = [
        Self::FromNothing,
        Self::NothingChanged,
        Self::CodeChanged,
        Self::ChartChanged,
        Self::Down,
        Self::ColdCache,
    ];
    pub const ALL: [Self; 7] = [
        Self::FromNothing,
        Self::NothingChanged,
        Self::CodeChanged,
        Self::ChartChanged,
        Self::Down,
        Self::ColdCache,
        Self::Parts,
    ];
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FromNothing => "from nothing",
            Self::NothingChanged => "nothing changed",
            Self::CodeChanged => "code changed",
            Self::ChartChanged => "chart changed",
            Self::Down => "down",
            Self::ColdCache => "from nothing, cold image cache",
            Self::Parts => "parts",
        })
    }
}

impl Side {
    pub const ALL: [Self; 2] = [Self::Ours, Self::Serial];

    /// Its cluster.
    pub fn cluster(self) -> &'static str {
        match self {
            Self::Ours => "bench-ours",
            Self::Serial => "bench-serial",
        }
    }
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Create, Self::Operator, Self::Ready];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "`k3d cluster create`",
            Self::Operator => "CloudNativePG's operator, `helm upgrade --install --wait`",
            Self::Ready => "its resource, from `kubectl apply` to `Ready`",
        })
    }
}

impl Figures {
    pub fn spread(&self, row: Row, side: Side) -> Option<Spread> {
        spread(self.took.get(&(row, side))?)
    }

    /// Ours as a share of serial-up.
    pub fn ratio(&self, row: Row) -> Option<f64> {
        let ours = self.spread(row, Side::Ours)?.median;
        let serial = self.spread(row, Side::Serial)?.median;
        Some(ours.as_secs_f64() / serial.as_secs_f64())
    }
}

/// Median, least and most; none of nothing.
pub fn spread(took: &[Duration]) -> Option<Spread> {
    let mut took = took.to_vec();
    took.sort_unstable();
    let middle = took.len() / 2;
    let median = if took.len().is_multiple_of(2) {
        (*took.get(middle.checked_sub(1)?)? + *took.get(middle)?) / 2
    } else {
        *took.get(middle)?
    };
    Some(Spread {
        median,
        least: *took.first()?,
        most: *took.last()?,
    })
}

/// The sum of the parts' medians, where all were measured.
pub fn sum(parts: &BTreeMap<Part, Vec<Duration>>) -> Option<Duration> {
    let median = |part: &Part| Some(spread(parts.get(part)?)?.median);
    Part::ALL.iter().map(median).sum()
}
