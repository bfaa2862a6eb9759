//! From what was answered to the report. Pure: no child, and no clock but the one that is given.

mod containers;
mod faults;
mod release;
mod store;

use std::path::PathBuf;
use std::time::SystemTime;

use super::ask::{Answers, Api, Inside};
use super::report::{Component, Health, Part, PodLine, Problem, Report, SCHEMA, Url};
use crate::application;
use crate::cmd::Cmd;
use crate::config::Preview;
use crate::diagnose::Faults;
use crate::docker::Detail;
use crate::ingress;
use crate::observe::Cluster;
use crate::pod::Pod;
use crate::postgres;
use crate::valkey;

pub use faults::{age, told};

/// The namespace of what makes the cluster one.
const SYSTEM: &str = "kube-system";

/// What the report is about, besides what was answered.
#[derive(Debug)]
pub struct About<'a> {
    /// Which preview.
    pub preview: &'a Preview,
    /// kubectl with the cluster's kubeconfig, for what to type next.
    pub kubectl: Cmd,
    /// The cluster's kubeconfig.
    pub kubeconfig: PathBuf,
    /// Who changes the cluster right now.
    pub busy: Option<String>,
    /// The time.
    pub now: SystemTime,
}

impl About<'_> {
    /// What brings back what is not there: `up`, or whoever is at it already.
    fn mend(&self) -> String {
        match &self.busy {
            Some(who) => format!("wait: {who} is at work"),
            None => self.preview.command("up"),
        }
    }
}

/// One part of the preview, and what is wrong with it.
struct Judged {
    component: Component,
    problems: Vec<Problem>,
}

/// Judges what is inside a cluster that answers.
struct Judge<'a> {
    about: &'a About<'a>,
    inside: &'a Inside,
    faults: Faults,
    /// The nodes whose containers do not run: the API server takes their pods for ready for a while.
    stopped: Vec<&'a str>,
}

/// The report on a preview.
pub fn report(about: &About<'_>, seen: &Cluster, answers: &Answers) -> Report {
    let mut judged = containers::judge(about, seen, answers);
    if let Api::Answered(inside) = &answers.api {
        let pods = inside.pods.iter();
        let stopped = answers.containers.iter().filter(|it| !it.is_running());
        let judge = Judge {
            about,
            inside,
            faults: told(pods, about.now),
            stopped: stopped.map(Detail::name).collect(),
        };
        judge.add_parts(&mut judged);
    }
    let are_ready = judged.iter().all(|it| it.component.health == Health::Ready);
    let url = url(about, seen, answers, &judged);
    let mut problems: Vec<Problem> = Vec::new();
    let mut components = Vec::new();
    for part in judged {
        problems.extend(part.problems);
        components.push(part.component);
    }
    problems.extend(
        url.as_ref()
            .filter(|_| are_ready)
            .and_then(|url| url_problem(about, url)),
    );
    Report {
        schema: SCHEMA,
        cluster: about.preview.cluster.to_string(),
        namespace: about.preview.namespace.to_string(),
        ready: are_ready && url.as_ref().is_some_and(|url| url.answers),
        busy: about.busy.clone(),
        url,
        kubeconfig: matches!(answers.api, Api::Answered(_))
            .then(|| about.kubeconfig.to_string_lossy().into_owned()),
        components,
        problems,
    }
}

fn url(about: &About<'_>, seen: &Cluster, answers: &Answers, judged: &[Judged]) -> Option<Url> {
    let port = seen.whole()?.port?;
    let application = judged
        .iter()
        .find(|it| it.component.component == Part::Application);
    let image = application.and_then(|it| it.component.image.as_deref());
    let answer = answers
        .page
        .as_ref()
        .map(|page| page.judge(&about.preview.project.ready, image.unwrap_or_default()));
    let detail = match answer {
        Some(answer) => answer.words().map(faults::words),
        None => Some("the cluster does not run".into()),
    };
    Some(Url {
        address: format!("http://127.0.0.1:{port}/"),
        answers: detail.is_none(),
        detail,
    })
}

/// What is wrong where everything is ready and the URL does not answer all the same.
fn url_problem(about: &About<'_>, url: &Url) -> Option<Problem> {
    let detail = url.detail.clone()?;
    Some(Problem {
        component: Part::Application,
        object: url.address.clone(),
        container: None,
        reason: "everything is ready, but the application does not answer".into(),
        message: detail,
        since: None,
        certain: false,
        do_next: about.preview.command("logs"),
    })
}

