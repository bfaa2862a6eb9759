//! `down` removes all that is ours and looks whether it is gone, or says what is left.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::told;
use crate::command::ask;
use crate::harness::Test;
use crate::stage::Stage;
use crate::workspace::{NAME_LINE, ROUTES};

/// The tests; the last deletes the preview that was shared.
pub fn tests() -> Vec<Test> {
    tests!["faults::going_down":
        docker_that_does_not_answer,
        an_image_in_use,
        a_network_in_use,
    ]
}

fn docker_that_does_not_answer(stage: &mut Stage) -> Result<()> {
    // Given a preview, and a daemon that does not answer,
    let mut preview = stage.running()?;
    preview.set("DOCKER_HOST", "unix:///nonexistent.sock");
    for verb in ["down", "up"] {
        // when a command is run, then it fails and says so, though k3d would say that all is well.
        let ran = preview.run(&[verb])?;
        ran.exits(1)?
            .within(10)?
            .says("daemon does not answer at unix:///nonexistent.sock")?;
        stage.report.add(
            &format!("Docker is down (`{verb}`)"),
            Some(ran.took),
            None,
            &told(&ran)?,
        );
    }
    preview.unset("DOCKER_HOST");
    preview.up()?.within(15)?;
    stage.keep(preview);
    Ok(())
}

fn an_image_in_use(stage: &mut Stage) -> Result<()> {
    // Given a preview whose first image somebody runs, and which has another one since,
    let preview = stage.preview()?;
    let mut guest = None;
    let mut first = String::new();
    for name in ["first", "second", "third", "fourth"] {
        preview.workspace.restore(ROUTES)?;
        let line = format!("\"name\": \"ghillie {name} {}\"", std::process::id());
        preview.workspace.replace(ROUTES, NAME_LINE, &line)?;
        // whose name cannot be removed, which is no reason to fail;
        let ran = preview.up()?;
        if guest.is_none() {
            first = preview.deployed()?;
            guest = Some(Guest::of("none", &first)?);
        } else if name == "fourth" {
            ran.says(&format!("the image {first} stays for now"))?;
        }
    }

    // when it is deleted, then the image is named, and all else is gone;
    let ran = preview.start(&["down"])?.finish(Duration::from_secs(90))?;
    ran.exits(1)?.says(&format!("left behind: image {first}"))?;
    preview.is_gone()?;
    // and when nobody runs it, then it goes too.
    drop(guest);
    let again = preview.down()?;
    let is_there = ask("docker", &["image", "inspect", &first]).is_ok();
    ensure!(!is_there, "the image {first} is left");
    let (took, recovered) = (Some(ran.took), Some(again.took));
    stage
        .report
        .add("an image in use", took, recovered, &told(&ran)?);
    Ok(())
}

fn a_network_in_use(stage: &mut Stage) -> Result<()> {
    // Given a preview, with a container of somebody else's in its network, and one that is stuck,
    let preview = stage.running()?;
    let server = format!("k3d-{}-server-0", preview.cluster);
    let network = format!("k3d-{}", preview.cluster);
    let image = ask("docker", &["inspect", "--format", "{{.Image}}", &server])?;
    let guest = Guest::of(&network, image.trim())?;
    ask("docker", &["pause", &server])?;

    // when it is deleted, then what is left is named, and the guest is as it was;
    let ran = preview.start(&["down"])?.finish(Duration::from_secs(90))?;
    ran.exits(1)?.says("left behind")?.says(&network)?;
    ensure!(guest.runs()?, "somebody else's container was ended\n{ran}");
    // and when the guest is gone, then all of it is.
    drop(guest);
    let again = preview.down()?;
    stage.report.add(
        "a network in use",
        Some(ran.took),
        Some(again.took),
        &told(&ran)?,
    );
    Ok(())
}

/// A container of somebody else's. Dropped, it is removed.
struct Guest(String);

impl Guest {
    fn of(network: &str, image: &str) -> Result<Self> {
        let sleep = ["--entrypoint", "sleep", image, "600"];
        let run = ["run", "--detach", "--network", network];
        let id = ask("docker", &[run.as_slice(), &sleep].concat())?;
        Ok(Self(id.trim().to_owned()))
    }

    fn runs(&self) -> Result<bool> {
        let state = ask(
            "docker",
            &["inspect", "--format", "{{.State.Running}}", &self.0],
        )?;
        Ok(state.trim() == "true")
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = ask("docker", &["rm", "--force", "--volumes", &self.0]);
    }
}
