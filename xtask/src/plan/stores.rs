//! The steps to PostgreSQL and Valkey: operator, resource, ready server.

use std::collections::BTreeMap;

use super::{Action, Name, Operators, Step, mend};
use crate::chart::{Chart, digest_of};
use crate::config::{Fixed, Up};
use crate::helm::{INPUTS_LABEL, OPERATOR_LABEL, Release};
use crate::observe::Inside;
use crate::project::{Postgres, Valkey};
use crate::valkey::Operator;
use crate::{manifest, postgres, valkey};

pub(super) fn postgres_steps(
    config: &Up,
    postgres: &Postgres,
    inside: &Inside,
) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let release = operator_release(
        postgres::RELEASE,
        config.cnpg.choose(&postgres.chart)?,
        None,
    )?;
    if let Some(install) = install(release, inside) {
        steps.push(Step::new(
            Name::CnpgOperator,
            &[Name::Api, Name::Charts],
            install,
        ));
    }
    let wanted = postgres::manifest(postgres, &config.preview.namespace);
    let live = inside.object("Cluster", postgres.name);
    let secret = inside.secret(&postgres::app_secret(postgres), "uri");
    if secret.is_none() || !live.is_some_and(|live| manifest::covers(live, &wanted)) {
        let needs = [Name::Namespace, Name::CnpgOperator];
        steps.push(Step::new(
            Name::Postgres,
            &needs,
            Action::CreatePostgres(wanted),
        ));
    }
    let is_ready = live.map(postgres::is_ready);
    let ready = await_ready(&steps, Name::CnpgOperator, Name::Postgres, is_ready);
    steps.extend(ready.map(|(needs, operators)| {
        let wait = Action::AwaitPostgres(operators);
        Step::new(Name::PostgresReady, &[needs], wait)
    }));
    Ok(steps)
}

pub(super) fn valkey_steps(
    config: &Up,
    project: &Valkey,
    inside: &Inside,
) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let operator = operator(config, project, inside)?;
    let chart = config.valkey.chart(operator, project)?;
    let release = operator_release(valkey::RELEASE, chart, Some(operator))?;
    if let Some(install) = install(release, inside) {
        steps.push(Step::new(
            Name::ValkeyOperator,
            &[Name::Api, Name::Charts],
            install,
        ));
    }
    let wanted = operator.manifest(project, &config.preview.namespace);
    let kind = wanted["kind"].as_str().unwrap_or_default();
    let live = inside.object(kind, project.name);
    let secret = inside.secret(&operator.password_secret(project), "password");
    let password = operator.wants_password() && secret.is_none();
    if secret.is_none() || !live.is_some_and(|live| manifest::covers(live, &wanted)) {
        let needs = [Name::Namespace, Name::ValkeyOperator];
        let create = Action::CreateValkey {
            operator,
            manifest: wanted.clone(),
            password,
        };
        steps.push(Step::new(Name::Valkey, &needs, create));
    }
    let is_ready = live.map(|live| operator.is_ready(live));
    let ready = await_ready(&steps, Name::ValkeyOperator, Name::Valkey, is_ready);
    steps.extend(ready.map(|(needs, operators)| {
        let wait = Action::AwaitValkey(operator, operators);
        Step::new(Name::ValkeyReady, &[needs], wait)
    }));
    Ok(steps)
}

/// Whether a store is waited for after these steps of it: after which one, and whether its operator is too.
/// `is_ready` is what the store says of itself, where it is there: that is of before these steps.
fn await_ready(
    steps: &[Step],
    operator: Name,
    store: Name,
    is_ready: Option<bool>,
) -> Option<(Name, Operators)> {
    let is_planned = |name| steps.iter().any(|step| step.name == name);
    let (installs, applies) = (is_planned(operator), is_planned(store));
    if is_ready == Some(true) && !installs && !applies {
        return None;
    }
    // The store's own step comes after the operator's.
    let needs = if applies { store } else { operator };
    let operators = if installs && is_ready.is_some() {
        Operators::Awaited
    } else {
        Operators::Implied
    };
    Some((needs, operators))
}

/// The operator that was asked for, else the cluster's own, else the project's usual one.
fn operator(config: &Up, project: &Valkey, inside: &Inside) -> anyhow::Result<Operator> {
    let asked = config.valkey.asked.as_ref();
    match (asked, inside.operator()) {
        (Some(asked), Some(has)) if asked.value != has => {
            let words = format!("has Valkey by the operator {has}");
            Err(Fixed::new(&config.preview, words, asked).into())
        }
        (Some(asked), _) => Ok(asked.value),
        (None, has) => Ok(has.unwrap_or_else(|| config.valkey.of_new_cluster(project))),
    }
}

fn operator_release(
    (name, namespace): (&str, &str),
    chart: Chart,
    operator: Option<Operator>,
) -> anyhow::Result<Release> {
    let inputs = digest_of([chart.identity()?.as_str()]);
    let mut labels = BTreeMap::from([(INPUTS_LABEL, inputs[..16].to_owned())]);
    if let Some(operator) = operator {
        labels.insert(OPERATOR_LABEL, operator.name().to_owned());
    }
    let (name, namespace) = (name.to_owned(), namespace.to_owned());
    Ok(Release {
        name,
        namespace,
        chart,
        values: None,
        set: Vec::new(),
        labels,
    })
}

/// The installation of an operator, unless it is there from the same chart and as we left it.
fn install(release: Release, inside: &Inside) -> Option<Action> {
    if inside.is_unchanged(&release.name, &release.labels[INPUTS_LABEL]) {
        return None;
    }
    let mend = mend(inside, &release.name);
    Some(Action::Install { release, mend })
}