impl Judge<'_> {
    /// Adds the parts that run in the cluster, in the order in which one needs another.
    fn add_parts(&self, judged: &mut Vec<Judged>) {
        if let Some(cluster) = judged.first_mut() {
            cluster.problems.extend(self.system_problems());
        }
        let project = self.about.preview.project;
        let mut needed = Vec::new();
        if let Some(wanted) = &project.postgres {
            let operator = self.operator(Part::PostgresOperator, postgres::RELEASE);
            let store = self.postgres(wanted, operator.component.health);
            needed.push(store.component.health);
            judged.extend([operator, store]);
        }
        if let Some(wanted) = &project.valkey {
            let operator = self.operator(Part::ValkeyOperator, valkey::RELEASE);
            let store = self.valkey(wanted, operator.component.health);
            needed.push(store.component.health);
            judged.extend([operator, store]);
        }
        judged.push(self.ingress());
        judged.push(self.application(needed.iter().any(|health| *health != Health::Ready)));
    }

    /// What is wrong for certain with the cluster's own pods, such as its DNS.
    fn system_problems(&self) -> Vec<Problem> {
        let (name, value) = ingress::LABEL;
        let mut problems = self.pod_problems(Part::Cluster, false, |pod| {
            pod.metadata.namespace == SYSTEM && !pod.has_label(name, value)
        });
        problems.retain(|problem| problem.certain);
        problems
    }

    fn operator(&self, part: Part, (release, namespace): (&str, &str)) -> Judged {
        self.release(
            part,
            release,
            false,
            |it| it.is_of_release(release, namespace),
            |pod| pod.metadata.namespace == namespace,
        )
    }

    fn ingress(&self) -> Judged {
        let (name, value) = ingress::LABEL;
        self.release(
            Part::Ingress,
            value,
            false,
            |it| it.has_label(ingress::LABEL),
            |pod| pod.has_label(name, value),
        )
    }

    fn application(&self, lacks_stores: bool) -> Judged {
        let preview = self.about.preview;
        let (release, namespace) = (preview.project.chart.release, preview.namespace.as_str());
        self.release(
            Part::Application,
            release,
            lacks_stores,
            |it| it.is_of_release(release, namespace),
            |pod| application::owns(preview, pod),
        )
    }

    /// The lines of pods, without those that have done their work or are on their way out.
    fn pod_lines(&self, problems: &[Problem], which: impl Fn(&Pod) -> bool) -> Vec<PodLine> {
        let pods = self.inside.pods.iter().filter(|pod| which(pod));
        let pods = pods.filter(|pod| !pod.is_finished() && !pod.is_terminating());
        let mut lines: Vec<PodLine> = pods.map(|pod| self.pod_line(pod, problems)).collect();
        lines.sort_by(|a, b| a.name.cmp(&b.name));
        lines
    }

    fn pod_line(&self, pod: &Pod, problems: &[Problem]) -> PodLine {
        let metadata = &pod.metadata;
        let object = format!("Pod {}/{}", metadata.namespace, metadata.name);
        let is_ill = problems.iter().any(|it| it.certain && it.object == object);
        let node = pod.spec.node_name.as_deref();
        let is_cut_off = node.is_some_and(|node| self.stopped.contains(&node));
        let health = if pod.is_ready() && !is_cut_off {
            Health::Ready
        } else if is_cut_off || is_ill || pod.has_failed() || faults::was_ready(pod) {
            Health::NotReady
        } else {
            Health::Starting
        };
        let statuses = &pod.status.container_statuses;
        let detail = if is_cut_off {
            Some("its node does not run".to_owned())
        } else {
            (health != Health::Ready).then(|| pod_words(pod))
        };
        PodLine {
            name: metadata.name.clone(),
            health,
            detail,
            containers_ready: statuses.iter().filter(|it| it.ready).count(),
            containers: pod.spec.containers.len().max(statuses.len()),
            restarts: pod.restarts(),
            image: pod.spec.containers.first().map(|it| it.image.clone()),
            node: pod.spec.node_name.clone(),
            since: metadata.creation_timestamp.clone(),
        }
    }
}

/// Why a pod is not ready, in a word or two of the kubelet's.
fn pod_words(pod: &Pod) -> String {
    let waiting = pod.containers().find_map(|it| it.state.waiting.as_ref());
    let waiting = waiting.map(|it| faults::words(&it.reason));
    waiting
        .filter(|words| !words.is_empty())
        .unwrap_or_else(|| {
            let statuses = &pod.status.container_statuses;
            let ready = statuses.iter().filter(|it| it.ready).count();
            format!("{ready} of {} containers are ready", statuses.len())
        })
}

/// What is wrong with a part of which nobody says what is wrong.
fn unexplained(
    component: &Component,
    object: String,
    since: Option<String>,
    do_next: String,
) -> Problem {
    Problem {
        component: component.component,
        object,
        container: None,
        reason: component
            .detail
            .clone()
            .unwrap_or_else(|| "not ready".into()),
        message: String::new(),
        since,
        certain: component.health == Health::NotReady,
        do_next,
    }
}
