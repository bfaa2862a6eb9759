//! The steps from a cluster that was started to an application that answers: only waits.

use super::{Action, Name, Operators, Step};
use crate::config::Preview;
use crate::observe::Inside;
use crate::postgres;

/// What is to be waited for, by what the cluster says of itself.
pub fn start(preview: &Preview, inside: &Inside) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(postgres) = &preview.project.postgres {
        let live = inside.object("Cluster", postgres.name);
        if !live.is_some_and(postgres::is_ready) {
            let wait = Action::AwaitPostgres(Operators::Implied);
            steps.push(Step::new(Name::PostgresReady, &[], wait));
        }
    }
    if let (Some(valkey), Some(operator)) = (&preview.project.valkey, inside.operator()) {
        let kind = operator.manifest(valkey, &preview.namespace)["kind"].clone();
        let live = inside.object(kind.as_str().unwrap_or_default(), valkey.name);
        if !live.is_some_and(|live| operator.is_ready(live)) {
            let wait = Action::AwaitValkey(operator, Operators::Implied);
            steps.push(Step::new(Name::ValkeyReady, &[], wait));
        }
    }
    steps.push(Step::new(Name::Answer, &[], Action::AwaitAnswer));
    steps
}
