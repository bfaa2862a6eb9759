//! The four: from nothing, again, status (and logs), delete.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::project::PROJECT;

use super::neighbours::Neighbour;
use crate::command::ask;
use crate::harness::Test;
use crate::inside::node_images;
use crate::machine::{is_loopback, listening};
use crate::preview::{LONGEST, Preview};
use crate::processes::Spy;
use crate::ran::{Ran, get};
use crate::stage::Stage;

/// Those that leave the preview up.
pub fn tests() -> Vec<Test> {
    tests!["four_scenarios": create_from_scratch, up_again, status, logs]
}

/// The one that deletes it.
pub fn last() -> Vec<Test> {
    tests!["four_scenarios": delete]
}

fn create_from_scratch(stage: &mut Stage) -> Result<()> {
    // Given a machine without a preview, and somebody else's cluster,
    stage.leave();
    let preview = stage.preview()?;
    let neighbour = Neighbour::moves_in()?;
    let before = listening();

    // when `up` is run, as talkative as can be,
    let spy = Spy::on(&preview.cluster);
    let ran = preview.start(&["up", "-vv"])?.finish(LONGEST)?;
    let seen = spy.tell();

    // then the URL alone is on stdout, and it answers with the image that the cluster has,
    ran.is_up()?;
    let (status, body) = get(ran.stdout.trim_end())?;
    ensure!(status == 200, "the URL answers {status}");
    let image = preview.deployed()?;
    ensure!(
        body["image"] == Value::String(image.clone()),
        "{body} is not of {image}"
    );
    for node in preview.nodes()? {
        let images = node_images(&node)?;
        ensure!(
            images.iter().any(|tag| image.ends_with(tag)),
            "{node} has {images:?}"
        );
    }
    // everything listens on loopback only,
    is_local_only(&preview)?;
    let new: Vec<String> = listening().difference(&before).cloned().collect();
    ensure!(!new.is_empty(), "nothing listens");
    ensure!(
        new.iter().all(|it| is_loopback(it)),
        "listens to all: {new:?}"
    );
    // no secret was seen anywhere but where it belongs,
    let passwords = passwords(&preview)?;
    are_hidden(
        &passwords,
        &ran,
        &seen.into_iter().collect::<Vec<_>>().join("\n"),
    )?;
    are_in_private_files(&passwords, &preview.file(""))?;
    // and nobody else's things were touched.
    neighbour.is_untouched()?;
    stage.keep(preview);
    Ok(())
}

fn up_again(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    let (containers, revision) = (preview.containers()?, application(&preview)?);
    let pods = preview.object(&["pods"])?["items"].clone();

    // when `up` is run again,
    let ran = preview.up()?;

    // then it is soon done, and nothing was made anew.
    ran.within(15)?;
    ensure!(
        preview.containers()? == containers,
        "the cluster was made anew"
    );
    ensure!(
        application(&preview)? == revision,
        "the release was upgraded"
    );
    let names = |pods: &Value| -> Vec<String> {
        let pods = pods.as_array().into_iter().flatten();
        pods.map(|pod| pod["metadata"]["uid"].to_string()).collect()
    };
    let now = preview.object(&["pods"])?["items"].clone();
    ensure!(names(&now) == names(&pods), "pods were replaced");
    stage.keep(preview);
    Ok(())
}

fn status(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    let url = preview.up()?.stdout;

    // when its status is asked for,
    let ran = preview.run(&["status"])?;
    let json = preview.run(&["status", "--output", "json"])?;

    // then the report is on stdout: the URL, the image, the stores; for programs too.
    ran.exits(0)?;
    let image = preview.deployed()?;
    for words in [url.trim_end(), &image, "PostgreSQL", "Valkey"] {
        ensure!(
            ran.stdout.contains(words),
            "the report lacks {words}\n{ran}"
        );
    }
    json.exits(0)?;
    let report: Value = serde_json::from_str(&json.stdout).context("the report as JSON")?;
    ensure!(
        report.to_string().contains(url.trim_end()),
        "no URL\n{json}"
    );
    preview.run(&["status", "--check"])?.exits(0)?;

    // When the application is not ready, then the report says so and is a report all the same.
    preview.kubectl(&[
        "scale",
        "deployment",
        PROJECT.chart.release,
        "--replicas",
        "0",
    ])?;
    preview.run(&["status"])?.exits(0)?;
    preview.run(&["status", "--check"])?.exits(1)?;
    preview.up()?;
    preview.run(&["status", "--check"])?.exits(0)?;
    stage.keep(preview);
    Ok(())
}

