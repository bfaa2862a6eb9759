//! What `up` will do: a pure function from what is wanted and what was seen to named steps.

mod known;
mod name;
mod start;
mod stores;
#[cfg(test)]
mod tests;

use anyhow::bail;
use serde_json::Value;

use crate::chart::Chart;
use crate::config::{Preview, Up};
use crate::helm::Release;
use crate::k3d::Shape;
use crate::observe::{Cluster, Inside, Leftovers, Whole};
use crate::valkey::Operator;

pub use known::{known_secret, urls};
pub use name::{Name, STORES_READY};
pub use start::start;
use stores::{postgres_steps, valkey_steps};

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: Name,
    /// What must be done before it.
    pub needs: Vec<Name>,
    /// What it does.
    pub action: Action,
}

/// What a step does. What only exists at run time (the image, the stores' URLs) is not part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Fetches charts that are not on this machine.
    FetchCharts(Vec<Chart>),
    /// Has the cache of the nodes' images answer.
    ServeImages,
    /// Removes what a killed run left.
    Clear(Leftovers),
    /// Creates the cluster.
    Create(Shape),
    /// Starts the containers of a cluster that do not run, or wakes them.
    Start(Whole),
    /// Waits for the API server and takes the kubeconfig.
    AwaitApi,
    /// Creates the application's namespace.
    CreateNamespace,
    /// Builds the image.
    Build,
    /// Takes an image that is there: the one the cluster last had, else the last one built.
    Reuse,
    /// Gets the image into every node.
    Import,
    /// Installs or upgrades an operator, after ending what a killed helm left.
    Install {
        /// The operator's release.
        release: Release,
        /// What makes it fit for an upgrade.
        mend: Option<Mend>,
    },
    /// Creates PostgreSQL and waits for its Secret.
    CreatePostgres(Value),
    /// Waits until PostgreSQL takes connections.
    AwaitPostgres(Operators),
    /// Creates Valkey, with a password where the operator wants one of us.
    CreateValkey {
        /// The operator.
        operator: Operator,
        /// Its resource.
        manifest: Value,
        /// Whether its Secret is made too.
        password: bool,
    },
    /// Waits until Valkey is up.
    AwaitValkey(Operator, Operators),
    /// Writes the Secret with the stores' URLs.
    WriteSecret,
    /// Installs or upgrades the application.
    Deploy(Option<Mend>),
    /// Records in the cluster what the releases' objects are.
    Record,
    /// Removes the images of earlier runs.
    Tidy,
    /// Waits until the application answers, with this image and its stores.
    AwaitAnswer,
}

/// What a store's being ready says of its operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operators {
    /// The store can only be ready by the operator as it is: there is nothing more to wait for.
    Implied,
    /// The store may be ready by the operator of before: the rollout of the new one is waited for first.
    Awaited,
}

/// How a release is made fit for an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// `pending-install`, or a first install that failed: there is nothing to go back to.
    Uninstall,
    /// `pending-upgrade`: back to what was deployed.
    Rollback,
    /// `failed`: its workloads are made anew, or they would keep what the failed revision put there.
    Renew,
}

impl Step {
    fn new(name: Name, needs: &[Name], action: Action) -> Self {
        Self {
            name,
            needs: needs.to_vec(),
            action,
        }
    }

    /// What it waits for while it runs: the application may start before its stores, but is not ready
    /// without them.
    pub fn awaits(&self) -> &[Name] {
        match self.action {
            Action::AwaitAnswer => &STORES_READY,
            _ => &[],
        }
    }

    fn awaits_operator(&self) -> bool {
        matches!(
            self.action,
            Action::AwaitPostgres(Operators::Awaited) | Action::AwaitValkey(_, Operators::Awaited)
        )
    }
}

/// The steps from what was seen to a preview that answers.
///
/// # Errors
/// Where what is wanted does not fit what is there.
pub fn up(config: &Up, seen: &Cluster, inside: Option<&Inside>) -> anyhow::Result<Vec<Step>> {
    let none = Inside::default();
    let inside = inside.unwrap_or(&none);
    one_preview(&config.preview, inside)?;
    let mut steps = cluster(config, seen);
    let image = if config.skip_build {
        Action::Reuse
    } else {
        Action::Build
    };
    steps.push(Step::new(Name::Image, &[], image));
    // The nodes run before k3d starts the load balancer, through which the API server answers.
    steps.push(Step::new(
        Name::Import,
        &[Name::Image, Name::Api],
        Action::Import,
    ));
    if inside.releases.is_empty() || inside.named.is_empty() {
        steps.push(Step::new(
            Name::Namespace,
            &[Name::Api],
            Action::CreateNamespace,
        ));
    }
    if let Some(postgres) = &config.preview.project.postgres {
        steps.extend(postgres_steps(config, postgres, inside)?);
    }
    if let Some(valkey) = &config.preview.project.valkey {
        steps.extend(valkey_steps(config, valkey, inside)?);
    }
    steps.extend(application(config, inside, &steps));
    steps.splice(0..0, charts(&steps));
    let present: Vec<Name> = steps.iter().map(|step| step.name).collect();
    for step in &mut steps {
        step.needs.retain(|need| present.contains(need));
    }
    Ok(steps)
}

