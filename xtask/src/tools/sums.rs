//! The releases that we fetch, and the SHA-256 sum of each of their files.
//!
//! All twelve sums stand in <https://github.com/cashapp/hermit-packages>, commit
//! f0517fd7532fc6adfd910cfba3ef2b4c59f662db, `k3d.hcl`, `kubectl.hcl` and `helm.hcl`, for the addresses of
//! [`PINNED`] (k3d's for its former name, github.com/rancher/k3d). A second public place says the same of:
//!
//! - k3d for Linux: Arch Linux' user repository, package `rancher-k3d-bin` 5.8.3;
//! - kubectl for Linux: <https://github.com/kubernetes-sigs/kubespray>, tag v2.29.1,
//!   `roles/kubespray_defaults/vars/main/checksums.yml`;
//! - kubectl for all four: <https://github.com/loopingz/rules_k8s_cd>, `lib/private/kubectl_toolchain.bzl`;
//! - helm for all four: the notes of its own release, <https://github.com/helm/helm/releases/tag/v3.18.6>.
//!
//! Written, not run: no file was downloaded from these addresses with this code yet.

use std::env::consts;
use std::fmt;

use super::Tool;

/// A system and processor that there are releases for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// `linux` or `darwin`.
    os: &'static str,
    /// `amd64` or `arm64`.
    arch: &'static str,
}

