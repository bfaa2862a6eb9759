mod one_preview;
mod operators;
mod without_stores;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::cmd::Hidden;
use crate::config::Up;
use crate::flags;
use crate::helm::{INPUTS_LABEL, Revision};
use crate::manifest;
use crate::names::Port;
use crate::observe::Whole;
use crate::postgres;
use crate::valkey::Operator;

/// What is wanted where nothing is asked for, of the project's own files. A chart is to be fetched,
/// whatever the variables of whoever runs the tests ask for.
fn config() -> Up {
    let mut flags = flags::Up::default();
    flags.charts.cnpg_chart = Some("cloudnative-pg".into());
    Up::new(&flags).unwrap()
}

fn running() -> Cluster {
    Cluster::Running(Whole {
        port: Some(Port(8080)),
        nodes: vec!["k3d-ghillie-local-server-0".into()],
        server: "id".into(),
        worktree: config().preview.worktree(),
        stopped: vec![],
        paused: vec![],
    })
}

/// A cluster on which `up` has done everything but the application, whose inputs are known at run time only.
fn complete(config: &Up) -> Inside {
    let postgres = config.preview.project.postgres.as_ref().unwrap();
    let valkey = config.preview.project.valkey.as_ref().unwrap();
    let namespace = &config.preview.namespace;
    let ready = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
    let mut cluster = postgres::manifest(postgres, namespace);
    cluster["status"] = ready.clone();
    let mut server = Operator::ValkeyIo.manifest(valkey, namespace);
    server["status"] = ready;
    let secret = |name: &str, key, value: &str| {
        let values = BTreeMap::from([(key, Hidden(value.into()))]);
        manifest::secret(name, namespace.as_str(), &values)
    };
    let mut inside = Inside::default();
    for release in releases(config) {
        let objects = BTreeMap::from([(
            "Deployment/operator".to_owned(),
            "uid generation 1".to_owned(),
        )]);
        inside.objects.insert(release.name.clone(), objects.clone());
        inside.record.insert(release.name.clone(), objects);
        inside.releases.push(release);
    }
    let named = [
        cluster,
        server,
        secret("pg-ghillie-app", "uri", "postgresql://u:p@h/d"),
        secret("valkey-ghillie-auth", "password", "s/ecret"),
    ];
    for object in named {
        put(&mut inside, object);
    }
    let mut own = manifest::secret(
        "ghillie",
        namespace.as_str(),
        &urls(&config.preview, &inside),
    );
    own["metadata"]["resourceVersion"] = json!("42");
    put(&mut inside, own);
    inside
}

fn put(inside: &mut Inside, object: Value) {
    let text = |pointer| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    inside.named.insert(
        format!("{}/{}", text("/kind"), text("/metadata/name")),
        object,
    );
}

/// The operators' releases as the plan from nothing makes them.
fn releases(config: &Up) -> Vec<Revision> {
    let steps = up(config, &Cluster::Absent, None).unwrap();
    let release = |action| match action {
        Action::Install { release, .. } => Some(Revision {
            name: release.name,
            namespace: release.namespace,
            status: "deployed".into(),
            version: "1".into(),
            inputs: Some(release.labels[INPUTS_LABEL].clone()),
            operator: release.labels.get("xtask-k8s/operator").cloned(),
        }),
        _ => None,
    };
    steps
        .into_iter()
        .filter_map(|step| release(step.action))
        .collect()
}

fn names(steps: &[Step]) -> Vec<Name> {
    steps.iter().map(|step| step.name).collect()
}

fn find(steps: &[Step], name: Name) -> &Step {
    steps.iter().find(|step| step.name == name).unwrap()
}

fn planned(inside: &Inside) -> Vec<Step> {
    up(&config(), &running(), Some(inside)).unwrap()
}

/// What is looked at in every run.
const ALWAYS: [Name; 6] = [
    Name::Image,
    Name::Import,
    Name::Deploy,
    Name::Record,
    Name::Tidy,
    Name::Answer,
];

#[test]
fn from_nothing_every_step_starts_when_what_it_needs_is_done() {
    let steps = up(&config(), &Cluster::Absent, None).unwrap();
    let needs = |name| find(&steps, name).needs.clone();
    assert_eq!(
        needs(Name::Image),
        [],
        "the image builds while the cluster starts"
    );
    assert_eq!(
        needs(Name::Charts),
        [],
        "and so are the charts on their way"
    );
    assert_eq!(
        needs(Name::Cluster),
        [Name::Charts],
        "without them nothing is touched"
    );
    for operator in [Name::CnpgOperator, Name::ValkeyOperator] {
        assert_eq!(
            needs(operator),
            [Name::Api, Name::Charts],
            "both operators at the same time"
        );
    }
    assert_eq!(needs(Name::Postgres), [Name::Namespace, Name::CnpgOperator]);
    assert_eq!(
        needs(Name::Secret),
        [Name::Namespace, Name::Postgres, Name::Valkey]
    );
    let deploy = needs(Name::Deploy);
    assert!(
        !deploy.contains(&Name::PostgresReady),
        "deployed while PostgreSQL still starts: {deploy:?}"
    );
}

