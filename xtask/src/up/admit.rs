//! Whether what is wanted fits what is there: looked at before anything is changed.

use anyhow::{Context, Result, ensure};

use super::claim::to_adopt;
use crate::config::{self, AskedNodes, Fixed, ImageName, Preview};
use crate::docker;
use crate::doctor;
use crate::exec::Exec;
use crate::ingress;
use crate::k3d;
use crate::listen::{self, Listener};
use crate::names::Port;
use crate::observe::{Cluster, Whole};
use crate::progress::Progress;
use crate::settings::Given;
use crate::state::State;

/// Looks, before anything is changed, whether what is wanted fits what is there. Returns the ingress' port: the one
/// of a cluster that is there, else the one asked for; where there is none, a free one will do.
///
/// # Errors
/// Where the cluster is not this worktree's, its port or its nodes are others than asked for, or that port is taken;
/// and where a new cluster's Valkey cannot be, or Docker's machine cannot bear it.
pub fn admit(
    config: &config::Up,
    exec: &Exec,
    state: &State,
    seen: &Cluster,
    progress: &Progress,
) -> Result<Option<Port>> {
    to_adopt(&config.preview, state, seen, config.adopt)?;
    if let Some(whole) = seen.whole() {
        let has = published(&config.preview, whole)?;
        let asked = config.port.as_ref();
        if let Some(other) = asked.and_then(|it| ingress::other_port(&config.preview, has, it)) {
            return Err(other.into());
        }
        if let Some(other) = other_nodes(exec, &config.preview, whole, &config.nodes)? {
            return Err(other.into());
        }
        return own_port(exec, &config.preview, whole).map(Some);
    }
    if let Some(valkey) = &config.preview.project.valkey {
        let operator = config.valkey.of_new_cluster(valkey);
        config.valkey.chart(operator, valkey)?;
    }
    let asked = config.port.as_ref();
    let port = asked.map(|it| listen::check(exec, it.value, &it.from, Listener::Docker));
    let port = port.transpose()?;
    fit(exec, progress)?;
    Ok(port)
}

/// That a cluster has other nodes than are asked for, if so. Docker is asked only where an image is.
fn other_nodes(
    exec: &Exec,
    preview: &Preview,
    whole: &Whole,
    asked: &AskedNodes,
) -> Result<Option<Fixed>> {
    if let Some(asked) = &asked.agents {
        let is_agent = |node: &&String| k3d::is_agent(&preview.cluster, node);
        let has = whole.nodes.iter().filter(is_agent).count();
        if has != usize::from(asked.value.0) {
            let s = if has == 1 { "" } else { "s" };
            return Ok(Some(Fixed::new(
                preview,
                format!("has {has} agent{s}"),
                asked,
            )));
        }
    }
    let Some(asked) = asked
        .image
        .as_ref()
        .filter(|it| !k3d::is_channel(&it.value.0))
    else {
        return Ok(None);
    };
    let has = exec.read(&docker::configured_image(&whole.server))?;
    Ok(other_image(preview, has.trim(), asked))
}

/// That the nodes' image is another one than is asked for, if that is certain.
fn other_image(preview: &Preview, has: &str, asked: &Given<ImageName>) -> Option<Fixed> {
    let is_other = docker::are_other_images(has, &asked.value.0);
    is_other.then(|| Fixed::new(preview, format!("runs {has}"), asked))
}

/// Looks whether Docker's machine can bear a new cluster, before anything is made.
///
/// # Errors
/// Where it certainly cannot: it is not this machine, its disk is full, or it lacks memory.
fn fit(exec: &Exec, progress: &Progress) -> Result<()> {
    let checks = doctor::machine(exec)?;
    let mut blocks = Vec::new();
    for check in checks {
        let next = check.do_next.unwrap_or_default();
        let words = format!("{}: {}\n    next: {next}", check.name, check.found);
        match check.state {
            doctor::State::Ok => {}
            doctor::State::Warning => progress.warn(&words),
            doctor::State::Blocks => blocks.push(words),
        }
    }
    ensure!(blocks.is_empty(), "{}", blocks.join("\n"));
    Ok(())
}

/// The port that a cluster's ingress has on this machine.
///
/// # Errors
/// Where it has none.
pub fn published(preview: &Preview, whole: &Whole) -> Result<Port> {
    whole.port.with_context(|| format!("the cluster {} publishes no port for its ingress: it was not made by this tool; delete it (k3d cluster delete {0}) or choose another name", preview.cluster))
}

