//! Rounds of `up` and `down` with faults drawn at random: nothing is left over, nothing is lost.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use crate::command::{Running, ask, kill};
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::stage::Stage;

/// How many rounds there are, unless `SOAK_ROUNDS` says it.
const ROUNDS: usize = 40;
/// How long a round may take.
const LONGEST_ROUND: Duration = Duration::from_secs(300);

/// What may happen to an `up`, at any time.
const FAULTS: [&str; 6] = [
    "SIGINT",
    "SIGTERM",
    "SIGKILL",
    "a child killed",
    "a container stopped",
    "a pod deleted",
];

/// The soak.
pub fn tests() -> Vec<Test> {
    tests!["soak": rounds_of_up_and_down]
}

fn rounds_of_up_and_down(stage: &mut Stage) -> Result<()> {
    let rounds = match std::env::var("SOAK_ROUNDS") {
        Ok(text) if !text.is_empty() => text.parse().context("SOAK_ROUNDS is a number")?,
        _ => ROUNDS,
    };
    stage.leave();
    let preview = stage.preview()?;
    let mut stored = None;
    for number in 1..=rounds {
        let fault = *stage.seed.one_of(&FAULTS);
        // An `up` with little to do is over in seconds.
        let longest = if stored.is_some() { 3_000 } else { 35_000 };
        let after = Duration::from_millis(u64::try_from(stage.seed.below(longest))?);
        let words = format!("round {number}: {fault} after {:.1} s", after.as_secs_f64());
        let begun = Instant::now();
        stored = round(stage, &preview, fault, after, stored).with_context(|| words.clone())?;
        let took = begun.elapsed();
        let left = match &stored {
            Some(stored) => format!("rows stored so far: {}", stored.rows),
            None => "taken down, nothing left".to_owned(),
        };
        println!("    {words}: {:.1} s, {left}", took.as_secs_f64());
        ensure!(took < LONGEST_ROUND, "{words}: it took {took:?}");
    }
    preview.down().map(drop)
}

/// What is stored in a cluster's PostgreSQL.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    /// The id of the server's container.
    server: String,
    rows: usize,
}

/// Given a preview or none, when `up` is hit by a fault, then the next `up` is well, nothing that was stored is
/// lost, and `down`, which follows now and then, leaves nothing. Returns what is stored then.
fn round(
    stage: &mut Stage,
    preview: &Preview,
    fault: &str,
    after: Duration,
    before: Option<Stored>,
) -> Result<Option<Stored>> {
    hit(stage, preview, fault, after)?;
    preview.up()?;
    let now = store(preview)?;
    if let Some(before) = before {
        let rows = before.rows + 1;
        let expected = Stored { rows, ..before };
        ensure!(now == expected, "{now:?} is stored, not {expected:?}");
    }
    if stage.seed.below(2) == 0 {
        preview.down()?;
        return Ok(None);
    }
    Ok(Some(now))
}

/// Runs `up`, and lets the fault happen to it.
fn hit(stage: &mut Stage, preview: &Preview, fault: &str, after: Duration) -> Result<()> {
    let mut up = preview.start(&["up"])?;
    let mut over = false;
    let waited = up.until("its time", after + LONGEST, |it| {
        over = it.printed().ends_with('\n');
        Ok(over || it.age() >= after)
    });
    if waited.is_ok() && !over {
        happen(stage, preview, fault, &up)?;
    }
    let ran = up.finish(LONGEST)?;
    if ran.code.is_some() && fault != "SIGKILL" {
        let known = [0, 1, 130, 143].contains(&ran.code.unwrap_or_default());
        ensure!(known, "an unknown end\n{ran}");
        preview.runs_nothing()?;
    }
    Ok(())
}

fn happen(stage: &mut Stage, preview: &Preview, fault: &str, up: &Running) -> Result<()> {
    match fault {
        "SIGINT" => up.signal(Signal::INT)?,
        "SIGTERM" => up.signal(Signal::TERM)?,
        "SIGKILL" => up.signal(Signal::KILL)?,
        "a child killed" => {
            let children: Vec<u32> = preview
                .processes()
                .iter()
                .map(|it| it.pid)
                .filter(|pid| *pid != up.pid())
                .collect();
            if !children.is_empty() {
                // It may have ended by itself.
                let _ = kill(*stage.seed.one_of(&children), Signal::KILL);
            }
        }
        "a container stopped" => {
            let names: Vec<String> = preview.containers()?.into_keys().collect();
            if !names.is_empty() {
                let _ = ask(
                    "docker",
                    &["stop", "--time", "1", stage.seed.one_of::<String>(&names)],
                );
            }
        }
        _ => {
            // None of a job: an initdb that has begun need not bear to begin again on the same volume.
            let _ = preview.kubectl(&["delete", "pods", "--selector", "!job-name", "--wait=false"]);
        }
    }
    Ok(())
}

/// Stores one more row, and says what is stored then.
fn store(preview: &Preview) -> Result<Stored> {
    preview.psql("CREATE TABLE IF NOT EXISTS soak (id serial); INSERT INTO soak DEFAULT VALUES")?;
    let count = preview.psql("SELECT count(*) FROM soak")?;
    let server = format!("k3d-{}-server-0", preview.cluster);
    Ok(Stored {
        server: preview.containers()?.remove(&server).unwrap_or_default(),
        rows: count
            .parse()
            .with_context(|| format!("not a count: {count}"))?,
    })
}
