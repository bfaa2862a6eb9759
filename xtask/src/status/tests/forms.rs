//! The report's two forms, whole.

use super::*;

const IMAGE: &str = "ghillie:dd922c935788";

#[test]
fn a_ready_preview_as_text() {
    let text = "\
COMPONENT                   HEALTH  IMAGE                 AGE     RESTARTS
cluster status              ready   k3s:v1.33.4-k3s1      15 min
node server-0               ready   k3s:v1.33.4-k3s1      15 min
node agent-0                ready   k3s:v1.33.4-k3s1      15 min
CloudNativePG operator      ready   operators:1           22 min  0
PostgreSQL                  ready   postgres:17           21 min  0
Valkey operator             ready   operators:1           22 min  0
Valkey                      ready   valkey:9              22 min  0
ingress controller          ready   traefik:1             22 min  0
application                 ready   ghillie:dd922c935788  21 min  0
  ghillie-56d5d7c8c9-rgp4k  ready   ghillie:dd922c935788  21 min  0

url      http://127.0.0.1:8080/  answers
kubectl  eval \"$(cargo xtask k8s env --cluster-name status)\"  (namespace ghillie)

everything is ready
";
    assert_eq!(Scene::recorded("ready").answering(IMAGE).text(), text);
}

#[test]
fn a_rollout_that_is_stuck_is_not_ready_while_old_pods_serve() {
    let scene = Scene::recorded("rollout-stuck").answering(IMAGE);
    let text = scene.text();
    let application: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("min"))
        .skip(8)
        .collect();
    assert_eq!(
        application,
        [
            "application                 not ready  none:1                21 min  0         rollout: 1 old pod is still serving",
            "  ghillie-569664759f-57fx2  not ready  none:1                21 min  0         ImagePullBackOff",
            "  ghillie-56d5d7c8c9-vp5pt  ready      ghillie:dd922c935788  21 min  0",
            "  Pod ghillie/ghillie-569664759f-57fx2, container ghillie: ImagePullBackOff, for 21 min",
        ]
    );
    assert!(
        text.contains("url      http://127.0.0.1:8080/  ghillie:dd922c935788 still answers\n"),
        "{text}"
    );
    let last: Vec<&str> = text.lines().rev().take(2).collect();
    assert!(
        last[1].starts_with("    Back-off pulling image \"ghcr.io/nobody/none:1\""),
        "{text}"
    );
    assert_eq!(
        last[0],
        "    next: check the image's name and the network, then: kubectl --kubeconfig /home/dev/kubeconfig describe pod ghillie-569664759f-57fx2 -n ghillie"
    );
    assert!(!scene.report().ready);
}

#[test]
fn health_is_coloured_and_nothing_else_moves() {
    let scene = Scene::recorded("rollout-stuck");
    let coloured = scene.painted(Paint(true));
    assert!(coloured.contains("\x1b[32mready    \x1b[0m"), "{coloured}");
    assert!(
        coloured.contains("\x1b[1;31mnot ready\x1b[0m"),
        "{coloured}"
    );
    assert_eq!(without_colours(&coloured), scene.text());
}

/// Without colours, and without the blanks that a colour may end after.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    let plain = parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1);
    plain
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

fn ready_as_json() -> Value {
    serde_json::to_value(Scene::recorded("ready").answering(IMAGE).report()).unwrap()
}

#[test]
fn a_ready_preview_as_json() {
    let json = ready_as_json();
    let top: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let fields = [
        "busy",
        "cluster",
        "components",
        "kubeconfig",
        "namespace",
        "problems",
        "ready",
        "schema",
        "url",
    ];
    assert_eq!(top, fields);
    assert_eq!((&json["schema"], &json["ready"]), (&json!(1), &json!(true)));
    assert_eq!(json["kubeconfig"], "/home/dev/kubeconfig");
    assert_eq!(
        json["url"],
        json!({ "address": "http://127.0.0.1:8080/", "answers": true, "detail": null })
    );
}

#[test]
fn the_components_as_json_stand_in_the_order_in_which_one_needs_another() {
    let json = ready_as_json();
    let parts: Vec<&Value> = json["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["component"])
        .collect();
    let expected = [
        "cluster",
        "node",
        "node",
        "postgres-operator",
        "postgres",
        "valkey-operator",
        "valkey",
        "ingress",
        "application",
    ];
    assert_eq!(parts, expected);
}

#[test]
fn a_component_with_its_pods_as_json() {
    assert_eq!(
        ready_as_json()["components"][8],
        json!({
            "component": "application",
            "name": "ghillie",
            "health": "ready",
            "detail": null,
            "image": IMAGE,
            "since": "2026-11-25T19:38:30Z",
            "restarts": 0,
            "pods": [{
                "name": "ghillie-56d5d7c8c9-rgp4k",
                "health": "ready",
                "detail": null,
                "containers_ready": 1,
                "containers": 1,
                "restarts": 0,
                "image": IMAGE,
                "node": "k3d-status-agent-0",
                "since": "2026-11-25T19:38:30Z",
            }],
        })
    );
}

#[test]
fn a_problem_as_json() {
    let report = Scene::recorded("rollout-stuck").report();
    let mut problem = serde_json::to_value(&report.problems[0]).unwrap();
    let message = problem["message"].take();
    assert!(
        message.as_str().unwrap().ends_with("no such host"),
        "{message}"
    );
    assert_eq!(
        problem,
        json!({
            "component": "application",
            "object": "Pod ghillie/ghillie-569664759f-57fx2",
            "container": "ghillie",
            "reason": "ImagePullBackOff",
            "message": null,
            "since": "2026-11-25T19:38:54Z",
            "certain": true,
            "do_next": "check the image's name and the network, then: kubectl --kubeconfig /home/dev/kubeconfig describe pod ghillie-569664759f-57fx2 -n ghillie",
        })
    );
}

#[test]
fn every_health_has_one_word_in_each_form() {
    let words = [
        (Health::Ready, "ready", "ready"),
        (Health::Starting, "starting", "starting"),
        (Health::Stopped, "stopped", "stopped"),
        (Health::NotReady, "not ready", "not_ready"),
        (Health::Missing, "missing", "missing"),
    ];
    for (health, text, json) in words {
        assert_eq!(
            (health.word(), serde_json::to_value(health).unwrap()),
            (text, json!(json))
        );
    }
}

#[test]
fn the_documented_fields_are_those_that_there_are() {
    let documented = include_str!("../../../../docs/status-json.md");
    let mut scene = Scene::recorded("rollout-stuck");
    scene.busy = Some("`up`".into());
    let json = serde_json::to_value(scene.report()).unwrap();
    let objects = [
        &json,
        &json["url"],
        &json["components"][8],
        &json["components"][8]["pods"][0],
        &json["problems"][0],
    ];
    for field in objects.iter().flat_map(|it| it.as_object().unwrap().keys()) {
        assert!(
            documented.contains(&format!("| `{field}` |")),
            "{field} is not documented"
        );
    }
}