#[test]
fn what_is_needed_is_always_part_of_the_plan() {
    let half_made = Cluster::HalfMade(Leftovers::default());
    for seen in [Cluster::Absent, half_made, running()] {
        let steps = up(&config(), &seen, None).unwrap();
        let present = names(&steps);
        for step in &steps {
            assert!(
                step.needs.iter().all(|need| present.contains(need)),
                "{step:?}"
            );
        }
    }
}

#[test]
fn nothing_changed_leaves_only_what_must_be_looked_at() {
    assert_eq!(names(&planned(&complete(&config()))), ALWAYS);
}

#[test]
fn an_edited_secret_is_written_again() {
    let mut inside = complete(&config());
    inside.named.get_mut("Secret/ghillie").unwrap()["data"]["DATABASE_URL"] = json!("eA==");
    let steps = planned(&inside);
    assert!(names(&steps).contains(&Name::Secret));
    assert!(find(&steps, Name::Deploy).needs.contains(&Name::Secret));
}

#[test]
fn an_operator_whose_objects_were_touched_is_installed_again() {
    let mut inside = complete(&config());
    inside
        .objects
        .get_mut("cnpg")
        .unwrap()
        .insert("Deployment/operator".into(), "uid generation 2".into());
    inside.objects.remove("valkey-operator");
    let steps = names(&planned(&inside));
    assert!(
        steps.contains(&Name::CnpgOperator) && steps.contains(&Name::ValkeyOperator),
        "{steps:?}"
    );
}

#[test]
fn a_resource_that_lost_a_field_is_applied_again_and_waited_for_when_it_is_not_ready() {
    let mut inside = complete(&config());
    let cluster = inside.named.get_mut("Cluster/pg-ghillie").unwrap();
    cluster["spec"]["instances"] = json!(3);
    cluster["status"]["conditions"][0]["status"] = json!("False");
    let steps = planned(&inside);
    assert_eq!(find(&steps, Name::PostgresReady).needs, [Name::Postgres]);
}

#[test]
fn a_release_that_a_killed_helm_left_is_mended_by_its_state() {
    let mended = |status: &str, version: &str| {
        let mut inside = complete(&config());
        let release = inside
            .releases
            .iter_mut()
            .find(|it| it.name == "cnpg")
            .unwrap();
        (release.status, release.version) = (status.into(), version.into());
        match &find(&planned(&inside), Name::CnpgOperator).action {
            Action::Install { mend, .. } => *mend,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(mended("pending-install", "1"), Some(Mend::Uninstall));
    assert_eq!(mended("failed", "1"), Some(Mend::Uninstall));
    assert_eq!(mended("pending-upgrade", "2"), Some(Mend::Rollback));
    assert_eq!(mended("failed", "3"), Some(Mend::Renew));
}

#[test]
fn a_cluster_keeps_the_valkey_operator_that_it_has() {
    let mut inside = complete(&config());
    inside
        .releases
        .iter_mut()
        .find(|it| it.name == "valkey-operator")
        .unwrap()
        .operator = Some("hyperspike".into());
    let mut asked = flags::Up::default();
    asked.charts.valkey_operator = Some("valkey-io".into());
    let config = Up::new(&asked).unwrap();
    let error = up(&config, &running(), Some(&inside))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("hyperspike") && error.contains("--valkey-operator"),
        "{error}"
    );
}

#[test]
fn a_start_changes_nothing_and_waits_for_what_is_not_ready() {
    let preview = config().preview;
    let mut inside = complete(&config());
    let steps = start(&preview, &inside);
    assert_eq!(names(&steps), [Name::Answer], "all is ready");
    for server in ["Cluster/pg-ghillie", "ValkeyCluster/valkey-ghillie"] {
        let server = inside.named.get_mut(server).unwrap();
        server["status"]["conditions"][0]["status"] = json!("False");
    }
    let steps = start(&preview, &inside);
    assert_eq!(
        names(&steps),
        [Name::PostgresReady, Name::ValkeyReady, Name::Answer]
    );
    assert!(steps.iter().all(|step| step.needs.is_empty()));
}
