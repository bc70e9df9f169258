//! One connection, one task, any transport: it wakes on a closed list of happenings.
//!
//! Invariants: a connection holds cursors and never a queue of what it has to send; whatever it
//! waits for, its own writes included, delays nobody else.

mod asks;
mod complaints;
mod delivery;
mod follows;
mod limiter;
mod messages;
mod order;
mod person;
mod rights;
mod sessions;
mod settled;
mod tasks;
#[cfg(test)]
mod tests;
mod topics;
mod upgrade;

use std::{pin::pin, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message};
use futures_util::{
    FutureExt, Sink, SinkExt, Stream, StreamExt,
    future::{BoxFuture, poll_immediate},
    stream::FuturesUnordered,
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};

pub use sessions::Seats;
pub use upgrade::router;

use crate::{
    alert::Alerts,
    auth::{Authority, Identity},
    conversation::{Registry, Wake as Feeds},
    lifecycle::Lifecycle,
    limits,
    model::TraceParent,
    monitor::{Monitor, PoolWatch},
    operator::Operator,
    task::Tasks,
    wire::{self, CloseCode, Complaint, Frame},
};
use follows::Follows;
use limiter::Limiter;
use order::Order;
use person::Person;
use sessions::Present;
use settled::{Says, Settled, Then};
use topics::Topics;

/// What every connection works with.
pub struct Gateway {
    /// Lets people in.
    pub authority: Authority,
    /// Knows the conversations.
    pub registry: Registry,
    /// Carries commands out.
    pub operator: Arc<Operator>,
    /// Knows the background tasks.
    pub tasks: Tasks,
    /// Knows what needs attention.
    pub alerts: Alerts,
    /// Measures.
    pub monitor: Arc<Monitor>,
    /// Watches the pools.
    pub pools: Arc<PoolWatch>,
    /// Counts the connections.
    pub seats: Seats,
    /// Starts and stops everything.
    pub lifecycle: Lifecycle,
    /// `GET /ws/echo` is offered.
    pub echo: bool,
}

/// How the two sides talk.
enum Voice {
    /// The first message decides.
    Undecided,
    /// One JSON object per message.
    Json,
    /// A person types.
    Text(Box<Person>),
}

/// What is asked for at the upgrade, before a word was said.
pub struct Admission {
    /// Who it is, where that is known.
    pub identity: Option<Identity>,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<&'static str>,
    /// What the other side was doing when it connected.
    pub traceparent: Option<TraceParent>,
}

/// Everything that can happen to a connection.
enum Wake {
    Frame(Message),
    /// The other side is gone, or breaks the protocol of sockets.
    Over(End),
    Reply(Settled),
    News,
    Topic,
    Silence,
    Draining,
    Closing,
}

impl Wake {
    /// What came over the socket.
    fn of<E>(next: Option<Result<Message, E>>) -> Self {
        match next {
            Some(Ok(message)) => Self::Frame(message),
            Some(Err(_)) => Self::Over(End::Garbled),
            None => Self::Over(End::Gone),
        }
    }
}

/// Goes on, or ends for a reason.
type Flow = Result<(), End>;

/// Why a connection ends.
enum End {
    /// The other side is gone.
    Gone,
    /// The other side closes, and waits for us to agree.
    Parted,
    /// What the other side sends is no message; nothing more can be read.
    Garbled,
    /// We close, with this code.
    Close(CloseCode),
}

/// One connection.
struct Connection<T> {
    gateway: Arc<Gateway>,
    socket: T,
    voice: Voice,
    identity: Option<Identity>,
    /// Whatever is said here goes on from there, unless it says itself from where.
    traceparent: Option<TraceParent>,
    /// Counts them as connected.
    present: Option<Present>,
    /// A `hello` was answered.
    greeted: bool,
    /// When the other side was last heard.
    heard: Instant,
    follows: Follows,
    feeds: Arc<Feeds>,
    /// Nearly nobody subscribes.
    topics: Option<Box<Topics>>,
    pending: FuturesUnordered<BoxFuture<'static, Settled>>,
    order: Order,
    limiter: Limiter,
    /// Room for the frames of one delivery, and for the slots with news.
    frames: Vec<Frame>,
    slots: Vec<u32>,
}

