//! The cluster and its nodes.

use super::*;
use crate::observe::Leftovers;

fn seen(cluster: Cluster, recording: &str) -> Scene {
    Scene {
        seen: cluster,
        answers: Answers {
            containers: containers(recording),
            ..Answers::default()
        },
        ..Scene::recorded("ready")
    }
}

#[test]
fn a_stopped_cluster_is_reported_with_since_when() {
    let all = [
        "k3d-status-server-0",
        "k3d-status-agent-0",
        "k3d-status-serverlb",
    ];
    let scene = seen(Cluster::Stopped(whole(&all)), "stopped");
    let text = "\
COMPONENT       HEALTH   IMAGE             AGE     RESTARTS
cluster status  stopped  k3s:v1.33.4-k3s1  15 min
node server-0   stopped  k3s:v1.33.4-k3s1  15 min
node agent-0    stopped  k3s:v1.33.4-k3s1  15 min

url      http://127.0.0.1:8080/  the cluster does not run

what is wrong:
  cluster status: stopped, for 13 min
    next: cargo xtask k8s up --cluster-name status
";
    assert_eq!(scene.text(), text);
}

#[test]
fn what_runs_on_a_node_that_is_stopped_is_not_ready_whatever_the_api_server_says() {
    let mut scene = Scene::recorded("agent-stopped");
    scene.seen = Cluster::Stopped(whole(&["k3d-status-agent-0"]));
    scene.answers.containers = containers("agent-stopped");
    let report = scene.report();
    let node = &report.components[2];
    assert_eq!(
        (node.name.as_str(), node.health),
        ("k3d-status-agent-0", Health::Stopped)
    );
    assert_eq!(report.health(Part::Cluster), Health::NotReady);
    assert_eq!(
        report.wrong()[0],
        "k3d-status-agent-0 has exited with status 143 since 2026-11-25T19:46:19.081403486Z"
    );
    assert_eq!(report.health(Part::Application), Health::NotReady);
    assert_eq!(report.health(Part::Ingress), Health::Ready);
    let pod = &report.part(Part::Application).pods[0];
    assert_eq!(pod.detail.as_deref(), Some("its node does not run"));
}

#[test]
fn an_api_server_that_does_not_answer_leaves_what_docker_sees() {
    let mut scene = seen(Cluster::Running(whole(&[])), "running");
    scene.answers.api = Api::Silent("the API server does not answer: EOF".into());
    let report = scene.report();
    assert_eq!(report.components.len(), 3);
    assert!(
        report
            .components
            .iter()
            .all(|it| it.health == Health::NotReady)
    );
    assert_eq!(
        report.wrong(),
        ["the API server does not answer: EOF since unknown"]
    );
    assert_eq!(
        report.problems[0].do_next,
        "docker logs --tail 20 k3d-status-server-0"
    );
    assert_eq!(report.kubeconfig, None);
    // A server that was started a moment ago is still about to.
    scene.now = "2026-11-25T19:45:00Z";
    let report = scene.report();
    assert_eq!(report.health(Part::Cluster), Health::Starting);
    assert_eq!(
        report.wrong(),
        ["the API server does not answer: EOF since 2026-11-25T19:44:47.684137263Z, may pass"]
    );
}

#[test]
fn a_node_says_itself_why_it_is_not_ready() {
    let mut scene = Scene::recorded("ready");
    let mut node = items("get-nodes.not-ready").remove(0);
    node["metadata"]["name"] = "k3d-status-agent-0".into();
    scene.inside().nodes[0] = node;
    let report = scene.report();
    assert_eq!(report.components[2].health, Health::NotReady);
    assert_eq!(
        report.wrong(),
        ["KubeletNotReady since 2026-11-24T02:57:57Z"]
    );
    assert!(
        report.problems[0]
            .message
            .contains("cni plugin not initialized")
    );
    scene.inside().nodes.clear();
    let report = scene.report();
    assert_eq!(
        report.components[1].detail.as_deref(),
        Some("has not joined the cluster")
    );
}

#[test]
fn a_half_made_cluster_is_reported_unless_it_is_being_made() {
    let left = Leftovers {
        containers: vec!["k3d-status-tools".into()],
        networks: vec!["k3d-status".into()],
        ..Leftovers::default()
    };
    let mut scene = seen(Cluster::HalfMade(left), "running");
    scene.answers = Answers::default();
    let report = scene.report();
    assert_eq!(report.health(Part::Cluster), Health::NotReady);
    assert_eq!(report.url, None);
    assert_eq!(
        report.problems[0].reason,
        "half-made: an interrupted run left container k3d-status-tools; network k3d-status"
    );
    scene.busy = Some("`up`".into());
    assert_eq!(scene.report().health(Part::Cluster), Health::Starting);
}

#[test]
fn a_cluster_that_went_while_it_was_watched_is_missing() {
    let mut scene = seen(Cluster::Absent, "running");
    scene.answers = Answers::default();
    let report = scene.report();
    assert_eq!(report.health(Part::Cluster), Health::Missing);
    assert_eq!(report.wrong(), ["does not exist since unknown"]);
}