/// A cluster has one ingress, which answers at one URL: a second preview beside the first would take turns with it.
fn one_preview(preview: &Preview, inside: &Inside) -> anyhow::Result<()> {
    let Some(first) = inside
        .elsewhere
        .as_ref()
        .filter(|_| inside.record.is_empty())
    else {
        return Ok(());
    };
    let (cluster, namespace) = (&preview.cluster, &preview.namespace);
    bail!(
        "the cluster {cluster} has its preview in the namespace {first}, and both would answer at one URL: \
         `--namespace {first}` goes on with it, and with `--cluster-name NAME` the namespace {namespace} gets a cluster \
         of its own"
    )
}

fn cluster(config: &Up, seen: &Cluster) -> Vec<Step> {
    let create = Action::Create(config.shape());
    let mut steps = match seen {
        Cluster::Running(_) | Cluster::Stopped(_) => return Vec::new(),
        Cluster::Absent => vec![],
        Cluster::HalfMade(left) => {
            let clear = Action::Clear(left.clone());
            vec![Step::new(Name::Clear, &[Name::Charts], clear)]
        }
    };
    // A chart that cannot be fetched is known before anything is touched.
    let needs = [Name::Charts, Name::Clear];
    steps.push(Step::new(Name::Cluster, &needs, create));
    if config.image_cache {
        steps.push(Step::new(Name::ImageCache, &needs, Action::ServeImages));
    }
    // Not after the cluster's creation: the API server answers seconds before k3d is done.
    steps.push(Step::new(Name::Api, &needs, Action::AwaitApi));
    steps
}

/// Fetches the charts that are to be installed and are not on this machine.
fn charts(steps: &[Step]) -> Option<Step> {
    let wanted = steps.iter().filter_map(|step| match &step.action {
        Action::Install { release, .. } => Some(release.chart.clone()),
        _ => None,
    });
    let far: Vec<Chart> = wanted
        .filter(|it| !matches!(it, Chart::Folder(_)))
        .collect();
    (!far.is_empty()).then(|| Step::new(Name::Charts, &[], Action::FetchCharts(far)))
}

fn application(config: &Up, inside: &Inside, stores: &[Step]) -> Vec<Step> {
    let chart = &config.preview.project.chart;
    let mut steps = Vec::new();
    let secret = [Name::Namespace, Name::Postgres, Name::Valkey];
    if known_secret(&config.preview, inside).is_none() {
        steps.push(Step::new(Name::Secret, &secret, Action::WriteSecret));
    }
    let deploy = [Name::Namespace, Name::Image, Name::Import, Name::Secret];
    steps.push(Step::new(
        Name::Deploy,
        &deploy,
        Action::Deploy(mend(inside, chart.release)),
    ));
    let mut record = vec![Name::CnpgOperator, Name::ValkeyOperator, Name::Deploy];
    // An operator that does not come up is not recorded: the next `up` installs it, and waits for it, again.
    let awaited = stores.iter().filter(|step| step.awaits_operator());
    record.extend(awaited.map(|step| step.name));
    steps.push(Step::new(Name::Record, &record, Action::Record));
    steps.push(Step::new(Name::Tidy, &[Name::Deploy], Action::Tidy));
    steps.push(Step::new(
        Name::Answer,
        &[Name::Deploy],
        Action::AwaitAnswer,
    ));
    steps
}

fn mend(inside: &Inside, release: &str) -> Option<Mend> {
    let revision = inside.release(release)?;
    match (revision.status.as_str(), revision.version.as_str()) {
        ("pending-install" | "uninstalling", _) | ("failed", "1") => Some(Mend::Uninstall),
        ("pending-upgrade" | "pending-rollback", _) => Some(Mend::Rollback),
        ("failed", _) => Some(Mend::Renew),
        _ => None,
    }
}
