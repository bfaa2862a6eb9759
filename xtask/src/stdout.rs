//! Where results go. What people are told goes to stderr, see [`crate::progress`].

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Prints a result. A reader that is gone has what it wanted.
///
/// # Errors
/// Where it cannot be written for any other reason, such as a disk that is full.
pub fn print(text: &str) -> Result<()> {
    print_to_reader(text).map(drop)
}

/// As [`print`], and says whether there is still a reader, for what prints without end.
///
/// # Errors
/// As for [`print`].
pub fn print_to_reader(text: &str) -> Result<bool> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written
            .map(|()| true)
            .context("cannot write the result to stdout"),
    }
}

/// Whether somebody may still read what is printed, asked without printing anything.
pub fn has_reader() -> bool {
    let stdout = io::stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
    // The end of a pipe whose other end is closed is always told; what cannot be asked may have a reader.
    let told = poll(&mut fds, Some(&Timespec::default()));
    told.is_err() || !fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}
