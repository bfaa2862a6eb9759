//! The tables of the result.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::calls::PROGRAMS;
use crate::figures::{Figures, Part, Row, Side, Spread, spread, sum};
use crate::machine;
use crate::markdown::Table;

/// Seconds, as exact as they are worth.
pub fn seconds(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.1} s")
    }
}

/// A time, or that there is none.
pub fn known(took: Option<Duration>) -> String {
    took.map_or_else(|| "not measured".to_owned(), seconds)
}

/// Median, and in brackets least and most where they differ.
pub fn shown(spread: Option<Spread>) -> String {
    let text = |took| seconds(took).trim_end_matches(" s").to_owned();
    match spread {
        None => "not measured".to_owned(),
        Some(it) if it.least == it.most => seconds(it.median),
        Some(it) => format!(
            "{} ({}–{})",
            seconds(it.median),
            text(it.least),
            text(it.most)
        ),
    }
}

/// The rows: both sides, their ratio, and their child processes.
pub fn rows(figures: &Figures) -> String {
    let heads = [
        "",
        ">`up`, `down`",
        ">serial-up",
        ">ratio",
        ">child processes",
        ">of serial-up",
    ];
    let mut table = Table::new(&heads);
    for row in Row::SHOWN {
        let ratio = figures.ratio(row).map(|ratio| format!("{ratio:.2}"));
        let calls = |side| {
            let calls = figures.calls.get(&(row, side));
            calls.map_or_else(|| "–".to_owned(), |calls| calls.total().to_string())
        };
        table.row(&[
            &row,
            &shown(figures.spread(row, Side::Ours)),
            &shown(figures.spread(row, Side::Serial)),
            &ratio.unwrap_or_else(|| "–".to_owned()),
            &calls(Side::Ours),
            &calls(Side::Serial),
        ]);
    }
    table.text()
}

/// The child processes by program.
pub fn calls(figures: &Figures) -> String {
    let heads = ["", "", ">docker", ">helm", ">k3d", ">kubectl"];
    let mut table = Table::new(&heads);
    for ((row, side), calls) in &figures.calls {
        let name = match side {
            Side::Ours => "`up`, `down`",
            Side::Serial => "serial-up",
        };
        let count = |program| calls.programs.get(program).copied().unwrap_or_default();
        let [docker, helm, k3d, kubectl] = PROGRAMS.map(count);
        table.row(&[row, &name, &docker, &helm, &k3d, &kubectl]);
    }
    table.text()
}

/// The parts of PostgreSQL's way.
pub fn parts(figures: &Figures) -> String {
    let mut table = Table::new(&[
        "part",
        ">alone, on a quiet machine",
        ">as a step of serial-up",
    ]);
    for part in Part::ALL {
        let of =
            |all: &BTreeMap<Part, Vec<Duration>>| shown(all.get(&part).and_then(|it| spread(it)));
        table.row(&[&part, &of(&figures.alone), &of(&figures.in_serial)]);
    }
    table.row(&[
        &"sum of the medians",
        &known(sum(&figures.alone)),
        &known(sum(&figures.in_serial)),
    ]);
    table.text()
}

/// The steps of the run from nothing that took the median; none where nothing was measured.
pub fn steps(figures: &Figures) -> Option<String> {
    let mut traces: Vec<_> = figures.traces.iter().collect();
    traces.sort_by_key(|(took, _)| *took);
    let (took, steps) = traces.get(traces.len().checked_sub(1)? / 2)?;
    let heads = ["critical path", "step", ">began at", ">took", "waited for"];
    let mut table = Table::new(&heads);
    for step in steps {
        table.row(&[
            &if step.critical { "yes" } else { "" },
            &step.name,
            &seconds(step.begun),
            &seconds(step.took),
            &step.waited_for.as_deref().unwrap_or("–"),
        ]);
    }
    Some(format!(
        "The run took {}.\n\n{}",
        seconds(*took),
        table.text()
    ))
}

/// The memory of the containers, in the median run.
pub fn memory(figures: &Figures) -> String {
    let of = |side| {
        let mut all: Vec<_> = figures.memory.get(&side).into_iter().flatten().collect();
        all.sort_by_key(|it| it.values().sum::<u64>());
        all.get(all.len().saturating_sub(1) / 2)
            .copied()
            .cloned()
            .unwrap_or_default()
    };
    let (ours, serial): (BTreeMap<_, _>, BTreeMap<_, _>) = (of(Side::Ours), of(Side::Serial));
    let shown = |bytes: Option<u64>| {
        bytes.map_or_else(
            || "–".to_owned(),
            |it| format!("{:.0} MiB", machine::mebibytes(it)),
        )
    };
    let mut table = Table::new(&["container", ">`up`", ">serial-up"]);
    let names: BTreeSet<&String> = ours.keys().chain(serial.keys()).collect();
    for name in names {
        table.row(&[
            name,
            &shown(ours.get(name).copied()),
            &shown(serial.get(name).copied()),
        ]);
    }
    table.row(&[
        &"all",
        &shown(Some(ours.values().sum())),
        &shown(Some(serial.values().sum())),
    ]);
    table.text()
}
