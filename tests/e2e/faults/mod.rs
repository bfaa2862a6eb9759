//! The matrix of faults: each is injected for real, and told in time; the next `up` is well again, and
//! `down` leaves a clean machine.

mod children;
mod cluster;
mod docker_restart;
mod going_down;
mod interrupted;
mod leftovers;
mod pods;
mod releases;
mod sources;
mod surroundings;
mod two_at_once;

use std::time::Duration;

use anyhow::Result;

use crate::harness::Test;
use crate::preview::Preview;
use crate::ran::Ran;
use crate::stage::Stage;

/// Seconds that may pass until a message, once a fault is certain.
const SECONDS: u64 = 15;

/// All rows: first those that share one preview.
pub fn tests() -> Vec<Test> {
    [
        surroundings::tests(),
        pods::tests(),
        sources::tests(),
        releases::tests(),
        cluster::tests(),
        two_at_once::tests(),
        going_down::tests(),
        interrupted::tests(),
        children::tests(),
        leftovers::tests(),
        docker_restart::tests(),
    ]
    .concat()
}

/// Fails unless an error is short, and names what to type next; returns its first line.
fn told(ran: &Ran) -> Result<String> {
    let error = ran.error();
    anyhow::ensure!(!error.is_empty(), "no error was told\n{ran}");
    anyhow::ensure!(
        error.len() <= 15,
        "the error has {} lines\n{ran}",
        error.len()
    );
    Ok(error[0].trim_start_matches("error: ").to_owned())
}

/// Brings a preview up again after a fault, and notes how long both took.
fn recover(stage: &mut Stage, preview: &Preview, fault: &str, ran: &Ran) -> Result<Duration> {
    let note = told(ran)?;
    let recovered = preview
        .up()
        .map_err(|error| error.context(format!("after {fault}")))?;
    stage
        .report
        .add(fault, Some(ran.took), Some(recovered.took), &note);
    Ok(recovered.took)
}
