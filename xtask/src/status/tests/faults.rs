//! What is wrong with pods and what runs them.

use std::time::Instant;

use super::*;
use crate::diagnose::fixtures::volume_fault;
use crate::status::judge::told;

/// The recorded lists of pods that are ill, with what is reported once that is certain.
const ILL: [(&str, &str); 7] = [
    ("crash-loop", "CrashLoopBackOff since 2026-11-24T02:50:09Z"),
    (
        "create-container-config-error",
        "CreateContainerConfigError since 2026-11-24T02:50:09Z",
    ),
    (
        "err-image-never-pull",
        "ErrImageNeverPull since 2026-11-24T02:50:09Z",
    ),
    (
        "image-pull-back-off",
        "ImagePullBackOff since 2026-11-24T02:50:09Z",
    ),
    (
        "init-crash-loop",
        "CrashLoopBackOff since 2026-11-24T02:50:09Z",
    ),
    (
        "running-not-ready",
        "ContainersNotReady since 2026-11-24T02:50:09Z",
    ),
    ("unschedulable", "Unschedulable since 2026-11-24T02:50:09Z"),
];

/// A preview whose application has these pods, and a Deployment that waits for them.
fn with_pods(name: &str) -> Scene {
    let mut scene = Scene::recorded("ready");
    let mut deployment = application();
    deployment["status"] = json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1 });
    set_deployment(&mut scene, &deployment);
    let pods = items(&format!("get-pods.{name}"))
        .into_iter()
        .map(|mut pod| {
            pod["metadata"]["namespace"] = "ghillie".into();
            pod["metadata"]["labels"]["app.kubernetes.io/instance"] = "ghillie".into();
            Pod::read(&pod).unwrap()
        });
    let inside = scene.inside();
    inside
        .pods
        .retain(|pod| !pod.metadata.name.starts_with("ghillie-"));
    inside.pods.extend(pods);
    scene
}

/// The application's Deployment.
fn application() -> Value {
    let mut objects = items("get-running.ready").into_iter();
    let is_it = |it: &Value| it["kind"] == "Deployment" && it["metadata"]["name"] == "ghillie";
    objects.find(is_it).unwrap()
}

fn set_deployment(scene: &mut Scene, deployment: &Value) {
    let workloads = &mut scene.inside().workloads;
    workloads.retain(|it| it.metadata.name != "ghillie");
    workloads.push(Workload::read(deployment).unwrap());
}

#[test]
fn each_ill_pod_makes_the_application_not_ready_with_why_and_since_when() {
    for (name, wrong) in ILL {
        let report = with_pods(name).report();
        assert_eq!(report.wrong(), [wrong], "{name}");
        assert_eq!(report.health(Part::Application), Health::NotReady, "{name}");
        assert_eq!(
            report.part(Part::Application).pods[0].health,
            Health::NotReady,
            "{name}"
        );
        assert!(!report.ready, "{name}");
    }
}

#[test]
fn what_may_pass_is_told_as_such_and_the_application_starts() {
    let mut scene = Scene::recorded("rollout-early");
    scene.now = "2026-11-25T19:39:00Z";
    let report = scene.report();
    assert_eq!(
        report.wrong(),
        ["ErrImagePull since 2026-11-25T19:38:54Z, may pass"]
    );
    assert_eq!(report.health(Part::Application), Health::Starting);
    scene.now = "2026-11-25T19:39:20Z";
    assert_eq!(scene.report().health(Part::Application), Health::NotReady);
}

#[test]
fn a_pod_that_was_ready_and_is_no_more_is_not_starting() {
    let mut scene = with_pods("running-not-ready");
    let pod = scene.inside().pods.last_mut().unwrap();
    let ready = pod
        .status
        .conditions
        .iter_mut()
        .find(|it| it.kind == "Ready")
        .unwrap();
    ready.since = Some("2026-11-25T19:59:50Z".into());
    let report = scene.report();
    assert_eq!(
        report.wrong(),
        ["ContainersNotReady since 2026-11-25T19:59:50Z, may pass"]
    );
    assert_eq!(report.health(Part::Application), Health::NotReady);
}

#[test]
fn an_application_whose_stores_are_not_ready_may_still_recover() {
    let mut scene = with_pods("crash-loop");
    let postgres = object("get-cnpg-cluster.setting-up-primary");
    scene
        .inside()
        .stores
        .insert("Cluster/pg-ghillie".into(), postgres);
    scene.now = "2026-11-24T02:52:00Z";
    let report = scene.report();
    assert_eq!(report.health(Part::Postgres), Health::Starting);
    assert_eq!(
        report.wrong(),
        ["CrashLoopBackOff since 2026-11-24T02:50:09Z, may pass"]
    );
}

#[test]
fn an_application_that_is_scaled_to_0_is_stopped() {
    let mut scene = Scene::recorded("ready");
    let mut deployment = application();
    deployment["spec"]["replicas"] = 0.into();
    deployment["status"] = json!({ "observedGeneration": 1 });
    set_deployment(&mut scene, &deployment);
    let report = scene.report();
    assert_eq!(report.health(Part::Application), Health::Stopped);
    assert_eq!(report.wrong(), ["scaled to 0 since unknown"]);
    assert_eq!(
        report.problems[0].do_next,
        "cargo xtask k8s up --cluster-name status"
    );
    assert!(!report.ready);
}

