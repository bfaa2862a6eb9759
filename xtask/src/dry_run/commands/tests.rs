use super::*;
use crate::flags;
use crate::image_cache::parse_servers;
use crate::observe::Leftovers;
use crate::plan;
use crate::project::PROJECT;

/// The commands of a step, as one would type them.
fn typed(seen: &Cluster, action: &Action) -> Vec<String> {
    typed_with(seen, None, action)
}

fn typed_with(seen: &Cluster, inside: Option<&Inside>, action: &Action) -> Vec<String> {
    let config = Up::new(&flags::Up::default()).unwrap();
    let state = State::of("/state".as_ref(), &config.preview.cluster);
    let network = k3d::network(&config.preview.cluster);
    let server = |it: &Upstream| {
        let (name, networks) = (it.server(), format!(r#""networks":"{network}""#));
        format!(r#"{{"name":"{name}","state":"running",{networks}}}"#)
    };
    let servers: Vec<String> = PROJECT.nodes.registries.iter().map(server).collect();
    let commands = Commands {
        config: &config,
        state: &state,
        seen,
        port: None,
        servers: &parse_servers(&servers.join("\n")).unwrap(),
        nodes: &[],
        inside,
        cache: &Cache::at("/cache"),
        releases: Cell::default(),
    };
    let cmds = commands.of(action).unwrap();
    cmds.iter().map(ToString::to_string).collect()
}

#[test]
fn the_image_cache_joins_a_network_that_is_made_anew() {
    let config = Up::new(&flags::Up::default()).unwrap();
    let left = Leftovers {
        networks: vec![k3d::network(&config.preview.cluster)],
        ..Leftovers::default()
    };
    let cleared = Cluster::HalfMade(left.clone());
    let joined = |seen| typed(seen, &Action::ServeImages).len();
    assert_eq!(joined(&Cluster::Absent), 0);
    assert_eq!(joined(&cleared), PROJECT.nodes.registries.len());

    let clear = typed(&cleared, &Action::Clear(left)).join("\n");
    let (leave, remove) = (
        clear.find("network disconnect"),
        clear.find("docker network rm"),
    );
    assert!(leave.is_some() && leave < remove, "{clear}");
}

#[test]
fn a_release_that_was_cut_short_is_mended_before_its_upgrade() {
    let deploy = typed(&Cluster::Absent, &Action::Deploy(Some(Mend::Rollback)));
    let [rollback, renew, upgrade] = deploy.as_slice() else {
        panic!("{deploy:?}")
    };
    assert!(rollback.starts_with("helm rollback "), "{rollback}");
    assert!(renew.contains(" delete "), "{renew}");
    assert!(upgrade.starts_with("helm upgrade "), "{upgrade}");
}

#[test]
fn an_operator_that_is_there_gets_the_definitions_of_its_chart_first() {
    let config = Up::new(&flags::Up::default()).unwrap();
    let steps = plan::up(&config, &Cluster::Absent, None).unwrap();
    let mut installs = steps.iter().map(|it| &it.action);
    let install = installs.find(|it| matches!(it, Action::Install { .. }));
    let reply = r#"cnpg-system {"name":"cnpg","status":"deployed","version":"1"}"#;
    let mut inside = Inside::default();
    assert_eq!(
        typed_with(&Cluster::Absent, Some(&inside), install.unwrap()).len(),
        1
    );
    inside.releases = helm::parse_revisions(reply).unwrap();
    let cmds = typed_with(&Cluster::Absent, Some(&inside), install.unwrap());
    let begins = ["helm show crds ", "kubectl --kubeconfig", "helm upgrade "];
    assert_eq!(cmds.len(), begins.len());
    assert!(
        cmds.iter()
            .zip(begins)
            .all(|(it, begin)| it.starts_with(begin)),
        "{cmds:?}"
    );
}
