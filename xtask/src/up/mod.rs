//! `up` and `start`: from what was seen to a URL that answers.

mod admit;
mod answer;
mod charts;
mod claim;
mod cluster;
mod containers;
mod fit;
mod image;
mod image_cache;
mod import;
mod look;
mod pods;
mod release;
mod resource;
mod rollout;
mod secret;
mod start;
mod stores;
mod wait;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::cmd::Hidden;
use crate::config;
use crate::exec::Exec;
use crate::execute::{Did, Run};
use crate::k3d;
use crate::listen;
use crate::names::Port;
use crate::observe::{self, Cluster, Inside};
use crate::plan::{self, Action, Name, Step};
use crate::probe::Reply;
use crate::progress::{Line, Progress};
use crate::state::State;
use crate::stop::Reason;
use crate::timings::{Seconds, Timings};
use crate::tools::Cache;

pub use admit::{admit, published};
pub use charts::{at_hand, missing_charts};
pub use claim::claim;
pub use cluster::{create, describe, removals, remove};
pub use image::{RECORD as IMAGES, forget_images};
pub use image_cache::{leave as leave_image_cache, servers};
pub use import::{have_layers, imports, nodes_without};
use pods::Pods;
pub use release::{definitions, mending};
pub use secret::with_password;
pub use start::start;

/// The file in our state folder with the seconds that each step took.
const TIMINGS: &str = "timings.json";

/// Told when each step of a run ran, and whether all of it was done.
pub type Ran<'a> = &'a dyn Fn(&Timings, bool);

/// What the steps are to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// All that is wanted is made, and answers.
    Up,
    /// What is in the cluster answers.
    Start,
}

/// Everything that the steps of one `up` or `start` share.
struct Up<'a> {
    goal: Goal,
    config: &'a config::Up,
    exec: &'a Exec,
    state: &'a State,
    progress: &'a Progress,
    port: Port,
    cache: Cache,
    seen: OnceLock<Inside>,
    facts: Facts,
    pods: Pods,
}

/// What only exists at run time, set by the step that makes it and read by those that need that step.
#[derive(Default)]
struct Facts {
    /// The image's name, `ghillie:` and 12 digits, and the ids by one of which Docker knows it, where it may
    /// not have that name yet.
    image: OnceLock<(String, Vec<String>)>,
    /// The nodes' containers.
    nodes: OnceLock<Vec<String>>,
    /// The stores' URLs, by the application's variables.
    urls: Mutex<BTreeMap<&'static str, Hidden>>,
    /// The resource version of the application's Secret.
    secret: OnceLock<String>,
    /// Set once the cluster's network is there.
    network: OnceLock<()>,
    /// Set once k3d starts the load balancer, through which the API server answers.
    balancer: OnceLock<()>,
    /// When a cluster that this run started has answered what is in it.
    started: OnceLock<Instant>,
    /// Set where a node got the image only now.
    imported: OnceLock<()>,
    /// Set where the application was installed or upgraded.
    deployed: OnceLock<()>,
    /// Set where a release was installed or upgraded.
    released: OnceLock<()>,
    /// What the application answered before anything was done.
    replied: Arc<OnceLock<Reply>>,
}

/// Brings the preview up and returns its URL; `ran` is told when each step ran.
///
/// # Errors
/// What failed, with the evidence for it.
pub fn up(
    config: &config::Up,
    exec: &Exec,
    state: &State,
    progress: &Progress,
    ran: Ran<'_>,
) -> Result<String> {
    let begun = Instant::now();
    let seen = observe::observe_cluster(exec, &config.preview, state)?;
    let port = admit(config, exec, state, &seen, progress)?;
    let port = port.map_or_else(listen::free, Ok)?;
    claim(&config.preview, state, &seen, config.adopt)?;
    Up::new(Goal::Up, config, exec, state, progress, port).carry_out(seen, begun, ran)
}

/// Where the application answers.
pub fn url(port: Port) -> String {
    format!("http://127.0.0.1:{port}/")
}

impl<'a> Up<'a> {
    fn new(
        goal: Goal,
        config: &'a config::Up,
        exec: &'a Exec,
        state: &'a State,
        progress: &'a Progress,
        port: Port,
    ) -> Self {
        Self {
            goal,
            config,
            exec,
            state,
            progress,
            port,
            cache: Cache::of_user(&config.preview.root),
            seen: OnceLock::new(),
            facts: Facts::default(),
            pods: Pods::default(),
        }
    }

