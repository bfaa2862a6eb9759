//! What `docker save` writes, and an archive of it without the layers that a node has already.
//!
//! Docker before 25 writes a format of its own, with layers in folders of a name that says nothing; since then it
//! is an OCI layout as well. `manifest.json` tells in both which files the image is made of. What is written is an
//! [OCI layout](https://github.com/opencontainers/image-spec/blob/main/image-layout.md), which may leave out
//! layers: `ctr images import` looks for each in its content store (containerd 1.7 and 2.1).

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::image::in_node;
use crate::cmd::Cmd;
use crate::digest;

/// Unpacks a tar archive from stdin into a folder.
pub fn unpack(folder: &Path) -> Cmd {
    Cmd::new("tar").args(["-x", "-f", "-", "-C", &folder.to_string_lossy()])
}

/// Packs all that is in a folder as a tar archive, to stdout.
pub fn pack(folder: &Path) -> Cmd {
    Cmd::new("tar").args(["-c", "-f", "-", "-C", &folder.to_string_lossy(), "."])
}

/// An image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    /// The file with its configuration.
    config: String,
    /// The files with its layers, the lowest first.
    layers: Vec<String>,
}

/// The part of an image's configuration that names its layers.
#[derive(Debug, Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Debug, Deserialize)]
struct RootFs {
    /// The digests of the layers as plain tar archives, the lowest first.
    diff_ids: Vec<String>,
}

/// Makes the layout of the image `name` in `folder`, from what `docker save` wrote, unpacked in `saved`. Of its
/// layers those are left out that are in `has`, the digests of a node's content.
///
/// Returns how many layers are in it.
///
/// # Errors
/// Where `saved` is not what Docker writes, or a file cannot be read or written.
pub fn lay_out(saved: &Path, folder: &Path, name: &str, has: &BTreeSet<String>) -> Result<usize> {
    let text = fs::read_to_string(saved.join("manifest.json"))?;
    let images: Vec<Saved> = serde_json::from_str(&text).context("Docker's manifest.json")?;
    let image = images.first().context("no image in manifest.json")?;
    let config_text = fs::read(saved.join(&image.config))?;
    let config: Config = serde_json::from_slice(&config_text).context("the image's config")?;
    fs::create_dir_all(folder.join("blobs/sha256"))?;
    let mut sent = 0;
    let mut layers = Vec::new();
    for (file, diff_id) in image.layers.iter().zip(&config.rootfs.diff_ids) {
        let path = saved.join(file);
        let digest = digest_by_name(file).unwrap_or_else(|| diff_id.clone());
        layers.push(json!({
            "mediaType": layer_type(&path)?,
            "digest": digest,
            "size": fs::metadata(&path)?.len(),
        }));
        let blob = blob(folder, &digest)?;
        // An empty layer may stand in an image more than once.
        if !has.contains(&digest) && !blob.exists() {
            fs::hard_link(fs::canonicalize(&path)?, blob)?;
            sent += 1;
        }
    }
    let config = put(folder, &config_text)?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config, config_text.len()),
        "layers": layers,
    })
    .to_string();
    let digest = put(folder, manifest.as_bytes())?;
    let mut entry = descriptor(
        "application/vnd.oci.image.manifest.v1+json",
        &digest,
        manifest.len(),
    );
    entry["annotations"] = json!({ "io.containerd.image.name": in_node(name) });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    fs::write(folder.join("index.json"), index.to_string())?;
    fs::write(
        folder.join("oci-layout"),
        json!({ "imageLayoutVersion": "1.0.0" }).to_string(),
    )?;
    Ok(sent)
}

fn descriptor(kind: &str, digest: &str, size: usize) -> Value {
    json!({ "mediaType": kind, "digest": digest, "size": size })
}

/// The digest that a file of an OCI layout is named by.
fn digest_by_name(file: &str) -> Option<String> {
    let digits = file.strip_prefix("blobs/sha256/")?;
    Some(format!("sha256:{digits}"))
}

