//! From feeds to the socket: whatever lies beyond each cursor, in few writes and one flush.

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};

use super::{Connection, Flow, Voice};
use crate::{
    conversation::{
        Catchup, Growth, Place, Reader, Reading, SharedSlices, Shown, Snapshot, catch_up,
        read_caught_up, snapshot,
    },
    limits,
    model::{ConversationId, Cursor, Timestamp, TurnId},
    wire::{self, Complaint, Frame},
};

/// Takes what a feed shows as JSON frames.
pub(super) struct JsonReader {
    conversation: ConversationId,
    epoch: u64,
    frames: Vec<Frame>,
    bytes: usize,
    ended: Option<TurnId>,
}

impl JsonReader {
    fn new(conversation: ConversationId, epoch: u64, frames: Vec<Frame>) -> Self {
        Self { conversation, epoch, frames, bytes: 0, ended: None }
    }

    fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push(frame);
    }
}

impl Reader for JsonReader {
    fn event(&mut self, shown: &Shown) {
        let frame = shown.frame.get_or_init(|| wire::event(&shown.event)).clone();
        self.push(frame);
        self.ended = shown.event.event.ends().map(|(turn, _)| turn).or(self.ended);
    }

    fn text(&mut self, growth: &Growth<'_>, shared: &mut SharedSlices) -> usize {
        let taken = growth.text.floor_char_boundary(limits::DELTA_BYTES_MAX);
        let (text, _) = growth.text.split_at(taken);
        let place = (growth.offset, growth.offset + taken as u64);
        let encode = || wire::delta(self.conversation, growth.turn, growth.offset, text);
        let frame = shared.frame(growth.turn, place, encode);
        self.push(frame);
        taken
    }

    fn position(&mut self, turn: TurnId, position: u64, at: Timestamp) {
        self.push(wire::position((self.conversation, self.epoch), at, turn, position));
    }