    /// Does all that leads from what was seen to the goal.
    fn carry_out(&self, seen: Cluster, begun: Instant, ran: Ran<'_>) -> Result<String> {
        let (exec, state) = (self.exec, self.state);
        let last: Seconds = state.get(TIMINGS).unwrap_or_default();
        let run = Run::new(exec, self.progress, begun, last.clone());
        let perform = |step: &Step, line: &Line| self.perform(step, line, &run);
        let result = thread::scope(|scope| {
            scope.spawn(|| self.pods.follow(exec, state));
            scope.spawn(|| self.watch_containers(&run));
            if matches!(seen, Cluster::Running(_)) {
                self.ask_beforehand();
            } else {
                scope.spawn(|| self.pods.nudge(exec, state));
            }
            run.start(scope, self.first_steps(&seen), &perform);
            let planned = self
                .plan(seen, &run)
                .map(|steps| run.start(scope, steps, &perform));
            if planned.is_err() && exec.stop().reason().is_none() {
                exec.stop().ask(Reason::Failure);
                exec.end_children(false);
            }
            let failure = run.finish();
            self.pods.end();
            // A step that failed explains more than a plan that could not be made because of it.
            failure.map_or(planned, Err)
        });
        let timings = run.timings();
        let is_done = result.is_ok() && exec.stop().reason().is_none();
        ran(&timings, is_done);
        result?;
        if !is_done {
            bail!("stopped");
        }
        let seconds = timings.seconds().on_top_of(last.clone());
        if seconds != last {
            state.put(TIMINGS, &seconds)?;
        }
        Ok(url(self.port))
    }

    /// What is to be done whatever is inside the cluster, and so need not wait until that is known.
    fn first_steps(&self, seen: &Cluster) -> Vec<Step> {
        let step = |name, action| Step {
            name,
            needs: vec![],
            action,
        };
        let build = (!self.config.skip_build).then(|| step(Name::Image, Action::Build));
        let start = match seen {
            Cluster::Stopped(whole) => Some(step(Name::Cluster, Action::Start(whole.clone()))),
            _ => None,
        };
        build.into_iter().chain(start).collect()
    }

    /// The plan, once what is inside a cluster that is there is known.
    fn plan(&self, mut seen: Cluster, run: &Run<'_>) -> Result<Vec<Step>> {
        let preview = &self.config.preview;
        let is_started = matches!(seen, Cluster::Stopped(_));
        if is_started {
            run.wait_for(Name::Cluster)?;
            seen = observe::observe_cluster(self.exec, preview, self.state)?;
            cluster::is_started(&seen)?;
        }
        let nodes = match &seen {
            Cluster::Running(whole) => whole.nodes.clone(),
            _ => k3d::nodes(&preview.cluster, &self.config.shape()),
        };
        let _ = self.facts.nodes.set(nodes);
        if let Cluster::Running(whole) = &seen {
            let inside = self.look_inside(whole)?;
            if is_started {
                let _ = self.facts.started.set(Instant::now());
            }
            if let Some(version) = plan::known_secret(preview, &inside) {
                let _ = self.facts.secret.set(version);
            }
            for (variable, url) in plan::urls(preview, &inside) {
                self.know_url(variable, url);
            }
            let _ = self.seen.set(inside);
        }
        match self.goal {
            Goal::Up => plan::up(self.config, &seen, self.seen()),
            Goal::Start => self.plan_start(),
        }
    }

    fn seen(&self) -> Option<&Inside> {
        self.seen.get()
    }

    fn perform(&self, step: &Step, line: &Line, run: &Run<'_>) -> Result<Did> {
        match &step.action {
            Action::FetchCharts(charts) => self.fetch_charts(charts, line),
            Action::ServeImages => self.serve_images(line),
            Action::Clear(left) => self.clear(left),
            Action::Create(shape) => self.create(shape, line),
            Action::Start(whole) => self.start(whole, line),
            Action::AwaitApi => self.await_api(line),
            Action::CreateNamespace => self.create_namespace(line),
            Action::Build => self.build(line),
            Action::Reuse => self.reuse(),
            Action::Import => self.import(line),
            Action::Install { release, mend } => self.install(release, *mend, line),
            Action::CreatePostgres(wanted) => self.create_postgres(wanted, line),
            Action::AwaitPostgres(operators) => self.await_postgres(*operators, line),
            Action::CreateValkey {
                operator,
                manifest,
                password,
            } => self.create_valkey(*operator, manifest, *password, line),
            Action::AwaitValkey(operator, operators) => {
                self.await_valkey(*operator, *operators, line)
            }
            Action::WriteSecret => self.write_secret(line),
            Action::Deploy(mend) => self.deploy(*mend, line),
            Action::Record => self.record(line),
            Action::Tidy => self.tidy(),
            Action::AwaitAnswer => self.await_answer(line, run),
        }
    }
}
