//! Plain HTTP: accepting connections, and telling whether the gateway lives and can serve.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

use crate::{conversation::Registry, lifecycle::Lifecycle, limits};

/// How long to wait when the system has no descriptor left for a connection.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What is answered to plain requests.
pub fn router(registry: Registry) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(registry)
}

async fn front() -> &'static str {
    "OperatorOS speaks WebSocket at /ws: try `npx wscat -c ws://…/ws` and ask something.\n"
}

/// The process lives.
async fn healthz() -> Response {
    json(StatusCode::OK, r#"{"status":"ok"}"#)
}

/// The process can take new work.
async fn readyz(State(registry): State<Registry>) -> Response {
    let workshop = registry.workshop();
    if workshop.lifecycle.draining().is_reached() {
        return json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#);
    }
    if !workshop.store.health().writable {
        return json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"store_unavailable"}"#);
    }
    json(StatusCode::OK, r#"{"status":"ready"}"#)
}

fn json(status: StatusCode, body: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Accepts connections until everything closes.
pub async fn serve(listener: TcpListener, router: Router, lifecycle: Lifecycle) {
    let closing = lifecycle.closing().clone();
    while let Some(accepted) = closing.or(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => lifecycle.spawn(attend(stream, router.clone(), lifecycle.clone())),
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

/// Answers the requests of one connection, until it becomes a socket or ends.
async fn attend(stream: TcpStream, router: Router, lifecycle: Lifecycle) {
    // Each token is a small write; none may wait for the next.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HTTP_HEAD_WITHIN)
        .max_buf_size(limits::HTTP_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return log(ended),
        () = lifecycle.closing().reached() => connection.as_mut().graceful_shutdown(),
    }
    log(connection.await);
}

fn log(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
