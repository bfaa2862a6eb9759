//! The application's release: its chart and values, with one image and one version of its Secret.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::chart::{Chart, digest, digest_of};
use crate::config::Preview;
use crate::helm::{INPUTS_LABEL, Release};
use crate::pod::Pod;

/// The release as it should be, labelled with a digest of all that it is made of.
///
/// # Errors
/// Where the chart or the values file cannot be read.
pub fn application(preview: &Preview, image: &str, secret_version: &str) -> Result<Release> {
    let project = &preview.project.chart;
    let values = preview.path(project.values);
    let chart = Chart::Folder(preview.path(project.path));
    // The last colon: a registry's port has one too.
    let (repository, tag) = image
        .rsplit_once(':')
        .context("an image's name has a tag")?;
    let inputs = [&chart.identity()?, &digest(&values)?, image, secret_version];
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
        values: Some(values),
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
