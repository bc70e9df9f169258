//! From a provider's events to the pieces of an answer: what all decoders share.

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use async_stream::try_stream;
use futures_util::{FutureExt, Stream, StreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Failure, Piece, Retry, ToolCall,
    lenient::Text,
    sse::{Event, Unread, unreadable},
    surrogates::Surrogates,
};
use crate::{
    limits::{TOOL_ARGUMENTS_BYTES_MAX, TOOL_CALLS_MAX},
    model::Reason,
};

/// What an answer's body is.
pub(super) enum Body<S> {
    /// Events, as asked for, and whether more of what arrived is still to be looked at.
    Stream(S, Unread),
    /// One JSON document; some compatible servers send an error or a whole answer so.
    Whole(Vec<u8>),
}

/// Pieces that one event was decoded to, oldest first.
pub(super) type Pieces = VecDeque<Piece>;

/// Reads one answer of one provider's kind. Knows no socket and no clock.
pub(super) trait Decoder: Send {
    /// Reads one event. After `Piece::End` no more are handed in.
    fn event(&mut self, event: &Event, pieces: &mut Pieces) -> Result<(), Failure>;

    /// The events are over though no `Piece::End` came.
    fn finish(&mut self, pieces: &mut Pieces) -> Result<(), Failure>;

    /// Reads an answer that came as one JSON document.
    fn whole(&mut self, body: &str, pieces: &mut Pieces) -> Result<(), Failure>;
}

/// One JSON document, as a decoder reads it.
pub(super) fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|_| unreadable())
}

/// What an event is: by its own name, else by the `type` in it.
pub(super) fn kind(event: &Event) -> Result<Text<'_>, Failure> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Kind<'a> {
        #[serde(borrow, rename = "type")]
        kind: Text<'a>,
    }
    match &*event.event {
        "message" => Ok(parse::<Kind<'_>>(&event.data)?.kind),
        named => Ok(Text(named.into())),
    }
}

/// The pieces of one body. Ends after `Piece::End` or the first failure.
pub(super) fn pieces<S>(
    body: Body<S>,
    mut decoder: impl Decoder,
) -> impl Stream<Item = Result<Piece, Failure>> + Send
where
    S: Stream<Item = Result<Event, Failure>> + Send,
{
    try_stream! {
        let mut ready = Pieces::new();
        let mut surrogates = Surrogates::default();
        let decoded = match body {
            Body::Whole(json) => {
                let json = String::from_utf8_lossy(&json);
                decoder.whole(&json, &mut ready)
            }
            Body::Stream(events, unread) => {
                let mut events = std::pin::pin!(events);
                while let Some(event) = events.next().await {
                    let mut decoded = read(event, &mut surrogates, &mut decoder, &mut ready);
                    // What came in the same packet belongs into the same piece.
                    while decoded.is_ok() && unread.any() && may_grow(&ready) {
                        let Some(Some(event)) = events.next().now_or_never() else { break };
                        decoded = read(event, &mut surrogates, &mut decoder, &mut ready);
                    }
                    while let Some(piece) = ready.pop_front() {
                        let ended = matches!(piece, Piece::End(_));
                        yield piece;
                        if ended {
                            return;
                        }
                    }
                    decoded?;
                }
                decoder.finish(&mut ready)
            }
        };
        while let Some(piece) = ready.pop_front() {
            yield piece;
        }
        decoded?;
    }
}

/// Whether what the next event says can belong to the same piece.
fn may_grow(ready: &Pieces) -> bool {
    ready.len() <= 1 && !matches!(ready.back(), Some(Piece::End(_)))
}

/// Decodes one event, and joins its text to text that was not handed on yet.
fn read(
    event: Result<Event, Failure>,
    surrogates: &mut Surrogates,
    decoder: &mut impl Decoder,
    ready: &mut Pieces,
) -> Result<(), Failure> {
    let mut event = event?;
    if let Cow::Owned(mended) = surrogates.mend(&event.data) {
        event.data = mended;
    }
    if event.data.trim_start().is_empty() {
        // Some proxies keep a connection alive so.
        return Ok(());
    }
    let decoded = decoder.event(&event, ready);
    match (ready.pop_back(), ready.back_mut()) {
        (Some(Piece::Text(more)), Some(Piece::Text(text))) => text.push_str(&more),
        (Some(other), _) => ready.push_back(other),
        (None, _) => {}
    }
    decoded
}

