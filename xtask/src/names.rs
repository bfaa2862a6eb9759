//! The values that a user may choose, checked as they are read.

use std::fmt;
use std::str::FromStr;

/// The longest cluster name that k3d takes (`k3d cluster create`, 5.8.3: "max length 32").
const LONGEST_CLUSTER: usize = 32;
/// The longest DNS label (RFC 1123), which a namespace is.
const LONGEST_LABEL: usize = 63;

/// A k3d cluster's name: a DNS label (RFC 1123) of at most 32 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterName(String);

/// A Kubernetes namespace: a DNS label (RFC 1123) of at most 63 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace(String);

/// A TCP port, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Port(pub u16);

impl ClusterName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Namespace {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        label(text, LONGEST_CLUSTER).map(Self)
    }
}

impl FromStr for Namespace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        label(text, LONGEST_LABEL).map(Self)
    }
}

impl FromStr for Port {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok(Self(port)),
            _ => Err("a port is a number from 1 to 65535".into()),
        }
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn label(text: &str, longest: usize) -> Result<String, String> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.len() > longest {
        return Err(format!(
            "it has {} characters, at most {longest} are allowed",
            text.len()
        ));
    }
    if !text.chars().all(inner) || text.starts_with('-') || text.ends_with('-') {
        return Err(
            "only a-z, 0-9 and - are allowed, with a letter or digit at both ends (RFC 1123)"
                .into(),
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_names_are_what_k3d_takes() {
        for good in ["a", "ghillie-local", &"a".repeat(32)] {
            assert!(good.parse::<ClusterName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "Fx", "a_b", "a.b", "ä", &"a".repeat(33)] {
            assert!(bad.parse::<ClusterName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ports_run_from_1_to_65535() {
        for good in ["1", "8080", "65535"] {
            assert!(good.parse::<Port>().is_ok(), "{good}");
        }
        for bad in ["", "0", "-1", "65536", "70000", "abc", "80 "] {
            assert!(bad.parse::<Port>().is_err(), "{bad}");
        }
    }
}
