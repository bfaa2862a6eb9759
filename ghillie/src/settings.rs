//! What the environment tells the service.

use std::env;

/// The settings.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: String,
    /// The image that this is, as the chart names it.
    pub image: String,
    /// PostgreSQL's URL, with its password.
    pub database_url: String,
    /// Valkey's URL, with its password.
    pub valkey_url: String,
}

impl Settings {
    /// Reads `GHILLIE_LISTEN`, `GHILLIE_IMAGE`, `DATABASE_URL` and `VALKEY_URL`.
    ///
    /// # Errors
    /// Where a URL is missing; the error names the variable, never a value.
    pub fn from_env() -> Result<Self, String> {
        let needed = |name: &str| env::var(name).map_err(|_| format!("{name} is not set"));
        let or = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
        Ok(Self {
            listen: or("GHILLIE_LISTEN", "0.0.0.0:8080"),
            image: or("GHILLIE_IMAGE", "unknown"),
            database_url: needed("DATABASE_URL")?,
            valkey_url: needed("VALKEY_URL")?,
        })
    }
}
