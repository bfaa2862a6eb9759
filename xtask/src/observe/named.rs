//! Objects of the application's namespace that we know by name.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::config::Preview;
use crate::exec::{CmdError, Exec};
use crate::kubectl;
use crate::postgres;
use crate::state::State;
use crate::valkey::Operator;

/// Asks for objects of the application's namespace by name, such as `secrets/ghillie`, and returns those
/// that there are by `kind/name`. Kinds that the API does not serve (yet) are left out one by one:
/// kubectl refuses the whole question for one of them.
///
/// # Errors
/// Where the API server cannot be asked.
pub fn observe_named(
    exec: &Exec,
    preview: &Preview,
    state: &State,
    mut names: Vec<String>,
) -> Result<BTreeMap<String, Value>> {
    let reply = loop {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        match exec.read(&kubectl::get(state, &preview.namespace, &names)) {
            Ok(reply) => break reply,
            Err(error) if kubectl::is_unknown_kind(&error) => names = served(&names, &error)?,
            Err(error) => return Err(error.into()),
        }
    };
    let items = kubectl::items(&reply).context("kubectl's list of named objects")?;
    let key = |item: &Value| {
        Some(format!(
            "{}/{}",
            item["kind"].as_str()?,
            item["metadata"]["name"].as_str()?
        ))
    };
    Ok(items
        .into_iter()
        .filter_map(|item| Some((key(&item)?, item)))
        .collect())
}

/// The application's namespace, its Secrets and its custom resources.
pub(super) fn questions(preview: &Preview, operator: Operator) -> Vec<String> {
    let project = preview.project;
    let mut names = vec![
        format!("namespaces/{}", preview.namespace),
        format!("secrets/{}", project.secret),
    ];
    if let Some(postgres) = &project.postgres {
        names.push(format!("secrets/{}", postgres::app_secret(postgres)));
        names.push(postgres::resource(postgres));
    }
    if let Some(valkey) = &project.valkey {
        names.push(format!("secrets/{}", operator.password_secret(valkey)));
        names.push(operator.resource(valkey));
    }
    names
}

/// The questions without those for the kind that the error names, such as
/// `the server doesn't have a resource type "valkeys"`.
fn served(names: &[String], error: &CmdError) -> Result<Vec<String>> {
    let left: Vec<String> = names
        .iter()
        .filter(|name| {
            let kind = name.split(['.', '/']).next().unwrap_or_default();
            !error.says(&format!("\"{kind}\""))
        })
        .cloned()
        .collect();
    if left.len() == names.len() {
        Err(error.clone().into())
    } else {
        Ok(left)
    }
}
