//! Bytes to server-sent events: `eventsource-stream`, with a guard in front of it.
//!
//! Invariants: the decoder sees one whole line at a time, for it is quadratic in the pieces of a
//! long line and in the lines of a large chunk; one event never holds more than
//! `SSE_EVENT_BYTES_MAX`; no byte order mark reaches the decoder, which would panic.
//! Deliberately absent: a lone CR as the end of a line, which no provider sends, and the event
//! that the end of the stream cut off, which the specification tells to discard.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::{Stream, StreamExt};

pub(super) use eventsource_stream::Event;

use super::{Failure, Retry};
use crate::{limits::SSE_EVENT_BYTES_MAX, model::Reason};

/// The events of a body. Ends after its first failure.
pub(super) fn events<S, E>(bytes: S) -> (impl Stream<Item = Result<Event, Failure>> + Send, Unread)
where
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
{
    let unread = Unread::default();
    let events = Guard::new(bytes, unread.clone()).eventsource().map(|event| {
        event.map_err(|error| match error {
            EventStreamError::Transport(failure) => failure,
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => unreadable(),
        })
    });
    (events, unread)
}

/// Whether more of what arrived is still to be looked at, so that looking on costs no waiting.
#[derive(Debug, Clone, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    /// There is more.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What came back is no event stream. Another server, or the same one later, may do better.
pub(super) fn unreadable() -> Failure {
    Failure { reason: Reason::ProviderProtocol, retry: Retry::Soon, status: None, code: None }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Hands on the lines one by one.
struct Guard<S> {
    bytes: S,
    /// What arrived and was not looked at yet.
    rest: Bytes,
    /// The start of a line whose end has not arrived.
    line: BytesMut,
    /// Bytes of the event so far, without `line`.
    event_bytes: usize,
    /// How much of a byte order mark was seen; none once the text has begun.
    mark: Option<usize>,
    begun: bool,
    unread: Unread,
}

impl<S> Guard<S> {
    fn new(bytes: S, unread: Unread) -> Self {
        let (rest, line) = (Bytes::new(), BytesMut::new());
        Self { bytes, rest, line, event_bytes: 0, mark: Some(0), begun: false, unread }
    }

    /// The decoder panics on a byte order mark, so every leading one goes, even in pieces.
    fn without_mark(&mut self, mut chunk: Bytes) -> Bytes {
        while let (Some(seen), Some(byte)) = (self.mark, chunk.first()) {
            if BOM.get(seen) == Some(byte) {
                chunk.advance(1);
                self.mark = Some((seen + 1) % BOM.len());
            } else {
                self.line.extend(BOM.iter().take(seen));
                self.mark = None;
            }
        }
        chunk
    }

    /// The next line, with its end; none when more bytes are needed.
    fn next_line(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(end) = memchr::memchr(b'\n', &self.rest) else {
            self.line.extend_from_slice(&self.rest);
            self.rest.clear();
            return within(self.event_bytes + self.line.len()).map(|()| None);
        };
        let mut line = self.rest.split_to(end + 1);
        if !self.line.is_empty() {
            self.line.extend_from_slice(&line);
            line = self.line.split().freeze();
        }
        self.count(&line)?;
        Ok(Some(line))
    }

    /// Adds up the event that the line belongs to; an empty line ends it, a comment is no part.
    fn count(&mut self, line: &[u8]) -> Result<(), Failure> {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        // The decoder would end a line there, and be quadratic in such ends.
        if memchr::memchr(b'\r', text).is_some() {
            return Err(unreadable());
        }
        match text.first() {
            None => self.event_bytes = 0,
            Some(b':') => {}
            Some(_) => self.event_bytes += line.len(),
        }
        within(self.event_bytes)
    }
}

fn within(event_bytes: usize) -> Result<(), Failure> {
    if event_bytes > SSE_EVENT_BYTES_MAX { Err(unreadable()) } else { Ok(()) }
}

impl<S, E> Stream for Guard<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if !self.rest.is_empty()
                && let Some(line) = self.next_line().transpose()
            {
                self.unread.0.store(!self.rest.is_empty(), Ordering::Relaxed);
                return Poll::Ready(Some(line));
            }
            match ready!(self.bytes.poll_next_unpin(cx)) {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(broken_off(self.begun)))),
                Some(Ok(chunk)) => {
                    self.begun |= !chunk.is_empty();
                    self.rest = self.without_mark(chunk);
                }
            }
        }
    }
}

