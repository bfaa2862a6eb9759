use serde_json::json;

use super::*;
use crate::flags;

#[test]
fn the_operator_is_known_by_its_release_else_by_its_resource() {
    let released = |operator: &str| Revision {
        name: "valkey-operator".into(),
        namespace: "valkey-operator-system".into(),
        status: "deployed".into(),
        version: "1".into(),
        inputs: None,
        operator: Some(operator.into()),
    };
    let seen = |releases: &[&str], named: &[&str]| {
        let named = named.iter().map(|key| ((*key).to_owned(), Value::Null));
        let inside = Inside {
            releases: releases.iter().map(|it| released(it)).collect(),
            named: named.collect(),
            ..Inside::default()
        };
        inside.operator()
    };
    let both = ["Secret/ghillie", "Valkey/valkey-ghillie"];
    assert_eq!(seen(&["valkey-io"], &both), Some(Operator::ValkeyIo));
    assert_eq!(seen(&[], &both), Some(Operator::Hyperspike));
    assert_eq!(seen(&[], &["ValkeyCluster/v"]), Some(Operator::ValkeyIo));
    assert_eq!(seen(&[], &["Secret/valkey"]), None);
}

/// The preview in a namespace of the user's choice.
fn preview_in(namespace: &str) -> Preview {
    let flags = flags::NamespaceFlags {
        namespace: Some(namespace.into()),
    };
    Preview::new(&flags::ClusterFlags::default(), &flags).unwrap()
}

#[test]
fn a_release_of_the_same_name_in_another_namespace_is_not_ours() {
    let reply = r#"elsewhere {"name":"cnpg","owner":"helm","status":"deployed","version":"7"}
cnpg-system {"name":"cnpg","owner":"helm","status":"pending-install","version":"1"}
ghillie {"name":"ghillie","owner":"helm","status":"pending-upgrade","version":"5"}
two {"name":"ghillie","owner":"helm","status":"pending-install","version":"1"}
"#;
    let seen = |namespace: &str, release: &str| {
        let inside = Inside {
            releases: read_releases(&preview_in(namespace), reply).unwrap(),
            ..Inside::default()
        };
        let revision = inside.release(release);
        revision.map(|it| (it.status.clone(), it.version.clone()))
    };
    let state = |status: &str, version: &str| Some((status.to_owned(), version.to_owned()));
    assert_eq!(seen("ghillie", "ghillie"), state("pending-upgrade", "5"));
    assert_eq!(seen("two", "ghillie"), state("pending-install", "1"));
    assert_eq!(seen("three", "ghillie"), None);
    assert_eq!(seen("two", "cnpg"), state("pending-install", "1"));
}

#[test]
fn objects_and_record_of_a_preview_in_another_namespace_are_not_ours() {
    let deployment = |release: &str, namespace: &str, pods: u32| {
        let image = format!("ghillie:{namespace}");
        json!({
            "kind": "Deployment",
            "metadata": {
                "name": release, "namespace": namespace, "uid": namespace, "generation": 2,
                "annotations": {
                    "meta.helm.sh/release-name": release,
                    "meta.helm.sh/release-namespace": namespace,
                },
            },
            "spec": { "replicas": 1, "template": { "spec": { "containers": [{ "image": image }] } } },
            "status": {
                "observedGeneration": 2, "replicas": pods, "updatedReplicas": 1, "availableReplicas": 1,
            },
        })
    };
    let operators = deployment("cnpg", "cnpg-system", 1);
    let items = [
        deployment("ghillie", "ghillie", 2),
        operators.clone(),
        deployment("ghillie", "two", 1),
        deployment("cnpg", "elsewhere", 1),
        deployment("traefik", "kube-system", 1),
    ];
    let of = |namespace: &str| read_objects(&preview_in(namespace), &items);
    let (first, second, third) = (of("ghillie"), of("two"), of("three"));
    assert_eq!(first.deployed.as_deref(), Some("ghillie:ghillie"));
    assert_eq!(second.deployed.as_deref(), Some("ghillie:two"));
    assert_eq!(third.deployed, None, "nothing for --skip-build");
    let rolling = [&first, &second, &third].map(|inside| inside.is_rolling);
    assert_eq!(rolling, [true, false, false]);
    let mut scaled = deployment("ghillie", "ghillie", 0);
    scaled["spec"]["replicas"] = 0.into();
    let is_serving = |items: &[Value]| read_objects(&preview_in("ghillie"), items).is_serving;
    assert!(is_serving(&items) && !is_serving(&items[1..]) && !is_serving(&[scaled]));
    assert_eq!(
        second.objects["ghillie"]["Deployment/ghillie"],
        "two generation 2"
    );
    assert_eq!(
        third.objects,
        read_objects(&preview_in("three"), &[operators]).objects,
        "the operators, which all previews share"
    );
    let both = [&first, &second].map(|inside| inside.objects.clone());
    let records = ["ghillie", "two"].map(|namespace| {
        let preview = preview_in(namespace);
        record_manifest(&preview, &of(namespace).objects).unwrap()
    });
    let recorded = ["ghillie", "two"].map(|it| read_objects(&preview_in(it), &records).record);
    assert_eq!(recorded, both);
    let elsewhere = |it: &str| read_objects(&preview_in(it), &records[..1]).elsewhere;
    assert_eq!(elsewhere("ghillie"), None);
    assert_eq!(elsewhere("two").as_deref(), Some("ghillie"));
}
