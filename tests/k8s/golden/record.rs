//! The real programs, whose replies are recorded.
//!
//! A chart is taken from the folder `RECORD_CHARTS`, where that is set and has it: so that replies can be
//! recorded on a machine that reaches no chart repository.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};

use super::names::Names;
use super::redact::redact;
use super::reply::Reply;
use super::server::{Request, TAR, frame, lock};
use super::written;

/// The variable with the folder of charts.
const CHARTS: &str = "RECORD_CHARTS";

/// The real programs.
pub struct Real {
    /// Where replies are kept.
    pub folder: PathBuf,
    /// Where the programs run.
    pub root: PathBuf,
    /// Variables of theirs, beside those of this process.
    pub variables: BTreeMap<String, String>,
    pub ports: Mutex<Ports>,
    pub versions: Mutex<BTreeMap<String, Option<String>>>,
    /// All secrets that were seen.
    pub secrets: Mutex<BTreeSet<String>>,
}

/// xtask asks the application at a port of ours, so that the answers can be recorded.
#[derive(Debug, Default, Clone, Copy)]
pub struct Ports {
    pub ours: u16,
    pub real: u16,
}

impl Real {
    /// Runs a program for a recorder: what it says goes to the recorder at once.
    pub fn run(&self, request: &Request, stream: &UnixStream, names: &Names) -> io::Result<Reply> {
        let mut child = self.start(request)?;
        let (killed, done) = (AtomicBool::new(false), AtomicBool::new(false));
        let out = Mutex::new(stream.try_clone()?);
        let id = child.id();
        let (status, stdout, stderr) = thread::scope(|scope| {
            // Nothing comes from a recorder any more, but its end.
            scope.spawn(|| {
                let _ = (&*stream).read(&mut [0]);
                if !done.load(Ordering::SeqCst) {
                    killed.store(true, Ordering::SeqCst);
                    end(id);
                }
            });
            let stdin = child.stdin.take();
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(&request.stdin)));
            let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
            let out = &out;
            let stdout = scope.spawn(move || self.pass_on(stdout, b'o', request, out));
            let stderr = scope.spawn(move || self.pass_on(stderr, b'e', request, out));
            let texts = (stdout.join(), stderr.join());
            let status = child.wait();
            done.store(true, Ordering::SeqCst);
            let _ = stream.shutdown(std::net::Shutdown::Read);
            (
                status,
                texts.0.unwrap_or_default(),
                texts.1.unwrap_or_default(),
            )
        });
        let status = u8::try_from(status?.code().unwrap_or(1)).unwrap_or(1);
        // Then xtask reads what was written, and removes it.
        let file = written::read(request).map(|text| names.hide(&text));
        let _ = frame(&lock(&out), b'x', &[status]);
        Ok(Reply {
            status: (!killed.load(Ordering::SeqCst)).then_some(status.into()),
            stdout: self.kept(stdout, names),
            stderr: self.kept(stderr, names),
            file,
        })
    }

    /// Asks the application itself.
    pub fn ask(&self, path: &str) -> Reply {
        let ask = || -> io::Result<String> {
            let port = lock(&self.ports).real;
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            write!(
                stream,
                "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().unwrap_or_default();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Reply {
            status: Some(status.unwrap_or(0)),
            stdout: body.to_owned(),
            ..Reply::default()
        }
    }

    /// A cluster that is created is to answer at a port of its own, and we at the one it was asked for.
    pub fn answer_behind(&self, ours: u16) {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
        let real = free.expect("there is a free port").port();
        *lock(&self.ports) = Ports { ours, real };
    }

    /// Takes the port at which we answer for a cluster that is there.
    pub fn answer_for(&self, names: &Names) {
        let port = names.get("PORT").and_then(|port| port.parse().ok());
        lock(&self.ports).ours = port.unwrap_or_default();
    }

    /// A program and its version, asked once.
    pub fn version(&self, program: &str) -> Option<String> {
        let mut versions = lock(&self.versions);
        let version = versions.entry(program.to_owned());
        version.or_insert_with(|| self.ask_version(program)).clone()
    }

    fn ask_version(&self, program: &str) -> Option<String> {
        let args: &[&str] = match program {
            "docker" => &["--version"],
            "k3d" => &["version"],
            "kubectl" => &["version", "--client"],
            "helm" => &["version", "--short"],
            _ => return None,
        };
        let text = self.read(program, args);
        let mut words = text.lines().next()?.split([' ', ',']);
        let version = words.find_map(|word| {
            let number = word.trim_start_matches('v');
            number
                .starts_with(|c: char| c.is_ascii_digit())
                .then_some(number)
        })?;
        Some(format!("{program} {version}"))
    }

    /// Runs a program to its end, and returns what it says on stdout.
    pub fn read(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(program).args(args).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Fails where a file that was recorded holds a secret.
    pub fn assert_kept_secret(&self) {
        let secrets = lock(&self.secrets);
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let text = fs::read_to_string(file.path()).unwrap_or_default();
            // What is short may be a word of another meaning.
            let told = secrets
                .iter()
                .any(|secret| secret.len() > 8 && text.contains(secret));
            assert!(!told, "{} holds a secret", file.path().display());
        }
    }

    #[expect(clippy::disallowed_methods, reason = "starts what is recorded")]
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(&self.variables).current_dir(&self.root);
        command
    }

    fn start(&self, request: &Request) -> io::Result<Child> {
        let ours = [
            "CARGO_MANIFEST_DIR",
            "HOME",
            "PATH",
            "TMPDIR",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
        ];
        let variables = request
            .env
            .iter()
            .filter(|(name, _)| !ours.contains(&name.as_str()));
        let stdin = if request.stdin.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        };
        self.command(&request.program)
            .args(self.args(request))
            .envs(variables)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }

    /// The arguments, with the cluster's real port, and with a chart of `RECORD_CHARTS` packed where it
    /// would be pulled.
    fn args(&self, request: &Request) -> Vec<String> {
        let Ports { ours, real } = *lock(&self.ports);
        let (ours, real) = (format!("127.0.0.1:{ours}:"), format!("127.0.0.1:{real}:"));
        let args = || request.args.iter().map(|arg| arg.replace(&ours, &real));
        let ([verb, chart, ..], Some(folder)) = (request.args.as_slice(), env::var_os(CHARTS))
        else {
            return args().collect();
        };
        // `oci://host/a/b` is the folder `a-b`.
        let words: Vec<&str> = chart.trim_start_matches("oci://").split('/').collect();
        let name = words[words.len().saturating_sub(2)..].join("-");
        let local = PathBuf::from(folder).join(name);
        match request.after("--destination") {
            Some(folder) if verb == "pull" && local.is_dir() => {
                let local = local.to_string_lossy();
                ["package", &*local, "--destination", folder]
                    .map(str::to_owned)
                    .into()
            }
            _ => args().collect(),
        }
    }

    /// Hands over what a program says, and returns all of it.
    fn pass_on(
        &self,
        source: Option<impl Read>,
        kind: u8,
        request: &Request,
        to: &Mutex<UnixStream>,
    ) -> Vec<u8> {
        let Some(mut source) = source else {
            return Vec::new();
        };
        // These say the cluster's port.
        let whole =
            request.program == "docker" && ["ps", "container"].contains(&request.args[0].as_str());
        let (mut all, mut block) = (Vec::new(), vec![0; 1 << 16]);
        while let Ok(length @ 1..) = source.read(&mut block) {
            all.extend(&block[..length]);
            if !whole {
                let _ = frame(&lock(to), kind, &block[..length]);
            }
        }
        if whole {
            all = self
                .with_our_port(&String::from_utf8_lossy(&all))
                .into_bytes();
            let _ = frame(&lock(to), kind, &all);
        }
        all
    }

    fn with_our_port(&self, text: &str) -> String {
        let Ports { ours, real } = *lock(&self.ports);
        if real == 0 {
            return text.to_owned();
        }
        let names = Names::default();
        names.set("PORT", real.to_string());
        names.hide(text).replace("{PORT}", &ours.to_string())
    }

    /// What is kept of a stream.
    fn kept(&self, stream: Vec<u8>, names: &Names) -> String {
        let Ok(text) = String::from_utf8(stream) else {
            return TAR.to_owned();
        };
        let (text, secrets) = redact(&text);
        lock(&self.secrets).extend(secrets);
        names.hide(&self.with_our_port(&text))
    }
}

fn end(id: u32) {
    let group = i32::try_from(id).ok().and_then(Pid::from_raw);
    let _ = group.map(|group| kill_process_group(group, Signal::TERM));
}
