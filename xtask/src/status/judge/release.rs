//! Parts that Deployments and their like run: the operators, the ingress controller, the application.

use super::{Judge, Judged, faults, unexplained};
use crate::pod::{Condition, Pod};
use crate::status::report::{Component, Health, Part, PodLine, Problem};
use crate::workload::Workload;

impl Judge<'_> {
    /// Judges a part by its workloads and its pods. Where it `lacks` something that is not its own, what
    /// its program does is not certain to be wrong.
    pub(super) fn release(
        &self,
        part: Part,
        name: &str,
        lacks: bool,
        runs: impl Fn(&Workload) -> bool,
        owns: impl Fn(&Pod) -> bool,
    ) -> Judged {
        let workloads: Vec<&Workload> =
            self.inside.workloads.iter().filter(|it| runs(it)).collect();
        let Some(first) = workloads.first() else {
            return self.missing(part, name);
        };
        let mut problems = self.pod_problems(part, lacks, &owns);
        let pods = self.pod_lines(&problems, &owns);
        if !problems.iter().any(|problem| problem.certain) {
            let told = workloads.iter();
            problems.extend(told.filter_map(|it| self.workload_problem(part, it)));
        }
        let health = workloads
            .iter()
            .map(|it| health(it, &pods, &problems))
            .max();
        let health = health.unwrap_or(Health::Missing);
        let mut lacking = workloads
            .iter()
            .filter(|it| it.is_scaled_to_zero() || !it.is_rolled_out());
        let lacking = lacking.next();
        let component = Component {
            detail: match lacking {
                Some(workload) => Some(workload.words()),
                None => (health != Health::Ready).then(|| "no pod of it can be reached".into()),
            },
            image: self.image(&workloads),
            since: first.metadata.creation_timestamp.clone(),
            restarts: Some(restarts(&pods)),
            pods,
            ..Component::new(part, name, health)
        };
        if health == Health::NotReady && problems.is_empty() {
            let next = lacking.map_or_else(|| self.about.mend(), |it| self.describe(it));
            problems.push(unexplained(&component, object(first), None, next));
        }
        Judged {
            component,
            problems,
        }
    }

    /// The application's image where one of a part's workloads has it, else the first.
    fn image(&self, workloads: &[&Workload]) -> Option<String> {
        let image = &self.about.preview.project.image;
        let images = || workloads.iter().flat_map(|it| it.images());
        let ours = images().find(|name| image.has(name));
        ours.or_else(|| images().next()).map(str::to_owned)
    }

    /// A part that is not there.
    pub(super) fn missing(&self, part: Part, name: &str) -> Judged {
        let component = Component::new(part, name, Health::Missing);
        let problem = Problem {
            reason: "does not exist".into(),
            certain: self.about.busy.is_none(),
            ..unexplained(
                &component,
                format!("{} {name}", part.title()),
                None,
                self.about.mend(),
            )
        };
        Judged {
            component,
            problems: vec![problem],
        }
    }

    /// What a workload says is wrong with it.
    fn workload_problem(&self, part: Part, workload: &Workload) -> Option<Problem> {
        let problem = |reason: &str, message: &str, since: Option<String>, do_next| Problem {
            component: part,
            object: object(workload),
            container: None,
            reason: faults::words(reason),
            message: faults::words(message),
            since,
            certain: true,
            do_next,
        };
        if workload.is_scaled_to_zero() {
            return Some(problem("scaled to 0", "", None, self.about.mend()));
        }
        let Condition {
            reason,
            message,
            since,
            ..
        } = workload.stuck()?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Some(problem(
            &text(reason),
            &text(message),
            since.clone(),
            self.describe(workload),
        ))
    }

    fn describe(&self, workload: &Workload) -> String {
        let metadata = &workload.metadata;
        let kind = workload.kind.to_lowercase();
        let args = ["describe", &kind, &metadata.name, "-n", &metadata.namespace];
        self.about.kubectl.clone().args(args).to_string()
    }
}

fn object(workload: &Workload) -> String {
    let metadata = &workload.metadata;
    format!("{} {}/{}", workload.kind, metadata.namespace, metadata.name)
}

/// How often the containers of pods were started again.
pub(super) fn restarts(pods: &[PodLine]) -> u32 {
    pods.iter()
        .fold(0, |sum, pod| sum.saturating_add(pod.restarts))
}

fn health(workload: &Workload, pods: &[PodLine], problems: &[Problem]) -> Health {
    if workload.is_scaled_to_zero() {
        Health::Stopped
    } else if workload.is_rolled_out() {
        let are_cut_off = !pods.is_empty() && pods.iter().all(|pod| pod.health != Health::Ready);
        if are_cut_off {
            Health::NotReady
        } else {
            Health::Ready
        }
    } else if workload.stuck().is_some()
        || problems.iter().any(|problem| problem.certain)
        || pods.iter().any(|pod| pod.health == Health::NotReady)
    {
        Health::NotReady
    } else {
        Health::Starting
    }
}
