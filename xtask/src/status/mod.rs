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

use anyhow::{Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::config::Preview;
use crate::exec::CmdError;
use crate::flags::{self, Form};
use crate::kubectl::kubectl;
use crate::lock::Lock;
use crate::observe::{Cluster, observe_cluster};
use crate::progress::{Colour, Paint, Progress, Surroundings, clean};
use crate::run::explain;
use crate::session::{Session, Visit};
use crate::stdout::{self, print};
use crate::tools::Problems;

pub use report::{Component, Health, Part, PodLine, Problem, Report, SCHEMA, Url};

/// How often `--watch` looks whether something has changed.
const LOOK: Duration = Duration::from_secs(2);

/// How long Docker may take to say what there is of a cluster that it was asked about before.
const SOON: Duration = Duration::from_secs(4);

/// Reports on the preview, once or until it is time to end.
///
/// # Errors
/// Where the cluster does not exist, Docker cannot be asked, or a tool to look inside is missing.
pub fn status(session: &Session, flags: &flags::Status) -> Result<ExitCode> {
    let mut visit = session.visit(&flags.cluster, &flags.namespace)?;
    let report = report(&mut visit)?;
    if visit.seen == Cluster::Absent {
        let (name, up) = (&visit.preview.cluster, visit.preview.command("up"));
        bail!("the cluster {name} does not exist: create it with `{up}`");
    }
    if flags.watch {
        watch(visit, report, flags.output, &session.progress)?;
        return Ok(ExitCode::SUCCESS);
    }
    session.progress.end_group();
    let surroundings = Surroundings::of_stdout();
    print(&shown(&report, &visit.preview, flags.output, surroundings))?;
    Ok(if flags.check && !report.ready {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The report on what was seen. Where that is no longer so, as where a container has gone since, it is seen
/// anew, once. A tool that is missing is missed at once.
fn report(visit: &mut Visit) -> Result<Report> {
    look(visit).or_else(|error| {
        if error.is::<Problems>() {
            return Err(error);
        }
        observe(visit)?;
        look(visit)
    })
}

/// Looks at the cluster anew. Docker answered a moment ago: it is not waited for long.
fn observe(visit: &mut Visit) -> Result<()> {
    let look = || observe_cluster(&visit.exec, &visit.preview, &visit.state);
    let seen = visit.exec.within(SOON, look).map_err(|error| {
        let child = error.downcast_ref::<CmdError>();
        if child.is_some_and(CmdError::is_terminated) {
            anyhow!(
                "Docker's daemon does not answer within {} s: restart Docker if `docker info` hangs too",
                SOON.as_secs()
            )
        } else {
            error
        }
    });
    visit.seen = seen?;
    Ok(())
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
/// is waited for, and so is Docker: the last report stays, with what is wrong.
///
/// # Errors
/// Where the report cannot be written.
fn watch(visit: Visit, first: Report, form: Form, progress: &Progress) -> Result<()> {
    let surroundings = Surroundings::of_stdout();
    let preview = visit.preview.clone();
    let shown = |report: &Report| shown(report, &preview, form, surroundings);
    if surroundings.has_live_lines() && form == Form::Text {
        let label = Paint(surroundings.has_colours()).with(Colour::Yellow, "warning:");
        let screen = screen();
        let mut last = String::new();
        follow(visit, first, LOOK, |report, trouble| {
            // At the top: what does not fit is left out at the bottom.
            let trouble = trouble.map(|words| format!("{label} {}\n\n", clean(words)));
            last = trouble.unwrap_or_default() + &shown(report);
            screen.set_message(last.clone());
            Ok(true)
        })?;
        screen.finish_and_clear();
        return print(&last);
    }
    let mut printed: Option<Report> = None;
    let mut told: Option<String> = None;
    follow(visit, first, LOOK, |report, trouble| {
        if told.as_deref() != trouble {
            told = trouble.map(str::to_owned);
            match trouble {
                Some(words) => progress.warn(words),
                None => progress.note("the report is up to date again"),
            }
        }
        if printed.as_ref() == Some(report) {
            return Ok(stdout::has_reader());
        }
        let is_gap = printed.is_some() && form == Form::Text;
        printed = Some(report.clone());
        stdout::print_to_reader(&format!(
            "{}{}",
            if is_gap { "\n" } else { "" },
            shown(report)
        ))
    })
}

/// Hands over the report, and after each pause the one of then, until it is time to end or `show` has nobody
/// to show it to. Where there is none, the last one comes again with what is wrong, in words.
///
/// # Errors
/// That of `show`.
fn follow(
    mut visit: Visit,
    mut last: Report,
    pause: Duration,
    mut show: impl FnMut(&Report, Option<&str>) -> Result<bool>,
) -> Result<()> {
    let mut trouble = None;
    while show(&last, trouble.as_deref())? && !visit.exec.stop().pause(pause) {
        trouble = match observe(&mut visit).and_then(|()| report(&mut visit)) {
            Ok(now) => {
                last = now;
                None
            }
            Err(_) if visit.exec.stop().reason().is_some() => break,
            Err(error) => Some(format!(
                "the report may be out of date, asking again: {}",
                explain(&error)
            )),
        };
    }
    Ok(())
}

/// Text that is drawn over itself; what does not fit the terminal's height is left out.
fn screen() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
