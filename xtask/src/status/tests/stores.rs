//! PostgreSQL and Valkey, by what their operators and their pods say.

use super::*;

/// The preview with one store's resource as it was recorded.
fn with_store(key: &str, name: &str, now: &'static str) -> Scene {
    let mut scene = Scene::recorded("ready").answering("ghillie:dd922c935788");
    let resource = object(name);
    scene.inside().stores.insert(key.into(), resource);
    scene.now = now;
    scene
}

#[test]
fn postgres_is_as_its_operator_says() {
    const SOON: &str = "2026-11-24T02:54:00Z";
    for (name, now, health, detail) in [
        ("ready", SOON, Health::Ready, None),
        (
            "no-status-yet",
            SOON,
            Health::Starting,
            Some("not seen by its operator yet"),
        ),
        (
            "status-without-phase",
            SOON,
            Health::Starting,
            Some("not seen by its operator yet"),
        ),
        (
            "bootstrap-pending",
            SOON,
            Health::Starting,
            Some("Setting up primary: Creating primary instance fx-pg-1"),
        ),
        (
            "setting-up-primary",
            SOON,
            Health::Starting,
            Some("Setting up primary: Creating primary instance fx-pg-1"),
        ),
        (
            "instance-not-active",
            SOON,
            Health::Starting,
            Some(
                "Waiting for the instances to become active: Some instances are not yet active. Please wait.",
            ),
        ),
        // It may take 10 minutes, and no more.
        (
            "setting-up-primary",
            "2026-11-24T03:01:00Z",
            Health::NotReady,
            Some("Setting up primary: Creating primary instance fx-pg-1"),
        ),
    ] {
        let scene = with_store(
            "Cluster/pg-ghillie",
            &format!("get-cnpg-cluster.{name}"),
            now,
        );
        let report = scene.report();
        let part = report.part(Part::Postgres);
        assert_eq!(
            (part.health, part.detail.as_deref()),
            (health, detail),
            "{name} {now}"
        );
        assert_eq!(
            report.problems.is_empty(),
            health != Health::NotReady,
            "{name} {now}"
        );
    }
}

#[test]
fn an_image_of_postgres_that_cannot_be_pulled_shows_in_its_pods_only() {
    let mut scene = with_store(
        "Cluster/pg-ghillie",
        "get-cnpg-cluster.image-not-pullable",
        LATER,
    );
    let mut pod = items("get-pods.cnpg-image-not-pullable").remove(0);
    pod["metadata"]["namespace"] = "ghillie".into();
    pod["metadata"]["labels"]["cnpg.io/cluster"] = "pg-ghillie".into();
    let inside = scene.inside();
    inside
        .pods
        .retain(|pod| !pod.metadata.name.starts_with("pg-"));
    inside.pods.push(Pod::read(&pod).unwrap());
    let report = scene.report();
    assert_eq!(report.health(Part::Postgres), Health::NotReady);
    assert_eq!(
        report.wrong(),
        ["ImagePullBackOff since 2026-11-24T02:53:47Z"]
    );
}

#[test]
fn valkey_is_as_its_operator_says() {
    const SOON: &str = "2026-11-24T02:53:50Z";
    for (name, health, wrong) in [
        ("ready", Health::Ready, None),
        ("initializing", Health::Starting, None),
        ("reconciling", Health::Starting, None),
        (
            "user-secret-missing",
            Health::Starting,
            Some("UsersACLError since 2026-11-24T02:53:43Z, may pass"),
        ),
    ] {
        let scene = with_store(
            "ValkeyCluster/valkey-ghillie",
            &format!("get-valkeycluster.{name}"),
            SOON,
        );
        let report = scene.report();
        assert_eq!(report.health(Part::Valkey), health, "{name}");
        assert_eq!(
            report.wrong(),
            wrong.into_iter().collect::<Vec<_>>(),
            "{name}"
        );
    }
    let scene = with_store(
        "ValkeyCluster/valkey-ghillie",
        "get-valkeycluster.user-secret-missing",
        LATER,
    );
    let report = scene.report();
    assert_eq!(report.health(Part::Valkey), Health::NotReady);
    assert_eq!(
        report.problems[0].message,
        "user fx: no password or reference found"
    );
}

#[test]
fn valkey_may_be_of_the_other_operator() {
    let mut scene = Scene::recorded("ready");
    let inside = scene.inside();
    inside.stores.remove("ValkeyCluster/valkey-ghillie");
    let valkey = |ready| json!({ "kind": "Valkey", "metadata": { "name": "valkey-ghillie" }, "status": { "ready": ready } });
    inside
        .stores
        .insert("Valkey/valkey-ghillie".into(), valkey(true));
    for pod in &mut inside.pods {
        if pod.metadata.labels.remove("valkey.io/cluster").is_some() {
            let label = (
                "app.kubernetes.io/instance".to_owned(),
                "valkey-ghillie".to_owned(),
            );
            pod.metadata.labels.extend([label]);
        }
    }
    assert_eq!(scene.report().health(Part::Valkey), Health::Ready);
    scene
        .inside()
        .stores
        .insert("Valkey/valkey-ghillie".into(), valkey(false));
    assert_eq!(scene.report().health(Part::Valkey), Health::Starting);
}

#[test]
fn what_an_operator_that_is_down_last_said_is_not_believed() {
    let report = Scene::recorded("operator-down").report();
    assert_eq!(report.health(Part::PostgresOperator), Health::Stopped);
    let postgres = report.part(Part::Postgres);
    assert_eq!(
        (postgres.health, postgres.pods.len()),
        (Health::NotReady, 0)
    );
    assert_eq!(
        report.wrong(),
        [
            "scaled to 0 since unknown",
            "its operator says that it is ready, but no pod of it is since unknown",
        ]
    );
    let up = "cargo xtask k8s up --cluster-name status";
    assert!(report.problems.iter().all(|problem| problem.do_next == up));
}

#[test]
fn a_pod_that_has_done_its_work_is_left_out() {
    let report = Scene::recorded("ready").report();
    let pods = &report.part(Part::Postgres).pods;
    let names: Vec<&str> = pods.iter().map(|pod| pod.name.as_str()).collect();
    assert_eq!(names, ["pg-ghillie-1"]);
}

#[test]
fn a_project_without_stores_has_none_in_its_report() {
    let project = Project {
        ready: crate::project::Ready {
            stores: &[],
            ..PROJECT.ready
        },
        postgres: None,
        valkey: None,
        ..PROJECT
    };
    let mut scene = Scene::recorded("ready").answering("ghillie:dd922c935788");
    scene.project = Box::leak(Box::new(project));
    let report = scene.report();
    let parts: Vec<Part> = report.components.iter().map(|it| it.component).collect();
    assert_eq!(
        parts,
        [
            Part::Cluster,
            Part::Node,
            Part::Node,
            Part::Ingress,
            Part::Application
        ]
    );
    assert!(report.ready);
}