/// containerd's image store keeps layers as they were pulled or built: compressed, or not.
fn layer_type(path: &Path) -> Result<&'static str> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(4).read_to_end(&mut start)?;
    Ok(match start.as_slice() {
        [0x1f, 0x8b, ..] => "application/vnd.oci.image.layer.v1.tar+gzip",
        [0x28, 0xb5, 0x2f, 0xfd] => "application/vnd.oci.image.layer.v1.tar+zstd",
        _ => "application/vnd.oci.image.layer.v1.tar",
    })
}

/// Writes a blob and returns its digest.
fn put(folder: &Path, bytes: &[u8]) -> Result<String> {
    let digest = format!("sha256:{}", digest::of(bytes));
    fs::write(blob(folder, &digest)?, bytes)?;
    Ok(digest)
}

fn blob(folder: &Path, digest: &str) -> Result<PathBuf> {
    let digits = digest
        .strip_prefix("sha256:")
        .filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()))
        .with_context(|| format!("not a digest: {digest}"))?;
    Ok(folder.join("blobs/sha256").join(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"rootfs":{"type":"layers","diff_ids":["sha256:aa","sha256:bb"]}}"#;

    /// Unpacked replies of `docker save`: of Docker 20.10, and of Docker 25 and later.
    fn saved(config: &str, layers: [&str; 2]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let images = json!([{ "Config": config, "RepoTags": ["app:1"], "Layers": layers }]);
        let text = images.to_string();
        for (path, text) in [
            ("manifest.json", text.as_str()),
            (config, CONFIG),
            (layers[0], "base"),
            (layers[1], "top"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn json_of(path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_layer_that_the_node_has_is_named_and_left_out() {
        for (config, layers) in [
            ("12ab.json", ["x/layer.tar", "y/layer.tar"]),
            ("blobs/sha256/12ab", ["blobs/sha256/aa", "blobs/sha256/bb"]),
        ] {
            let (saved, layout) = (saved(config, layers), tempfile::tempdir().unwrap());
            let has = BTreeSet::from(["sha256:aa".to_owned(), "sha256:other".to_owned()]);
            let sent = lay_out(saved.path(), layout.path(), "app:1", &has).unwrap();

            assert_eq!(sent, 1);
            let there = |digits: &str| blob(layout.path(), &format!("sha256:{digits}")).unwrap();
            assert!(!there("aa").exists() && there("bb").exists());
            let index = json_of(&layout.path().join("index.json"));
            let entry = &index["manifests"][0];
            assert_eq!(
                entry["annotations"]["io.containerd.image.name"],
                "docker.io/library/app:1"
            );
            let manifest = blob(layout.path(), entry["digest"].as_str().unwrap()).unwrap();
            assert_eq!(entry["size"], fs::metadata(&manifest).unwrap().len());
            let manifest = json_of(&manifest);
            assert_eq!(manifest["layers"][0]["digest"], "sha256:aa");
            assert_eq!(manifest["layers"][0]["size"], 4);
            assert_eq!(manifest["layers"][1]["digest"], "sha256:bb");
            let config = manifest["config"]["digest"].as_str().unwrap();
            let config = fs::read(blob(layout.path(), config).unwrap()).unwrap();
            assert_eq!(config, CONFIG.as_bytes());
        }
    }

    #[test]
    fn compressed_layers_are_told_by_their_first_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let kind = |bytes: &[u8]| {
            fs::write(file.path(), bytes).unwrap();
            layer_type(file.path()).unwrap().rsplit('.').next().unwrap()
        };
        assert_eq!(kind(&[0x1f, 0x8b, 8, 0]), "tar+gzip");
        assert_eq!(kind(&[0x28, 0xb5, 0x2f, 0xfd]), "tar+zstd");
        assert_eq!(kind(b"etc/"), "tar");
        assert_eq!(kind(b""), "tar");
    }

    #[test]
    fn what_is_no_archive_of_docker_is_an_error() {
        let (saved, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let made = || lay_out(saved.path(), folder.path(), "app:1", &BTreeSet::new());
        assert!(made().is_err());
        for text in ["", "[]", "[{}]", r#"[{"Config":"c","Layers":[]}]"#] {
            fs::write(saved.path().join("manifest.json"), text).unwrap();
            assert!(made().is_err(), "{text}");
        }
    }
}