/// One tool in the version that we fetch.
#[derive(Debug)]
pub struct Pinned {
    /// The tool.
    pub tool: Tool,
    /// Its version.
    version: &'static str,
    /// The address, with `{version}`, `{os}` and `{arch}` to fill in.
    address: &'static str,
    /// For a `.tar.gz`, where in it the program is.
    member: Option<&'static str>,
    /// The sum of the file at the address for each platform.
    sums: [(Platform, &'static str); 4],
}

/// One file to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The tool.
    pub tool: Tool,
    /// Its version, such as `v5.8.3`.
    pub version: &'static str,
    /// Where it is: `https://`, a host and a path.
    pub address: String,
    /// For a `.tar.gz`, where in it the program is.
    pub member: Option<String>,
    /// The SHA-256 sum of the file, as 64 hexadecimal digits.
    pub sum: String,
}

const LINUX_AMD64: Platform = Platform {
    os: "linux",
    arch: "amd64",
};
const LINUX_ARM64: Platform = Platform {
    os: "linux",
    arch: "arm64",
};
const DARWIN_AMD64: Platform = Platform {
    os: "darwin",
    arch: "amd64",
};
const DARWIN_ARM64: Platform = Platform {
    os: "darwin",
    arch: "arm64",
};

/// What is fetched where it is missing.
pub const PINNED: [Pinned; 3] = [
    Pinned {
        tool: Tool::K3d,
        version: "v5.8.3",
        address: "https://github.com/k3d-io/k3d/releases/download/{version}/k3d-{os}-{arch}",
        member: None,
        sums: [
            (
                LINUX_AMD64,
                "dbaa79a76ace7f4ca230a1ff41dc7d8a5036a8ad0309e9c54f9bf3836dbe853e",
            ),
            (
                LINUX_ARM64,
                "0b8110f2229631af7402fb828259330985918b08fefd38b7f1b788a1c8687216",
            ),
            (
                DARWIN_AMD64,
                "fd0f8e9e8ea4d8bc3674572ca6ed0833b639bf57c43c708616d937377324cfea",
            ),
            (
                DARWIN_ARM64,
                "8da468daa7dc7cf7cdd4735f90a9bb05179fa27858250f62e3d8cdf5b5ca0698",
            ),
        ],
    },
    Pinned {
        tool: Tool::Kubectl,
        version: "v1.33.7",
        address: "https://dl.k8s.io/release/{version}/bin/{os}/{arch}/kubectl",
        member: None,
        sums: [
            (
                LINUX_AMD64,
                "471d94e208a89be62eb776700fc8206cbef11116a8de2dc06fc0086b0015375b",
            ),
            (
                LINUX_ARM64,
                "fa7ee98fdb6fba92ae05b5e0cde0abd5972b2d9a4a084f7052a1fd0dce6bc1de",
            ),
            (
                DARWIN_AMD64,
                "45be3f5293da84d97e86580a541b247fe3cec60196fdd6abd2b811d7dd4d3f1b",
            ),
            (
                DARWIN_ARM64,
                "2e333f56d115081af83a48b5f31a91fb32852550f8117a0a31cf8bae2e601704",
            ),
        ],
    },
    Pinned {
        tool: Tool::Helm,
        version: "v3.18.6",
        address: "https://get.helm.sh/helm-{version}-{os}-{arch}.tar.gz",
        member: Some("{os}-{arch}/helm"),
        sums: [
            (
                LINUX_AMD64,
                "3f43c0aa57243852dd542493a0f54f1396c0bc8ec7296bbb2c01e802010819ce",
            ),
            (
                LINUX_ARM64,
                "5b8e00b6709caab466cbbb0bc29ee09059b8dc9417991dd04b497530e49b1737",
            ),
            (
                DARWIN_AMD64,
                "80cad0470e38cf25731cdead7c32dfbeb887bc177bd6fa01e31b065722f8f06b",
            ),
            (
                DARWIN_ARM64,
                "48e30d236a1f334c6acb78501be5a851eaa2a267fefeb1131b6484eb2f9f30d7",
            ),
        ],
    },
];

impl Platform {
    /// This machine's; `None` where there are no releases for it.
    pub fn current() -> Option<Self> {
        let os = match consts::OS {
            "linux" => "linux",
            "macos" => "darwin",
            _ => return None,
        };
        match consts::ARCH {
            "x86_64" => Some(Self { os, arch: "amd64" }),
            "aarch64" => Some(Self { os, arch: "arm64" }),
            _ => None,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)
    }
}

/// The file to fetch for a tool; `None` for those that the user installs.
pub fn release(tool: Tool, platform: Platform) -> Option<Release> {
    let pinned = PINNED.iter().find(|pinned| pinned.tool == tool)?;
    let (_, sum) = pinned.sums.iter().find(|(of, _)| *of == platform)?;
    let filled = |text: &str| {
        let text = text.replace("{version}", pinned.version);
        text.replace("{os}", platform.os)
            .replace("{arch}", platform.arch)
    };
    Some(Release {
        tool,
        version: pinned.version,
        address: filled(pinned.address),
        member: pinned.member.map(filled),
        sum: (*sum).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::Finding;
    use crate::tools::versions::{Version, judge};
    use std::collections::BTreeSet;

    const PLATFORMS: [Platform; 4] = [LINUX_AMD64, LINUX_ARM64, DARWIN_AMD64, DARWIN_ARM64];

    #[test]
    fn there_is_a_release_of_each_for_each_platform() {
        let mut sums = BTreeSet::new();
        for (pinned, platform) in PINNED
            .iter()
            .flat_map(|pinned| PLATFORMS.map(|platform| (pinned, platform)))
        {
            let release = release(pinned.tool, platform).unwrap();
            assert!(!release.address.contains(['{', '}']), "{}", release.address);
            assert!(
                release.address.starts_with("https://"),
                "{}",
                release.address
            );
            assert!(release.sum.len() == 64 && release.sum.chars().all(|c| c.is_ascii_hexdigit()));
            assert!(
                sums.insert(release.sum),
                "{} of {platform} is another file's sum",
                pinned.tool.name()
            );
            let found = judge(release.tool, None, release.version.to_owned());
            assert!(matches!(found, Finding::Usable { .. }), "{found:?}");
            assert!(Version::parse(release.version).is_some());
        }
    }

    #[test]
    fn addresses_are_the_official_ones() {
        let of = |tool, platform| release(tool, platform).unwrap();
        assert_eq!(
            of(Tool::K3d, LINUX_ARM64).address,
            "https://github.com/k3d-io/k3d/releases/download/v5.8.3/k3d-linux-arm64"
        );
        assert_eq!(
            of(Tool::Kubectl, DARWIN_ARM64).address,
            "https://dl.k8s.io/release/v1.33.7/bin/darwin/arm64/kubectl"
        );
        let helm = of(Tool::Helm, LINUX_AMD64);
        assert_eq!(
            helm.address,
            "https://get.helm.sh/helm-v3.18.6-linux-amd64.tar.gz"
        );
        assert_eq!(helm.member.as_deref(), Some("linux-amd64/helm"));
        assert_eq!(release(Tool::Docker, LINUX_AMD64), None);
    }
}
