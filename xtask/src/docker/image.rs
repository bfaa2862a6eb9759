//! Images: built, tagged, brought into nodes and removed.

use std::path::Path;

use serde::Deserialize;

use crate::cmd::Cmd;
use crate::exec::CmdError;
use crate::project::Image;

/// Our label on the images that we build.
const IMAGE_LABEL: &str = "cargo-xtask-k8s.image";

/// Builds the application's image as `<repository>:local` and writes what was built to `metadata`.
///
/// Without provenance and SBOM, whose dates would give each build another id (containerd image store).
///
/// It does not count as one that changes something: a cold build takes minutes, for which a failure elsewhere would not
/// be told. Ended, it leaves no half of an image, and BuildKit goes on from the layers that it has.
///
/// Without `BUILDX_GIT_INFO=0` buildx starts git six times for a provenance that is left out (buildx 0.28).
pub fn build(image: &Image, root: &Path, metadata: &Path) -> Cmd {
    Cmd::new("docker")
        .args(["buildx", "build", "--load", "--progress", "plain"])
        .args(["--provenance=false", "--sbom=false"])
        .args(["--metadata-file", &metadata.to_string_lossy()])
        .args(["--tag", &format!("{}:local", image.repository)])
        .args(["--label", &format!("{IMAGE_LABEL}={}", image.repository)])
        .args(["--file", &root.join(image.dockerfile).to_string_lossy()])
        .args([root.join(image.context).to_string_lossy()])
        .env("DOCKER_BUILDKIT", "1")
        .env("BUILDX_GIT_INFO", "0")
}

/// What a build wrote to its metadata file (buildx 0.28).
#[derive(Debug, Clone, Deserialize)]
pub struct Built {
    /// `sha256:` and 64 hexadecimal digits: of the image's configuration where Docker itself built for its
    /// classic image store, else of its manifest.
    #[serde(rename = "containerimage.digest")]
    digest: String,
    /// The digest of its configuration, where the other is not that.
    #[serde(rename = "containerimage.config.digest")]
    config: Option<String>,
}

impl Built {
    /// The digest of the image's configuration: the same in both stores, and from every builder.
    pub fn config(&self) -> &str {
        self.config.as_ref().unwrap_or(&self.digest)
    }

    /// What Docker may know the image by: its manifest in containerd's store, its configuration in the
    /// classic one, also where a builder in a container made it (docker/build-push-action#770).
    pub fn ids(&self) -> Vec<&str> {
        let config = self.config.as_deref().filter(|it| *it != self.digest);
        std::iter::once(self.digest.as_str())
            .chain(config)
            .collect()
    }
}

/// The words of a line of BuildKit's plain progress, without the step's number and time.
pub fn build_message(line: &str) -> &str {
    let words = line
        .strip_prefix('#')
        .and_then(|line| line.split_once(' '))
        .map_or(line, |(_, words)| words);
    let (time, rest) = words.split_once(' ').unwrap_or((words, ""));
    if time.parse::<f64>().is_ok() {
        rest
    } else {
        words
    }
}

/// The name under which a node's containerd has an image of Docker's: in full, with the registry that
/// Docker leaves out (<https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed>).
pub fn in_node(name: &str) -> String {
    match name.split_once('/') {
        None => format!("docker.io/library/{name}"),
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
    }
}

/// Whether two names are of different images for certain. An id tells nothing of a name, nor a digest of a tag.
pub fn are_other_images(one: &str, other: &str) -> bool {
    let digest = |name: &str| name.split_once('@').map(|(_, digest)| digest.to_owned());
    match (digest(one), digest(other)) {
        (Some(one), Some(other)) => one != other,
        (None, None) => !is_id(one) && !is_id(other) && with_tag(one) != with_tag(other),
        _ => false,
    }
}

