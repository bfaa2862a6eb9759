//! The settings: a flag wins over its environment variable, the variable over the default.

use std::env;
use std::fmt;
use std::str::FromStr;

use clap::Command;

use crate::project::{PROJECT, Project};

/// One setting that has an environment variable as well as a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The flag's long name, without the dashes.
    pub flag: &'static str,
    /// The variable's name, behind the project's prefix.
    variable: &'static str,
}

/// The cluster's name.
pub const CLUSTER: Setting = Setting::new("cluster-name", "CLUSTER");
/// The namespace of the application and its stores.
pub const NAMESPACE: Setting = Setting::new("namespace", "NAMESPACE");
/// The ingress' port on the host.
pub const PORT: Setting = Setting::new("ingress-port", "PORT");
/// How many agent nodes a new cluster gets.
pub const AGENTS: Setting = Setting::new("agents", "AGENTS");
/// The image of the cluster's nodes.
pub const K3S_IMAGE: Setting = Setting::new("k3s-image", "K3S_IMAGE");
/// The chart of CloudNativePG.
pub const CNPG_CHART: Setting = Setting::new("cnpg-chart", "CNPG_CHART");
/// The version of CloudNativePG's chart.
pub const CNPG_VERSION: Setting = Setting::new("cnpg-version", "CNPG_VERSION");
/// Which operator runs Valkey.
pub const VALKEY_OPERATOR: Setting = Setting::new("valkey-operator", "VALKEY_OPERATOR");
/// The chart of the Valkey operator.
pub const VALKEY_CHART: Setting = Setting::new("valkey-chart", "VALKEY_CHART");
/// The version of the Valkey operator's chart.
pub const VALKEY_VERSION: Setting = Setting::new("valkey-version", "VALKEY_VERSION");

/// All of them, for the help.
const ALL: [Setting; 10] = [
    CLUSTER,
    NAMESPACE,
    PORT,
    AGENTS,
    K3S_IMAGE,
    CNPG_CHART,
    CNPG_VERSION,
    VALKEY_OPERATOR,
    VALKEY_CHART,
    VALKEY_VERSION,
];

/// A value that was given, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// The flag or the variable it came from.
    pub from: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
}

/// A value that is not allowed. It ends the program with exit status 2, before anything was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput(pub String);

impl Setting {
    const fn new(flag: &'static str, variable: &'static str) -> Self {
        Self { flag, variable }
    }

    /// The environment variable's whole name.
    pub fn variable(self) -> String {
        format!("{}{}", PROJECT.variables, self.variable)
    }

    /// What the project chose for where nothing is given, as the help says it.
    fn default(self, project: &Project) -> Option<String> {
        Some(match self {
            CLUSTER => project.cluster.into(),
            NAMESPACE => project.namespace.into(),
            AGENTS => project.nodes.agents.to_string(),
            K3S_IMAGE => project.nodes.image.into(),
            CNPG_CHART => project.postgres?.chart.chart.into(),
            CNPG_VERSION => project.postgres?.chart.version.into(),
            VALKEY_OPERATOR => format!("the cluster's own, else {}", project.valkey?.operator),
            _ => return None,
        })
    }

    /// Whether it means anything for the project: those of a store that it does without do not.
    fn is_of(self, project: &Project) -> bool {
        match self {
            CNPG_CHART | CNPG_VERSION => project.postgres.is_some(),
            VALKEY_OPERATOR | VALKEY_CHART | VALKEY_VERSION => project.valkey.is_some(),
            _ => true,
        }
    }

    /// The text that was given, by flag or else by variable. An empty variable counts as unset.
    ///
    /// # Errors
    /// Where the variable is not valid UTF-8.
    pub fn text(self, flag: Option<&str>) -> Result<Option<Given<String>>, BadInput> {
        if let Some(value) = flag {
            let from = Origin::Flag(format!("--{}", self.flag));
            return Ok(Some(Given {
                value: value.to_owned(),
                from,
            }));
        }
        let name = self.variable();
        match env::var(&name) {
            Ok(value) if !value.is_empty() => Ok(Some(Given {
                value,
                from: Origin::Variable(name),
            })),
            Err(env::VarError::NotUnicode(_)) => {
                Err(BadInput(format!("{name} is not valid UTF-8")))
            }
            _ => Ok(None),
        }
    }

    /// The value that was given, as `T` reads it.
    ///
    /// # Errors
    /// Where `T` refuses the text: names the value, what is allowed, and the flag or variable.
    pub fn get<T: FromStr<Err: fmt::Display>>(
        self,
        flag: Option<&str>,
    ) -> Result<Option<Given<T>>, BadInput> {
        let Some(Given { value, from }) = self.text(flag)? else {
            return Ok(None);
        };
        let value = read(&value, &from)?;
        Ok(Some(Given { value, from }))
    }
}

/// The value of a flag that has no variable, as `T` reads it; `name` is its long name without the dashes.
///
/// # Errors
/// Where `T` refuses the text: names the value, what is allowed, and the flag.
pub fn flag<T: FromStr<Err: fmt::Display>>(
    name: &str,
    value: Option<&str>,
) -> Result<Option<T>, BadInput> {
    let from = Origin::Flag(format!("--{name}"));
    value.map(|value| read(value, &from)).transpose()
}

fn read<T: FromStr<Err: fmt::Display>>(value: &str, from: &Origin) -> Result<T, BadInput> {
    value
        .parse()
        .map_err(|why| BadInput(format!("invalid value '{value}' for {from}: {why}")))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

/// Adds to the help of each setting the name of its variable, and the project's own defaults.
pub fn document(command: Command) -> Command {
    let command = ALL.iter().fold(command, |command, setting| {
        if !command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(setting.flag))
        {
            return command;
        }
        command.mut_arg(setting.flag.replace('-', "_"), |arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let default = setting.default(&PROJECT);
            let default = default.map(|it| format!(" [default: {it}]"));
            let default = default.unwrap_or_default();
            arg.help(format!("{help}{default} [env: {}]", setting.variable()))
                .hide(!setting.is_of(&PROJECT))
        })
    });
    let verbs: Vec<String> = command
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    verbs.iter().fold(command, |command, verb| {
        let hide = !has_store_of(&PROJECT, verb);
        command.mut_subcommand(verb, |verb| document(verb).hide(hide))
    })
}

/// Whether a project has the store that a command leads into; others need none.
fn has_store_of(project: &Project, verb: &str) -> bool {
    match verb {
        "psql" => project.postgres.is_some(),
        "valkey-cli" => project.valkey.is_some(),
        _ => true,
    }
}
