//! The application's release: its chart and values, with one image and one version of its Secret.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::chart::{Chart, digest_of};
use crate::cmd::Hidden;
use crate::config::Preview;
use crate::helm::{INPUTS_LABEL, Release, Values};
use crate::pod::Pod;
use crate::project::Image;

/// The release as it should be, labelled with a digest of all that it is made of.
///
/// # Errors
/// Where the chart or the values file cannot be read.
pub fn application(preview: &Preview, image: &str, secret_version: &str) -> Result<Release> {
    let project = &preview.project.chart;
    let path = preview.path(project.values);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let chart = Chart::Folder(preview.path(project.path));
    // The last colon: a registry's port has one too.
    let (repository, tag) = image
        .rsplit_once(':')
        .context("an image's name has a tag")?;
    let inputs = [&chart.identity()?, &text, image, secret_version];
    let inputs = digest_of(inputs);
    let set = [
        (project.repository_value, repository),
        (project.tag_value, tag),
        (project.secret_version_value, secret_version),
    ];
    Ok(Release {
        name: project.release.to_owned(),
        namespace: preview.namespace.to_string(),
        chart,
        values: Some(Values {
            path,
            text: Hidden(text),
        }),
        set: set
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        labels: BTreeMap::from([(INPUTS_LABEL, inputs[..16].to_owned())]),
    })
}

/// Whether a pod is one of the application's.
pub fn owns(preview: &Preview, pod: &Pod) -> bool {
    pod.metadata.namespace == preview.namespace.as_str()
        && pod.has_label("app.kubernetes.io/instance", preview.project.chart.release)
}

/// The application's image, where a container of this workload has it: a chart may bring other workloads,
/// and a pod other containers.
pub fn image_of(workload: &Value, image: &Image) -> Option<String> {
    let containers = workload.pointer("/spec/template/spec/containers")?;
    let containers = containers.as_array().into_iter().flatten();
    let mut images = containers.filter_map(|container| container["image"].as_str());
    images.find(|name| image.has(name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::project::PROJECT;

    #[test]
    fn of_several_containers_the_applications_has_its_image() {
        let of = |images: &[&str]| {
            let containers: Vec<_> = images.iter().map(|it| json!({ "image": it })).collect();
            let workload =
                json!({ "spec": { "template": { "spec": { "containers": containers } } } });
            image_of(&workload, &PROJECT.image)
        };
        assert_eq!(
            of(&["proxy:2", "ghillie:new"]).as_deref(),
            Some("ghillie:new")
        );
        assert_eq!(of(&["ghillie-worker:1"]), None);
        assert_eq!(
            image_of(&json!({ "kind": "Service" }), &PROJECT.image),
            None
        );
    }
}
