//! `status`: what runs, how it is, and what is wrong since when.
//!
//! [`ask`] asks, [`judge`] makes a [`Report`] of what was answered, [`text`] shows it.

mod ask;
mod judge;
mod report;
mod text;

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::config::Preview;
use crate::flags::{self, Form};
use crate::kubectl::kubectl;
use crate::lock::Lock;
use crate::observe::{Cluster, observe_cluster};
use crate::progress::{Paint, Surroundings};
use crate::run::{print, print_to_reader};
use crate::session::{Session, Visit};

pub use report::{Component, Health, Part, PodLine, Problem, Report, SCHEMA, Url};

/// How often `--watch` looks whether something has changed.
const LOOK: Duration = Duration::from_secs(2);

/// Reports on the preview, once or until it is time to end.
///
/// # Errors
/// Where the cluster does not exist, or Docker cannot be asked.
pub fn status(session: &Session, flags: &flags::Status) -> Result<ExitCode> {
    let visit = session.visit(&flags.cluster, &flags.namespace)?;
    if visit.seen == Cluster::Absent {
        let (name, up) = (&visit.preview.cluster, visit.preview.command("up"));
        bail!("the cluster {name} does not exist: create it with `{up}`");
    }
    let surroundings = Surroundings::of_stdout();
    let report = look(&visit)?;
    if flags.watch {
        return watch(visit, report, flags.output, surroundings);
    }
    print(&shown(&report, &visit.preview, flags.output, surroundings));
    Ok(if flags.check && !report.ready {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn look(visit: &Visit) -> Result<Report> {
    let answers = ask::ask(&visit.exec, &visit.preview, &visit.state, &visit.seen)?;
    let about = judge::About {
        preview: &visit.preview,
        kubectl: kubectl(&visit.state),
        kubeconfig: visit.state.kubeconfig(),
        busy: Lock::holder(&visit.state),
        now: SystemTime::now(),
    };
    Ok(judge::report(&about, &visit.seen, &answers))
}

/// The report in a form, with a newline at its end; as JSON it is one line.
fn shown(report: &Report, preview: &Preview, form: Form, surroundings: Surroundings) -> String {
    let paint = Paint(surroundings.has_colours());
    match form {
        Form::Text => text::text(report, preview, paint, SystemTime::now()),
        // Text, numbers and words of ours only: it cannot fail.
        Form::Json => serde_json::to_string(report).unwrap_or_default() + "\n",
    }
}

/// Shows the report, and again when something has changed, until it is time to end or nobody reads. On a
/// terminal it is drawn in place, and its ages go on; elsewhere it is printed again. A cluster that goes
/// is waited for.
fn watch(visit: Visit, first: Report, form: Form, surroundings: Surroundings) -> Result<ExitCode> {
    let preview = visit.preview.clone();
    let shown = |report: &Report| shown(report, &preview, form, surroundings);
    if surroundings.has_live_lines() && form == Form::Text {
        let screen = screen();
        let mut last = first.clone();
        let result = follow(visit, first, |report| {
            screen.set_message(shown(report));
            last.clone_from(report);
            true
        });
        screen.finish_and_clear();
        print(&shown(&last));
        return result;
    }
    let mut printed: Option<Report> = None;
    follow(visit, first, |report| {
        if printed.as_ref() == Some(report) {
            return true;
        }
        let is_gap = printed.is_some() && form == Form::Text;
        printed = Some(report.clone());
        print_to_reader(&format!(
            "{}{}",
            if is_gap { "\n" } else { "" },
            shown(report)
        ))
    })
}

/// Hands over the report, and each later one, until it is time to end or `show` has nobody to show it to.
fn follow(
    mut visit: Visit,
    mut report: Report,
    mut show: impl FnMut(&Report) -> bool,
) -> Result<ExitCode> {
    while show(&report) && !visit.exec.stop().pause(LOOK) {
        report = match again(&mut visit) {
            Err(_) if visit.exec.stop().reason().is_some() => break,
            report => report?,
        };
    }
    Ok(ExitCode::SUCCESS)
}

fn again(visit: &mut Visit) -> Result<Report> {
    visit.seen = observe_cluster(&visit.exec, &visit.preview, &visit.state)?;
    look(visit)
}

/// Text that is drawn over itself; what does not fit the terminal's height is left out.
fn screen() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
