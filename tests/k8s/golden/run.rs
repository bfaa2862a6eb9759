//! One run of the program, and what it did as the golden files show it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::call;
use super::call::Wave;
use super::names::Names;
use super::record::Real;
use super::reply::Replies;
use super::server::{Server, lock};
use super::shown;
use super::waves::{Pace, Waves};
use super::world::World;

/// A run that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// What is run, and where.
pub struct Run<'a> {
    pub world: &'a World,
    pub names: &'a Names,
    pub args: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub real: Option<&'a Real>,
    /// Ctrl-C comes when the program has printed this on stdout.
    pub interrupt_after: Option<String>,
}

/// What a run did.
pub struct Seen {
    pub waves: Vec<Wave>,
    pub replies: Replies,
    /// The golden files by their paths in the case's folder.
    pub files: BTreeMap<String, String>,
}

impl Run<'_> {
    /// Runs the program to its end.
    pub fn run(self, replies: Replies, pace: Pace) -> Seen {
        let waves = Waves::new(pace);
        let server = Server::new(
            self.world,
            self.names,
            &self.variables,
            replies,
            waves,
            self.real,
        );
        let (status, stdout, stderr) = thread::scope(|scope| {
            server.answer_tools(scope);
            server.answer_for_application(scope, 0);
            if let Some(real) = self.real {
                real.answer_for(self.names);
            }
            let ended = self.program();
            server.stop();
            ended
        });
        let waves = server.waves.end();
        let manifests = std::mem::take(&mut lock(&server.manifests).0);
        let mut files = BTreeMap::from([
            ("calls".to_owned(), call::show(&waves)),
            ("stdout".into(), shown::stdout(&self.names.hide(&stdout))),
            ("stderr".into(), shown::stderr(&self.names.hide(&stderr))),
            ("status".into(), format!("{}\n", code(status))),
            ("state".into(), state(self.names)),
        ]);
        files.extend(manifests);
        files.retain(|_, text| !text.is_empty());
        let replies = std::mem::take(&mut *lock(&server.replies));
        Seen {
            waves,
            replies,
            files,
        }
    }

    fn program(&self) -> (ExitStatus, String, String) {
        let mut child = self.start();
        let id = child.id();
        let errors = child
            .stderr
            .take()
            .map(|stream| thread::spawn(move || read(stream, &mut |_| {})));
        let after = self.interrupt_after.clone();
        let output = child.stdout.take().map(|stream| {
            thread::spawn(move || {
                let mut waiting = after;
                read(stream, &mut |text| {
                    if waiting.as_ref().is_some_and(|words| text.contains(words)) {
                        waiting = None;
                        interrupt(id);
                    }
                })
            })
        });
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(child.wait()));
        let Ok(ended) = receiver.recv_timeout(LIMIT) else {
            kill(id);
            panic!("{:?} did not end within {LIMIT:?}", self.args);
        };
        let text = |reader: Option<thread::JoinHandle<String>>| {
            reader
                .and_then(|reader| reader.join().ok())
                .unwrap_or_default()
        };
        (
            ended.expect("the program was started"),
            text(output),
            text(errors),
        )
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "starts the program that is tested"
    )]
    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(self.args.iter().map(|arg| self.names.fill(arg)))
            .current_dir(self.world.root())
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("xtask can be started")
    }
}

fn read(mut stream: impl Read, each: &mut impl FnMut(&str)) -> String {
    let (mut text, mut block) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut block) {
        text.extend(&block[..length]);
        each(&String::from_utf8_lossy(&text));
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn interrupt(id: u32) {
    signal(id, Signal::INT);
}

fn kill(id: u32) {
    signal(id, Signal::KILL);
}

fn signal(id: u32, signal: Signal) {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    // It may have ended by itself.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

fn code(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => code.to_string(),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    }
}

/// The files that we keep of the cluster, with their modes.
fn state(names: &Names) -> String {
    let folder = names.get("STATE").unwrap_or_default();
    let mut lines = Vec::new();
    list(Path::new(&folder), "", &mut lines);
    lines.sort();
    lines.concat()
}

fn list(folder: &Path, prefix: &str, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.metadata() {
            Ok(data) if data.is_dir() => list(&entry.path(), &format!("{name}/"), lines),
            Ok(data) => lines.push(format!("{name} {:o}\n", data.permissions().mode() & 0o777)),
            Err(_) => {}
        }
    }
}
