//! `open`: the application in the browser.

use anyhow::{Result, bail};

use crate::cmd::Cmd;
use crate::progress::Progress;
use crate::session::Visit;
use crate::up;

/// What each system has for it. One program that exists everywhere needs no library.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Opens the application's URL in the user's browser.
///
/// # Errors
/// Where the cluster does not run, or no browser opens; the URL is told all the same.
pub fn open(visit: &Visit, progress: &Progress) -> Result<()> {
    let whole = visit.seen.running(&visit.preview)?;
    let url = up::url(up::published(&visit.preview, whole)?);
    progress.note(&format!("opening {url}"));
    // On the user's terminal, as a browser may be one for the terminal.
    let why = match visit.exec.interactive(&Cmd::new(OPENER).args([&url])) {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("`{OPENER}` ended with {status}"),
        Err(error) => format!("`{OPENER}` {}", error.end),
    };
    bail!("no browser could be opened ({why}): open {url} yourself")
}
