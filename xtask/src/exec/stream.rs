//! Children whose words are wanted while they run: builds, watches, and images on their way to a node.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::child::{Running, collect, drain};
use super::{CmdError, Exec, Handle, Output};
use crate::cmd::Cmd;

/// One line of a running child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// From its stdout.
    Out(String),
    /// From its stderr.
    Err(String),
}

impl Line {
    /// The line's text.
    pub fn text(&self) -> &str {
        match self {
            Self::Out(text) | Self::Err(text) => text,
        }
    }
}

impl Exec {
    /// Runs a child and hands over each of its lines as it comes.
    ///
    /// # Errors
    /// As for [`Exec::read`].
    pub fn lines(&self, cmd: &Cmd, each: impl FnMut(&Line)) -> Result<Output, CmdError> {
        let ended = self.lines_until(cmd, &Handle::default(), each)?;
        ended.ok_or_else(|| CmdError::ended(cmd))
    }

    /// As [`Exec::lines`], for a child that ends as soon as `handle` is ended: then there is no output.
    ///
    /// # Errors
    /// As for [`Exec::read`].
    pub fn lines_until(
        &self,
        cmd: &Cmd,
        handle: &Handle,
        mut each: impl FnMut(&Line),
    ) -> Result<Option<Output>, CmdError> {
        let begun = Instant::now();
        let mut child = self.spawn(cmd)?;
        handle.hold(child.child.id());
        let (sender, receiver) = mpsc::channel();
        split(child.take_stdout(), sender.clone(), Line::Out);
        split(child.take_stderr(), sender, Line::Err);
        let (mut stdout, mut stderr) = (String::new(), String::new());
        for line in receiver {
            let text = if matches!(line, Line::Out(_)) {
                &mut stdout
            } else {
                &mut stderr
            };
            text.push_str(line.text());
            text.push('\n');
            self.hear_line(cmd, &line);
            each(&line);
        }
        let status = child.wait(cmd)?;
        if handle.release() {
            return Ok(None);
        }
        self.ended(cmd, begun, status, &stderr)?;
        Ok(Some(Output { stdout, stderr }))
    }

    /// Runs a child that prints one JSON document after another, such as `kubectl get --watch`, and
    /// hands over each as it comes; ends the child as soon as `each` breaks, or `handle` is ended.
    ///
    /// # Errors
    /// As for [`Exec::read`]. What is not JSON ends the reading, and is no error by itself.
    pub fn documents<T>(
        &self,
        cmd: &Cmd,
        handle: &Handle,
        mut each: impl FnMut(Value) -> ControlFlow<T>,
    ) -> Result<Option<T>, CmdError> {
        let begun = Instant::now();
        let mut child = self.spawn(cmd)?;
        handle.hold(child.child.id());
        let errors = drain(child.take_stderr());
        let Some(stdout) = child.take_stdout() else {
            return Ok(None);
        };
        let documents = serde_json::Deserializer::from_reader(BufReader::new(stdout));
        // What is not JSON is a document cut short by the child's end: its status tells why.
        for document in documents.into_iter::<Value>().map_while(Result::ok) {
            if let ControlFlow::Break(found) = each(document) {
                handle.release();
                return Ok(Some(found));
            }
        }
        let status = child.wait(cmd)?;
        if handle.release() {
            return Ok(None);
        }
        self.ended(cmd, begun, status, &self.heard(cmd, errors))?;
        Ok(None)
    }

    /// Runs a child that prints much, or without end, and hands over its stdout as it comes: byte for byte,
    /// in one or more whole lines at a time, of which only the child's very last may lack its end. Ends the
    /// child as soon as `each` breaks, or `handle` is ended; neither is an error.
    ///
    /// # Errors
    /// As for [`Exec::read`].
    pub fn blocks(
        &self,
        cmd: &Cmd,
        handle: &Handle,
        each: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), CmdError> {
        let begun = Instant::now();
        let mut child = self.spawn(cmd)?;
        handle.hold(child.child.id());
        let errors = drain(child.take_stderr());
        if let Some(stdout) = child.take_stdout()
            && whole_lines(stdout, each).is_break()
        {
            handle.release();
            return Ok(());
        }
        let status = child.wait(cmd)?;
        if handle.release() {
            return Ok(());
        }
        self.ended(cmd, begun, status, &self.heard(cmd, errors))
    }

