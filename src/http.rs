//! Plain HTTP: accepting connections, and telling how the gateway is to whoever watches it.

mod exposition;
mod metrics;
mod pair;
#[cfg(test)]
mod tests;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::FutureExt;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::{
    config::LiveSettings,
    conversation::Registry,
    lifecycle::Lifecycle,
    limits,
    model::{self, Check, Health, Part},
    monitor::Monitor,
};
use metrics::Door;
pub use pair::PairError;
use tls::Handshake;
pub use tls::{Stamps, Tls};

/// How long to wait when the system has no descriptor left for a connection.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What plain requests are answered from.
#[derive(Clone)]
pub struct Front {
    registry: Registry,
    monitor: Arc<Monitor>,
    door: Arc<Door>,
    scheme: &'static str,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
struct Peer(SocketAddr);

impl Front {
    /// Tells what these know.
    pub fn new(registry: Registry, monitor: Arc<Monitor>, live: LiveSettings) -> Self {
        let scheme = live.now().scheme();
        Self { registry, monitor, door: Arc::new(Door::new(live)), scheme }
    }
}

/// What is answered to plain requests.
pub fn router(front: Front) -> Router {
    Router::new()
        .route("/", get(welcome))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics::metrics))
        .with_state(front)
}

async fn welcome(State(front): State<Front>) -> String {
    let address = format!("{}://…/ws", front.scheme);
    format!("OperatorOS speaks WebSocket at /ws: try `npx wscat -c {address}` and ask something.\n")
}

/// The process lives.
async fn healthz() -> Response {
    json(StatusCode::OK, &json!({"status": "ok"}))
}

/// The process can take new work; and which checks are not as they should be.
async fn readyz(State(front): State<Front>) -> Response {
    let (vitals, checks) = front.monitor.look();
    let fails = |check: &&Check| check.state == model::State::Failing && check.part.is_own();
    let status = match checks.iter().find(fails) {
        _ if vitals.gauges.health == Health::Draining => "draining",
        Some(check) if check.part == Part::Store => "store_unavailable",
        Some(_) => "failing",
        None => "ready",
    };
    let bad = checks.iter().filter(|check| check.state != model::State::Ok);
    let bad: Vec<Value> = bad
        .map(|check| {
            json!({
                "check": check.part.word(),
                "state": check.state.word(),
                "says": check.says,
                "advice": check.advice,
            })
        })
        .collect();
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let told = json!({"status": status});
    json(code, &if bad.is_empty() { told } else { json!({"status": status, "checks": bad}) })
}

fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Accepts connections until everything closes; with TLS where there is a certificate.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    lifecycle: Lifecycle,
) {
    let closing = lifecycle.closing().clone();
    let places = Arc::new(Semaphore::new(limits::HTTP_CONNECTIONS_MAX));
    while let Some(accepted) = closing.or(listener.accept()).await {
        match accepted {
            // Each token is a small write; none may wait for the next.
            Ok((stream, _)) if stream.set_nodelay(true).is_err() => {}
            Ok((stream, peer)) => {
                // Where there is no place it is closed.
                let Ok(place) = places.clone().try_acquire_owned() else { continue };
                let (peer, router, all) = (Peer(peer), router.clone(), lifecycle.clone());
                match &tls {
                    None => {
                        let attended = attend(stream, peer, router, all);
                        lifecycle.spawn(attended.map(|()| drop(place)));
                    }
                    Some(tls) => {
                        let attended = attend_within(tls.handshake(), stream, peer, router, all);
                        lifecycle.spawn(attended.map(|()| drop(place)));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

/// Answers the requests of one connection, until it becomes a socket or ends. Whoever asks and does
/// not read the answers is not waited for.
async fn attend<S>(stream: S, peer: Peer, router: Router, lifecycle: Lifecycle)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HTTP_HEAD_WITHIN)
        .max_buf_size(limits::HTTP_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return log(ended),
        () = lifecycle.closing().reached() => {}
        () = sleep(limits::HTTP_LIVES) => {}
    }
    connection.as_mut().graceful_shutdown();
    if let Ok(ended) = timeout(limits::CLOSE_WITHIN, connection).await {
        log(ended);
    }
}

/// The same within TLS. Whoever does not speak it is let go, and who comes while too many agree on
/// it.
async fn attend_within(
    handshake: io::Result<Handshake>,
    stream: TcpStream,
    peer: Peer,
    router: Router,
    lifecycle: Lifecycle,
) {
    let agreed = async { handshake?.with(stream).await };
    match lifecycle.closing().or(agreed).await {
        Some(Ok(stream)) => attend(stream, peer, router, lifecycle).await,
        Some(Err(error)) => tracing::debug!(%error, "a connection did not agree on TLS"),
        None => {}
    }
}

fn log(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
