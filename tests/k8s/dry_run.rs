//! `up --dry-run` and `render`: what would be done, with the tools that are there, or without any.

use std::fs;
use std::os::unix::fs::symlink;

use xtask::tools::{Cache, Tool, release};

use crate::golden::{Case, Given};

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
