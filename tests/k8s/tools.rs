//! Tools that are missing, too old or unable are named before anything is touched, all at once.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::golden::{Case, Given};

/// An address where no daemon listens.
const NO_DAEMON: (&str, &str) = ("DOCKER_HOST", "unix:///nonexistent.sock");

#[test]
fn a_missing_tool_is_named_with_where_to_get_it() {
    Case::new("tools/docker-missing")
        .without(&["docker"])
        .run("k8s up --no-install");
    Case::new("tools/k3d-missing")
        .without(&["k3d"])
        .run("k8s up --no-install");
    Case::new("tools/kubectl-missing")
        .without(&["kubectl"])
        .run("k8s up --no-install");
    Case::new("tools/helm-missing")
        .without(&["helm"])
        .run("k8s up --no-install");
}

#[test]
fn dockers_plugin_for_builds_is_a_tool_too() {
    Case::new("tools/buildx-missing")
        .without(&["docker-buildx"])
        .with_fixture("docker/buildx-version.missing.txt")
        .run("k8s up --no-install");
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let all = ["docker", "docker-buildx", "k3d", "kubectl", "helm"];
    Case::new("tools/all-missing")
        .without(&all)
        .run("k8s up --no-install");
    Case::new("tools/all-missing-down")
        .without(&all)
        .run("k8s down");
}

#[test]
fn where_there_is_nothing_docker_is_enough_to_say_so() {
    for (folder, of, command) in [
        (
            "tools/none-needed-status",
            "status/of-nothing",
            "k8s status",
        ),
        ("tools/none-needed-logs", "logs/of-nothing", "k8s logs"),
        ("tools/none-needed-down", "down/of-nothing", "k8s down"),
    ] {
        Case::of_cluster(folder, Given::Nothing)
            .with_input_of(of)
            .without(&["docker-buildx", "k3d", "kubectl", "helm"])
            .run(command);
    }
}

#[test]
fn a_verb_needs_no_tool_that_it_does_not_use() {
    let without_those_of_up = |folder, of| {
        Case::of_cluster(folder, Given::Preview)
            .with_input_of(of)
            .without(&["docker-buildx", "helm"])
    };
    without_those_of_up("tools/down-of-a-preview", "down/of-a-preview")
        .without(&["kubectl"])
        .run("k8s down");
    without_those_of_up("tools/logs-of-a-preview", "logs/of-the-application")
        .without(&["k3d"])
        .run("k8s logs");
    without_those_of_up("tools/status-of-a-preview", "status/of-a-preview")
        .without(&["k3d"])
        .run("k8s status");
}

#[test]
fn only_up_fetches_what_another_verb_misses() {
    let missing = ["docker-buildx", "k3d", "kubectl", "helm"];
    for (folder, of, command) in [
        (
            "tools/needed-by-status",
            "status/of-a-preview",
            "k8s status",
        ),
        (
            "tools/needed-by-logs",
            "logs/of-the-application",
            "k8s logs",
        ),
        ("tools/needed-by-down", "down/of-a-preview", "k8s down"),
        (
            "tools/needed-for-its-kubeconfig",
            "up/of-somebody-else",
            "k8s logs",
        ),
    ] {
        Case::of_cluster(folder, Given::Preview)
            .with_input_of(of)
            .without(&missing)
            .run(command);
    }
}

#[test]
fn without_curl_nothing_can_be_fetched() {
    Case::new("tools/no-curl")
        .without(&["k3d", "curl"])
        .run("k8s up");
}

#[test]
fn all_that_is_too_old_is_named_at_once() {
    Case::new("tools/too-old")
        .where_tools_say("v0.9.1", "v0.28.0")
        .where_tools_say("v4.4.8", "v5.8.3")
        .where_tools_say("v1.27.16", "v1.33.1")
        .where_tools_say("v3.13.3", "v3.18.6")
        .run("k8s up --no-install");
}

#[test]
fn a_tool_that_may_not_be_executed_is_told_from_a_missing_one() {
    Case::new("tools/not-executable")
        .without(&["helm"])
        .in_workspace(|root| {
            let helm = root.join("../bin/helm");
            fs::write(&helm, "").unwrap();
            fs::set_permissions(helm, Permissions::from_mode(0o644)).unwrap();
        })
        .run("k8s up --no-install");
}

#[test]
fn a_daemon_that_does_not_answer_is_told_before_anything_is_made() {
    Case::new("tools/daemon-down-up")
        .when_recorded(NO_DAEMON.0, NO_DAEMON.1)
        .run("k8s up");
    Case::new("tools/daemon-down-down")
        .when_recorded(NO_DAEMON.0, NO_DAEMON.1)
        .run("k8s down");
}
