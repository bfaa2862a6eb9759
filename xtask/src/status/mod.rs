//! `status`: what runs, how it is, and what is wrong since when.
//!
//! [`ask`] asks, [`judge`] makes a [`Report`] of what was answered, [`text`] shows it.

mod ask;
mod judge;
mod report;
mod text;
mod workload;

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};

use crate::flags::{self, Form};
use crate::kubectl::kubectl;
use crate::lock::Lock;
use crate::observe::Cluster;
use crate::progress::{Paint, Surroundings};
use crate::run::print;
use crate::session::{Session, Visit};

pub use report::{Component, Health, Part, PodLine, Problem, Report, SCHEMA, Url};

/// Reports on the preview.
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
    print(&shown(&report, flags.output, surroundings));
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
fn shown(report: &Report, form: Form, surroundings: Surroundings) -> String {
    match form {
        Form::Text => text::text(report, Paint(surroundings.has_colours()), SystemTime::now()),
        // Text, numbers and words of ours only: it cannot fail.
        Form::Json => serde_json::to_string(report).unwrap_or_default() + "\n",
    }
}
