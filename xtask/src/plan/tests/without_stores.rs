//! Projects that do without PostgreSQL, without Valkey, or without both.

use super::*;

/// What is wanted of a project without these stores.
fn without(postgres: bool, valkey: bool) -> Up {
    let mut config = config();
    let mut project = *config.preview.project;
    project.postgres = project.postgres.filter(|_| !postgres);
    project.valkey = project.valkey.filter(|_| !valkey);
    config.preview.project = Box::leak(Box::new(project));
    config
}

#[test]
fn a_store_that_the_project_does_without_has_no_step_and_nothing_waits_for_it() {
    const POSTGRES: [Name; 3] = [Name::CnpgOperator, Name::Postgres, Name::PostgresReady];
    const VALKEY: [Name; 3] = [Name::ValkeyOperator, Name::Valkey, Name::ValkeyReady];
    for (postgres, valkey) in [(true, false), (false, true), (true, true)] {
        let steps = up(&without(postgres, valkey), &Cluster::Absent, None).unwrap();
        let present = names(&steps);
        let has = |store: &[Name]| store.iter().any(|name| present.contains(name));
        assert_eq!((has(&POSTGRES), has(&VALKEY)), (!postgres, !valkey));
        let mut needs = steps.iter().flat_map(|step| &step.needs);
        assert!(needs.all(|need| present.contains(need)), "{steps:?}");
        let rest = [Name::Secret, Name::Deploy, Name::Answer];
        assert!(
            rest.iter().all(|name| present.contains(name)),
            "{present:?}"
        );
    }
}

#[test]
fn without_stores_an_empty_secret_is_all_there_is_to_know() {
    let config = without(true, true);
    let mut inside = Inside::default();
    let mut secret = manifest::secret(config.preview.project.secret, "n", &BTreeMap::new());
    secret["metadata"]["resourceVersion"] = json!("42");
    put(&mut inside, secret);
    let steps = up(&config, &running(), Some(&inside)).unwrap();
    assert!(!names(&steps).contains(&Name::Secret), "{steps:?}");
}
