//! What is in a preview's cluster, asked and changed as a user would: by kubectl and docker.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use xtask::project::PROJECT;

use crate::command::{ask, program, read};
use crate::preview::Preview;

impl Preview {
    /// Runs kubectl with this cluster's kubeconfig, in the application's namespace.
    pub fn kubectl(&self, args: &[&str]) -> Result<String> {
        let kubeconfig = self.file("kubeconfig").display().to_string();
        let mut command = program("kubectl");
        command
            .args([
                "--kubeconfig",
                &kubeconfig,
                "--namespace",
                PROJECT.namespace,
            ])
            .args(args)
            .env("KUBECACHEDIR", self.file("kube-cache"));
        read(&mut command)
    }

    /// An object as JSON.
    pub fn object(&self, args: &[&str]) -> Result<Value> {
        let reply = self.kubectl(&[&["get", "--output", "json"], args].concat())?;
        serde_json::from_str(&reply).context("kubectl's reply")
    }

    /// A value of a Secret of the application's namespace.
    pub fn secret(&self, name: &str, key: &str) -> Result<String> {
        let secret = self.object(&["secret", name])?;
        let value = secret["data"][key]
            .as_str()
            .with_context(|| format!("no {key} in {name}"))?;
        Ok(String::from_utf8(BASE64_STANDARD.decode(value)?)?)
    }

    /// Sets a value of a Secret of the application's namespace.
    pub fn set_secret(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let value = BASE64_STANDARD.encode(value);
        let patch = serde_json::json!({ "data": { key: value } }).to_string();
        self.kubectl(&["patch", "secret", name, "--patch", &patch])
            .map(drop)
    }

    /// Runs SQL in the application's database, as its role, and returns the last line of the reply.
    pub fn psql(&self, sql: &str) -> Result<String> {
        let postgres = PROJECT.postgres.as_ref().context("no PostgreSQL")?;
        let url = self.secret(&xtask::postgres::app_secret(postgres), "uri")?;
        let pod = format!("{}-1", postgres.name);
        let psql = ["psql", "--quiet", "--tuples-only", "--no-align"];
        let exec = ["exec", &pod, "--container", "postgres", "--"];
        let rest = ["--command", sql, &url];
        let reply = self.kubectl(&[exec.as_slice(), &psql, &rest].concat())?;
        let line = reply.lines().next_back().unwrap_or_default();
        Ok(line.trim().to_owned())
    }

    /// The image of the application's Deployment.
    pub fn deployed(&self) -> Result<String> {
        let deployment = self.object(&["deployment", PROJECT.chart.release])?;
        let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
        Ok(image
            .as_str()
            .context("the Deployment has no image")?
            .to_owned())
    }

    /// The revision of a Helm release, by the newest of its Secrets.
    pub fn revision(&self, release: &str, namespace: &str) -> Result<u32> {
        let selector = format!("owner=helm,name={release}");
        let list = self.object(&["secrets", "--namespace", namespace, "--selector", &selector])?;
        let items = list["items"].as_array().context("no list")?;
        let versions = items.iter().filter_map(|it| {
            let version = it["metadata"]["labels"]["version"].as_str()?;
            version.parse::<u32>().ok()
        });
        versions
            .max()
            .with_context(|| format!("no release {release}"))
    }

    /// The state of the last revision of a Helm release, `deployed` or other.
    pub fn release_status(&self, release: &str, namespace: &str) -> Result<String> {
        let revision = self.revision(release, namespace)?;
        let name = format!("sh.helm.release.v1.{release}.v{revision}");
        let secret = self.object(&["secret", &name, "--namespace", namespace])?;
        let status = secret["metadata"]["labels"]["status"].as_str();
        Ok(status.unwrap_or_default().to_owned())
    }
}

/// The tags of the application's images that a node has.
pub fn node_images(node: &str) -> Result<Vec<String>> {
    let ours = format!("docker.io/library/{}:", PROJECT.image.repository);
    node_names(node, &ours)
}

/// The digests by which a node's containerd keeps a record of its images beside their names; with that
/// the layers stay.
pub fn node_records(node: &str) -> Result<Vec<String>> {
    node_names(node, "sha256:")
}

/// What follows `start` in the names of a node's images.
fn node_names(node: &str, start: &str) -> Result<Vec<String>> {
    let list = ask("docker", &["exec", node, "ctr", "images", "ls", "--quiet"])?;
    let names = list.lines().filter_map(|name| name.strip_prefix(start));
    Ok(names.map(str::to_owned).collect())
}
