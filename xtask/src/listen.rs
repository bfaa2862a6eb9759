//! Ports of this machine on 127.0.0.1: free ones, and who has one that is taken.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

use crate::cmd::Cmd;
use crate::exec::Exec;
use crate::names::Port;
use crate::settings::Origin;

/// A port that nobody listens on.
///
/// # Errors
/// Where the system has none.
pub fn free() -> Result<Port> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(Port(listener.local_addr()?.port()))
}

/// The port that was asked for, where it can be listened on.
///
/// # Errors
/// Where it cannot: names who asks for it, and who has it.
pub fn check(exec: &Exec, asked: Port, from: &Origin) -> Result<Port> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, asked.0)) {
        Ok(_) => Ok(asked),
        Err(error) => bail!(
            "port {asked} of 127.0.0.1, which {from} asks for, cannot be used: {error}{}; choose another one, or none for a free one",
            holder(exec, asked),
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
