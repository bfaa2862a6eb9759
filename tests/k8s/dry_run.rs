//! `up --dry-run` and `render`: what would be done, without a tool.

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
fn the_plan_for_a_preview_is_short() {
    Case::of_cluster("dry-run/again", Given::Preview).run("k8s up --dry-run");
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