/// The connection broke: before the first byte nobody answered, after it the answer is cut.
fn broken_off(begun: bool) -> Failure {
    let reason = if begun { Reason::ProviderTruncated } else { Reason::ProviderUnavailable };
    Failure { reason, retry: Retry::Soon, status: None, code: None }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{FutureExt, stream};
    use proptest::prelude::*;

    use super::*;

    /// The data of every event, with the body cut into chunks of this size.
    fn data(body: &[u8], size: usize) -> Result<Vec<String>, Reason> {
        let chunks: Vec<_> =
            body.chunks(size).map(|c| Ok::<_, Infallible>(Bytes::copy_from_slice(c))).collect();
        let mut events = std::pin::pin!(events(stream::iter(chunks)).0);
        let mut data = Vec::new();
        while let Some(event) = events.next().now_or_never().expect("nothing waits") {
            data.push(event.map_err(|failure| failure.reason)?.data);
        }
        Ok(data)
    }

    #[test]
    fn events_come_out_alike_however_they_are_cut() {
        let rows: [(&[u8], &[&str]); 8] = [
            (b"data: a\n\ndata: b\n\n", &["a", "b"]),
            (b"data: a\r\n\r\ndata:b\r\n\r\n", &["a", "b"]),
            (b": hello\n\ndata: a\n: in between\ndata: b\n\n", &["a\nb"]),
            (b"\xEF\xBB\xBFdata: a\n\n", &["a"]),
            (b"\xEF\xBB\xBF\xEF\xBB\xBFdata: a\n\n", &["a"]),
            ("data: \u{FEFF}ä🏈\n\n".as_bytes(), &["\u{FEFF}ä🏈"]),
            (b"data: a\n\ndata: cut off", &["a"]),
            (include_bytes!("../../tests/fixtures/sse_edge/bom.sse"), &[r#"{"n":1}"#]),
        ];
        for (body, expected) in rows {
            for size in [1, 2, 3, 7, 64, body.len()] {
                let text = String::from_utf8_lossy(body);
                assert_eq!(data(body, size).unwrap(), expected, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_unreadable() {
        for body in [&b"data: \xFF\n\n"[..], b"\xEF\xBBdata: a\n\n", b"data: \xE2\x82\n\n"] {
            assert_eq!(data(body, 1), Err(Reason::ProviderProtocol));
        }
    }

    #[test]
    fn one_event_has_a_limit_and_a_stream_has_none() {
        let line = format!("data: {}\n", "x".repeat(SSE_EVENT_BYTES_MAX / 2));
        let fits = format!("{line}\n").repeat(3);
        assert_eq!(data(fits.as_bytes(), 1_460).unwrap().len(), 3);
        let endless_line = vec![b'x'; SSE_EVENT_BYTES_MAX + 1];
        let returns = "data: a\rdata: b\r\n\n";
        for body in [line.repeat(2).as_bytes(), &endless_line, returns.as_bytes()] {
            assert_eq!(data(body, 1_460), Err(Reason::ProviderProtocol));
        }
        let comments = ": still here\n".repeat(SSE_EVENT_BYTES_MAX / 8) + "data: a\n\n";
        assert_eq!(data(comments.as_bytes(), 64 * 1024).unwrap(), ["a"]);
    }

    #[test]
    fn a_broken_connection_is_told_apart_before_and_after_the_first_byte() {
        for (before, reason) in
            [(None, Reason::ProviderUnavailable), (Some("data"), Reason::ProviderTruncated)]
        {
            let chunks = before.map(|text| Ok(Bytes::from(text))).into_iter().chain([Err(())]);
            let mut events = std::pin::pin!(events(stream::iter(chunks)).0);
            let failure = events.next().now_or_never().unwrap().unwrap().unwrap_err();
            assert_eq!(failure.reason, reason);
        }
    }

    #[test]
    fn a_line_that_came_whole_is_not_copied() {
        let chunk = Bytes::from_static(b"data: a\n\n");
        let mut guard =
            Guard::new(stream::iter([Ok::<_, Infallible>(chunk.clone())]), Unread::default());
        let line = guard.next().now_or_never().unwrap().unwrap().unwrap();
        assert_eq!(line.as_ptr(), chunk.as_ptr());
    }

    #[test]
    fn a_flood_of_lines_is_read_in_time_that_grows_with_it() {
        for line in ["\n", "\r\n", ":\n", "data:\n\n"] {
            let events = data(line.repeat(200_000).as_bytes(), 64 * 1024).unwrap();
            assert_eq!(events.len(), if line.starts_with('d') { 200_000 } else { 0 });
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_cut_matters(body: Vec<u8>, sse in "(data: ?[a-zä:]{0,9}\r?\n|\r?\n|: x\n|event: e\n){0,20}", size in 1_usize..80) {
            prop_assert!(data(&body, size).is_ok_and(|data| data.len() <= body.len()) || !body.is_empty());
            prop_assert_eq!(data(sse.as_bytes(), size), data(sse.as_bytes(), usize::MAX));
        }
    }
}
