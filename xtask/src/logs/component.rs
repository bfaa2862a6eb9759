//! The parts of the preview, and the pods of each.

use std::fmt;

use clap::ValueEnum;

use crate::application;
use crate::config::Preview;
use crate::flags::Component;
use crate::ingress;
use crate::pod::Pod;
use crate::postgres;
use crate::valkey::{self, Operator};

impl Component {
    /// Whether a pod is of this part of the preview.
    pub fn owns(self, preview: &Preview, pod: &Pod) -> bool {
        let project = preview.project;
        let namespace = pod.metadata.namespace.as_str();
        let beside_the_application = namespace == preview.namespace.as_str();
        match self {
            Self::App => application::owns(preview, pod),
            Self::Postgres => project.postgres.as_ref().is_some_and(|it| {
                beside_the_application && pod.has_label(postgres::POD_LABEL, it.name)
            }),
            Self::Valkey => project.valkey.as_ref().is_some_and(|it| {
                beside_the_application && Operator::ALL.iter().any(|by| by.owns(it, pod))
            }),
            Self::Operators => {
                project.postgres.is_some() && namespace == postgres::RELEASE.1
                    || project.valkey.is_some() && namespace == valkey::RELEASE.1
            }
            Self::Ingress => {
                namespace == ingress::NAMESPACE && pod.has_label(ingress::LABEL.0, ingress::LABEL.1)
            }
            Self::All => Self::PARTS.iter().any(|part| part.owns(preview, pod)),
        }
    }

    /// The part in words, as it stands in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::App => "the application",
            Self::Postgres => "PostgreSQL",
            Self::Valkey => "Valkey",
            Self::Operators => "the operators",
            Self::Ingress => "the ingress controller",
            Self::All => "the preview",
        }
    }

    const PARTS: [Self; 5] = [
        Self::App,
        Self::Postgres,
        Self::Valkey,
        Self::Operators,
        Self::Ingress,
    ];
}

/// As the flag takes it.
impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixtures::pods;
    use crate::logs::source::by_age;
    use crate::project::PROJECT;

    fn chosen(part: Component, namespace: &str) -> Vec<String> {
        let preview = Preview {
            project: &PROJECT,
            root: ".".into(),
            cluster: "ghillie-local".parse().unwrap(),
            namespace: namespace.parse().unwrap(),
        };
        let mut pods = pods("preview");
        pods.retain(|pod| part.owns(&preview, pod));
        pods.sort_by(by_age);
        pods.into_iter().map(|pod| pod.metadata.name).collect()
    }

    #[test]
    fn each_part_has_its_pods_the_oldest_first() {
        let of = |part| chosen(part, "ghillie");
        assert_eq!(of(Component::App), ["ghillie-85d948bb96-fwp6v"]);
        assert_eq!(
            of(Component::Postgres),
            ["pg-ghillie-1-initdb-xvts9", "pg-ghillie-1"]
        );
        assert_eq!(of(Component::Valkey), ["valkey-valkey-ghillie-0-0-0"]);
        assert_eq!(
            of(Component::Operators),
            [
                "cnpg-cloudnative-pg-6885975d44-k6t6d",
                "valkey-operator-6f4b6559f4-ckq6r"
            ]
        );
        assert_eq!(of(Component::Ingress), ["traefik-855f496fb5-7zbhr"]);
        let all = of(Component::All);
        assert_eq!(
            (all.len(), all[0].as_str()),
            (7, "traefik-855f496fb5-7zbhr")
        );
    }

    #[test]
    fn another_namespace_has_none_of_the_application_and_its_stores() {
        for part in [Component::App, Component::Postgres, Component::Valkey] {
            assert_eq!(chosen(part, "other"), Vec::<String>::new(), "{part}");
        }
    }
}