    /// Runs `from` once and gives what it writes to each of `to`; returns what each of those said on stdout.
    ///
    /// # Errors
    /// The writer, where it failed though it had a reader to the end: the readers then complain of what it
    /// did not write. Else the first reader that failed: a writer without readers fails because of them.
    pub fn pipe(&self, from: &Cmd, to: &[Cmd]) -> Result<Vec<String>, CmdError> {
        let begun = Instant::now();
        let readers = to
            .iter()
            .map(|cmd| self.reader(cmd))
            .collect::<Result<Vec<_>, _>>()?;
        let mut writer = self.spawn(from)?;
        let errors = drain(writer.take_stderr());
        let (mut pipes, ends): (Vec<_>, Vec<_>) = readers.into_iter().unzip();
        let source = writer.take_stdout();
        let is_read = source.is_none_or(|source| copy(source, &mut pipes));
        drop(pipes);
        let mut said = Vec::new();
        for (cmd, (child, out, err)) in to.iter().zip(ends) {
            let status = child.wait(cmd)?;
            let out = collect(out);
            let words = [out.as_str(), &self.heard(cmd, err)].concat();
            said.push(self.ended(cmd, begun, status, &words).map(|()| out));
        }
        let said = said.into_iter().collect::<Result<Vec<_>, _>>();
        let status = writer.wait(from)?;
        let written = self.ended(from, begun, status, &self.heard(from, errors));
        if is_read {
            written.and(said)
        } else {
            said.and_then(|said| written.map(|()| said))
        }
    }

    /// What a child said on stderr, once it has been passed on.
    fn heard(&self, cmd: &Cmd, errors: Text) -> String {
        let output = Output {
            stdout: String::new(),
            stderr: collect(errors),
        };
        self.hear(cmd, &output);
        output.stderr
    }

    fn reader(&self, cmd: &Cmd) -> Result<(Option<ChildStdin>, Reader<'_>), CmdError> {
        let mut child = self.start(cmd, self.command(cmd).stdin(Stdio::piped()))?;
        let (out, err) = (drain(child.take_stdout()), drain(child.take_stderr()));
        Ok((child.child.stdin.take(), (child, out, err)))
    }
}

type Text = thread::JoinHandle<Vec<u8>>;
type Reader<'a> = (Running<'a>, Text, Text);

/// Copies until the source ends or no reader is left, and says whether one was left; a reader that ended is
/// judged by its status.
fn copy(mut source: impl Read, pipes: &mut [Option<ChildStdin>]) -> bool {
    let mut block = vec![0; 1 << 16];
    while let Ok(length @ 1..) = source.read(&mut block) {
        for pipe in pipes.iter_mut() {
            if pipe
                .as_mut()
                .is_some_and(|pipe| pipe.write_all(&block[..length]).is_err())
            {
                *pipe = None;
            }
        }
        if pipes.iter().all(Option::is_none) {
            return false;
        }
    }
    true
}

/// Hands over what is read, cut behind the last end of a line of each read.
fn whole_lines(
    mut source: impl Read,
    mut each: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut block = vec![0; 1 << 16];
    let mut begun = Vec::new();
    loop {
        let read = match source.read(&mut block) {
            Ok(length @ 1..) => &block[..length],
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // What was read until an error is all that there is.
            Ok(0) | Err(_) => break,
        };
        let whole = read.iter().rposition(|byte| *byte == b'\n');
        let (whole, rest) = read.split_at(whole.map_or(0, |end| end + 1));
        if !whole.is_empty() && begun.is_empty() {
            each(whole)?;
        } else if !whole.is_empty() {
            begun.extend_from_slice(whole);
            each(&begun)?;
            begun.clear();
        }
        begun.extend_from_slice(rest);
    }
    if begun.is_empty() {
        ControlFlow::Continue(())
    } else {
        each(&begun)
    }
}

fn split(
    source: Option<impl Read + Send + 'static>,
    sender: mpsc::Sender<Line>,
    kind: fn(String) -> Line,
) {
    let Some(source) = source else { return };
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut bytes = Vec::new();
        while matches!(source.read_until(b'\n', &mut bytes), Ok(1..)) {
            let text = String::from_utf8_lossy(&bytes);
            if sender
                .send(kind(text.trim_end_matches(['\n', '\r']).to_owned()))
                .is_err()
            {
                return;
            }
            bytes.clear();
        }
    });
}
