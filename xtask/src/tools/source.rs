//! Where tools are fetched from: the official release addresses, a mirror of them, or nowhere.

use std::env;
use std::path::PathBuf;
use std::str::FromStr;

use crate::project::PROJECT;
use crate::settings::BadInput;

/// Where what is missing is fetched from.
///
/// A mirror, whether an address or a folder, holds each file under the path that it has at its
/// official address, without the host: `k3d-io/k3d/releases/download/v5.8.3/k3d-linux-amd64`,
/// `release/v1.33.7/bin/linux/amd64/kubectl`, `helm-v3.18.6-linux-amd64.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The releases' own addresses.
    Official,
    /// A mirror: `http://` or `https://`, a host and perhaps a path, without a slash at the end.
    Mirror(String),
    /// A mirror that is a folder.
    Folder(PathBuf),
    /// Nothing is fetched, as the user asked for.
    Nowhere,
    /// Nothing is fetched but by this command, which is `up`.
    LeftTo(String),
}

/// The environment variable that names a mirror.
pub fn mirror_variable() -> String {
    format!("{}TOOL_MIRROR", PROJECT.variables)
}

impl Source {
    /// Whether anything is fetched.
    pub fn fetches(&self) -> bool {
        !matches!(self, Self::Nowhere | Self::LeftTo(_))
    }

    /// What the user asks for: nowhere under `--no-install`, else the mirror of [`mirror_variable`], else
    /// the official addresses.
    ///
    /// # Errors
    /// Where the variable holds neither an address nor a folder. The error repeats no password.
    pub fn asked(no_install: bool) -> Result<Self, BadInput> {
        let name = mirror_variable();
        match env::var(&name) {
            _ if no_install => Ok(Self::Nowhere),
            Ok(text) if !text.is_empty() => text.parse().map_err(|why| {
                let value = if text.contains('@') {
                    String::new()
                } else {
                    format!(" '{text}'")
                };
                BadInput(format!("invalid value{value} for {name}: {why}"))
            }),
            Err(env::VarError::NotUnicode(_)) => {
                Err(BadInput(format!("{name} is not valid UTF-8")))
            }
            _ => Ok(Self::Official),
        }
    }
}

/// Reads the mirror that a user names.
impl FromStr for Source {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        match scheme {
            "file" if rest.starts_with('/') => Ok(Self::Folder(PathBuf::from(rest))),
            "http" | "https" => {
                let host = rest.split('/').next().unwrap_or_default();
                if host.is_empty() {
                    return Err("the host is missing".into());
                }
                if host.contains('@') {
                    // Whatever curl is given as an argument, every user of the machine can see.
                    return Err("a name and password do not belong in an address: put them into ~/.netrc, where curl reads them".into());
                }
                Ok(Self::Mirror(text.trim_end_matches('/').to_owned()))
            }
            _ => Err("a mirror is http://HOST/PATH, https://HOST/PATH, or a folder".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_an_address_or_a_folder() {
        let mirror = |text: &str| text.parse::<Source>();
        assert_eq!(
            mirror("https://files.example/tools/"),
            Ok(Source::Mirror("https://files.example/tools".into()))
        );
        assert_eq!(
            mirror("http://127.0.0.1:8000"),
            Ok(Source::Mirror("http://127.0.0.1:8000".into()))
        );
        assert_eq!(mirror("/srv/a b"), Ok(Source::Folder("/srv/a b".into())));
        assert_eq!(
            mirror("file:///srv/a b"),
            Ok(Source::Folder("/srv/a b".into()))
        );
        for bad in [
            "ftp://files.example/",
            "https://",
            "https:///tools",
            "file://tools",
            "oci://ghcr.io/x",
        ] {
            assert!(mirror(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        let error = "https://me:secret@files.example/"
            .parse::<Source>()
            .unwrap_err();
        assert!(
            !error.contains("secret") && error.contains(".netrc"),
            "{error}"
        );
    }
}