/// The port of a cluster that is about to run: one that is stopped has to get it again.
///
/// # Errors
/// Where it has none, or somebody else has it.
pub fn own_port(exec: &Exec, preview: &Preview, whole: &Whole) -> Result<Port> {
    let port = published(preview, whole)?;
    let balancer = k3d::load_balancer(&preview.cluster);
    // One that is paused listens still.
    if whole.stopped.contains(&balancer) && !whole.paused.contains(&balancer) {
        listen::check_again(exec, preview, port)?;
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::Arc;

    use super::*;
    use crate::config::Agents;
    use crate::exec::CmdError;
    use crate::flags::{ClusterFlags, NamespaceFlags};
    use crate::settings::Origin;
    use crate::stop::Stop;

    fn preview() -> Preview {
        Preview::new(&ClusterFlags::default(), &NamespaceFlags::default()).unwrap()
    }

    fn whole(port: Port) -> Whole {
        let cluster = preview().cluster;
        let nodes = ["server-0", "agent-0", "agent-1"];
        Whole {
            port: Some(port),
            nodes: nodes.map(|it| format!("k3d-{cluster}-{it}")).to_vec(),
            server: "id".into(),
            worktree: String::new(),
            stopped: vec![],
            paused: vec![],
        }
    }

    #[test]
    fn a_cluster_keeps_the_agents_that_it_has() {
        let exec = Exec::new(Arc::new(Stop::default()));
        let other = |agents| {
            let agents = Given {
                value: Agents(agents),
                from: Origin::Flag("--agents".into()),
            };
            let asked = AskedNodes {
                agents: Some(agents),
                image: None,
            };
            let other = other_nodes(&exec, &preview(), &whole(Port(8080)), &asked);
            other.unwrap().map(|it| it.what)
        };
        assert_eq!(other(2), None);
        let cluster = preview().cluster;
        let words = format!("the cluster {cluster} has 2 agents, --agents asks for 0");
        assert_eq!(other(0), Some(words));
    }

    fn image(name: &str) -> Given<ImageName> {
        Given {
            value: ImageName(name.into()),
            from: Origin::Variable("GHILLIE_K3D_K3S_IMAGE".into()),
        }
    }

    #[test]
    fn the_nodes_image_by_another_name_is_fine() {
        let has = "rancher/k3s:v1.33.4-k3s1";
        let other = |name: &str| other_image(&preview(), has, &image(name)).map(|it| it.what);
        assert_eq!(other(has), None);
        assert_eq!(other("docker.io/rancher/k3s:v1.33.4-k3s1"), None);
        let cluster = preview().cluster;
        let words = format!(
            "the cluster {cluster} runs {has}, GHILLIE_K3D_K3S_IMAGE asks for rancher/k3s:other"
        );
        assert_eq!(other("rancher/k3s:other"), Some(words));
    }

    #[test]
    fn a_channel_asks_for_no_image_and_a_failed_question_is_no_answer() {
        let exec = Exec::new(Arc::new(Stop::default()));
        exec.use_program("docker", "false".into());
        let other = |name: &str| {
            let asked = AskedNodes {
                agents: None,
                image: Some(image(name)),
            };
            other_nodes(&exec, &preview(), &whole(Port(8080)), &asked)
        };
        assert_eq!(other("stable").unwrap(), None);
        let error = other("rancher/k3s:v1.33.4-k3s1").unwrap_err();
        assert!(error.is::<CmdError>(), "{error}");
    }

    #[test]
    fn a_stopped_cluster_needs_its_port_again() {
        let exec = Exec::new(Arc::new(Stop::default()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = Port(listener.local_addr().unwrap().port());
        let preview = preview();
        let own_port = |whole: &Whole| own_port(&exec, &preview, whole);

        let mut whole = whole(port);
        assert_eq!(own_port(&whole).unwrap(), port, "it listens itself");
        whole.stopped = vec![whole.nodes[0].clone()];
        assert_eq!(own_port(&whole).unwrap(), port, "it listens itself");
        let balancer = k3d::load_balancer(&preview.cluster);
        whole.stopped.push(balancer.clone());
        let refused = own_port(&whole).unwrap_err().to_string();
        let words = format!(
            "port {port} of 127.0.0.1, which the cluster {} has",
            preview.cluster
        );
        assert!(refused.starts_with(&words), "{refused}");
        assert!(refused.ends_with("down"), "{refused}");
        whole.paused.push(balancer);
        assert_eq!(own_port(&whole).unwrap(), port, "it listens itself");
        whole.paused.clear();
        drop(listener);
        assert_eq!(own_port(&whole).unwrap(), port);
    }
}
