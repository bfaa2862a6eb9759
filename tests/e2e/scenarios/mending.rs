//! What somebody changed by hand is as it should be after the next `up`.

use anyhow::{Result, ensure};
use xtask::project::PROJECT;

use crate::command::{ask, program, read};
use crate::harness::Test;
use crate::preview::Preview;
use crate::stage::Stage;

/// A change, by what it is, and how it is made.
type Damage = (&'static str, fn(&Preview) -> Result<()>);

const DAMAGES: [Damage; 8] = [
    ("its Deployment is deleted", |preview| {
        preview
            .kubectl(&["delete", "deployment", PROJECT.chart.release])
            .map(drop)
    }),
    ("it is scaled to nothing", |preview| {
        preview
            .kubectl(&[
                "scale",
                "deployment",
                PROJECT.chart.release,
                "--replicas",
                "0",
            ])
            .map(drop)
    }),
    ("a URL in its Secret is changed", |preview| {
        preview.set_secret(
            PROJECT.secret,
            "DATABASE_URL",
            "postgresql://nobody@nowhere/nothing",
        )
    }),
    ("its Secret is deleted", |preview| {
        preview
            .kubectl(&["delete", "secret", PROJECT.secret])
            .map(drop)
    }),
    ("its Ingress is deleted", |preview| {
        preview
            .kubectl(&["delete", "ingress", PROJECT.chart.release])
            .map(drop)
    }),
    ("its image is removed from the nodes", remove_image),
    ("the Valkey operator is uninstalled", |preview| {
        uninstall(preview, "valkey-operator")
    }),
    ("its release is uninstalled", |preview| {
        uninstall(preview, PROJECT.chart.release)
    }),
];

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["mending": what_somebody_changed_is_mended]
}

fn what_somebody_changed_is_mended(stage: &mut Stage) -> Result<()> {
    // Given a preview,
    let preview = stage.running()?;
    let containers = preview.containers()?;
    for (what, damage) in DAMAGES {
        // when something of it is changed by hand, and `up` is run,
        damage(&preview)?;
        let ran = preview
            .up()
            .map_err(|error| error.context(format!("when {what}")))?;
        // then it answers, and not because it was made anew.
        println!("    {what}: mended in {:.1} s", ran.took.as_secs_f64());
        ensure!(
            preview.containers()? == containers,
            "the cluster was made anew when {what}"
        );
    }
    stage.keep(preview);
    Ok(())
}

fn remove_image(preview: &Preview) -> Result<()> {
    let image = format!("docker.io/library/{}", preview.deployed()?);
    for node in preview.nodes()? {
        ask("docker", &["exec", &node, "ctr", "images", "rm", &image])?;
    }
    preview.kubectl(&[
        "delete",
        "pods",
        "--selector",
        "app.kubernetes.io/instance=ghillie",
        "--wait=false",
    ])?;
    Ok(())
}

/// Uninstalls a release with helm, as a user would.
fn uninstall(preview: &Preview, release: &str) -> Result<()> {
    let namespace = if release == PROJECT.chart.release {
        PROJECT.namespace.to_owned()
    } else {
        format!("{release}-system")
    };
    let mut helm = program("helm");
    helm.args(["uninstall", release, "--namespace", &namespace, "--wait"]);
    helm.args([
        "--kubeconfig",
        &preview.file("kubeconfig").display().to_string(),
    ]);
    for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        helm.env(home, preview.folder());
    }
    read(&mut helm).map(drop)
}
