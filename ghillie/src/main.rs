//! Ghillie: a small service that needs PostgreSQL and Valkey, and says whether it reaches them.

mod routes;
mod settings;
mod stores;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use settings::Settings;
use stores::Stores;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let listener = TcpListener::bind(&settings.listen).await?;
    log(
        "listening",
        &[("address", &settings.listen), ("image", &settings.image)],
    );
    let app = routes::app(Arc::new(routes::App {
        image: settings.image.clone(),
        stores: Stores::new(&settings)?,
    }));
    axum::serve(listener, app)
        .with_graceful_shutdown(asked_to_end())
        .await?;
    log("stopped", &[]);
    Ok(())
}

/// Waits for SIGTERM, which Kubernetes sends, or SIGINT, which a terminal does.
async fn asked_to_end() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Writes one line of JSON to stdout.
pub fn log(message: &str, fields: &[(&str, &str)]) {
    let mut line = serde_json::json!({ "level": "info", "message": message });
    for (name, value) in fields {
        line[*name] = (*value).into();
    }
    println!("{line}");
}