/// Whether the server says that the stream is over; in each dialect some do.
pub(super) fn is_done(event: &Event) -> bool {
    event.data.trim_start().starts_with("[DONE]")
}

/// The tool calls of one answer, put together from their fragments.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: Vec<Call>,
    emitted: usize,
}

#[derive(Debug, Default)]
struct Call {
    index: u64,
    id: String,
    name: String,
    arguments: String,
    extra: Option<Box<RawValue>>,
}

/// A part of a tool call; `id` and `name` come with its first part only.
pub(super) struct Fragment<'a> {
    /// Which call, as the provider counts.
    pub(super) index: u64,
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
    /// What the provider wants to see again with the call.
    pub(super) extra: Option<&'a RawValue>,
}

impl Calls {
    /// Whether the answer calls a tool.
    pub(super) fn any(&self) -> bool {
        self.emitted > 0 || !self.open.is_empty()
    }

    /// Adds a fragment to its call, or begins one.
    pub(super) fn add(&mut self, part: &Fragment<'_>) -> Result<(), Failure> {
        if self.begins(part) {
            if self.open.len() + self.emitted >= TOOL_CALLS_MAX {
                return Err(too_much());
            }
            self.open.push(Call { index: part.index, ..Call::default() });
        }
        let mut calls = self.open.iter_mut().rev();
        let Some(call) = calls.find(|call| call.index == part.index) else { return Ok(()) };
        if call.id.is_empty() {
            call.id.push_str(part.id);
        }
        if call.name.is_empty() {
            call.name.push_str(part.name);
        }
        call.arguments.push_str(part.arguments);
        call.extra = call.extra.take().or_else(|| part.extra.map(ToOwned::to_owned));
        let extra = call.extra.as_ref().map_or(0, |extra| extra.get().len());
        if call.arguments.len() + call.name.len() + call.id.len() + extra > TOOL_ARGUMENTS_BYTES_MAX
        {
            return Err(too_much());
        }
        Ok(())
    }

    /// Whether the fragment belongs to none that is open. Some servers give every call the same index,
    /// others each fragment an id of its own: another call is what has a name and another id, or none.
    fn begins(&self, part: &Fragment<'_>) -> bool {
        let last = self.open.iter().rfind(|call| call.index == part.index);
        last.is_none_or(|last| {
            let other = part.id.is_empty() || last.id != part.id;
            other && !part.name.is_empty() && !last.name.is_empty()
        })
    }

    /// Emits the calls that are whole by now: all that are open.
    pub(super) fn emit(&mut self, pieces: &mut Pieces) {
        pieces.extend(self.take().map(|(call, _)| Piece::ToolCall(call)));
    }

    /// The same calls, each with what the provider wants to see again with it.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (ToolCall, Option<Box<RawValue>>)> {
        self.open.drain(..).map(|call| {
            self.emitted += 1;
            let (mut id, mut arguments) = (call.id, call.arguments);
            if id.is_empty() {
                id = format!("call_{}", self.emitted);
            }
            if arguments.trim().is_empty() {
                "{}".clone_into(&mut arguments);
            }
            let (id, name, arguments) = (id.into(), call.name.into(), arguments.into());
            (ToolCall { id, name, arguments }, call.extra)
        })
    }
}

/// What came is more than is taken of it.
pub(super) fn too_much() -> Failure {
    Failure { reason: Reason::AnswerTooLong, retry: Retry::Never, status: None, code: None }
}

/// The model's name, where the provider gave one that can be a name.
pub(super) fn model(name: &str) -> Option<Arc<str>> {
    (1..=NAME_BYTES_MAX).contains(&name.len()).then(|| name.into())
}

/// A name or an id that a provider gives.
pub(super) const NAME_BYTES_MAX: usize = 256;

/// Hands text on, unless there is none.
pub(super) fn text(pieces: &mut Pieces, text: &str) {
    if !text.is_empty() {
        pieces.push_back(Piece::Text(text.to_owned()));
    }
}

/// The model has begun to think, of which it may show nothing.
pub(super) fn thinks(pieces: &mut Pieces) {
    pieces.push_back(Piece::Reasoning(String::new()));
}

/// Hands reasoning on, unless there is none.
pub(super) fn reasoning(pieces: &mut Pieces, text: &str) {
    if !text.is_empty() {
        pieces.push_back(Piece::Reasoning(text.to_owned()));
    }
}
