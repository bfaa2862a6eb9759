//! What one does with a preview all day: into its stores, a rest, and a change after each save.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use xtask::project::PROJECT;

use crate::command::{Running, ask, program, read};
use crate::harness::Test;
use crate::preview::{LONGEST, Preview};
use crate::ran::get;
use crate::stage::Stage;
use crate::workspace::{NAME_LINE, ROUTES};

/// What PostgreSQL's client asks first (`SSLRequest` of protocol 3); a server answers with one letter.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["daily":
        the_cluster_and_its_stores_are_at_hand,
        a_port_leads_to_a_store_until_ctrl_c,
        what_is_stopped_keeps_its_data,
        what_is_saved_runs_while_up_watches,
    ]
}

fn the_cluster_and_its_stores_are_at_hand(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    // when its stores are asked, then they answer, on stdout and as they would without us;
    prints(
        &preview,
        &[
            "psql",
            "--",
            "--no-align",
            "--tuples-only",
            "--command",
            "select 6 * 7",
        ],
        "42\n",
    )?;
    prints(&preview, &["valkey-cli", "--", "ping"], "PONG\n")?;
    // a statement that fails has the client's own exit status.
    preview
        .run(&["psql", "--", "--command", "select nonsense"])?
        .exits(1)?
        .says("nonsense")?;
    // When its cluster is asked, then by our own kubeconfig, which a shell can take over.
    let name = ["get", "namespace", PROJECT.namespace, "--output", "name"];
    let namespace = format!("namespace/{}\n", PROJECT.namespace);
    prints(
        &preview,
        &[&["kubectl", "--"], &name[..]].concat(),
        &namespace,
    )?;
    let export = preview.run(&["env"])?.stdout;
    let mut shell = program("sh");
    shell
        .args(["-c", &format!("{export}exec kubectl {}", name.join(" "))])
        .env("KUBECACHEDIR", preview.file("kube-cache"));
    ensure!(read(&mut shell)? == namespace, "{export}");
    // When the logs of all its parts are asked for, then each line says whose it is.
    let ran = preview.run(&["logs", "--component", "all", "--tail", "1"])?;
    ran.exits(0)?;
    for pod in ["ghillie-", "pg-ghillie-1", "valkey", "traefik"] {
        ensure!(
            ran.stdout.lines().any(|line| line.starts_with(pod)),
            "no line of {pod}\n{ran}"
        );
    }
    stage.keep(preview);
    Ok(())
}

fn a_port_leads_to_a_store_until_ctrl_c(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    let secret = preview.secret("pg-ghillie-app", "password")?;
    // when a port is forwarded, then it is printed as a URL without its password, and leads to the store;
    let (forward, url) = forwarded(&preview, &["forward", "postgres"])?;
    ensure!(!url.contains(&secret), "the password was printed");
    ensure!(
        matches!(answer(&url, &SSL_REQUEST)?.as_str(), "N" | "S"),
        "that is not PostgreSQL"
    );
    ends(forward, &url)?;
    // where it is asked for, the password stands in it, and is the right one.
    let (forward, url) = forwarded(&preview, &["forward", "valkey", "--show-secrets"])?;
    let (login, _) = url.split_once('@').context("no password in the URL")?;
    let (_, login) = login.split_once("://").context("not a URL")?;
    let question = format!("AUTH {}\r\n", login.replace(':', " "));
    let said = answer(&url, question.as_bytes())?;
    ensure!(
        said == "+OK\r\n",
        "not Valkey, or the wrong password: {said:?}"
    );
    ends(forward, &url)?;
    stage.keep(preview);
    Ok(())
}

fn what_is_stopped_keeps_its_data(stage: &mut Stage) -> Result<()> {
    // Given a preview with a row in its database,
    let preview = stage.running()?;
    preview.psql("create table kept (word text); insert into kept values ('here')")?;
    let containers = preview.containers()?;
    // when it is stopped, then nothing of it runs, and what shows a preview says so;
    preview.run(&["stop"])?.exits(0)?;
    let label = format!("label=k3d.cluster={}", preview.cluster);
    let running = ask("docker", &["ps", "--quiet", "--filter", &label])?;
    ensure!(running.is_empty(), "still running: {running}");
    preview.run(&["stop"])?.exits(0)?;
    preview
        .run(&["psql"])?
        .exits(1)?
        .says("is stopped")?
        .says("k8s start")?;
    // when it is started, then the same cluster answers, and the row is there.
    preview.run(&["start"])?.is_up()?;
    ensure!(
        preview.containers()? == containers,
        "the cluster was made anew"
    );
    ensure!(
        preview.psql("select word from kept")?.trim() == "here",
        "the row is gone"
    );
    preview.psql("drop table kept")?;
    stage.keep(preview);
    Ok(())
}

fn what_is_saved_runs_while_up_watches(stage: &mut Stage) -> Result<()> {
    // Given an `up` that watches,
    let preview = stage.running()?;
    let mut up = preview.start(&["up", "--watch"])?;
    up.until_says("watching the files", LONGEST)?;
    let url = up.printed();
    // when what does not compile is saved, then that is told, and it watches on;
    preview
        .workspace
        .replace(ROUTES, NAME_LINE, "\"name\" \"broken\"")?;
    up.until_says("watching on", LONGEST)?;
    // when what does is saved, then it answers.
    preview
        .workspace
        .replace(ROUTES, "\"name\" \"broken\"", "\"name\": \"ghillie saved\"")?;
    up.until_says("after the save", LONGEST)?;
    let (_, body) = get(url.trim_end())?;
    ensure!(
        body["name"] == "ghillie saved",
        "{body} answers:\n{}",
        up.said()
    );
    // Ctrl-C ends it, and is no error.
    let told = up.said().matches("error:").count();
    up.signal(Signal::INT)?;
    let ran = up.finish(LONGEST)?;
    ran.exits(130)?.says("no longer watching")?;
    ensure!(
        ran.stderr().matches("error:").count() == told,
        "an error\n{ran}"
    );
    preview.workspace.restore(ROUTES)?;
    preview.up()?;
    stage.keep(preview);
    Ok(())
}

fn prints(preview: &Preview, args: &[&str], words: &str) -> Result<()> {
    let ran = preview.run(args)?;
    ran.exits(0)?;
    ensure!(ran.stdout == words, "not {words:?}\n{ran}");
    Ok(())
}

/// Starts a `forward`, and waits for its URL.
fn forwarded(preview: &Preview, args: &[&str]) -> Result<(Running, String)> {
    let mut forward = preview.start(args)?;
    forward.until("the URL", LONGEST, |it| Ok(it.printed().ends_with('\n')))?;
    let url = forward.printed().trim_end().to_owned();
    Ok((forward, url))
}

/// Ends it as a user does, and fails where its port is still taken then.
fn ends(forward: Running, url: &str) -> Result<()> {
    forward.signal(Signal::INT)?;
    forward.finish(LONGEST)?.exits(130)?;
    ensure!(connect(url).is_err(), "the port still leads somewhere");
    Ok(())
}

/// What the server says first once it was sent this.
fn answer(url: &str, question: &[u8]) -> Result<String> {
    let mut stream = connect(url)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(question)?;
    let mut reply = [0; 64];
    let count = stream.read(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply[..count]).into_owned())
}

fn connect(url: &str) -> Result<TcpStream> {
    let (_, rest) = url
        .split_once("127.0.0.1:")
        .context("not a URL of this machine")?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Ok(TcpStream::connect(("127.0.0.1", port.parse()?))?)
}
