//! `up --dry-run` and `render`: what would be done, with the tools that are there, or without any.

use std::fs;
use std::os::unix::fs::symlink;

use xtask::tools::{Cache, Tool, release};

use crate::golden::{Case, Given, repository};

/// The tools.
const ALL: [&str; 5] = ["docker", "docker-buildx", "k3d", "kubectl", "helm"];

#[test]
fn without_tools_the_plan_is_the_one_from_nothing() {
    Case::new("dry-run/from-nothing")
        .without(&ALL)
        .run("k8s up --dry-run");
    Case::new("dry-run/from-nothing-json")
        .without(&ALL)
        .run("k8s up --dry-run --output json");
}

#[test]
fn the_plan_where_there_is_no_cluster_names_what_makes_one() {
    Case::of_cluster("dry-run/of-nothing", Given::NoCluster)
        .with_input_of("up/from-nothing")
        .run("k8s up --dry-run");
    Case::of_cluster("dry-run/without-image-cache", Given::NoCluster)
        .with_input_of("up/from-nothing")
        .run("k8s up --dry-run --no-image-cache --agents 0");
}

#[test]
fn the_plan_for_a_preview_is_short() {
    Case::of_cluster("dry-run/again", Given::Preview).run("k8s up --dry-run");
}

#[test]
fn the_plan_for_a_preview_whose_image_stays_has_nothing_to_run() {
    Case::of_cluster("dry-run/skip-build", Given::NoCluster)
        .with_input_of("up/skip-build")
        .run("k8s up --dry-run --skip-build");
}

#[test]
fn the_plan_has_each_command_that_up_then_runs() {
    Case::of_cluster("dry-run/of-changed-code", Given::NoCluster)
        .with_input_of("up/of-changed-code")
        .run("k8s up --dry-run");
    let pairs = [
        ("dry-run/of-nothing", "up/from-nothing"),
        ("dry-run/of-changed-code", "up/of-changed-code"),
    ];
    for (plan, run) in pairs {
        let plan = planned(plan);
        for call in called(run) {
            let is_planned = plan.iter().any(|planned| fits(planned, &call));
            assert!(is_planned, "{run} runs what is not planned: {call:?}");
        }
    }
}

/// The commands that a dry run has shown.
fn planned(case: &str) -> Vec<Vec<String>> {
    let lines = golden(case, "stdout");
    let commands = lines.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = commands.filter(|line| !line.starts_with(' '));
    commands
        .map(|it| shell_words::split(it).expect("a command can be read"))
        .collect()
}

/// The commands that a run has run, but those that only ask what is there.
fn called(case: &str) -> Vec<Vec<String>> {
    let calls = golden(case, "calls").replace("----\n", "\n");
    let words = calls.split("\n\n").map(|call| {
        let is_variable = |line: &str| !line.starts_with(' ') && line.contains('=');
        let lines = call.lines().filter(|line| !is_variable(line));
        let words = lines.map(str::trim).filter(|word| !word.starts_with("< "));
        words.map(str::to_owned).collect::<Vec<_>>()
    });
    let asks = [
        "GET", "curl", "events", "get", "images", "info", "ps", "version",
    ];
    let is_question =
        |call: &Vec<String>| call.iter().take(5).any(|it| asks.contains(&it.as_str()));
    words.filter(|call| !is_question(call)).collect()
}

/// Whether a command is the one planned, in which something in angle brackets stands for what is only known then.
/// Which registries are reached is not asked for a plan.
fn fits(planned: &[String], call: &[String]) -> bool {
    let is_upstream = |it: &String| it.starts_with("REGISTRY_PROXY_REMOTEURL=");
    let mut planned: Vec<&String> = planned.iter().collect();
    if let Some(upstream) = planned.iter().position(|it| is_upstream(it)) {
        planned.drain(upstream - 1..=upstream);
    }
    let is_same = |(planned, is): (&&String, &String)| match planned.split_once('<') {
        Some((before, rest)) => {
            let after = rest.split_once('>').map_or("", |(_, after)| after);
            is.starts_with(before) && is.ends_with(after)
        }
        None => *planned == is,
    };
    planned.len() == call.len() && planned.iter().zip(call).all(is_same)
}

fn golden(case: &str, file: &str) -> String {
    let path = repository().join("tests/golden").join(case).join(file);
    fs::read_to_string(path).expect("a golden file can be read")
}

#[test]
fn a_tool_that_was_fetched_before_is_asked_too() {
    Case::of_cluster("dry-run/with-a-fetched-tool", Given::NoCluster)
        .with_input_of("dry-run/again")
        .without(&["kubectl", "k3d", "helm"])
        .in_workspace(|root| {
            let kubectl = release(Tool::Kubectl).unwrap();
            let cache = Cache::at(root.join("../cache/cargo-xtask-k8s"));
            let folder = cache.tool("kubectl", kubectl.version);
            fs::create_dir_all(&folder).unwrap();
            symlink(env!("CARGO_BIN_EXE_recorder"), folder.join("kubectl")).unwrap();
        })
        .run("k8s up --dry-run");
}

#[test]
fn what_cannot_be_asked_is_told_and_never_taken_for_nothing() {
    Case::new("dry-run/docker-down")
        .with_input_of("tools/daemon-down-up")
        .run("k8s up --dry-run");
    Case::of_cluster("dry-run/no-kubectl", Given::NoCluster)
        .with_input_of("dry-run/again")
        .without(&["kubectl"])
        .run("k8s up --dry-run");
    Case::of_cluster("dry-run/api-silent", Given::NoCluster)
        .with_input_of("dry-run/again")
        .with_fixture("kubectl/get-deployments.refused.txt")
        .run("k8s up --dry-run");
    Case::of_cluster("dry-run/stopped", Given::NoCluster)
        .with_input_of("status/of-a-stopped-cluster")
        .run("k8s up --dry-run");
}

#[test]
fn what_up_refuses_has_no_plan() {
    Case::of_cluster("dry-run/another-port", Given::NoCluster)
        .with_input_of("up/another-port")
        .run("k8s up --dry-run --ingress-port 1");
    Case::of_cluster("dry-run/other-agents", Given::NoCluster)
        .with_input_of("up/other-agents")
        .variable("GHILLIE_K3D_AGENTS", "0")
        .run("k8s up --dry-run");
    Case::of_cluster("dry-run/another-image", Given::NoCluster)
        .with_input_of("up/another-image")
        .run("k8s up --dry-run --k3s-image rancher/k3s:v1.32.8-k3s1");
    Case::of_cluster("dry-run/port-taken", Given::NoCluster)
        .with_input_of("up/port-taken")
        .run("k8s up --dry-run --ingress-port {PORT}");
    Case::of_cluster("dry-run/of-another-worktree", Given::NoCluster)
        .with_input_of("up/of-another-worktree")
        .in_another_worktree()
        .run("k8s up --dry-run");
}

#[test]
fn the_manifests_are_written_as_yaml() {
    Case::new("render/valkey-io")
        .without(&ALL)
        .run("k8s render");
    Case::new("render/hyperspike")
        .without(&ALL)
        .run("k8s render --valkey-operator hyperspike --namespace other");
}
