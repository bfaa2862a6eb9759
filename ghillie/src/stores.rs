//! PostgreSQL and Valkey: connected to when they are first needed, and again when a connection broke.

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use crate::settings::Settings;

/// How long one store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What went wrong, in words without a URL.
pub type Trouble = Box<dyn Error + Send + Sync>;

/// The stores.
pub struct Stores {
    postgres: Config,
    client: Mutex<Option<Client>>,
    valkey: redis::Client,
    manager: Mutex<Option<ConnectionManager>>,
}

impl Stores {
    /// Stores that are not connected yet.
    ///
    /// # Errors
    /// Where a URL is not one; the error names the variable, never its value.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let postgres = Config::from_str(&settings.database_url);
        let mut postgres = postgres.map_err(|_| "DATABASE_URL is not a PostgreSQL URL")?;
        postgres
            .connect_timeout(PATIENCE)
            .application_name("ghillie");
        let valkey = redis::Client::open(settings.valkey_url.as_str());
        Ok(Self {
            postgres,
            client: Mutex::default(),
            valkey: valkey.map_err(|_| "VALKEY_URL is not a Redis URL")?,
            manager: Mutex::default(),
        })
    }

    /// Writes to PostgreSQL and reads it back.
    ///
    /// # Errors
    /// Where it does not answer in time, or not as it should.
    pub async fn check_postgres(&self) -> Result<(), Trouble> {
        bounded(self.ask_postgres()).await
    }

    /// Writes to Valkey and reads it back.
    ///
    /// # Errors
    /// As for [`Stores::check_postgres`].
    pub async fn check_valkey(&self) -> Result<(), Trouble> {
        bounded(self.ask_valkey()).await
    }

    async fn ask_postgres(&self) -> Result<(), Trouble> {
        let mut held = self.client.lock().await;
        if held.as_ref().is_none_or(Client::is_closed) {
            let (client, connection) = self.postgres.connect(NoTls).await?;
            tokio::spawn(connection);
            // Two pods may ask at the same time; `IF NOT EXISTS` alone does not make that safe.
            client
                .batch_execute(
                    "SELECT pg_advisory_lock(7302); \
                     CREATE TABLE IF NOT EXISTS readiness (id int PRIMARY KEY, seen timestamptz NOT NULL); \
                     SELECT pg_advisory_unlock(7302)",
                )
                .await?;
            *held = Some(client);
        }
        let Some(client) = held.as_ref() else {
            return Err("no connection".into());
        };
        let written =
            "INSERT INTO readiness VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET seen = now()";
        client.execute(written, &[]).await?;
        client
            .query_one("SELECT seen FROM readiness WHERE id = 1", &[])
            .await?;
        Ok(())
    }

    async fn ask_valkey(&self) -> Result<(), Trouble> {
        let mut held = self.manager.lock().await;
        if held.is_none() {
            let config = ConnectionManagerConfig::new()
                .set_number_of_retries(0)
                .set_connection_timeout(PATIENCE)
                .set_response_timeout(PATIENCE);
            *held = Some(ConnectionManager::new_with_config(self.valkey.clone(), config).await?);
        }
        let Some(mut manager) = held.clone() else {
            return Err("no connection".into());
        };
        drop(held);
        let _: () = manager.set_ex("ghillie:readiness", 1, 60).await?;
        let read: i64 = manager.get("ghillie:readiness").await?;
        if read == 1 {
            Ok(())
        } else {
            Err("it read another value than was written".into())
        }
    }
}

async fn bounded(question: impl Future<Output = Result<(), Trouble>>) -> Result<(), Trouble> {
    let late = || Trouble::from(format!("no answer within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE, question)
        .await
        .unwrap_or_else(|_| Err(late()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_every_printable_character_are_read_from_the_urls() {
        let password: String = (' '..='~').collect();
        let encoded = password
            .bytes()
            .fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
        let settings = Settings {
            listen: String::new(),
            image: String::new(),
            database_url: format!("postgresql://u:{encoded}@h:5432/d"),
            valkey_url: format!("redis://u:{encoded}@h:6379"),
        };
        let stores = Stores::new(&settings).unwrap();
        assert_eq!(stores.postgres.get_password(), Some(password.as_bytes()));
        assert_eq!(
            stores
                .valkey
                .get_connection_info()
                .redis
                .password
                .as_deref(),
            Some(password.as_str())
        );
    }

    #[test]
    fn a_broken_url_is_refused_without_its_password() {
        let settings = |database: &str, valkey: &str| Settings {
            listen: String::new(),
            image: String::new(),
            database_url: database.to_owned(),
            valkey_url: valkey.to_owned(),
        };
        for broken in [
            settings("hunter2 x", "redis://h"),
            settings("postgresql://h", "hunter2 x"),
        ] {
            let error = Stores::new(&broken).err().unwrap();
            assert!(
                error.contains("_URL is not") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
