//! `up`: from nothing, again, and from whatever else is there.

use std::fs;

use crate::golden::{Case, Given};

#[test]
fn up_makes_a_preview_from_nothing() {
    Case::of_cluster("up/from-nothing", Given::Nothing).run("k8s up");
}

#[test]
fn up_makes_a_preview_with_the_other_valkey_operator() {
    Case::of_cluster("up/hyperspike", Given::Nothing)
        .variable("GHILLIE_K3D_VALKEY_OPERATOR", "hyperspike")
        .run("k8s up");
}

#[test]
fn up_again_changes_nothing() {
    Case::of_cluster("up/again", Given::Preview).run("k8s up");
}

#[test]
fn up_says_nothing_but_the_result_where_it_is_to_be_quiet() {
    Case::of_cluster("up/again-quiet", Given::Preview)
        .with_input_of("up/again")
        .run("k8s up --quiet --output json");
}

#[test]
fn up_starts_a_stopped_cluster() {
    let stop = "k3d cluster stop golden";
    Case::of_cluster("up/of-a-stopped-cluster", Given::PreviewAfter(stop)).run("k8s up");
}

#[test]
fn up_brings_a_changed_line_of_code_into_the_cluster_and_does_nothing_else() {
    let edit = r#"sed -i 's/"name": "ghillie/&-changed/' ghillie/src/routes.rs"#;
    Case::of_cluster("up/of-changed-code", Given::PreviewAfter(edit)).run("k8s up");
}

#[test]
fn up_deploys_the_image_that_is_there_where_none_is_to_be_built() {
    Case::of_cluster("up/skip-build", Given::Preview).run("k8s up --skip-build");
}

#[test]
fn up_shows_why_the_image_does_not_build() {
    let broken = "echo 'RUN echo no such thing && false' >> Dockerfile";
    Case::of_cluster("up/broken-dockerfile", Given::PreviewAfter(broken)).run("k8s up");
}

#[test]
fn up_leaves_another_worktrees_cluster_as_it_is() {
    Case::of_cluster("up/of-another-worktree", Given::Preview)
        .in_another_worktree()
        .run("k8s up");
}

#[test]
fn up_leaves_a_cluster_of_somebody_else_as_it_is() {
    let make = "k3d cluster create golden --image rancher/k3s:v1.33.4-k3s1 \
        --kubeconfig-update-default=false --port 127.0.0.1:0:80@loadbalancer";
    Case::of_cluster("up/of-somebody-else", Given::NothingBut(make)).run("k8s up");
}

#[test]
fn up_refuses_what_the_cluster_cannot_become() {
    Case::of_cluster("up/another-port", Given::Preview).run("k8s up --ingress-port 1");
    Case::of_cluster("up/other-agents", Given::Preview).run("k8s up --agents 3");
    Case::of_cluster("up/another-operator", Given::Preview)
        .run("k8s up --skip-build --valkey-operator hyperspike");
}

#[test]
fn up_refuses_another_image_than_the_nodes_have() {
    Case::of_cluster("up/another-image", Given::Preview)
        .run("k8s up --k3s-image rancher/k3s:v1.32.8-k3s1");
}

#[test]
fn up_names_who_has_the_port() {
    Case::of_cluster("up/port-taken", Given::Nothing).run("k8s up --ingress-port {PORT}");
}

#[test]
fn up_refuses_a_docker_that_is_on_another_machine() {
    Case::of_cluster("up/docker-host-elsewhere", Given::Nothing)
        .with_input_of("up/from-nothing")
        .variable("DOCKER_HOST", "tcp://build.example:2376")
        .run("k8s up");
    Case::of_cluster("up/docker-context-elsewhere", Given::Nothing)
        .with_input_of("up/from-nothing")
        .with_fixture("docker/context-inspect.elsewhere.txt")
        .in_workspace(|root| {
            let chosen = r#"{"auths": {}, "currentContext": "far"}"#;
            fs::write(root.join("../home/.docker/config.json"), chosen).unwrap();
        })
        .run("k8s up");
}
