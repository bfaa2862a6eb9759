//! Recording: brings the real world into the state that a case begins with, runs the case with the real
//! programs, and keeps their replies.

use std::fs;
use std::sync::Mutex;

use serde_json::Value;
use xtask::helm::INPUTS_LABEL;
use xtask::project::PROJECT;

use super::case::{CLUSTER, Case, INPUT};
use super::inputs;
use super::names::Names;
use super::record::{Ports, Real};
use super::reply::Replies;
use super::waves::Pace;
use super::world::{World, copy, repository};

/// Our own files of the cluster that a run may read.
const STATE: [&str; 4] = ["begun.json", "cluster.json", "images.json", "kubeconfig"];
/// What an image is built from, beside what every case has.
const SOURCES: [&str; 4] = [
    ".dockerignore",
    "ghillie/Cargo.toml",
    "ghillie/Cargo.lock",
    "ghillie/src",
];
/// Which port of the host leads to a cluster, whether it runs or not.
const PORT: &str =
    r#"{{with index .HostConfig.PortBindings "80/tcp"}}{{(index . 0).HostPort}}{{end}}"#;

/// The operator of a preview that is given.
const OPERATOR: (&str, &str) = ("GHILLIE_K3D_VALKEY_OPERATOR", "valkey-io");

/// What is there when a case begins.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The case does not ask for the cluster.
    #[default]
    NoCluster,
    /// No cluster of the name.
    Nothing,
    /// No cluster of the name but what this shell command made.
    NothingBut(&'static str),
    /// A preview that is up.
    Preview,
    /// A preview that is up, but for what this shell command did to it.
    PreviewAfter(&'static str),
}

/// Records the replies of a case.
pub fn record(case: &Case, command: &str) {
    let world = World::staying(&repository().join("target/golden-record"));
    for path in SOURCES {
        copy(&repository().join(path), &world.root().join(path));
    }
    let names = world.names(case.cluster);
    given(case, &world, &names);
    for folder in INPUT {
        let _ = fs::remove_dir_all(case.folder.join(folder));
    }
    // What was fetched or told before is not asked for again.
    let _ = fs::remove_dir_all(world.path("cache"));
    let real = real(case, &world, &names);
    let mut run = case.prepare(&world, &names, command);
    run.real = Some(&real);
    keep_state(case, &world, &names);
    let seen = run.run(Replies::default(), Pace::Free);
    let said = seen.files.get("stderr").map(String::as_str);
    eprintln!("{}", said.unwrap_or_default());
    real.assert_kept_secret();
}

/// Brings about what is given, by the program itself.
fn given(case: &Case, world: &World, names: &Names) {
    let pass = |command: &str| -> Result<(), String> {
        let mut real = real(case, world, names);
        real.folder = world.path("not-kept");
        let mut run = Case::of_cluster("", Given::NoCluster).prepare(world, names, command);
        // A cluster keeps the operator that it has: another one is no preview as it is wanted.
        run.variables.insert(OPERATOR.0.into(), OPERATOR.1.into());
        run.variables.extend(case.variables.clone());
        run.real = Some(&real);
        let seen = run.run(Replies::default(), Pace::Free);
        let said = format!("{command}: {:?}", seen.files.get("stderr"));
        (seen.files["status"] == "0\n").then_some(()).ok_or(said)
    };
    let down = || pass("k8s down --adopt").expect("the cluster can be deleted");
    let preview = || {
        if pass("k8s up").is_err() {
            down();
            pass("k8s up").expect("the preview can be made");
        }
    };
    let shell = |command| {
        let (real, command) = (real(case, world, names), format!("{command} && echo done"));
        let said = real.read("sh", &["-ec", &command]);
        assert!(said.ends_with("done\n"), "{command}: {said}");
    };
    match case.given {
        Given::NoCluster => drop(fs::remove_dir_all(world.state(case.cluster))),
        Given::Nothing => down(),
        Given::NothingBut(command) => {
            down();
            shell(command);
        }
        Given::Preview => preview(),
        Given::PreviewAfter(command) => {
            preview();
            shell(command);
        }
    }
}

/// The real programs, and what they know that has a name.
fn real(case: &Case, world: &World, names: &Names) -> Real {
    let kubeconfig = world.state(case.cluster).join("kubeconfig");
    let mut variables = case.real_variables.clone();
    variables.insert(
        "KUBECONFIG".into(),
        kubeconfig.to_string_lossy().into_owned(),
    );
    let real = Real {
        folder: case.folder.join(INPUT[0]),
        root: world.root(),
        variables,
        ports: Mutex::default(),
        versions: Mutex::default(),
        secrets: Mutex::default(),
    };
    if case.given != Given::NoCluster {
        let balancer = format!("k3d-{CLUSTER}-serverlb");
        let port = real.read(
            "docker",
            &["container", "inspect", "--format", PORT, &balancer],
        );
        let port = port.trim().parse().unwrap_or_default();
        *real.ports.lock().expect("nobody else has it") = Ports {
            ours: 0,
            real: port,
        };
        name_inputs(&real, names);
    }
    real
}

/// Gives a name to the label that says what the application's release was made of.
fn name_inputs(real: &Real, names: &Names) {
    let (release, namespace) = (PROJECT.chart.release, PROJECT.namespace);
    let values = real.read(
        "helm",
        &["get", "values", release, "-n", namespace, "-o", "json"],
    );
    let values: Value = serde_json::from_str(&values).unwrap_or_default();
    let selector = format!("owner=helm,name={release},status=deployed");
    let labels = [
        "get", "secrets", "-n", namespace, "-l", &selector, "-o", "json",
    ];
    let labels: Value = serde_json::from_str(&real.read("kubectl", &labels)).unwrap_or_default();
    let label = labels["items"][0]["metadata"]["labels"][INPUTS_LABEL].as_str();
    let (tag, secret) = (
        &values["image"]["tag"],
        &values["secrets"]["resourceVersion"],
    );
    if let (Some(label), Some(tag), Some(secret)) = (label, tag.as_str(), secret.as_str()) {
        let name = inputs::name(tag, secret);
        names.set(name.trim_matches(['{', '}']), label);
    }
}

/// Keeps our own files of the cluster as they are before the run.
fn keep_state(case: &Case, world: &World, names: &Names) {
    for name in STATE {
        let Ok(text) = fs::read_to_string(world.state(case.cluster).join(name)) else {
            continue;
        };
        let (text, _) = super::redact::redact(&text);
        let folder = case.folder.join(INPUT[1]);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join(name), names.hide(&text)))
            .expect("the file can be written");
    }
}