#[test]
fn a_rollout_that_takes_too_long_says_so_where_no_pod_says_more() {
    let mut scene = Scene::recorded("ready");
    let mut deployment = application();
    deployment["status"] = items("get-deployments.progress-deadline")[0]["status"].take();
    set_deployment(&mut scene, &deployment);
    let report = scene.report();
    assert_eq!(report.health(Part::Application), Health::NotReady);
    assert_eq!(
        report.wrong(),
        ["ProgressDeadlineExceeded since 2026-11-24T02:50:30Z"]
    );
}

#[test]
fn a_deployment_that_nobody_has_looked_at_yet_is_starting() {
    let mut scene = Scene::recorded("ready");
    let mut deployment = application();
    deployment["metadata"]["generation"] = 2.into();
    set_deployment(&mut scene, &deployment);
    let report = scene.report();
    assert_eq!(report.health(Part::Application), Health::Starting);
    let detail = report.part(Part::Application).detail.clone();
    assert_eq!(detail.as_deref(), Some("not seen by its controller yet"));
    assert!(
        scene
            .text()
            .ends_with("\nnot everything is ready yet; nothing is known to be wrong\n")
    );
}

#[test]
fn a_pod_whose_volumes_are_late_is_asked_about_and_what_its_events_say_is_told() {
    let mut scene = Scene::recorded("ready");
    let pod = &mut scene.inside().pods[1];
    pod.status = serde_json::from_value(json!({ "phase": "Pending" })).unwrap();
    pod.metadata.creation_timestamp = Some("2026-11-25T19:59:45Z".into());
    let pod = pod.clone();
    let at = |time| read_rfc3339(time).unwrap();
    let late = |now| told([&pod], at(now)).late(Instant::now(), |_| true);
    assert_eq!(late("2026-11-25T19:59:50Z"), None);
    assert_eq!(late(LATER).as_ref(), Some(&pod));

    let fault = volume_fault(&pod, "configmap \"nope\" not found");
    scene.inside().late.extend(fault);
    let mut deployment = application();
    deployment["status"] = json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1 });
    set_deployment(&mut scene, &deployment);
    let report = scene.report();
    assert_eq!(report.wrong(), ["FailedMount since 2026-11-25T19:59:45Z"]);
    assert_eq!(report.health(Part::Application), Health::NotReady);
}

#[test]
fn a_failing_pod_of_the_cluster_itself_is_told() {
    let mut scene = Scene::recorded("ready").answering("ghillie:dd922c935788");
    let mut dns = items("get-pods.image-pull-back-off").remove(0);
    dns["metadata"]["namespace"] = "kube-system".into();
    scene.inside().pods.push(Pod::read(&dns).unwrap());
    let report = scene.report();
    assert_eq!(
        report.wrong(),
        ["ImagePullBackOff since 2026-11-24T02:50:09Z"]
    );
    assert_eq!(report.problems[0].component, Part::Cluster);
}

#[test]
fn an_application_that_is_ready_but_does_not_answer_is_told() {
    let report = Scene::recorded("ready").report();
    assert!(
        report
            .components
            .iter()
            .all(|it| it.health == Health::Ready)
    );
    assert!(!report.ready);
    assert_eq!(
        report.problems[0].message,
        "the ingress answers 503: no pod is ready"
    );
    assert_eq!(
        report.problems[0].do_next,
        "cargo xtask k8s logs --cluster-name status"
    );
}

#[test]
fn what_is_not_there_is_missing_and_up_makes_it() {
    let mut scene = Scene::answered(Inside::default());
    let report = scene.report();
    let inner = report.components.iter().skip(3);
    assert!(inner.clone().all(|it| it.health == Health::Missing));
    assert_eq!(inner.count(), 6);
    let text = scene.text();
    assert_eq!(text.matches("does not exist").count(), 6, "{text}");
    assert_eq!(
        text.matches("next: cargo xtask k8s up").count(),
        1,
        "{text}"
    );
    scene.busy = Some("`up` (process 4711, /home/dev/ghillie)".into());
    assert!(
        scene
            .text()
            .contains("next: wait: `up` (process 4711, /home/dev/ghillie) is at work\n")
    );
}

#[test]
fn among_several_workloads_of_the_chart_the_image_is_the_applications() {
    let mut scene = Scene::recorded("ready").answering("ghillie:dd922c935788");
    let mut other = application();
    other["metadata"]["name"] = "a-proxy".into();
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "proxy:2".into();
    let other = Workload::read(&other).unwrap();
    scene.inside().workloads.insert(0, other);
    let report = scene.report();
    let image = report.part(Part::Application).image.as_deref();
    assert_eq!(image, Some("ghillie:dd922c935788"));
    assert!(report.ready, "{:?}", report.wrong());
}
