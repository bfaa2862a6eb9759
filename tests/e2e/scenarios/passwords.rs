//! A password of every printable character gets from its Secret to the connection.

use anyhow::{Context, Result, ensure};
use xtask::project::PROJECT;

use crate::harness::Test;
use crate::preview::Preview;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["passwords": every_printable_character_survives]
}

fn every_printable_character_survives(stage: &mut Stage) -> Result<()> {
    let password: String = (' '..='~').collect();
    let preview = stage.running()?;

    // Given a PostgreSQL whose role has such a password, in the Secret as CloudNativePG writes it,
    let quoted = password.replace('\'', "''");
    preview.psql(&format!("ALTER ROLE CURRENT_USER PASSWORD '{quoted}'"))?;
    let encoded = password
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    let url = format!("postgresql://ghillie:{encoded}@pg-ghillie-rw.ghillie:5432/ghillie");
    preview.set_secret("pg-ghillie-app", "password", &password)?;
    preview.set_secret("pg-ghillie-app", "uri", &url)?;
    // and a Valkey that is made with one,
    let secret = valkey_secret(&preview)?;
    preview.set_secret(&secret, "password", &password)?;
    preview.kubectl(&["delete", "valkeyclusters.valkey.io", "valkey-ghillie"])?;

    // when `up` is run, then the application reaches both.
    let ran = preview.up()?;
    let valkey = preview.secret(PROJECT.secret, "VALKEY_URL")?;
    ensure!(
        valkey.contains("%40") && valkey.contains("%25"),
        "not the new password\n{ran}"
    );
    ensure!(
        preview.secret(PROJECT.secret, "DATABASE_URL")? == url,
        "not the new URL\n{ran}"
    );
    ran.does_not_say(&password)?.does_not_say(&encoded)?;
    stage.keep(preview);
    Ok(())
}

/// The Secret that Valkey reads its password from, by the resource that names it.
fn valkey_secret(preview: &Preview) -> Result<String> {
    let valkey = preview.object(&["valkeyclusters.valkey.io", "valkey-ghillie"])?;
    let name = valkey["spec"]["users"][0]["passwordSecret"]["name"].as_str();
    Ok(name.context("no password")?.to_owned())
}
