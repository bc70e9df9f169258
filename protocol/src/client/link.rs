//! A client's connection: it opens, carries frames, notices silence, and opens again.
//!
//! Invariant: whoever waits on it may stop waiting at any point; nothing is lost but time.

use std::{collections::VecDeque, future::poll_fn, pin::Pin, task::Poll, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, StatusCode, header},
        protocol::{WebSocketConfig, frame::CloseFrame},
    },
};

use crate::{
    SUBPROTOCOL_JSON,
    client::{
        backoff::Backoff,
        update::{ClientError, Closed},
    },
    codes::{CloseCode, may_reconnect},
};

/// A connection that has been silent for this long is dead; the server pings far more often.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Opening, TLS and upgrade included, may take this long.
const OPEN_WITHIN: Duration = Duration::from_secs(15);
/// A server cannot send a client away for longer than this.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(300);
/// One frame from the server; pages of history and snapshots are the largest.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A connection that held for this long was a good one: the next pause is short again.
const GOOD_AFTER: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Opened = Result<Socket, tungstenite::Error>;

/// The connection and what brings it back.
pub(super) struct Link {
    upgrade: Request,
    state: State,
    backoff: Backoff,
    /// What the server's `goaway` asked for.
    asked_pause: Option<Duration>,
    outbox: VecDeque<String>,
}

enum State {
    Pausing(Instant),
    Opening(BoxFuture<'static, Opened>),
    Open(Box<Open>),
    Closed(Closed),
}

struct Open {
    socket: Socket,
    since: Instant,
    heard_at: Instant,
    unflushed: bool,
}

/// What a link can report.
pub(super) enum Happened {
    /// The socket stands; nothing has been said yet.
    Opened,
    /// The server said this.
    Text(String),
    /// The connection is gone and will be opened again.
    Lost { because: String, error: Option<tungstenite::Error>, retry_in: Duration },
    /// The connection is gone for good.
    Closed(Closed),
}

impl Link {
    /// A link that opens as soon as somebody waits for it.
    pub(super) fn new(url: &str, token: Option<&str>) -> Result<Self, ClientError> {
        Ok(Self {
            upgrade: upgrade(url, token).map_err(ClientError::Malformed)?,
            state: State::Pausing(Instant::now()),
            backoff: Backoff::default(),
            asked_pause: None,
            outbox: VecDeque::new(),
        })
    }

    /// Uses another token from the next opening on.
    pub(super) fn set_token(&mut self, token: &str) -> Result<(), ClientError> {
        let value = bearer(token).map_err(ClientError::Malformed)?;
        self.upgrade.headers_mut().insert(header::AUTHORIZATION, value);
        Ok(())
    }

    /// Queues a frame; dropped where the connection is not open, as a new one begins afresh.
    pub(super) fn say(&mut self, frame: String) {
        if matches!(self.state, State::Open(_)) {
            self.outbox.push_back(frame);
        }
    }

    /// Waits at least this long before the next opening, within reason.
    pub(super) fn pause_for(&mut self, pause: Duration) {
        self.asked_pause = Some(pause.min(ASKED_PAUSE_MAX));
    }

    /// Why it is over, where it is.
    pub(super) fn closed(&self) -> Option<&Closed> {
        match &self.state {
            State::Closed(closed) => Some(closed),
            _ => None,
        }
    }

    /// Waits for what happens next.
    pub(super) async fn happens(&mut self) -> Happened {
        loop {
            match &mut self.state {
                State::Pausing(until) => {
                    sleep_until(*until).await;
                    self.state = State::Opening(open(self.upgrade.clone()).boxed());
                }
                State::Opening(opening) => match opening.await {
                    Ok(socket) => {
                        let now = Instant::now();
                        let open = Open { socket, since: now, heard_at: now, unflushed: false };
                        self.state = State::Open(Box::new(open));
                        return Happened::Opened;
                    }
                    Err(error) => return self.not_opened(error),
                },
                State::Open(open) => match open.hear(&mut self.outbox).await {
                    Ok(text) => return Happened::Text(text),
                    Err(end) => return self.ended(end),
                },
                State::Closed(closed) => return Happened::Closed(closed.clone()),
            }
        }
    }

    /// Says goodbye, as far as that is possible at once.
    pub(super) async fn close(&mut self) {
        if let State::Open(open) = &mut self.state {
            // Whether the server hears it makes no difference: it notices the end in any case.
            let _told = timeout(Duration::from_secs(1), open.socket.close(None)).await;
        }
        self.state = State::Closed(Closed { code: None, reason: "by the client".to_owned() });
    }

