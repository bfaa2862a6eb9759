//! Answers the recorders, and the questions that xtask asks the application at its URL.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Scope, sleep};
use std::time::Duration;

use serde::Deserialize;

use super::call::Call;
use super::case::shared_replies;
use super::inputs;
use super::manifest::Manifests;
use super::names::Names;
use super::record::Real;
use super::reply::{Replies, Reply};
use super::waves::Waves;
use super::world::World;
use super::written;

/// What stands for a tar archive, of which nothing is kept.
pub const TAR: &str = "{TAR}";
/// The status of a recorder that has no reply.
const NO_REPLY: u8 = 97;

/// What one run needs to be answered.
pub struct Server<'a> {
    pub world: &'a World,
    pub names: &'a Names,
    pub variables: &'a BTreeMap<String, String>,
    pub replies: Mutex<Replies>,
    pub manifests: Mutex<Manifests>,
    pub waves: Waves,
    /// The real programs, where their replies are to be recorded.
    pub real: Option<&'a Real>,
    over: AtomicBool,
    ports: Mutex<Vec<u16>>,
    /// The recorders that go on until they are killed.
    held: Mutex<Vec<UnixStream>>,
}

/// What a recorder tells.
#[derive(Debug, Deserialize)]
pub struct Request {
    pub program: String,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    #[serde(rename = "stdin")]
    length: usize,
    #[serde(skip)]
    pub stdin: Vec<u8>,
}

