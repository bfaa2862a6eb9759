//! The developer's day: a changed line of code, a changed chart, no build.

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::command::ask;
use crate::harness::Test;
use crate::inside::{node_images, node_records};
use crate::machine::Things;
use crate::preview::{LONGEST, Preview};
use crate::ran::get;
use crate::stage::Stage;
use crate::workspace::{NAME_LINE, ROUTES};

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["changes":
        a_changed_line_is_running_after_up,
        a_build_removes_the_image_that_it_takes_the_name_of,
    ]
}

/// In a cluster without agents, and from a folder whose name is hard to quote.
fn a_changed_line_is_running_after_up(stage: &mut Stage) -> Result<()> {
    // Given a workspace in such a folder, and no agents,
    let preview = stage.preview_in("it's \"my\" Öko-Träume @work, 100%, a=b")?;
    let ran = preview.run(&["up", "--agents", "0"])?;
    ran.is_up()?;
    ensure!(preview.nodes()?.len() == 1, "there are agents\n{ran}");
    let first = preview.deployed()?;
    let mut built = vec![(first.clone(), id(&first)?)];

    // when a line of the service is changed and `up` is run, each of three times,
    for name in ["one", "two", "three"] {
        preview.workspace.restore(ROUTES)?;
        preview
            .workspace
            .replace(ROUTES, NAME_LINE, &format!("\"name\": \"ghillie {name}\""))?;
        let ran = preview.up()?;
        // then that line is running,
        let (_, body) = get(ran.stdout.trim_end())?;
        ensure!(
            body["name"] == format!("ghillie {name}"),
            "{body} answers\n{ran}"
        );
        let image = preview.deployed()?;
        built.push((image.clone(), id(&image)?));
        println!("    {name}: running after {:.1} s", ran.took.as_secs_f64());
    }
    // and images of earlier runs do not pile up.
    let last = preview.deployed()?;
    keeps_two(&preview, &last, &built)?;
    ensure!(first != last, "the image has not changed");

    // When nothing is to be built, then what is there is deployed, and said.
    preview
        .workspace
        .replace(ROUTES, "ghillie three", "ghillie four")?;
    let ran = preview.run(&["up", "--skip-build"])?;
    ran.is_up()?;
    ran.says(&last)?;
    ensure!(
        preview.deployed()? == last,
        "another image was deployed\n{ran}"
    );

    // When the values are changed, then the pods have them, from the same image.
    let values = "podAnnotations:\n  changed: \"yes\"\n";
    preview
        .workspace
        .append(xtask::project::PROJECT.chart.values, values)?;
    let ran = preview.run(&["up", "--skip-build"])?;
    ran.is_up()?;
    let deployment = preview.object(&["deployment", "ghillie"])?;
    let changed = deployment.pointer("/spec/template/metadata/annotations/changed");
    ensure!(
        changed.is_some_and(|it| it == "yes"),
        "the values were not used\n{ran}"
    );
    preview.down().map(drop)
}

fn a_build_removes_the_image_that_it_takes_the_name_of(stage: &mut Stage) -> Result<()> {
    let preview = stage.preview()?;
    let mut ids = Vec::new();
    for name in ["five", "six"] {
        // Given a build whose preview is gone, so that its image is `local` and no more,
        preview.workspace.restore(ROUTES)?;
        let line = format!("\"name\": \"ghillie {name} {}\"", std::process::id());
        preview.workspace.replace(ROUTES, NAME_LINE, &line)?;
        let mut up = preview.start(&["up"])?;
        up.until_done("image", LONGEST)?;
        up.signal(Signal::TERM)?;
        up.finish(LONGEST)?;
        preview.down()?;
        ids.push(id("ghillie:local")?);
    }
    // when another is built, then the first is gone, and the second is not.
    ensure!(id(&ids[0]).is_err(), "{} is left", ids[0]);
    id(&ids[1]).map(drop)
}

/// `built` are the names and the ids of all images that were built.
fn keeps_two(preview: &Preview, current: &str, built: &[(String, String)]) -> Result<()> {
    for node in preview.nodes()? {
        let images = node_images(&node)?;
        ensure!(images.len() == 2, "{node} has {images:?}");
        ensure!(
            images.iter().any(|tag| current.ends_with(tag)),
            "{node} has {images:?}"
        );
        let records = node_records(&node)?;
        let is_recorded = |tag: &str| records.iter().any(|digest| digest.starts_with(tag));
        let tags = built.iter().filter_map(|(name, _)| name.rsplit_once(':'));
        let recorded: Vec<&str> = tags
            .map(|(_, tag)| tag)
            .filter(|tag| is_recorded(tag))
            .collect();
        ensure!(
            recorded.iter().all(|tag| images.iter().any(|it| it == tag)),
            "{node} has {images:?}, and still records {recorded:?}"
        );
    }
    let now = Things::seen()?.images.into_keys();
    let new: Vec<_> = now
        .filter(|tag| !preview.before.images.contains_key(tag))
        .collect();
    ensure!(new.len() <= 2, "Docker has {new:?}");
    for (_, id) in built {
        let names = ask(
            "docker",
            &["image", "inspect", "--format", "{{.RepoTags}}", id],
        );
        ensure!(
            names.unwrap_or_default().trim() != "[]",
            "{id} has lost its name and is left"
        );
    }
    Ok(())
}

fn id(image: &str) -> Result<String> {
    let id = ask(
        "docker",
        &["image", "inspect", "--format", "{{.Id}}", image],
    )?;
    Ok(id.trim().to_owned())
}