/// Whether it is an image's id, in full or cut short: then it is no name.
fn is_id(image: &str) -> bool {
    let digits = image.strip_prefix("sha256:").unwrap_or(image);
    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name in full, with the tag that Docker takes where there is none.
fn with_tag(name: &str) -> String {
    let full = in_node(name);
    let has_tag = full.rsplit('/').next().is_some_and(|it| it.contains(':'));
    if has_tag {
        full
    } else {
        format!("{full}:latest")
    }
}

/// Asks for the id of a local image; exits 1 where there is none.
pub fn image_id(name: &str) -> Cmd {
    Cmd::new("docker").args(["image", "inspect", "--format", "{{.Id}}", name])
}

/// Gives an image another name.
pub fn tag(from: &str, to: &str) -> Cmd {
    Cmd::new("docker").args(["tag", from, to]).changes()
}

/// Removes a name of an image; an image whose last name goes is deleted, unless a container uses it.
pub fn remove_image(name: &str) -> Cmd {
    Cmd::new("docker").args(["image", "rm", name]).changes()
}

/// Whether Docker has failed because it does not have such an image.
pub fn is_no_such_image(error: &CmdError) -> bool {
    error.says("No such image")
}

/// Removes the images that we built and that have lost their last name, to a newer build.
pub fn prune_images(image: &Image) -> Cmd {
    let label = format!("label={IMAGE_LABEL}={}", image.repository);
    Cmd::new("docker")
        .args(["image", "prune", "--force", "--filter", &label])
        .changes()
}

/// Writes an image to stdout, as a tar archive.
pub fn save(image: &str) -> Cmd {
    Cmd::new("docker").args(["save", image]).changes()
}

/// Reads a tar archive of images into a node's containerd, and lists the names of all images that the node
/// has then: an import that failed may end well. Its `ctr` uses the namespace `k8s.io` unasked.
pub fn import(node: &str) -> Cmd {
    let script = "ctr images import - >&2 && ctr images ls --quiet";
    Cmd::new("docker")
        .args(["exec", "--interactive", node])
        .args(["sh", "-c", script])
        .changes()
}

/// Lists the digests of what a node's containerd has in its content store, one a line.
pub fn node_content(node: &str) -> Cmd {
    Cmd::new("docker").args(["exec", node, "ctr", "content", "ls", "--quiet"])
}

/// Lists the names of the images that a node has, one a line.
pub fn node_images(node: &str) -> Cmd {
    Cmd::new("docker").args(["exec", node, "ctr", "images", "ls", "--quiet"])
}

/// Removes names of images from a node.
pub fn remove_node_images(node: &str, names: &[String]) -> Cmd {
    Cmd::new("docker")
        .args(["exec", node, "ctr", "images", "rm"])
        .args(names.iter().cloned())
        .changes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_tells_what_it_does_without_its_numbers() {
        assert_eq!(
            build_message("#12 3.456    Compiling axum v0.8.1"),
            "   Compiling axum v0.8.1"
        );
        assert_eq!(
            build_message("#5 [build 2/4] COPY ghillie ./"),
            "[build 2/4] COPY ghillie ./"
        );
        assert_eq!(
            build_message("ERROR: failed to solve"),
            "ERROR: failed to solve"
        );
    }

    #[test]
    fn a_node_knows_an_image_by_its_name_in_full() {
        for (name, full) in [
            ("ghillie:1", "docker.io/library/ghillie:1"),
            ("team/notes:1", "docker.io/team/notes:1"),
            ("ghcr.io/team/notes:1", "ghcr.io/team/notes:1"),
            ("localhost/notes:1", "localhost/notes:1"),
            ("registry:5000/notes:1", "registry:5000/notes:1"),
        ] {
            assert_eq!(in_node(name), full);
        }
    }

    #[test]
    fn images_are_others_only_where_their_names_tell_it_for_certain() {
        let has = "rancher/k3s:v1.33.4-k3s1";
        for other in [
            "rancher/k3s:v1.32.8-k3s1",
            "rancher/k3s",
            "k3s:v1.33.4-k3s1",
            "registry:5000/rancher/k3s:v1.33.4-k3s1",
        ] {
            assert!(are_other_images(has, other), "{other}");
        }
        for perhaps_the_same in [
            has,
            "docker.io/rancher/k3s:v1.33.4-k3s1",
            "rancher/k3s:v1.33.4-k3s1@sha256:aa",
            "rancher/k3s@sha256:aa",
            "sha256:2f19cd",
            "2f19cd",
        ] {
            assert!(
                !are_other_images(has, perhaps_the_same),
                "{perhaps_the_same}"
            );
            assert!(
                !are_other_images(perhaps_the_same, has),
                "{perhaps_the_same}"
            );
        }
        assert!(!are_other_images("team/k3s", "team/k3s:latest"));
        assert!(!are_other_images(
            "registry:5000/k3s",
            "registry:5000/k3s:latest"
        ));
        assert!(are_other_images("k3s:v1@sha256:aa", "k3s:v1@sha256:bb"));
        assert!(!are_other_images("k3s:v1@sha256:aa", "k3s@sha256:aa"));
    }

    #[test]
    fn both_image_stores_give_the_same_digest() {
        let classic: Built =
            serde_json::from_str(r#"{"containerimage.digest":"sha256:aa"}"#).unwrap();
        let containerd: Built = serde_json::from_str(
            r#"{"containerimage.config.digest":"sha256:aa","containerimage.digest":"sha256:bb"}"#,
        )
        .unwrap();
        assert_eq!(
            (classic.config(), containerd.config()),
            ("sha256:aa", "sha256:aa")
        );
        assert_eq!(classic.ids(), ["sha256:aa"]);
        assert_eq!(containerd.ids(), ["sha256:bb", "sha256:aa"]);
    }
}
