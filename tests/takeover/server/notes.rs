//! Notes, a second application that `cargo xtask k8s` is taken over for: as small as it can be. It says which
//! image runs, and whether it reaches its PostgreSQL.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use std::{env, thread};

/// How long PostgreSQL may take to take a connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the application is told by its environment.
pub struct Settings {
    /// The image that runs.
    pub image: String,
    /// PostgreSQL's URL.
    pub database: String,
}

fn main() -> Result<()> {
    let variable = |name| env::var(name).unwrap_or_default();
    let settings = Settings {
        image: variable("NOTES_IMAGE"),
        database: variable("NOTES_DATABASE"),
    };
    let listener = TcpListener::bind("0.0.0.0:8000")?;
    println!("notes: listening on {}", listener.local_addr()?);
    serve(&listener, settings)
}

/// Answers each request in a thread of its own.
pub fn serve(listener: &TcpListener, settings: Settings) -> Result<()> {
    let settings = Arc::new(settings);
    loop {
        let (stream, _) = listener.accept()?;
        let settings = Arc::clone(&settings);
        // Who asks may go before the answer comes.
        thread::spawn(move || answer(&stream, &settings));
    }
}

fn answer(mut stream: &TcpStream, settings: &Settings) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // A request that is not read to its end is answered with a reset.
    for header in lines {
        if header?.is_empty() {
            break;
        }
    }
    let (status, body) = match request.split(' ').nth(1) {
        Some("/ready") => ready(settings),
        Some("/") => ("200 OK", r#"{"name":"notes"}"#.to_owned()),
        _ => ("404 Not Found", "{}".to_owned()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn ready(settings: &Settings) -> (&'static str, String) {
    let reached = is_reached(&settings.database);
    let status = if reached {
        "200 OK"
    } else {
        "503 Service Unavailable"
    };
    let image = &settings.image;
    let body = format!(r#"{{"version":{{"image":"{image}"}},"checks":{{"database":{reached}}}}}"#);
    (status, body)
}

/// Whether the server of `postgresql://user:password@host:port/database` takes a connection.
fn is_reached(url: &str) -> bool {
    let server = url
        .rsplit('@')
        .next()
        .and_then(|rest| rest.split('/').next());
    let addresses = server.and_then(|server| server.to_socket_addrs().ok());
    let mut addresses = addresses.into_iter().flatten();
    addresses.any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}
