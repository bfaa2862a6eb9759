//! Valkey by one of two operators, which differ in chart, resource, readiness and connection.

mod hyperspike;
mod valkey_io;

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::chart::Source;
use crate::cmd::Hidden;
use crate::names::Namespace;
use crate::pod::Pod;
use crate::project::Valkey;

/// The operator's release, and its namespace.
pub const RELEASE: (&str, &str) = ("valkey-operator", "valkey-operator-system");

/// An operator that runs Valkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The Valkey project's own (0.4.0): always cluster mode, users of the ACL.
    ValkeyIo,
    /// Hyperspike's (0.0.61): the user `default`, with a password that the operator makes.
    Hyperspike,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ValkeyIo, Self::Hyperspike];

    /// Its name, as the setting takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValkeyIo => "valkey-io",
            Self::Hyperspike => "hyperspike",
        }
    }

    /// Its chart, where nothing else is asked for.
    pub fn source(self, valkey: &Valkey) -> Source {
        match self {
            Self::ValkeyIo => valkey.charts.valkey_io,
            Self::Hyperspike => valkey.charts.hyperspike,
        }
    }

    /// The custom resource definition that its chart must bring.
    pub fn crd(self) -> &'static str {
        match self {
            Self::ValkeyIo => valkey_io::CRD,
            Self::Hyperspike => hyperspike::CRD,
        }
    }

    /// The resource's kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ValkeyIo => "ValkeyCluster",
            Self::Hyperspike => "Valkey",
        }
    }

    /// The resource, as kubectl names it.
    pub fn resource(self, valkey: &Valkey) -> String {
        format!("{}/{}", self.crd(), valkey.name)
    }

    /// The resource.
    pub fn manifest(self, valkey: &Valkey, namespace: &Namespace) -> Value {
        match self {
            Self::ValkeyIo => valkey_io::manifest(valkey, namespace),
            Self::Hyperspike => hyperspike::manifest(valkey, namespace),
        }
    }

    /// The Secret that holds the password under the key `password`.
    pub fn password_secret(self, valkey: &Valkey) -> String {
        match self {
            Self::ValkeyIo => valkey_io::password_secret(valkey),
            Self::Hyperspike => valkey.name.to_owned(),
        }
    }

    /// Whether we make the password; else the operator does.
    pub fn wants_password(self) -> bool {
        self == Self::ValkeyIo
    }

    /// Whether the server is up, by what the operator says of it.
    pub fn is_ready(self, resource: &Value) -> bool {
        match self {
            Self::ValkeyIo => crate::manifest::condition(resource, "Ready"),
            Self::Hyperspike => resource["status"]["ready"] == json!(true),
        }
    }

    /// The URL by which the application reaches the server.
    pub fn url(self, valkey: &Valkey, namespace: &Namespace, password: &Hidden) -> Hidden {
        let (user, service) = match self {
            Self::ValkeyIo => (valkey.user, valkey_io::service(valkey)),
            Self::Hyperspike => ("default", valkey.name.to_owned()),
        };
        let password = crate::manifest::percent_encode(&password.0);
        Hidden(format!(
            "redis://{user}:{password}@{service}.{namespace}:6379"
        ))
    }

    /// The container of a pod that runs the server.
    pub fn container(self) -> &'static str {
        match self {
            Self::ValkeyIo => valkey_io::CONTAINER,
            Self::Hyperspike => hyperspike::CONTAINER,
        }
    }

    /// Whether a pod is one of the server's, by its labels.
    pub fn owns(self, valkey: &Valkey, pod: &Pod) -> bool {
        let label = match self {
            Self::ValkeyIo => valkey_io::POD_LABEL,
            Self::Hyperspike => hyperspike::POD_LABEL,
        };
        pod.has_label(label, valkey.name)
    }
}

impl FromStr for Operator {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name() == text)
            .ok_or_else(|| "the operators are valkey-io and hyperspike".to_owned())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The requests of a preview's Valkey.
fn resources(valkey: &Valkey) -> Value {
    json!({ "requests": { "cpu": valkey.cpu, "memory": valkey.memory } })
}