impl<'a> Server<'a> {
    pub fn new(
        world: &'a World,
        names: &'a Names,
        variables: &'a BTreeMap<String, String>,
        replies: Replies,
        waves: Waves,
        real: Option<&'a Real>,
    ) -> Self {
        Self {
            world,
            names,
            variables,
            replies: Mutex::new(replies),
            manifests: Mutex::default(),
            waves,
            real,
            over: AtomicBool::new(false),
            ports: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// Answers the recorders until [`Server::stop`].
    pub fn answer_tools<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        let _ = fs::remove_file(self.world.socket());
        let listener = UnixListener::bind(self.world.socket()).expect("a socket can be made");
        scope.spawn(move || {
            for stream in listener.incoming().flatten() {
                if self.over.load(Ordering::SeqCst) {
                    return;
                }
                // A recorder that was killed while it asked is answered by nobody.
                scope.spawn(move || self.answer_tool(scope, stream));
            }
        });
    }

    /// Answers for the application at this port of 127.0.0.1, any free one for 0, and gives it its name.
    pub fn answer_for_application<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        port: u16,
    ) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = listener.expect("the port is free");
        let port = listener.local_addr().map_or(port, |address| address.port());
        self.names.set("PORT", port.to_string());
        lock(&self.ports).push(port);
        scope.spawn(move || {
            for stream in listener.incoming().flatten() {
                if !lock(&self.ports).contains(&port) {
                    return;
                }
                scope.spawn(move || self.answer_question(stream));
            }
        });
    }

    /// Ends all threads.
    pub fn stop(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.waves.release();
        let _ = UnixStream::connect(self.world.socket());
        self.leave_ports();
        lock(&self.held).clear();
    }

    /// Answers no longer for the application.
    fn leave_ports(&self) {
        let left = std::mem::take(&mut *lock(&self.ports));
        for port in left {
            // Each connection has a thread look whether it is to go on.
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                sleep(Duration::from_millis(1));
            }
        }
    }

    fn answer_tool<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        stream: UnixStream,
    ) -> io::Result<()> {
        let request = Request::read(&stream)?;
        if let Some(port) = request.new_port() {
            match self.real {
                Some(real) => real.answer_behind(port),
                None => self.names.set("PORT", port.to_string()),
            }
            self.answer_for_application(scope, port);
        }
        if request.is_of_stopped_balancer() {
            self.leave_ports();
        }
        if request
            .args
            .starts_with(&["cluster".into(), "start".into()])
        {
            let port = self.names.get("PORT").and_then(|port| port.parse().ok());
            self.answer_for_application(scope, port.unwrap_or_default());
        }
        let call = self.call(&request);
        if let Some(real) = self.real {
            let reply = real.run(&request, &stream, self.names)?;
            self.record(real, &call, Some(&request.program), reply);
            return Ok(());
        }
        self.waves.pass(&call.to_string());
        let Some(reply) = lock(&self.replies).next(&call.typed()) else {
            let words = format!("no reply was recorded to: {}\n", call.typed());
            frame(&stream, b'e', words.as_bytes())?;
            return frame(&stream, b'x', &[NO_REPLY]);
        };
        if let Some(text) = &reply.file {
            written::write(&request, &self.fill(text))?;
        }
        frame(&stream, b'o', self.fill(&reply.stdout).as_bytes())?;
        frame(&stream, b'e', self.fill(&reply.stderr).as_bytes())?;
        if let Some(status) = reply.status {
            return frame(&stream, b'x', &[u8::try_from(status).unwrap_or(NO_REPLY)]);
        }
        lock(&self.held).push(stream);
        Ok(())
    }

    fn answer_question(&self, mut stream: TcpStream) -> io::Result<()> {
        let (mut head, mut reader) = (Vec::new(), BufReader::new(&stream));
        while !head.ends_with(b"\r\n\r\n") && reader.read_until(b'\n', &mut head)? > 0 {}
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let host = head.lines().find_map(|line| line.strip_prefix("Host: "));
        let url = format!("http://{}{path}", host.unwrap_or_default());
        let call = Call {
            env: BTreeMap::new(),
            program: "GET".into(),
            args: vec![self.names.hide(&url)],
            stdin: None,
        };
        let reply = if let Some(real) = self.real {
            let reply = real.ask(path);
            self.record(real, &call, None, reply.clone());
            Some(reply)
        } else {
            self.waves.pass(&call.to_string());
            lock(&self.replies).next(&call.typed())
        };
        match reply {
            // Nobody answered.
            None
            | Some(Reply {
                status: Some(0) | None,
                ..
            }) => Ok(()),
            Some(Reply {
                status: Some(status),
                stdout,
                ..
            }) => {
                let body = self.fill(&stdout);
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status} \r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                )
            }
        }
    }

    fn call(&self, request: &Request) -> Call {
        let new = |(name, value): &(&String, &String)| self.variables.get(*name) != Some(*value);
        let variables = request.env.iter().filter(new);
        let stdin = String::from_utf8(request.stdin.clone()).unwrap_or_else(|_| TAR.into());
        let stdin = lock(&self.manifests).take(&stdin, self.names);
        let args = request.args.iter().map(|arg| self.names.hide(arg));
        Call {
            env: variables
                .map(|(name, value)| (name.clone(), self.names.hide(value)))
                .collect(),
            program: request.program.clone(),
            args: inputs::hide(args.collect()),
            stdin,
        }
    }

    fn record(&self, real: &Real, call: &Call, program: Option<&str>, reply: Reply) {
        let with = program.and_then(|program| real.version(program));
        let shared = shared_replies();
        let is_shared = call.args.contains(&"version".to_owned());
        let folder = if is_shared { &shared } else { &real.folder };
        lock(&self.replies).record(folder, &call.typed(), with, reply);
    }

    fn fill(&self, text: &str) -> String {
        inputs::fill(&self.names.fill(text), &self.world.root())
    }
}

impl Request {
    fn read(stream: &UnixStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut request: Self = serde_json::from_str(&line)?;
        request.stdin = vec![0; request.length];
        reader.read_exact(&mut request.stdin)?;
        Ok(request)
    }

    /// The argument after this one.
    pub fn after(&self, flag: &str) -> Option<&str> {
        let mut args = self.args.iter().skip_while(|arg| *arg != flag);
        args.nth(1).map(String::as_str)
    }

    /// Whether it asks which port a load balancer would publish: one that runs says so unasked.
    fn is_of_stopped_balancer(&self) -> bool {
        let question = self.after("--format");
        question.is_some_and(|it| it.contains(".HostConfig.PortBindings"))
    }

    /// The port at which a cluster that is created is to answer.
    fn new_port(&self) -> Option<u16> {
        let creates = self.args.starts_with(&["cluster".into(), "create".into()]);
        let mapping = self.after("--port").filter(|_| creates)?;
        mapping.split(':').nth(1)?.parse().ok()
    }
}

/// Sends a recorder one frame.
pub fn frame(mut stream: &UnixStream, kind: u8, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    let mut bytes = vec![kind];
    bytes.extend(length.to_be_bytes());
    bytes.extend(content);
    stream.write_all(&bytes)
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
