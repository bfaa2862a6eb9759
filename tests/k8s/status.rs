//! `status`: what runs, and how it is.

use crate::golden::{Case, Given};

#[test]
fn status_shows_a_preview_that_is_up() {
    Case::of_cluster("status/of-a-preview", Given::Preview).run("k8s status --check");
}

#[test]
fn status_as_json_is_for_programs() {
    Case::of_cluster("status/of-a-preview-json", Given::Preview)
        .with_input_of("status/of-a-preview")
        .run("k8s status --output json");
}

#[test]
fn status_of_nothing_says_what_to_run() {
    Case::of_cluster("status/of-nothing", Given::Nothing).run("k8s status");
}

#[test]
fn status_of_a_stopped_cluster_is_a_status() {
    let stop = "k3d cluster stop golden";
    Case::of_cluster("status/of-a-stopped-cluster", Given::PreviewAfter(stop)).run("k8s status");
}

#[test]
fn status_says_what_is_wrong_and_what_to_do() {
    let lost = "kubectl set image deployment/ghillie '*=ghillie:lost' -n ghillie && sleep 20";
    Case::of_cluster("status/of-a-lost-image", Given::PreviewAfter(lost)).run("k8s status");
    Case::of_cluster("status/of-a-lost-image-check", Given::Preview)
        .with_input_of("status/of-a-lost-image")
        .run("k8s status --check");
}

#[test]
fn status_is_not_nothing_where_docker_cannot_be_asked() {
    Case::new("status/docker-down")
        .when_recorded("DOCKER_HOST", "unix:///nonexistent.sock")
        .run("k8s status");
}
