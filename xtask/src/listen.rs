//! Ports of this machine on 127.0.0.1: free ones, and who has one that is taken.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::io::Errno;

use crate::cmd::Cmd;
use crate::config::Preview;
use crate::exec::Exec;
use crate::names::Port;
use crate::settings::Origin;

/// How long a port of this machine may take to say that somebody listens on it.
const ANSWER: Duration = Duration::from_millis(500);

/// Who is to listen on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// A program of the user's, such as kubectl.
    User,
    /// Docker's daemon, which may listen on ports below 1024 whoever asks for it.
    Docker,
}

/// A port that nobody listens on.
///
/// # Errors
/// Where the system has none.
pub fn free() -> Result<Port> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(Port(listener.local_addr()?.port()))
}

/// Looks whether a port can be listened on.
///
/// # Errors
/// Why it cannot, as the system says it.
pub fn test(port: Port, by: Listener) -> io::Result<()> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port.0));
    judge(bound.map(drop), port, by)
}

/// What it means for `by` that we could listen ourselves or not: a port that we may not have is free for Docker,
/// unless somebody answers there.
fn judge(bound: io::Result<()>, port: Port, by: Listener) -> io::Result<()> {
    match bound {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && by == Listener::Docker => {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.0));
            match TcpStream::connect_timeout(&address, ANSWER) {
                Ok(_) => Err(Errno::ADDRINUSE.into()),
                Err(_) => Ok(()),
            }
        }
        bound => bound,
    }
}

/// The port that was asked for, where it can be listened on.
///
/// # Errors
/// Where it cannot: names who asks for it, and who has it.
pub fn check(exec: &Exec, asked: Port, from: &Origin, by: Listener) -> Result<Port> {
    match test(asked, by) {
        Ok(()) => Ok(asked),
        Err(error) => bail!(
            "port {asked} of 127.0.0.1, which {from} asks for, cannot be used: {error}{}; choose another one, or none for a free one",
            holder(exec, asked),
        ),
    }
}

/// Looks whether a stopped cluster can have its port again, on which somebody else may listen by now.
///
/// # Errors
/// Where it cannot: names who has it.
pub fn check_again(exec: &Exec, preview: &Preview, port: Port) -> Result<()> {
    match test(port, Listener::Docker) {
        Ok(()) => Ok(()),
        Err(error) => bail!(
            "port {port} of 127.0.0.1, which the cluster {} has, cannot be used: {error}{}; end what listens there, or delete the preview first: {}",
            preview.cluster,
            holder(exec, port),
            preview.command("down"),
        ),
    }
}

/// Who listens on a port, where the system tells: `ss` of Linux, `lsof` elsewhere.
fn holder(exec: &Exec, port: Port) -> String {
    let filter = format!("sport = :{port}");
    let ss = Cmd::new("ss").args(["-H", "-l", "-t", "-n", "-p", &filter]);
    let lsof = Cmd::new("lsof").args(["-nP", "-sTCP:LISTEN", &format!("-iTCP:{port}")]);
    let process = exec.read(&ss).ok().and_then(|reply| {
        let (_, users) = reply.split_once("users:((")?;
        let mut words = users.split(['"', ',', ')']).filter(|word| !word.is_empty());
        Some(format!(
            " (by {} {})",
            words.next()?,
            words.next()?.replace('=', " ")
        ))
    });
    process
        .or_else(|| {
            let reply = exec.read(&lsof).ok()?;
            let mut words = reply.lines().nth(1)?.split_whitespace();
            Some(format!(" (by {} pid {})", words.next()?, words.next()?))
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_only_docker_may_have_is_free_unless_somebody_answers() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = Port(listener.local_addr().unwrap().port());
        // As the system refuses ports below 1024 to all but root.
        let judged = |by| {
            let refused = Err(ErrorKind::PermissionDenied.into());
            judge(refused, port, by).map_err(|error| error.kind())
        };
        assert_eq!(judged(Listener::Docker), Err(ErrorKind::AddrInUse));
        drop(listener);
        assert_eq!(judged(Listener::Docker), Ok(()));
        assert_eq!(judged(Listener::User), Err(ErrorKind::PermissionDenied));
    }

    #[test]
    fn a_port_that_somebody_has_is_free_for_nobody() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = Port(listener.local_addr().unwrap().port());
        let tested = |by| test(port, by).map_err(|error| error.kind());
        for by in [Listener::User, Listener::Docker] {
            assert_eq!(tested(by), Err(ErrorKind::AddrInUse));
        }
        drop(listener);
        assert_eq!(tested(Listener::Docker), Ok(()));
    }
}