    fn full(&self) -> bool {
        self.bytes >= limits::DELIVERY_BYTES
    }
}

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// Writes what is new in the feeds that have news, and flushes once.
    pub(super) async fn deliver(&mut self) -> Flow {
        let mut slots = std::mem::take(&mut self.slots);
        self.feeds.take(&mut slots);
        let mut flow = Ok(());
        for slot in slots.drain(..) {
            flow = self.deliver_one(slot).await;
            if flow.is_err() {
                break;
            }
        }
        self.slots = slots;
        flow?;
        self.flush().await
    }

    async fn deliver_one(&mut self, slot: u32) -> Flow {
        loop {
            let Some((id, follow)) = self.follows.at(slot) else { return Ok(()) };
            follow.clear();
            let epoch = follow.place.cursor.epoch;
            let (reading, ended) = match &mut self.voice {
                Voice::Text(person) => {
                    let reading = follow.handle.feed().read(&mut follow.place, &mut **person);
                    (reading, person.take_ended())
                }
                Voice::Json | Voice::Undecided => {
                    let frames = std::mem::take(&mut self.frames);
                    let mut reader = JsonReader::new(id, epoch, frames);
                    let reading = follow.handle.feed().read(&mut follow.place, &mut reader);
                    self.frames = reader.frames;
                    (reading, reader.ended)
                }
            };
            let over = follow.ends_with(ended);
            self.write_frames().await?;
            if over {
                self.follows.drop(id);
                return Ok(());
            }
            match reading {
                Reading::UpToDate => return self.resumed(id).await,
                // What is written is flushed before more is read: all that a stalled reader costs.
                Reading::More => self.flush().await?,
                Reading::Behind => Box::pin(self.catch_up(id)).await?,
                Reading::Gone => {
                    self.follows.drop(id);
                    return Ok(());
                }
                Reading::Lost => return Box::pin(self.reopen(id)).await,
            }
        }
    }

    pub(super) async fn write_frames(&mut self) -> Flow {
        let mut frames = match &mut self.voice {
            Voice::Text(person) => person.take_lines(),
            Voice::Json | Voice::Undecided => std::mem::take(&mut self.frames),
        };
        for frame in frames.drain(..) {
            self.feed(frame).await?;
        }
        // The room is used again: a token must not cost an allocation for its list.
        if let Voice::Json = self.voice {
            self.frames = frames;
        }
        Ok(())
    }

    /// Says that a replay is over, to a client that waits for it.
    async fn resumed(&mut self, id: ConversationId) -> Flow {
        let Some(follow) = self.follows.get(id).filter(|follow| follow.resuming) else {
            return Ok(());
        };
        follow.resuming = false;
        let cursor = follow.place.cursor;
        match self.voice {
            Voice::Json => self.feed(wire::resumed(id, &cursor)).await,
            _ => Ok(()),
        }
    }

    /// Brings a reader that is behind the feed's ring to where the ring begins.
    async fn catch_up(&mut self, id: ConversationId) -> Flow {
        let Some(follow) = self.follows.get(id) else { return Ok(()) };
        let (handle, mut cursor) = (follow.handle.clone(), follow.place.cursor);
        let store = self.gateway.registry.workshop().store.clone();
        match catch_up(&*store, handle.feed(), &cursor).await {
            Ok(Catchup::Events(events)) => {
                let mut events = events.as_slice();
                while !events.is_empty() {
                    let done = self.read_events(id, &mut cursor, events);
                    self.write_frames().await?;
                    self.flush().await?;
                    events = events.get(done..).unwrap_or_default();
                }
                if let Some(follow) = self.follows.get(id) {
                    follow.place = Place::at(cursor);
                }
                Ok(())
            }
            Ok(Catchup::Snapshot(snapshot)) => self.show_snapshot(id, snapshot).await,
            Err(error) => self.lose(id, &error).await,
        }
    }

    fn read_events(&mut self, id: ConversationId, at: &mut Cursor, events: &[Shown]) -> usize {
        match &mut self.voice {
            Voice::Text(person) => read_caught_up(at, events, &mut **person),
            Voice::Json | Voice::Undecided => {
                let frames = std::mem::take(&mut self.frames);
                let mut reader = JsonReader::new(id, at.epoch, frames);
                let done = read_caught_up(at, events, &mut reader);
                self.frames = reader.frames;
                done
            }
        }
    }

    /// Shows how a conversation stands, and follows it from there.
    pub(super) async fn show(&mut self, id: ConversationId) -> Flow {
        let Some(follow) = self.follows.get(id) else { return Ok(()) };
        let handle = follow.handle.clone();
        let store = self.gateway.registry.workshop().store.clone();
        match snapshot(&*store, handle.feed()).await {
            Ok(snapshot) => self.show_snapshot(id, snapshot).await,
            Err(error) => self.lose(id, &error).await,
        }
    }

    async fn show_snapshot(&mut self, id: ConversationId, snapshot: Snapshot) -> Flow {
        let Snapshot { cursor, messages, answer } = snapshot;
        if let Some(follow) = self.follows.get(id) {
            follow.place = Place::of_snapshot(cursor);
        }
        match &mut self.voice {
            Voice::Text(person) => {
                person.catch_up(&messages, answer.as_ref());
                self.write_frames().await
            }
            Voice::Json | Voice::Undecided => {
                self.feed(wire::snapshot(id, &cursor, &messages, answer)).await
            }
        }
    }

    /// The conversation's writer is gone: what the store holds is opened anew.
    async fn reopen(&mut self, id: ConversationId) -> Flow {
        let Some(follow) = self.follows.get(id) else { return Ok(()) };
        let (cursor, resuming, until) = (follow.place.cursor, follow.resuming, follow.until);
        self.follows.drop(id);
        match self.open(id).await {
            Ok(handle) => {
                self.follows.follow(id, handle, cursor);
                if let Some(follow) = self.follows.get(id) {
                    (follow.resuming, follow.until) = (resuming, until);
                }
                Ok(())
            }
            Err(complaint) => {
                self.let_go(id);
                self.complain(None, complaint.about(&id)).await
            }
        }
    }

    /// It is followed no more, and what a person says next is said elsewhere.
    fn let_go(&mut self, id: ConversationId) {
        self.follows.drop(id);
        if let Some(person) = self.person() {
            person.forget(id);
        }
    }

    /// A conversation cannot be read: it is followed no more, and the client is told.
    async fn lose(&mut self, id: ConversationId, error: &crate::store::StoreError) -> Flow {
        tracing::error!(conversation = %id, %error, "a conversation cannot be read");
        self.let_go(id);
        self.complain(None, Complaint::store_unavailable().about(&id)).await
    }
}
