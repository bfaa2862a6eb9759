//! What need not be made at run time, because the cluster has it already.

use std::collections::BTreeMap;

use crate::cmd::Hidden;
use crate::config::Preview;
use crate::observe::Inside;
use crate::{manifest, postgres};

/// The version of the application's Secret, where it holds the stores' URLs as they are.
pub fn known_secret(preview: &Preview, inside: &Inside) -> Option<String> {
    let urls = urls(preview, inside);
    let live = inside.object("Secret", preview.project.secret)?;
    let stores = [
        preview.project.postgres.is_some(),
        preview.project.valkey.is_some(),
    ];
    let known = urls.len() == stores.into_iter().filter(|wanted| *wanted).count();
    let right = known
        && urls
            .iter()
            .all(|(key, url)| manifest::secret_value(live, key).as_ref() == Some(url));
    right.then(|| {
        live["metadata"]["resourceVersion"]
            .as_str()
            .map(str::to_owned)
    })?
}

/// The stores' URLs by their variables, as far as they are known.
pub fn urls(preview: &Preview, inside: &Inside) -> BTreeMap<&'static str, Hidden> {
    let postgres = preview.project.postgres.as_ref().and_then(|postgres| {
        Some((
            postgres.variable,
            inside.secret(&postgres::app_secret(postgres), "uri")?,
        ))
    });
    let valkey = preview.project.valkey.as_ref().and_then(|valkey| {
        let operator = inside.operator()?;
        let password = inside.secret(&operator.password_secret(valkey), "password")?;
        Some((
            valkey.variable,
            operator.url(valkey, &preview.namespace, &password),
        ))
    });
    postgres.into_iter().chain(valkey).collect()
}
