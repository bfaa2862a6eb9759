//! The document: what was measured, and which goals are met.

use std::time::Duration;

use crate::figures::{Figures, Row, Side, spread, sum};
use crate::machine::Machine;
use crate::markdown::Table;
use crate::table::{self, known, seconds, shown};

const BEGIN: &str = "<!-- What stands from here to the end mark is written by `make bench`. -->";
const END: &str = "<!-- The end of what `make bench` writes. -->";

/// The document before anything was measured.
pub const EMPTY: &str = "# Benchmarks

<!-- What stands from here to the end mark is written by `make bench`. -->
<!-- The end of what `make bench` writes. -->
";

/// The document with what was measured; none where it has no marks.
pub fn put(text: &str, measured: &str) -> Option<String> {
    let (head, rest) = text.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGIN}\n\n{measured}\n{END}{tail}"))
}

/// What was measured, as Markdown.
pub fn measured(figures: &Figures, machine: &Machine) -> String {
    let runs = figures
        .took
        .values()
        .map(Vec::len)
        .max()
        .unwrap_or_default();
    let runs = if runs == 1 {
        "one run".to_owned()
    } else {
        format!("{runs} runs")
    };
    let sections = [
        format!(
            "## Figures\n\nMedian of {runs}, and in brackets the least and the most.\n\n{}",
            table::rows(figures)
        ),
        served(figures),
        format!("## Goals\n\n{}", goals(figures)),
        format!(
            "## The parts of PostgreSQL's way\n\n{}",
            table::parts(figures)
        ),
        table::steps(figures)
            .map(|steps| format!("## Where the time of one run from nothing goes\n\n{steps}"))
            .unwrap_or_default(),
        format!("## Child processes\n\n{}", table::calls(figures)),
        tool(figures),
        format!("## Memory after `up`\n\n{}", table::memory(figures)),
        format!("## The machine\n\n{}", describe(figures, machine)),
    ];
    let sections = sections.iter().filter(|section| !section.is_empty());
    sections.map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// How soon after its end a command's work could be seen.
fn served(figures: &Figures) -> String {
    let most = |side| {
        let late = figures.late.iter().filter(|((_, of), _)| *of == side);
        late.flat_map(|(_, late)| late).max().copied()
    };
    let (Some(ours), Some(serial)) = (most(Side::Ours), most(Side::Serial)) else {
        return String::new();
    };
    format!(
        "After each run the URL was asked until it answered with the change. At most, that took {} after\n\
         the end of `up` and {} after the end of serial-up, which does not wait for it; neither is part of\n\
         the figures.\n",
        seconds(ours),
        seconds(serial)
    )
}

/// What is asked, the bound, and what was measured.
type Goal = (&'static str, Option<Duration>, Option<Duration>);

fn all_goals(figures: &Figures) -> [Goal; 7] {
    let median = |row, side| figures.spread(row, side).map(|it| it.median);
    let serial = |row, share| median(row, Side::Serial).map(|it| it.mul_f64(share));
    let middle = |took: &[Duration]| spread(took).map(|it| it.median);
    let changed = middle(&figures.build).zip(middle(&figures.rest));
    let from_nothing = median(Row::FromNothing, Side::Ours);
    let parts = |parts| sum(parts).map(|it| it.mul_f64(1.1));
    [
        (
            "from nothing: at most 0.75 × serial-up",
            serial(Row::FromNothing, 0.75),
            from_nothing,
        ),
        (
            "from nothing: at most 1.1 × the sum of the parts as steps of serial-up",
            parts(&figures.in_serial),
            from_nothing,
        ),
        (
            "from nothing: at most 1.1 × the sum of the parts, each on a quiet machine",
            parts(&figures.alone),
            from_nothing,
        ),
        (
            "nothing changed: at most 0.15 × serial-up",
            serial(Row::NothingChanged, 0.15),
            median(Row::NothingChanged, Side::Ours),
        ),
        (
            "code changed: at most the build alone + 0.5 × the rest of serial-up",
            changed.map(|(build, rest)| build + rest / 2),
            median(Row::CodeChanged, Side::Ours),
        ),
        (
            "nothing changed: at most 20 ms in which none of its children runs",
            Some(Duration::from_millis(20)),
            middle(&figures.own),
        ),
        (
            "`--help`: at most 50 ms beyond cargo's own start",
            Some(Duration::from_millis(50)),
            figures.tool.map(|tool| tool.help),
        ),
    ]
}

fn goals(figures: &Figures) -> String {
    let mut table = Table::new(&["goal", ">bound", ">measured", "met"]);
    for (what, bound, is) in all_goals(figures) {
        let met = match bound.zip(is) {
            None => "–",
            Some((bound, is)) if is <= bound => "yes",
            Some(_) => "**no**",
        };
        table.row(&[&what, &time(bound), &time(is), &met]);
    }
    table.row(&[
        &"fewer child processes than serial-up",
        &"–",
        &"see below",
        &fewer(figures),
    ]);
    table.text() + &build(figures)
}

/// A time, in ms where it is short.
fn time(time: Option<Duration>) -> String {
    match time {
        Some(it) if it < Duration::from_millis(200) => format!("{:.1} ms", it.as_secs_f64() * 1e3),
        _ => known(time),
    }
}

/// Whether each row needs fewer child processes than serial-up.
fn fewer(figures: &Figures) -> String {
    if figures.calls.is_empty() {
        return "–".to_owned();
    }
    let all = figures
        .calls
        .iter()
        .filter(|((_, side), _)| *side == Side::Ours);
    let more: Vec<String> = all
        .filter(|((row, _), ours)| {
            let serial = figures.calls.get(&(*row, Side::Serial));
            serial.is_some_and(|serial| serial.total() <= ours.total())
        })
        .map(|((row, _), _)| row.to_string())
        .collect();
    if more.is_empty() {
        "yes".to_owned()
    } else {
        format!("**no**: {}", more.join(", "))
    }
}

fn build(figures: &Figures) -> String {
    format!(
        "\nThe build of a changed line alone, by `docker build` and with the preview up: {}. What\n\
         serial-up takes beside its own build of such a change: {}.\n",
        shown(spread(&figures.build)),
        shown(spread(&figures.rest))
    )
}

fn tool(figures: &Figures) -> String {
    let Some(tool) = figures.tool else {
        return String::new();
    };
    format!(
        "The rows run the program that `cargo xtask` would run. `cargo xtask k8s --help` takes {} in all,\n\
         of which the program itself takes {}.\n",
        time(Some(tool.through_cargo)),
        time(Some(tool.help)),
    )
}

fn describe(figures: &Figures, machine: &Machine) -> String {
    let mut table = Table::new(&["", ""]);
    for (name, value) in machine {
        table.row(&[name, value]);
    }
    let (begun, busy) = figures.begun;
    let quiet = if busy == 0 {
        format!("Each of the {begun} measurements began when the machine was quiet.\n")
    } else {
        format!("Of {begun} measurements {busy} began while the machine did other work too.\n")
    };
    table.text() + "\n" + &quiet
}
