//! The report for people: a table of the parts, the URL, the way to kubectl, and what is wrong.

use std::time::{Duration, SystemTime};

use super::judge::age;
use super::report::{Component, Health, Part, PodLine, Problem, Report};
use crate::config::Preview;
use crate::progress::{Colour, Paint};

/// The columns of the table; what there is to say beyond them stands last, without a head.
const HEADS: [&str; 6] = ["COMPONENT", "HEALTH", "IMAGE", "AGE", "RESTARTS", ""];

/// One line of the table, and the health that colours it.
type Row = ([String; 6], Option<Health>);

impl Health {
    /// As people read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Stopped => "stopped",
            Self::NotReady => "not ready",
            Self::Missing => "missing",
        }
    }

    fn colour(self) -> Colour {
        match self {
            Self::Ready => Colour::Green,
            Self::Starting | Self::Stopped => Colour::Yellow,
            Self::NotReady | Self::Missing => Colour::Red,
        }
    }
}

/// The report on a preview as text, as it reads at a time.
pub fn text(report: &Report, preview: &Preview, paint: Paint, now: SystemTime) -> String {
    let mut rows: Vec<Row> = vec![(HEADS.map(str::to_owned), None)];
    for component in &report.components {
        rows.push(row(report, component, now));
        if component.component == Part::Application {
            rows.extend(component.pods.iter().map(|pod| pod_row(pod, now)));
        }
    }
    let mut lines = table(&rows, paint);
    lines.push(String::new());
    lines.extend(ways(report, preview));
    lines.push(String::new());
    lines.extend(verdict(report, paint, now));
    lines.join("\n") + "\n"
}

fn row(report: &Report, component: &Component, now: SystemTime) -> Row {
    let prefix = format!("k3d-{}-", report.cluster);
    let title = match component.component {
        Part::Cluster => format!("cluster {}", component.name),
        Part::Node => {
            let name = &component.name;
            format!("node {}", name.strip_prefix(&prefix).unwrap_or(name))
        }
        part => part.title().to_owned(),
    };
    let columns = [
        title,
        component.health.word().into(),
        component.image.as_deref().map(short).unwrap_or_default(),
        ago(component.since.as_deref(), now),
        component
            .restarts
            .map(|it| it.to_string())
            .unwrap_or_default(),
        component.detail.clone().unwrap_or_default(),
    ];
    (columns, Some(component.health))
}

fn pod_row(pod: &PodLine, now: SystemTime) -> Row {
    let columns = [
        format!("  {}", pod.name),
        pod.health.word().into(),
        pod.image.as_deref().map(short).unwrap_or_default(),
        ago(pod.since.as_deref(), now),
        pod.restarts.to_string(),
        pod.detail.clone().unwrap_or_default(),
    ];
    (columns, Some(pod.health))
}

/// Where to look next: who is at work, the URL, kubectl.
fn ways(report: &Report, preview: &Preview) -> Vec<String> {
    let line = |name: &str, value: String| format!("{name:8} {value}");
    let busy = report
        .busy
        .iter()
        .map(|who| line("busy", format!("{who} is at work")));
    let url = report.url.iter().map(|url| {
        let words = url.detail.as_deref().unwrap_or("answers");
        line("url", format!("{}  {words}", url.address))
    });
    let kubectl = report.kubeconfig.iter().map(|_| {
        let (env, namespace) = (preview.command("env"), &report.namespace);
        line(
            "kubectl",
            format!("eval \"$({env})\"  (namespace {namespace})"),
        )
    });
    busy.chain(url).chain(kubectl).collect()
}

/// What is wrong, or that nothing is.
fn verdict(report: &Report, paint: Paint, now: SystemTime) -> Vec<String> {
    if report.problems.is_empty() {
        return vec![if report.ready {
            paint.with(Colour::Green, "everything is ready")
        } else {
            "not everything is ready yet; nothing is known to be wrong".to_owned()
        }];
    }
    let mut lines = vec!["what is wrong:".to_owned()];
    let mut problems = report.problems.iter().peekable();
    while let Some(problem) = problems.next() {
        lines.push(format!("  {}", headline(problem, paint, now)));
        if !problem.message.is_empty() {
            lines.push(format!("    {}", visible(&problem.message)));
        }
        // Several that are mended in the same way say so once.
        if problems
            .peek()
            .is_none_or(|next| next.do_next != problem.do_next)
        {
            lines.push(format!("    next: {}", visible(&problem.do_next)));
        }
    }
    lines
}

fn headline(problem: &Problem, paint: Paint, now: SystemTime) -> String {
    let container = problem
        .container
        .as_ref()
        .map(|it| format!(", container {it}"));
    let since = ago(problem.since.as_deref(), now);
    let since = if since.is_empty() {
        since
    } else {
        format!(", for {since}")
    };
    let (colour, passing) = if problem.certain {
        (Colour::Red, "")
    } else {
        (Colour::Yellow, " (may pass by itself)")
    };
    let object = format!("{}{}", problem.object, container.unwrap_or_default());
    let reason = paint.with(colour, &visible(&problem.reason));
    format!("{}: {reason}{since}{passing}", visible(&object))
}

/// The rows as lines, each column as wide as it needs to be.
fn table(rows: &[Row], paint: Paint) -> Vec<String> {
    let rows: Vec<Row> = rows
        .iter()
        .map(|(row, health)| (row.each_ref().map(visible), *health))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|(row, _)| row[column].chars().count())
            .max()
    };
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let cell = |column: usize, text: &str, health: Option<Health>| {
        let cell = format!("{text:width$}", width = widths[column]);
        match health {
            None => paint.with(Colour::Dim, &cell),
            Some(health) if column == 1 => paint.with(health.colour(), &cell),
            Some(_) => cell,
        }
    };
    let line = |(row, health): &Row| {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, text)| cell(column, text, *health));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Text without what a terminal would obey.
fn visible(text: impl AsRef<str>) -> String {
    text.as_ref()
        .chars()
        .filter(|it| !it.is_control())
        .collect()
}

/// An image without its registry and its path, and a digest by its first digits.
fn short(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once("@sha256:") {
        Some((name, digest)) => {
            format!("{name}@{}", digest.chars().take(12).collect::<String>())
        }
        None => name.to_owned(),
    }
}

/// How long ago a time was, in one unit; nothing where that is not known.
fn ago(since: Option<&str>, now: SystemTime) -> String {
    since
        .and_then(|since| age(since, now))
        .map(rough)
        .unwrap_or_default()
}

fn rough(age: Duration) -> String {
    match age.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}
