//! `logs`: the log of a part of the preview, on stdout.

mod board;
mod component;
mod cursor;
mod follow;
mod page;
mod print;
mod readable;
mod reader;
mod source;
mod trouble;
mod wanted;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::flags;
use crate::kubectl;
use crate::pod::Pod;
use crate::progress::{Paint, Progress, Surroundings};
use crate::project::PROJECT;
use crate::session::{Session, Visit};
use crate::stop::Stop;
use page::Look;
use wanted::Wanted;

/// How soon a signal is noticed by who waits for something else.
const LOOK: Duration = Duration::from_millis(50);
/// How long what was begun may take to end after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// What the printing and the following of logs share.
struct Logs {
    visit: Visit,
    wanted: Wanted,
    progress: Progress,
    look: Look,
}

/// Writes the log that the flags ask for to stdout; with `--follow` until it is time to end.
///
/// # Errors
/// Where a flag is not allowed, the cluster does not exist, or it cannot be asked.
pub fn logs(session: &Session, flags: &flags::Logs) -> Result<()> {
    let wanted = Wanted::new(flags, &PROJECT)?;
    let visit = session.visit(&flags.cluster, &flags.namespace)?;
    visit.running()?;
    let logs = Logs {
        visit,
        wanted,
        progress: session.progress.clone(),
        look: Look {
            readable: io::stdout().is_terminal(),
            paint: Paint(Surroundings::stdout_has_colours()),
            live: flags.follow,
        },
    };
    let follow = flags.follow;
    apart(&session.stop, move || {
        if follow { logs.follow() } else { logs.print() }
    })
}

impl Logs {
    /// The pods that are wanted, the oldest first.
    fn pods(&self) -> Result<Vec<Pod>> {
        let reply = self.visit.exec.read(&kubectl::pods(&self.visit.state))?;
        let items = kubectl::items(&reply).context("the list of pods")?;
        let pods = items.iter().filter_map(Pod::read);
        let mut pods: Vec<Pod> = pods.filter(|pod| self.wants(pod)).collect();
        pods.sort_by(source::by_age);
        Ok(pods)
    }

    fn wants(&self, pod: &Pod) -> bool {
        self.wanted.component.owns(&self.visit.preview, pod)
    }

    /// Where there is no pod, in words.
    fn nothing(&self) -> String {
        let preview = &self.visit.preview;
        format!(
            "the cluster {} has no pod of {} for the namespace {}",
            preview.cluster,
            self.wanted.component.words(),
            preview.namespace,
        )
    }
}

/// Whether a write failed as nobody reads any more, who then has what was wanted.
fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Runs `work` on a thread of its own. It may be in the middle of a write that nobody reads: so it is left
/// behind where it has not ended soon after it was time to end.
fn apart(stop: &Stop, work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        let _ = sender.send(work());
    });
    let mut wait = LOOK;
    loop {
        match receiver.recv_timeout(wait) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) if wait == GRACE => return Ok(()),
            Err(RecvTimeoutError::Timeout) if stop.reason().is_some() => wait = GRACE,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match worker.join() {
        Ok(()) => Ok(()),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::stop::Reason;

    #[test]
    fn what_is_stuck_is_left_behind_when_it_is_time_to_end() {
        let stop = Stop::default();
        assert!(apart(&stop, || Ok(())).is_ok());
        assert!(apart(&stop, || anyhow::bail!("no")).is_err());
        stop.ask(Reason::Signal(2));
        let (begun, (_hold, stuck)) = (Instant::now(), mpsc::channel::<()>());
        let ended = apart(&stop, move || stuck.recv().map_err(Into::into));
        assert!(ended.is_ok() && begun.elapsed() >= GRACE);
    }
}
