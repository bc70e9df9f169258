//! `GET /ws`: from a request to a connection.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{
        Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::StreamExt;

use super::{Admission, Gateway, serve};
use crate::{
    auth::{Denied, Identity, bearer},
    limits,
    wire::{self, CloseCode, Complaint, SUBPROTOCOL_BEARER, SUBPROTOCOL_JSON, SUBPROTOCOL_TEXT},
};

/// The sockets of the gateway.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let router = Router::new().route("/ws", get(upgrade)).route("/v1/tickets", post(ticket));
    let router = if gateway.echo { router.route("/ws/echo", get(echo)) } else { router };
    router.with_state(gateway)
}

async fn upgrade(
    State(gateway): State<Arc<Gateway>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let offered = offered(&headers);
    let subprotocol = match agree(&offered) {
        Ok(subprotocol) => subprotocol,
        Err(complaint) => return refuse(StatusCode::BAD_REQUEST, complaint),
    };
    if gateway.lifecycle.draining().is_reached() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, Complaint::shutting_down());
    }
    let Some(seat) = gateway.seats.take() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, Complaint::overloaded());
    };
    let identity = match identify(&gateway, &headers, &offered, &query) {
        Ok(identity) => Ok(Some(identity)),
        Err((Denied::Missing, _)) => Ok(None),
        Err((Denied::Wrong, Given::Header)) => {
            return refuse(StatusCode::UNAUTHORIZED, Complaint::not_authenticated());
        }
        // A browser cannot see the status of a refused upgrade, but a close code it can.
        Err((Denied::Wrong, Given::Otherwise)) => Err(Denied::Wrong),
    };
    let upgrade = match subprotocol {
        Some(name) => upgrade.protocols([name]),
        None => upgrade,
    };
    // Whoever gets it wrong begins another trace, as its specification has it.
    let traceparent =
        headers.get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok());
    let counted = gateway.lifecycle.count();
    sized(upgrade).on_upgrade(move |socket| async move {
        match identity {
            Ok(identity) => {
                serve(gateway, socket, Admission { identity, subprotocol, traceparent }).await;
            }
            Err(_) => turn_away(socket).await,
        }
        drop((seat, counted));
    })
}

/// Our limits instead of the library's, whose buffers would cost 128 KiB a connection.
fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .max_write_buffer_size(limits::WRITE_BUFFER_BYTES_MAX)
        .max_message_size(limits::FRAME_BYTES_READ_MAX)
        .max_frame_size(limits::FRAME_BYTES_READ_MAX)
}

/// The subprotocols that the client offers.
fn offered(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim).collect()
}

/// The first one that we know. Who offers only unknown ones of ours is told which there are.
fn agree(offered: &[&str]) -> Result<Option<&'static str>, Complaint> {
    let known = [SUBPROTOCOL_JSON, SUBPROTOCOL_TEXT];
    let agreed = offered.iter().find_map(|name| known.into_iter().find(|known| known == name));
    if agreed.is_none() && offered.iter().any(|name| name.starts_with("operatoros.")) {
        let message = format!("Unknown subprotocol. There are: {}.", known.join(", "));
        return Err(Complaint::invalid("Sec-WebSocket-Protocol", message));
    }
    Ok(agreed)
}

/// Where credentials were found.
enum Given {
    Header,
    Otherwise,
}

/// Whoever the first credentials that are present name.
fn identify(
    gateway: &Gateway,
    headers: &HeaderMap,
    offered: &[&str],
    query: &HashMap<String, String>,
) -> Result<Identity, (Denied, Given)> {
    let authority = &gateway.authority;
    if let Some(token) = bearer(headers) {
        return authority.bearer(token).map_err(|denied| (denied, Given::Header));
    }
    let entry = offered.iter().find_map(|name| name.strip_prefix(SUBPROTOCOL_BEARER));
    if let Some(token) = entry {
        // No browser lets a colon into a subprotocol's name.
        let token = token.replace("%3A", ":");
        return authority.bearer(&token).map_err(|denied| (denied, Given::Otherwise));
    }
    if let Some(ticket) = query.get("ticket") {
        return authority.redeem(ticket).map_err(|denied| (denied, Given::Otherwise));
    }
    authority.anonymous().map_err(|denied| (denied, Given::Otherwise))
}

fn refuse(status: StatusCode, complaint: Complaint) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status, json, wire::error(None, complaint).as_str().to_owned()).into_response()
}

async fn turn_away(mut socket: WebSocket) {
    let code = CloseCode::NotAuthenticated;
    let frame = axum::extract::ws::CloseFrame { code: code as u16, reason: code.reason().into() };
    let error = wire::error(None, Complaint::not_authenticated());
    let goodbye = async {
        socket.send(Message::Text(error)).await?;
        socket.send(Message::Close(Some(frame))).await?;
        // Until the other side has agreed, what was written before may still be lost.
        while let Some(Ok(_)) = socket.next().await {}
        Ok::<_, axum::Error>(())
    };
    let _unheard = tokio::time::timeout(limits::CLOSE_WITHIN, goodbye).await;
}

/// Sends back what it gets, with the transport that every connection has.
async fn echo(State(gateway): State<Arc<Gateway>>, upgrade: WebSocketUpgrade) -> Response {
    let Some(seat) = gateway.seats.take() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, Complaint::overloaded());
    };
    let counted = gateway.lifecycle.count();
    let closing = gateway.lifecycle.closing().clone();
    let echo_bytes_max = limits::WRITE_BUFFER_BYTES_MAX;
    let upgrade = sized(upgrade)
        .max_message_size(echo_bytes_max)
        .max_frame_size(echo_bytes_max)
        .max_write_buffer_size(echo_bytes_max * 2);
    upgrade.on_upgrade(move |mut socket| async move {
        let echoing = async {
            while let Some(Ok(message)) = socket.next().await {
                let back = matches!(message, Message::Text(_) | Message::Binary(_));
                if back && socket.send(message).await.is_err() {
                    break;
                }
            }
        };
        let _stopped = closing.or(echoing).await;
        drop((seat, counted));
    })
}

/// Who the bearer token of a plain request names.
fn caller(gateway: &Gateway, headers: &HeaderMap) -> Result<Identity, Denied> {
    match bearer(headers) {
        Some(token) => gateway.authority.bearer(token),
        None => gateway.authority.anonymous(),
    }
}

/// `POST /v1/tickets`: a ticket for one connection, for those who cannot send headers with it.
async fn ticket(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response {
    let Ok(identity) = caller(&gateway, &headers) else {
        return refuse(StatusCode::UNAUTHORIZED, Complaint::not_authenticated());
    };
    let Some(ticket) = gateway.authority.issue(identity) else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, Complaint::overloaded());
    };
    let ms = u64::try_from(limits::TICKET_LIVES.as_millis()).unwrap_or(u64::MAX);
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::CREATED, json, wire::ticket(&ticket, ms)).into_response()
}
