//! The cluster's containers, while somebody waits for what runs in them.

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::anyhow;

use super::Up;
use crate::docker::{self, Container};
use crate::execute::Run;
use crate::k3d;
use crate::plan::Name;

/// How long a container that ended may take to run again, as one that Docker itself starts again does.
const AGAIN: Duration = Duration::from_secs(2);
/// The pause after Docker stopped telling, as where it restarts.
const PAUSE: Duration = Duration::from_secs(5);

impl Up<'_> {
    /// Ends the run where a container of the cluster has ended and stays so. Nobody else would tell for
    /// minutes: to the API server a node is as it was for 40 s, and its pods for 5 minutes more
    /// (<https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller>).
    pub(super) fn watch_containers(&self, run: &Run<'_>) {
        if !self.pods.await_wanted() {
            return;
        }
        let mut containers = self.facts.nodes.get().cloned().unwrap_or_default();
        containers.push(k3d::load_balancer(&self.config.preview.cluster));
        let mut since = "0s".to_owned();
        while !self.pods.is_over() && self.exec.stop().reason().is_none() {
            let events = docker::ends(&containers, &since);
            let told = self
                .exec
                .documents(&events, &self.pods.containers, |_| ControlFlow::Break(()));
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            since = now.unwrap_or_default().as_secs().to_string();
            self.pods.rest(if told.is_ok() { AGAIN } else { PAUSE });
            // What k3d ends while it still makes or starts the cluster is for k3d to explain.
            while !run.is_done(&[Name::Cluster]) && !self.pods.rest(AGAIN) {}
            if self.pods.is_over() {
                return;
            }
            if let Some(name) = self.ended(&containers) {
                let up = self.config.preview.command("up");
                let words = "has stopped\n    next: start it again";
                run.fail(anyhow!("the container {name} {words}: {up}"));
                // A change that is under way cannot end well either: kubectl would wait a minute for its answer.
                return self.exec.end_children(true);
            }
        }
    }

    /// The first of these containers that runs no longer.
    fn ended(&self, containers: &[String]) -> Option<String> {
        let question = docker::containers(&self.config.preview.cluster);
        let reply = self.exec.read(&question).ok()?;
        let found = docker::parse_containers(&reply).ok()?.into_iter();
        let ended = |it: &Container| matches!(it.state.as_str(), "exited" | "dead");
        let mut ended = found.filter(|it| containers.contains(&it.name) && ended(it));
        ended.next().map(|it| it.name)
    }
}
