//! Bad input is met before anything runs: exit status 2, the value, what is allowed, where it came from.

use std::fs;

use crate::golden::Case;

#[test]
fn a_port_is_a_number_from_1_to_65535() {
    Case::new("bad-input/port-0").run("k8s up --ingress-port 0");
    Case::new("bad-input/port-too-high").run("k8s up --ingress-port 70000");
    Case::new("bad-input/port-no-number")
        .variable("GHILLIE_K3D_PORT", "abc")
        .run("k8s up");
}

#[test]
fn a_cluster_is_named_as_k3d_allows() {
    Case::new("bad-input/cluster-too-long")
        .run("k8s up --cluster-name a123456789b123456789c123456789d123456789");
    Case::new("bad-input/cluster-with-capitals")
        .variable("GHILLIE_K3D_CLUSTER", "Preview")
        .run("k8s down");
    Case::new("bad-input/cluster-like-a-flag").run("k8s status --cluster-name -preview");
}

#[test]
fn a_namespace_is_not_empty() {
    Case::new("bad-input/namespace-empty").run("k8s up --namespace ''");
}

#[test]
fn an_unknown_verb_gets_a_suggestion() {
    Case::new("bad-input/verb").run("k8s statsu");
}

#[test]
fn the_timings_can_be_written() {
    Case::new("bad-input/timings").run("k8s up --timings=/no/such/folder/trace.json");
}

#[test]
fn a_number_of_agents_is_small() {
    Case::new("bad-input/agents").run("k8s up --agents 100");
}

#[test]
fn an_operator_is_one_of_two() {
    Case::new("bad-input/operator")
        .variable("GHILLIE_K3D_VALKEY_OPERATOR", "bitnami")
        .run("k8s up");
}

#[test]
fn the_projects_own_files_must_be_there() {
    Case::new("bad-input/chart-missing")
        .in_workspace(|root| fs::remove_dir_all(root.join("charts")).unwrap())
        .run("k8s up");
    Case::new("bad-input/chart-no-chart")
        .in_workspace(|root| fs::remove_file(root.join("charts/ghillie/Chart.yaml")).unwrap())
        .run("k8s up");
    Case::new("bad-input/values-missing")
        .in_workspace(|root| fs::remove_dir_all(root.join("tests")).unwrap())
        .run("k8s up");
    Case::new("bad-input/values-no-yaml")
        .in_workspace(|root| {
            let values = root.join("tests/helm/fixtures/values_local.yaml");
            fs::write(values, "replicaCount: 1\n  secrets: {").unwrap();
        })
        .run("k8s up");
    Case::new("bad-input/dockerfile-missing")
        .in_workspace(|root| fs::remove_file(root.join("Dockerfile")).unwrap())
        .run("k8s up");
}

#[test]
fn a_chart_that_is_a_path_is_a_chart_of_the_right_operator() {
    Case::new("bad-input/operator-chart-missing").run("k8s up --cnpg-chart ./nowhere");
    Case::new("bad-input/operator-chart-no-chart")
        .variable("GHILLIE_K3D_CNPG_CHART", "./tests")
        .run("k8s up");
    Case::new("bad-input/operator-chart-of-another")
        .variable("GHILLIE_K3D_VALKEY_CHART", "./charts/ghillie")
        .run("k8s up --valkey-operator hyperspike");
}
