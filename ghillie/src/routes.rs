//! What the service answers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::stores::{Stores, Trouble};

/// What the routes know.
pub struct App {
    /// The image that this is.
    pub image: String,
    /// The stores.
    pub stores: Stores,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    image: String,
    postgres: Store,
    valkey: Store,
}

#[derive(Serialize)]
struct Store {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The routes: `/health`, `/ready` and `/`.
pub fn app(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/health", get(async || Json(Health { status: "ok" })))
        .route("/ready", get(ready))
        .with_state(app)
}

async fn about(State(app): State<Arc<App>>) -> Json<serde_json::Value> {
    let version = env!("CARGO_PKG_VERSION");
    Json(serde_json::json!({ "name": "ghillie", "version": version, "image": app.image }))
}

/// 200 when both stores take a write and give it back, else 503.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Ready>) {
    let (postgres, valkey) = tokio::join!(app.stores.check_postgres(), app.stores.check_valkey());
    let both = postgres.is_ok() && valkey.is_ok();
    let (code, status) = if both {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    let ready = Ready {
        status,
        image: app.image.clone(),
        postgres: store(postgres),
        valkey: store(valkey),
    };
    (code, Json(ready))
}

fn store(result: Result<(), Trouble>) -> Store {
    Store {
        ok: result.is_ok(),
        error: result.err().map(|trouble| trouble.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::settings::Settings;

    /// Asks a service whose stores are ports on which nobody listens.
    async fn ask(path: &str) -> (String, serde_json::Value) {
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let settings = Settings {
            listen: String::new(),
            image: "ghillie:0123456789ab".into(),
            database_url: format!("postgresql://u:hunter2@{closed}/d"),
            valkey_url: format!("redis://u:hunter2@{closed}"),
        };
        let stores = Stores::new(&settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(Arc::new(App {
            image: settings.image,
            stores,
        }));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        (
            head.lines().next().unwrap().to_owned(),
            serde_json::from_str(body).unwrap(),
        )
    }

    #[tokio::test]
    async fn it_is_healthy_without_its_stores() {
        let (status, body) = ask("/health").await;
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert_eq!(body, serde_json::json!({ "status": "ok" }));
    }

    #[tokio::test]
    async fn it_says_what_it_is() {
        let (status, body) = ask("/").await;
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert_eq!(body["name"], "ghillie");
        assert_eq!(body["image"], "ghillie:0123456789ab");
    }

    #[tokio::test]
    async fn it_is_not_ready_without_its_stores_and_says_which() {
        let (status, body) = ask("/ready").await;
        assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
        for store in ["postgres", "valkey"] {
            assert_eq!(body[store]["ok"], false, "{body}");
            assert!(body[store]["error"].is_string(), "{body}");
        }
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }
}
