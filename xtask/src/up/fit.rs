//! An application that is rolled out and yet never answers as the project says: there is nothing to wait for.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::Up;
use crate::config::Preview;
use crate::ingress;
use crate::kubectl;
use crate::probe::Answer;

/// How long it must be so, once the application is rolled out: for some seconds the ingress may know only the pods of
/// before, or nothing of a new Ingress.
const CERTAIN: Duration = Duration::from_secs(10);

const INGRESSES: &str = "ingresses.networking.k8s.io";

impl Up<'_> {
    /// Looks whether what an application that is rolled out answers is a fault of what the project says of it, or of
    /// its chart; `since` when it has been so is kept by the caller.
    ///
    /// # Errors
    /// What is wrong, where that is certain.
    pub(super) fn check_fit(&self, answer: &Answer, since: &mut Option<Instant>) -> Result<()> {
        if !matches!(answer, Answer::Misfit(_) | Answer::NoRoute(_)) {
            *since = None;
            return Ok(());
        }
        if since.get_or_insert_with(Instant::now).elapsed() < CERTAIN {
            return Ok(());
        }
        if let Answer::Misfit(words) = answer {
            bail!(
                "the application answers otherwise than the project says: {words}\n    next: mend `ready` in xtask/src/project.rs, or the service"
            );
        }
        let preview = &self.config.preview;
        let ingresses = kubectl::get(self.state, &preview.namespace, &[INGRESSES.to_owned()]);
        if let Ok(ingresses) = self.ask_for(&ingresses)?
            && let Some(why) = no_route(preview, &ingresses)
        {
            let values = preview.project.chart.values;
            bail!("{why}\n    next: mend it in {values}, or the chart");
        }
        *since = None;
        Ok(())
    }
}

/// Why the ingress has no route to the application, as far as its Ingresses tell.
fn no_route(preview: &Preview, ingresses: &[Value]) -> Option<String> {
    let reasons: Vec<String> = ingresses.iter().map_while(not_for_all).collect();
    if reasons.len() < ingresses.len() {
        return None;
    }
    let namespace = &preview.namespace;
    Some(match reasons.into_iter().next() {
        None => format!("the chart made no Ingress in the namespace {namespace}"),
        Some(reason) => reason,
    })
}

/// Why an Ingress does not serve 127.0.0.1.
fn not_for_all(object: &Value) -> Option<String> {
    let name = object.pointer("/metadata/name")?.as_str()?;
    let class = object
        .pointer("/spec/ingressClassName")
        .and_then(Value::as_str);
    if let Some(class) = class.filter(|class| *class != ingress::CLASS) {
        let own = ingress::CLASS;
        return Some(format!(
            "the Ingress {name} is of the class {class}, and the cluster's own is {own}: it needs none"
        ));
    }
    let rules = object.pointer("/spec/rules")?.as_array()?;
    let hosts: Vec<&str> = rules
        .iter()
        .map_while(|rule| rule.get("host")?.as_str())
        .collect();
    let is_for_hosts = !hosts.is_empty() && hosts.len() == rules.len();
    is_for_hosts.then(|| {
        let hosts = hosts.join(", ");
        format!("the Ingress {name} is for {hosts} only, and the preview is asked for at 127.0.0.1: it needs no host")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flags::{ClusterFlags, NamespaceFlags};

    fn ingress(class: Option<&str>, hosts: &[Option<&str>]) -> Value {
        let rules: Vec<Value> = hosts.iter().map(|host| json!({ "host": host })).collect();
        json!({
            "metadata": { "name": "shop" },
            "spec": { "ingressClassName": class, "rules": rules },
        })
    }

    fn why(ingresses: &[Value]) -> Option<String> {
        let preview = Preview::new(&ClusterFlags::default(), &NamespaceFlags::default()).unwrap();
        no_route(&preview, ingresses)
    }

    #[test]
    fn an_ingress_without_host_and_class_only_needs_time() {
        assert_eq!(why(&[ingress(None, &[None])]), None);
        assert_eq!(why(&[ingress(Some("traefik"), &[Some("a"), None])]), None);
        let other = ingress(None, &[Some("a.example")]);
        assert_eq!(why(&[other, ingress(None, &[None])]), None);
    }

    #[test]
    fn none_and_those_of_a_host_or_another_class_never_serve_loopback() {
        assert!(why(&[]).unwrap().starts_with("the chart made no Ingress"));
        let host = why(&[ingress(None, &[Some("a.example"), Some("b.example")])]).unwrap();
        assert!(host.contains("is for a.example, b.example only"), "{host}");
        let class = why(&[ingress(Some("nginx"), &[None])]).unwrap();
        assert!(class.contains("of the class nginx"), "{class}");
    }
}
