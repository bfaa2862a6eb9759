//! Stands in for docker, k3d, kubectl and helm in the golden tests: a real program under their names.
//!
//! It knows nothing itself. It reads its stdin to the end, tells the test in one write what it was called
//! with, and does what the test answers: print this on stdout and stderr, end with this status, or go on
//! until it is killed. Without a test to ask it exits 97, which no tool does.
//!
//! What the test answers is a sequence of frames: one byte that says what it is (`o` for stdout, `e` for
//! stderr, `x` for the exit status), the length as four bytes, the highest first, and that many bytes.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

/// The variable with the path of the test's socket.
const SOCKET: &str = "RECORDER_SOCKET";
/// The status that says that there is no reply.
const NO_REPLY: u8 = 97;

fn main() -> ExitCode {
    match replay() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("recorder: {error}");
            ExitCode::from(NO_REPLY)
        }
    }
}

fn replay() -> io::Result<u8> {
    let mut stdin = Vec::new();
    io::stdin().read_to_end(&mut stdin)?;
    let socket = env::var_os(SOCKET).ok_or_else(|| io::Error::other("no test to ask"))?;
    let mut test = UnixStream::connect(socket)?;
    test.write_all(&call(&stdin)?)?;
    loop {
        let mut head = [0; 5];
        test.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap_or_default()];
        test.read_exact(&mut frame)?;
        // Whoever does not read any more has what it wanted.
        let _ = match kind {
            b'o' => io::stdout()
                .write_all(&frame)
                .and_then(|()| io::stdout().flush()),
            b'e' => io::stderr().write_all(&frame),
            _ => return Ok(frame.first().copied().unwrap_or(NO_REPLY)),
        };
    }
}

/// One line of JSON with program, arguments, environment and the length of stdin; then stdin.
fn call(stdin: &[u8]) -> io::Result<Vec<u8>> {
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let mut words = env::args_os();
    let program = words.next().unwrap_or_default();
    let args: Vec<String> = words.map(|word| text(&word)).collect();
    let variables: BTreeMap<String, String> = env::vars_os()
        .map(|(name, value)| (text(&name), text(&value)))
        .collect();
    let mut call = serde_json::to_vec(&serde_json::json!({
        "program": Path::new(&program).file_name().map(text),
        "args": args,
        "env": variables,
        "stdin": stdin.len(),
    }))?;
    call.push(b'\n');
    call.extend(stdin);
    Ok(call)
}
