//! One running child: its pipes, its end, and how another thread ends it.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{CmdError, Exec};
use crate::cmd::{Cmd, Hidden};

/// A hold on one child that another thread may want to end.
#[derive(Debug, Default)]
pub struct Handle(Mutex<Held>);

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Child(u32),
    Ended,
}

impl Handle {
    /// Ends the child, or keeps it from being started.
    pub fn end(&self) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Held::Child(pid) = *held {
            signal_group(pid, Signal::TERM);
        }
        *held = Held::Ended;
    }

    /// Takes hold of a child that was just started.
    pub(super) fn hold(&self, pid: u32) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *held {
            Held::Ended => signal_group(pid, Signal::TERM),
            _ => *held = Held::Child(pid),
        }
    }

    /// Lets go of a child that has ended; says whether we ended it.
    pub(super) fn release(&self) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = matches!(*held, Held::Ended);
        if !ended {
            *held = Held::Nothing;
        }
        ended
    }
}

/// A child that runs; it leaves the list of running children when this is dropped.
pub(super) struct Running<'a> {
    pub(super) exec: &'a Exec,
    pub(super) child: Child,
    pub(super) record: Option<PathBuf>,
}

impl Running<'_> {
    pub(super) fn take_stdout(&mut self) -> Option<impl Read + Send + use<>> {
        self.child.stdout.take()
    }

    pub(super) fn take_stderr(&mut self) -> Option<impl Read + Send + use<>> {
        self.child.stderr.take()
    }

    pub(super) fn wait(mut self, cmd: &Cmd) -> Result<ExitStatus, CmdError> {
        self.child
            .wait()
            .map_err(|error| CmdError::start(cmd, &error))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Not waited for only where a reader gave up on it: it must not outlive us.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            signal_group(self.child.id(), Signal::TERM);
            let _ = self.child.wait();
        }
        let started = self.exec.lock().remove(&self.child.id());
        if let Some(started) = started {
            self.exec.note(started.command, started.begun);
        }
        if let Some(record) = &self.record {
            let _ = std::fs::remove_file(record);
        }
    }
}

/// Sends a signal to a child and all that it started.
pub(super) fn signal_group(pid: u32, signal: Signal) {
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // A child that has just ended is no longer there: nothing to do.
    let _ = group.map(|group| kill_process_group(group, signal));
}

/// Sends a signal to a child alone.
pub(super) fn signal_child(pid: u32, signal: Signal) {
    let child = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let _ = child.map(|child| kill_process(child, signal));
}

/// Writes `text` from a thread of its own: a pipe holds 64 KiB, and the child may write before it reads.
pub(super) fn feed(stdin: Option<ChildStdin>, text: Option<Hidden>) {
    if let (Some(mut stdin), Some(Hidden(text))) = (stdin, text) {
        // A child that ends without reading all is judged by its status, not by this broken pipe.
        thread::spawn(move || stdin.write_all(text.as_bytes()));
    }
}

pub(super) fn drain(source: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut source) = source {
            // What was read until an error is all that there is to show.
            let _ = source.read_to_end(&mut bytes);
        }
        bytes
    })
}

pub(super) fn collect(reader: thread::JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}