fn logs(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;

    // when its log is asked for, then it is on stdout, from its first line on.
    let ran = preview.run(&["logs"])?;
    ran.exits(0)?;
    ensure!(ran.stdout.contains("listening"), "no first line\n{ran}");

    // When it is followed, and the pods are replaced, then the new pod's lines come too,
    let mut following = preview.start(&["logs", "--follow"])?;
    let first = |text: &str| text.matches("listening").count();
    following.until(
        "the first line",
        LONGEST,
        |it| Ok(first(&it.printed()) == 1),
    )?;
    preview.kubectl(&["rollout", "restart", "deployment", PROJECT.chart.release])?;
    following.until("the new pod's first line", LONGEST, |it| {
        Ok(first(&it.printed()) == 2)
    })?;

    // and Ctrl-C ends it quietly.
    following.signal(rustix::process::Signal::INT)?;
    let ran = following.finish(LONGEST)?;
    ran.exits(130)?;
    ensure!(ran.error().len() <= 1, "not quiet\n{ran}");
    preview.up()?;
    stage.keep(preview);
    Ok(())
}

fn delete(stage: &mut Stage) -> Result<()> {
    // Given a preview and somebody else's cluster,
    let preview = stage.running()?;
    let neighbour = Neighbour::moves_in()?;

    // when it is deleted, then nothing of it is left, and nobody else's things were touched.
    preview.down()?;
    neighbour.is_untouched()?;

    // When there is none, then that is fine for `down`, and said.
    preview.down()?.says("does not exist")?;
    // What shows a preview says that there is none, and what to run.
    for verb in ["status", "logs"] {
        let ran = preview.run(&[verb])?;
        ran.exits(1)?.says("does not exist")?.says("k8s up")?;
        ensure!(ran.stdout.is_empty(), "nothing is printed\n{ran}");
    }
    Ok(())
}

fn application(preview: &Preview) -> Result<u32> {
    preview.revision(PROJECT.chart.release, PROJECT.namespace)
}

/// Fails where a container of the cluster publishes a port to more than this machine.
fn is_local_only(preview: &Preview) -> Result<()> {
    for name in preview.containers()?.keys() {
        let ports = ask("docker", &["port", name])?;
        for line in ports.lines() {
            let host = line.rsplit("-> ").next().unwrap_or_default();
            ensure!(host.starts_with("127.0.0.1:"), "{name} publishes {line}");
        }
    }
    Ok(())
}

/// The passwords of a preview's stores, as they are and as they stand in URLs, and the cluster's token.
fn passwords(preview: &Preview) -> Result<Vec<String>> {
    let mut passwords = vec![preview.secret("pg-ghillie-app", "password")?];
    for key in ["DATABASE_URL", "VALKEY_URL"] {
        let url = preview.secret(PROJECT.secret, key)?;
        let authority = url.split(['/', '@']).nth(2).unwrap_or_default();
        let (_, password) = authority
            .split_once(':')
            .context("a URL without a password")?;
        passwords.push(password.to_owned());
    }
    ensure!(
        passwords.iter().all(|it| it.len() >= 8),
        "no passwords to look for"
    );
    Ok(passwords)
}

fn are_hidden(passwords: &[String], ran: &Ran, processes: &str) -> Result<()> {
    ensure!(
        processes.contains("kubectl") && processes.contains("helm"),
        "nothing was seen"
    );
    for password in passwords {
        ensure!(
            !processes.contains(password),
            "a process had a password in its arguments or environment"
        );
        ensure!(!ran.stderr().contains(password), "a password was said");
        ensure!(!ran.stdout.contains(password), "a password was printed");
    }
    Ok(())
}

/// Our own files may hold a password where nobody else can read them.
fn are_in_private_files(passwords: &[String], folder: &Path) -> Result<()> {
    for path in files(folder)? {
        let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let is_secret =
            passwords.iter().any(|it| text.contains(it)) || path.ends_with("kubeconfig");
        ensure!(
            !is_secret || mode == 0o600,
            "{} has mode {mode:o}",
            path.display()
        );
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