    /// Gives the connection up and opens another.
    pub(super) fn give_up(&mut self, because: String) -> Happened {
        self.lost(because, None)
    }

    fn not_opened(&mut self, error: tungstenite::Error) -> Happened {
        let code = match &error {
            tungstenite::Error::Http(answer) => match answer.status() {
                StatusCode::UNAUTHORIZED => Some(CloseCode::NotAuthenticated),
                StatusCode::FORBIDDEN => Some(CloseCode::Forbidden),
                StatusCode::BAD_REQUEST => Some(CloseCode::UnsupportedVersion),
                _ => None,
            },
            _ => None,
        };
        match code {
            Some(code) => self.over(Closed::with(code)),
            None => self.lost(error.to_string(), Some(error)),
        }
    }

    fn ended(&mut self, end: End) -> Happened {
        match end {
            End::Closed(Some(frame)) if !may_reconnect(frame.code.into()) => {
                let (code, reason) = (Some(frame.code.into()), frame.reason.to_string());
                self.over(Closed { code, reason })
            }
            End::Closed(Some(frame)) => {
                self.lost(format!("closed with {}: {}", u16::from(frame.code), frame.reason), None)
            }
            End::Closed(None) => self.lost("closed without a reason".to_owned(), None),
            End::Silent => self.lost("nothing was heard for too long".to_owned(), None),
            End::Broken(error) => self.lost(error.to_string(), Some(error)),
        }
    }

    fn over(&mut self, closed: Closed) -> Happened {
        self.outbox.clear();
        self.state = State::Closed(closed.clone());
        Happened::Closed(closed)
    }

    fn lost(&mut self, because: String, error: Option<tungstenite::Error>) -> Happened {
        if let State::Open(open) = &self.state
            && open.since.elapsed() >= GOOD_AFTER
        {
            self.backoff = Backoff::default();
        }
        let retry_in = self.backoff.next().max(self.asked_pause.take().unwrap_or_default());
        self.outbox.clear();
        self.state = State::Pausing(Instant::now() + retry_in);
        Happened::Lost { because, error, retry_in }
    }
}

/// How an open connection ended.
enum End {
    Closed(Option<CloseFrame>),
    Silent,
    Broken(tungstenite::Error),
}

impl Open {
    /// Writes what waits and returns the next text, whichever moves: a peer that does not read
    /// must not keep this end from reading, or the two would wait for each other.
    async fn hear(&mut self, outbox: &mut VecDeque<String>) -> Result<String, End> {
        loop {
            let silent_at = self.heard_at + SILENCE_MAX;
            let message = timeout_at(silent_at, poll_fn(|cx| self.poll(outbox, cx))).await;
            let message = message.map_err(|_| End::Silent)?;
            self.heard_at = Instant::now();
            match message {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => return Err(End::Closed(frame)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(End::Broken(error)),
                None => return Err(End::Closed(None)),
            }
        }
    }

    fn poll(
        &mut self,
        outbox: &mut VecDeque<String>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Message, tungstenite::Error>>> {
        while !outbox.is_empty() {
            match self.socket.poll_ready_unpin(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => break,
            }
            if let Some(frame) = outbox.pop_front()
                && let Err(error) = self.socket.start_send_unpin(Message::text(frame))
            {
                return Poll::Ready(Some(Err(error)));
            }
            self.unflushed = true;
        }
        if self.unflushed {
            match Pin::new(&mut self.socket).poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => {}
            }
        }
        self.socket.poll_next_unpin(cx)
    }
}

fn upgrade(url: &str, token: Option<&str>) -> Result<Request, tungstenite::Error> {
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL_JSON));
    if let Some(token) = token {
        headers.insert(header::AUTHORIZATION, bearer(token)?);
    }
    Ok(request)
}

fn bearer(token: &str) -> Result<HeaderValue, tungstenite::Error> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn open(upgrade: Request) -> Opened {
    let config = WebSocketConfig::default().max_message_size(Some(FRAME_BYTES_MAX));
    // Small frames leave at once: a person waits for them.
    let at_once = true;
    match timeout(OPEN_WITHIN, connect_async_with_config(upgrade, Some(config), at_once)).await {
        Ok(opened) => opened.map(|(socket, _)| socket),
        Err(late) => Err(tungstenite::Error::Io(late.into())),
    }
}