/// Serves a connection until one of the two sides ends it.
pub async fn serve<T, E>(gateway: Arc<Gateway>, socket: T, admission: Admission)
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    let feeds = Arc::new(Feeds::default());
    let present = admission.identity.as_ref().map(|who| gateway.seats.greet(who.user));
    let mut connection = Connection {
        gateway,
        socket,
        voice: Voice::Undecided,
        identity: admission.identity,
        traceparent: admission.traceparent,
        present,
        greeted: false,
        heard: Instant::now(),
        follows: Follows::new(feeds.clone()),
        feeds,
        topics: None,
        pending: FuturesUnordered::new(),
        order: Order::default(),
        limiter: Limiter::new(),
        frames: Vec::new(),
        slots: Vec::new(),
    };
    // What happens once is boxed: it would make every idle connection larger.
    let ended = match Box::pin(connection.begin(admission.subprotocol)).await {
        Ok(()) => connection.run().await,
        ended => ended,
    };
    Box::pin(connection.part(ended)).await;
}

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    async fn run(&mut self) -> Flow {
        let lifecycle = self.gateway.lifecycle.clone();
        let mut draining = lifecycle.draining().reached().fuse();
        let mut closing = lifecycle.closing().reached();
        let mut silence = pin!(sleep_until(self.heard + self.patience()));
        loop {
            let wake = tokio::select! {
                () = &mut closing => Wake::Closing,
                () = &mut draining => Wake::Draining,
                next = self.socket.next(), if self.order.listens() => Wake::of(next),
                Some(settled) = self.pending.next() => Wake::Reply(settled),
                () = self.feeds.arrived() => Wake::News,
                () = topics::arrived(&mut self.topics) => Wake::Topic,
                () = &mut silence => Wake::Silence,
            };
            match wake {
                Wake::Silence => silence.as_mut().reset(Box::pin(self.break_silence()).await?),
                other => self.react(other).await?,
            }
        }
    }

    /// Does what a wake calls for. What happens now and then is boxed: it would make every idle
    /// connection larger.
    async fn react(&mut self, wake: Wake) -> Flow {
        match wake {
            Wake::Frame(message) => {
                self.heard = Instant::now();
                Box::pin(self.hear(message)).await
            }
            Wake::Over(end) => Err(end),
            Wake::Reply(settled) => Box::pin(self.settle(settled)).await,
            Wake::News => {
                // Whoever else can run goes first. An idle gateway delivers each token at once; a
                // busy one lets a few gather, and writes less.
                yield_now().await;
                self.deliver().await
            }
            Wake::Topic => Box::pin(self.deliver_topics()).await,
            Wake::Draining => Box::pin(self.say_goaway()).await,
            Wake::Closing => Box::pin(self.leave()).await,
            // Only the loop knows when it looks again.
            Wake::Silence => Ok(()),
        }
    }

    /// Shows what is still to be shown, and closes.
    async fn leave(&mut self) -> Flow {
        self.deliver().await?;
        Err(End::Close(CloseCode::GoingAway))
    }

    /// Says what is still to be said to a side that may be listening.
    async fn part(&mut self, ended: Flow) {
        match ended {
            Err(End::Close(code)) => self.farewell(code).await,
            Err(End::Garbled) => {
                if self.complain(None, Complaint::garbled()).await.is_ok() {
                    self.farewell(CloseCode::BadFrame).await;
                }
            }
            // The answer to its close is written by reading on.
            Err(End::Parted) => {
                let _unfinished = timeout(limits::CLOSE_WITHIN, self.until_closed()).await;
            }
            Ok(()) | Err(End::Gone) => {}
        }
    }

    /// How long silence may last before something is done about it.
    fn patience(&self) -> Duration {
        if self.identity.is_none() { limits::HELLO_WITHIN } else { limits::PING_AFTER }
    }

    /// What is said before anything was heard.
    async fn begin(&mut self, subprotocol: Option<&str>) -> Flow {
        match subprotocol {
            Some(wire::SUBPROTOCOL_JSON) => {
                self.voice = Voice::Json;
                if self.identity.is_some() { self.welcome().await } else { Ok(()) }
            }
            Some(wire::SUBPROTOCOL_TEXT) => {
                self.voice = Voice::Text(Box::default());
                self.greet_person().await
            }
            _ => Ok(()),
        }
    }

    async fn hear(&mut self, message: Message) -> Flow {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                self.say(wire::error(None, Complaint::binary())).await?;
                return self.strike();
            }
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Parted),
        };
        if let Err(pause) = self.limiter.admit() {
            if self.limiter.abused() {
                return Err(End::Close(CloseCode::RateLimited));
            }
            return self.refuse(&text, Complaint::rate_limited(pause)).await;
        }
        if text.len() > limits::FRAME_BYTES_MAX {
            let complaint = Complaint::too_large("frame", text.len(), limits::FRAME_BYTES_MAX);
            return self.refuse(&text, complaint).await;
        }
        if matches!(self.voice, Voice::Undecided) {
            self.decide(&text).await?;
        }
        match &self.voice {
            Voice::Text(_) => self.hear_line(text.as_str()).await,
            Voice::Json | Voice::Undecided => self.hear_frame(text.as_str()).await,
        }
    }

    /// The first message decides how the two sides talk.
    async fn decide(&mut self, first: &str) -> Flow {
        if first.trim_start().starts_with('{') {
            self.voice = Voice::Json;
            if self.identity.is_some() { self.welcome().await } else { Ok(()) }
        } else {
            self.voice = Voice::Text(Box::default());
            self.greet_person().await
        }
    }

    /// Refuses a message that is not looked into: whoever waits for an answer gets this one.
    async fn refuse(&mut self, text: &str, complaint: Complaint) -> Flow {
        let re = match &self.voice {
            Voice::Text(_) => None,
            Voice::Json | Voice::Undecided => wire::read(text).re,
        };
        self.complain(re, complaint).await
    }

    /// One more frame that could not be read.
    fn strike(&mut self) -> Flow {
        if self.limiter.strike() { Err(End::Close(CloseCode::BadFrame)) } else { Ok(()) }
    }

    async fn settle(&mut self, settled: Settled) -> Flow {
        match settled.says {
            Says::Nothing => {}
            Says::Frame(frame) => self.feed(frame).await?,
            Says::Refused(re, complaint) => {
                let frame = self.refusal(re, complaint);
                self.feed(frame).await?;
            }
        }
        let mut then = settled.then;
        if let Then::Obeyed(done) = then {
            self.order.obeying = false;
            let wanted;
            (then, wanted) = *done;
            self.heed(None, wanted).await?;
        }
        match then {
            Then::Nothing | Then::Obeyed(_) => {}
            Then::Heed(wanted) => {
                if let (Some(here), more) = *wanted {
                    self.heed(Some(here), more).await?;
                }
            }
            Then::Drop(conversation) => self.follows.drop(conversation),
            Then::Await(parts) => self.await_parts(parts),
            Then::Attend(parts) => self.attend(parts).await?,
            Then::Adopt { begun, kept } => self.adopt(begun, kept).await?,
        }
        // Events may be durable by now as well; they share the flush.
        self.deliver().await?;
        self.go_on(settled.changed).await
    }

    /// Does what the silence calls for, and says when to look again. A timer that is
    /// moved by every frame would cost more than one that fires for nothing now and then.
    async fn break_silence(&mut self) -> Result<Instant, End> {
        if self.identity.is_none() {
            let frame = wire::error(None, Complaint::not_authenticated());
            self.say(frame).await?;
            return Err(End::Close(CloseCode::NotAuthenticated));
        }
        if self.heard.elapsed() >= limits::CLOSE_AFTER {
            return Err(End::Close(CloseCode::TooSlow));
        }
        if self.heard.elapsed() < limits::PING_AFTER {
            return Ok(self.heard + limits::PING_AFTER);
        }
        self.send(Message::Ping(axum::body::Bytes::new())).await?;
        Ok((Instant::now() + limits::PING_AFTER).min(self.heard + limits::CLOSE_AFTER))
    }

    async fn say_goaway(&mut self) -> Flow {
        let reconnect_after = Duration::from_secs(1).mul_f64(0.5 + fastrand::f64());
        let ms = u64::try_from(reconnect_after.as_millis()).unwrap_or(u64::MAX);
        match &self.voice {
            Voice::Text(_) => self.say(wire::note("the gateway is going down")).await,
            Voice::Json => self.say(wire::goaway("drain", ms)).await,
            Voice::Undecided => Ok(()),
        }
    }

    // ---- out ------------------------------------------------------------------------------

    /// Writes a frame and flushes.
    async fn say(&mut self, frame: Frame) -> Flow {
        self.send(Message::Text(frame)).await
    }

    async fn send(&mut self, message: Message) -> Flow {
        in_time(self.socket.send(message)).await
    }

    /// Writes a frame that a flush will follow.
    async fn feed(&mut self, frame: Frame) -> Flow {
        in_time(self.socket.feed(Message::Text(frame))).await
    }

    async fn flush(&mut self) -> Flow {
        in_time(self.socket.flush()).await
    }

    /// Says why it closes, and closes.
    async fn farewell(&mut self, code: CloseCode) {
        let frame = CloseFrame { code: code as u16, reason: code.reason().into() };
        let closing = async {
            if self.send(Message::Close(Some(frame))).await.is_ok() {
                // Until the other side has agreed, what was written before may still be lost.
                self.until_closed().await;
            }
        };
        let _unfinished = timeout(limits::CLOSE_WITHIN, closing).await;
    }

    /// Reads, and hears nothing of it, until the socket is closed.
    async fn until_closed(&mut self) {
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}

/// A write that may take as long as a slow reader is worth waiting for.
async fn in_time<E>(write: impl Future<Output = Result<(), E>>) -> Flow {
    let mut write = pin!(write);
    // Nearly every write is taken at once, and then needs no timer.
    let written = match poll_immediate(&mut write).await {
        Some(written) => Ok(written),
        None => timeout(limits::WRITE_WITHIN, write).await,
    };
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(CloseCode::TooSlow)),
    }
}
