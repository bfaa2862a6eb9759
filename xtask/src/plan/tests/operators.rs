//! Operators and resources that are made anew under stores that are ready already.

use super::*;

/// The last `up` installed the operators from other charts.
fn of_other_charts() -> Inside {
    let mut inside = complete(&config());
    for release in &mut inside.releases {
        release.inputs = Some("other".into());
    }
    inside
}

#[test]
fn an_upgraded_operator_is_waited_for_though_its_store_is_ready() {
    let steps = planned(&of_other_charts());
    let postgres = find(&steps, Name::PostgresReady);
    assert_eq!(postgres.needs, [Name::CnpgOperator]);
    assert_eq!(postgres.action, Action::AwaitPostgres(Operators::Awaited));
    let valkey = find(&steps, Name::ValkeyReady);
    assert_eq!(valkey.needs, [Name::ValkeyOperator]);
    let wait = Action::AwaitValkey(Operator::ValkeyIo, Operators::Awaited);
    assert_eq!(valkey.action, wait);
}

#[test]
fn an_operator_that_somebody_uninstalled_is_waited_for() {
    let mut inside = complete(&config());
    inside.releases.retain(|it| it.name != "cnpg");
    let steps = planned(&inside);
    let wait = &find(&steps, Name::PostgresReady).action;
    assert_eq!(*wait, Action::AwaitPostgres(Operators::Awaited));
    assert!(!names(&steps).contains(&Name::ValkeyReady), "{steps:?}");
}

#[test]
fn an_operator_that_does_not_come_up_is_not_recorded() {
    let steps = planned(&of_other_charts());
    let record = &find(&steps, Name::Record).needs;
    assert!(
        STORES_READY.iter().all(|it| record.contains(it)),
        "{record:?}"
    );
}

#[test]
fn a_resource_that_is_applied_anew_is_waited_for_though_it_was_ready() {
    let mut inside = complete(&config());
    let spec = |inside: &mut Inside, name: &str, field: &str| {
        inside.named.get_mut(name).unwrap()["spec"][field] = json!(3);
    };
    spec(&mut inside, "Cluster/pg-ghillie", "instances");
    spec(&mut inside, "ValkeyCluster/valkey-ghillie", "shards");
    let steps = planned(&inside);
    let postgres = find(&steps, Name::PostgresReady);
    assert_eq!(postgres.needs, [Name::Postgres]);
    assert_eq!(postgres.action, Action::AwaitPostgres(Operators::Implied));
    let valkey = find(&steps, Name::ValkeyReady);
    assert_eq!(valkey.needs, [Name::Valkey]);
}

#[test]
fn from_nothing_a_store_that_is_ready_says_enough_of_its_operator() {
    let steps = up(&config(), &Cluster::Absent, None).unwrap();
    let postgres = find(&steps, Name::PostgresReady);
    assert_eq!(postgres.needs, [Name::Postgres]);
    assert_eq!(postgres.action, Action::AwaitPostgres(Operators::Implied));
    let record = &find(&steps, Name::Record).needs;
    assert!(
        !STORES_READY.iter().any(|it| record.contains(it)),
        "{record:?}"
    );
}
