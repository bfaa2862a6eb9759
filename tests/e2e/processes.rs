//! Processes of a preview: those that have a mark of it in their environment, whoever their parent is by
//! now. Linux only.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The variable that marks them, with the name of the preview's own cluster.
pub const MARK: &str = "E2E_PREVIEW";

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The id of the process that started it, while that lives.
    pub parent: u32,
    /// Its arguments, joined by spaces; the program without its folder.
    pub command: String,
}

/// The processes that are marked so.
pub fn of(preview: &str) -> Vec<Process> {
    let mark = format!("{MARK}={preview}");
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| has(*pid, &mark))
        .filter_map(|pid| {
            Some(Process {
                pid,
                parent: parent(pid)?,
                command: command(pid)?,
            })
        })
        .collect()
}

fn has(pid: u32, variable: &str) -> bool {
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environ
        .split(|byte| *byte == 0)
        .any(|it| it == variable.as_bytes())
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line?.trim().parse().ok()
}

fn command(pid: u32) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let text = String::from_utf8_lossy(&text).replace('\0', " ");
    let (program, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    (!program.is_empty()).then(|| format!("{program} {rest}"))
}

/// Writes down the arguments and the environment of all processes of a preview, until it is asked.
pub struct Spy {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<String>>,
}

impl Spy {
    /// Begins.
    pub fn on(preview: &str) -> Self {
        let ended = Arc::<AtomicBool>::default();
        let (mark, stop) = (preview.to_owned(), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                for process in of(&mark) {
                    let environ = fs::read(format!("/proc/{}/environ", process.pid));
                    seen.insert(process.command);
                    let environ = environ.unwrap_or_default();
                    let environ = environ.split(|byte| *byte == 0);
                    seen.extend(environ.map(|it| String::from_utf8_lossy(it).into_owned()));
                }
                thread::sleep(Duration::from_millis(10));
            }
            seen
        });
        Self { ended, thread }
    }

    /// Ends, and returns each argument list and each variable that was seen.
    pub fn tell(self) -> BTreeSet<String> {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}
