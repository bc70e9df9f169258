//! What a conversation shows its readers: the newest events, and the answer that grows.
//!
//! Invariants: written by its conversation alone; nothing is queued for a reader, each brings its
//! own position and takes what lies beyond it; a writer never waits for a reader. A position that
//! the ring no longer reaches is answered `Behind`, never with a hole.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::{held::Share, slices::SharedSlices, wake::Watch};
use crate::{
    limits,
    model::{ConversationId, Cursor, Event, Sequenced, Standing, Timestamp, TurnId},
    wire::Frame,
};

/// An event that readers may see, with what is needed to show it.
#[derive(Debug)]
pub struct Shown {
    /// The event.
    pub event: Arc<Sequenced>,
    /// The whole answer, where the event ends a turn.
    pub answer: Option<Arc<str>>,
    /// How much of the growing answer was said before it, in bytes, where that matters.
    behind: Option<u64>,
    /// The event as a frame; the first reader encodes it for all.
    pub frame: OnceLock<Frame>,
}

impl Shown {
    /// An event and, where it ends a turn, the answer.
    pub fn new(event: Arc<Sequenced>, answer: Option<Arc<str>>) -> Self {
        Self { event, answer, behind: None, frame: OnceLock::new() }
    }

    /// An event that stands in the answer, behind so many bytes of it.
    pub(super) fn behind(event: Arc<Sequenced>, bytes: u64) -> Self {
        Self { behind: Some(bytes), ..Self::new(event, None) }
    }

    /// The whole answer of that turn, where the event ends it.
    fn answer_of(&self, turn: TurnId) -> Option<&str> {
        self.event.event.ends().filter(|(ended, _)| *ended == turn)?;
        self.answer.as_deref()
    }

    fn text_bytes(&self) -> usize {
        self.answer.as_ref().map_or(0, |answer| answer.len())
    }

    /// What it takes beside its answer, in memory of its own.
    fn held_bytes(&self) -> usize {
        let text = match &self.event.event {
            Event::MessageAccepted { text, .. } => text.len(),
            _ => 0,
        };
        size_of::<Sequenced>() + text + self.frame.get().map_or(0, |frame| frame.len())
    }
}

/// A piece of an answer, as a reader gets it.
#[derive(Debug)]
pub struct Growth<'a> {
    /// Whose answer.
    pub turn: TurnId,
    /// Where `text` belongs, in bytes.
    pub offset: u64,
    /// Everything beyond the reader's position.
    pub text: &'a str,
    /// Something else follows it, or nothing.
    pub last: bool,
}

/// How one kind of reader takes what it is shown.
pub trait Reader {
    /// Takes an event.
    fn event(&mut self, shown: &Shown);

    /// Takes some of `growth.text` and says how many bytes, on a character boundary.
    fn text(&mut self, growth: &Growth<'_>, shared: &mut SharedSlices) -> usize;

    /// Takes the place in the queue of a turn that waits.
    fn position(&mut self, turn: TurnId, position: u64, at: Timestamp);

    /// Has enough for one write; the rest is left for the next.
    fn full(&self) -> bool;
}

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The reader has everything there is.
    UpToDate,
    /// There is more, once this is written.
    More,
    /// The ring does not reach back to the reader's position.
    Behind,
    /// The conversation was deleted; nothing will follow.
    Gone,
    /// The writer is gone; the conversation must be opened again.
    Lost,
}

/// Where a reader stands, and the queue positions it was told.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Its position in events and text.
    pub cursor: Cursor,
    positions_seen: u64,
}

impl Place {
    /// A reader at this cursor that has read every event before it, so it knows who waits where.
    pub fn at(cursor: Cursor) -> Self {
        Self { cursor, positions_seen: POSITIONS_AS_ACCEPTED }
    }

    /// A reader that was shown a snapshot, which says nothing of the queue.
    pub fn of_snapshot(cursor: Cursor) -> Self {
        Self { cursor, positions_seen: 0 }
    }
}

/// Positions are as the events said that told of them.
const POSITIONS_AS_ACCEPTED: u64 = 1;

/// What a conversation shows its readers.
#[derive(Debug)]
pub struct Feed {
    conversation: ConversationId,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    epoch: u64,
    /// The newest event shown; the ring ends with it.
    seq: u64,
    ring: VecDeque<Shown>,
    ring_text_bytes: usize,
    /// What the events of the ring take beside their answers.
    ring_held_bytes: usize,
    live: Option<Live>,
    shared: SharedSlices,
    positions: Vec<(TurnId, u64)>,
    positions_rev: u64,
    positions_at: Timestamp,
    standing: Standing,
    fate: Option<Reading>,
    watches: Vec<Arc<Watch>>,
    /// Of the memory that all feeds take.
    share: Share,
}

#[derive(Debug)]
struct Live {
    turn: TurnId,
    text: String,
}

impl Feed {
    /// A feed that has shown everything up to `seq`; `share` tells what it takes.
    pub(super) fn new(
        conversation: ConversationId,
        (epoch, seq): (u64, u64),
        share: Share,
    ) -> Self {
        Self {
            conversation,
            state: Mutex::new(State {
                epoch,
                seq,
                ring: VecDeque::new(),
                ring_text_bytes: 0,
                ring_held_bytes: 0,
                live: None,
                shared: SharedSlices::default(),
                positions: Vec::new(),
                positions_rev: POSITIONS_AS_ACCEPTED,
                positions_at: Timestamp::default(),
                standing: Standing::default(),
                fate: None,
                watches: Vec::new(),
                share,
            }),
        }
    }

    /// Whose feed it is.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    // ---- the writer's side ----------------------------------------------------------------

    /// Shows an event that has become durable.
    pub(super) fn show(&self, shown: Shown) {
        let mut state = self.lock();
        let event = &shown.event.event;
        match event {
            Event::TurnStarted { turn, .. } | Event::TurnReset { turn, .. } => {
                // What was said before them is void.
                state.ring.iter_mut().for_each(|shown| shown.behind = None);
                state.live = Some(Live { turn: *turn, text: String::new() });
                // After a reset the same bytes of the same answer hold another text.
                state.shared = SharedSlices::default();
                state.positions.retain(|(waiting, _)| waiting != turn);
            }
            // Whoever reads the event knows its place in the queue.
            Event::TurnQueued { turn, position } => {
                state.positions.push((*turn, *position));
                state.positions_at = shown.event.at;
            }
            Event::ConversationDeleted => state.fate = Some(Reading::Gone),
            _ => {}
        }
        if let Some((turn, _)) = event.ends() {
            state.positions.retain(|(waiting, _)| *waiting != turn);
            if state.is_live(turn) {
                state.live = None;
            }
        }
        state.seq = shown.event.seq;
        state.epoch = shown.event.epoch;
        state.ring_text_bytes += shown.text_bytes();
        state.ring_held_bytes += shown.held_bytes();
        state.ring.push_back(shown);
        state.trim();
        state.weigh();
        state.mark();
    }

    /// Lets the answer of the turn that was started last grow. Readers see it with the next news;
    /// `announced`, it is news itself.
    pub(super) fn grow(&self, text: &str, announced: bool) {
        let mut state = self.lock();
        if let Some(live) = &mut state.live {
            live.text.push_str(text);
        }
        state.weigh();
        if announced {
            state.mark();
        }
    }

    /// How the answer has grown is news.
    pub(super) fn announce(&self) {
        self.lock().mark();
    }

    /// The answer so far.
    pub(super) fn live_text(&self) -> Option<Arc<str>> {
        self.lock().live.as_ref().map(|live| live.text.as_str().into())
    }

    /// Says which turns wait, and how many are before each.
    pub(super) fn show_positions(&self, positions: Vec<(TurnId, u64)>, at: Timestamp) {
        let mut state = self.lock();
        if state.positions == positions {
            return;
        }
        state.positions = positions;
        state.positions_rev += 1;
        state.positions_at = at;
        state.mark();
    }

    /// What is left open between the user and the operator.
    pub(super) fn stand(&self, standing: Standing) {
        self.lock().standing = standing;
    }

    /// The writer ends without having ended the conversation.
    pub(super) fn lose(&self) {
        let mut state = self.lock();
        state.fate.get_or_insert(Reading::Lost);
        state.mark();
    }

    // ---- a reader's side ------------------------------------------------------------------

    /// From now on `watch` is marked when there is news.
    pub fn watch(&self, watch: Arc<Watch>) {
        self.lock().watches.push(watch);
    }

    /// Ends that.
    pub fn unwatch(&self, watch: &Arc<Watch>) {
        self.lock().watches.retain(|w| !Arc::ptr_eq(w, watch));
    }

    /// What is left open between the user and the operator.
    pub fn standing(&self) -> Standing {
        self.lock().standing.clone()
    }

    /// The position of a reader that wants only what comes from here on, and the running answer.
    pub fn end(&self) -> Cursor {
        let state = self.lock();
        Cursor { epoch: state.epoch, seq: state.seq, reading: None }
    }

    /// The end, with the answer that is still growing.
    pub fn end_with_answer(&self) -> (Cursor, Option<(TurnId, Arc<str>)>) {
        let state = self.lock();
        let live = state.live.as_ref().map(|live| (live.turn, Arc::from(live.text.as_str())));
        let reading = live.as_ref().map(|(turn, text): &(TurnId, Arc<str>)| {
            (*turn, u64::try_from(text.len()).unwrap_or(u64::MAX))
        });
        (Cursor { epoch: state.epoch, seq: state.seq, reading }, live)
    }

    /// The conversation was deleted.
    pub(super) fn is_gone(&self) -> bool {
        self.lock().fate == Some(Reading::Gone)
    }

    /// The oldest position from which this feed can be read without the store.
    pub fn reaches_back_to(&self) -> (u64, u64) {
        let state = self.lock();
        (state.epoch, state.seq - state.ring.len() as u64)
    }

    /// Hands the reader what lies beyond its place and moves the place there.
    pub fn read(&self, place: &mut Place, reader: &mut impl Reader) -> Reading {
        let mut state = self.lock();
        let reading = state.read(place, reader);
        state.weigh();
        reading
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(&mut self, place: &mut Place, reader: &mut impl Reader) -> Reading {
        if self.fate == Some(Reading::Lost) {
            return Reading::Lost;
        }
        self.shared.be_of_use_to(self.watches.len());
        let cursor = &mut place.cursor;
        let oldest = self.seq - self.ring.len() as u64;
        if cursor.epoch != self.epoch || cursor.seq > self.seq || cursor.seq < oldest {
            return Reading::Behind;
        }
        let seen = usize::try_from(cursor.seq - oldest).unwrap_or(usize::MAX);
        for shown in self.ring.iter().skip(seen) {
            let held = shown.held_bytes();
            let before = before(shown, &self.ring, self.live.as_ref());
            let whole = read_event(cursor, (shown, before), reader, &mut self.shared);
            // The first reader has it encoded.
            self.ring_held_bytes += shown.held_bytes() - held;
            if !whole {
                return Reading::More;
            }
        }
        if let Some(fate) = self.fate {
            return fate;
        }
        if place.positions_seen != self.positions_rev {
            place.positions_seen = self.positions_rev;
            for (turn, position) in &self.positions {
                reader.position(*turn, *position, self.positions_at);
            }
        }
        let Some(live) = &self.live else { return Reading::UpToDate };
        read_text(cursor, (live.turn, &live.text, false), reader, &mut self.shared)
    }

    /// Tells what the feed takes by now: what it has room for, with the texts and frames that it holds.
    fn weigh(&mut self) {
        let bytes = size_of::<Feed>()
            + self.ring.capacity() * size_of::<Shown>()
            + self.ring_held_bytes
            + self.ring_text_bytes
            + self.live.as_ref().map_or(0, |live| live.text.capacity())
            + self.shared.bytes();
        self.share.is(bytes);
    }

    fn is_live(&self, turn: TurnId) -> bool {
        self.live.as_ref().is_some_and(|live| live.turn == turn)
    }

    fn mark(&self) {
        for watch in &self.watches {
            watch.mark();
        }
    }

    fn trim(&mut self) {
        while self.ring.len() > limits::FEED_EVENTS_MAX
            || (self.ring_text_bytes > limits::FEED_TEXT_BYTES_MAX && self.ring.len() > 1)
        {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.ring_text_bytes -= oldest.text_bytes();
            self.ring_held_bytes -= oldest.held_bytes();
        }
    }
}

/// What was said of an answer before an event that stands in it.
fn before<'a>(
    shown: &Shown,
    ring: &'a VecDeque<Shown>,
    live: Option<&'a Live>,
) -> Option<(TurnId, &'a str)> {
    let (bytes, turn) = (usize::try_from(shown.behind?).ok()?, shown.event.event.turn()?);
    let growing = live.filter(|live| live.turn == turn).map(|live| &*live.text);
    let answer = growing.or_else(|| ring.iter().rev().find_map(|later| later.answer_of(turn)))?;
    Some((turn, answer.split_at(answer.floor_char_boundary(bytes)).0))
}

/// Hands over events that were read from the store, until the reader has enough. Says how many
/// were handed over whole.
pub fn read_caught_up(cursor: &mut Cursor, events: &[Shown], reader: &mut impl Reader) -> usize {
    let mut alone = SharedSlices::default();
    let mut read = |shown: &&Shown| read_event(cursor, (shown, None), reader, &mut alone);
    events.iter().take_while(|shown| read(shown)).count()
}

/// Hands one event over, and before it what is missing of the answer that it ends, or stands in. False
/// when the reader has enough for now.
fn read_event(
    cursor: &mut Cursor,
    (shown, before): (&Shown, Option<(TurnId, &str)>),
    reader: &mut impl Reader,
    shared: &mut SharedSlices,
) -> bool {
    if reader.full() {
        return false;
    }
    let event = &shown.event.event;
    // A turn that ends beside the running one leaves the place in that one's answer alone.
    let beside = event.ends().and_then(|(turn, _)| cursor.reading.filter(|(t, _)| *t != turn));
    let whole = || Some((event.ends()?.0, &**shown.answer.as_ref()?));
    // Whoever has more of it already has not to go back.
    let before = before.filter(|(turn, text)| has(cursor, *turn) < text.len() as u64);
    if let Some((turn, answer)) = whole().or(before) {
        while read_text(cursor, (turn, answer, true), reader, shared) == Reading::More {
            if reader.full() {
                return false;
            }
        }
    }
    reader.event(shown);
    cursor.epoch = shown.event.epoch;
    cursor.seq = shown.event.seq;
    match event {
        Event::TurnStarted { turn, .. } if cursor.reading.is_none_or(|(t, _)| t != *turn) => {
            cursor.reading = Some((*turn, 0));
        }
        Event::TurnReset { turn, .. } => cursor.reading = Some((*turn, 0)),
        _ if event.ends().is_some() => cursor.reading = beside,
        _ => {}
    }
    true
}

/// Hands over what lies beyond the cursor of one answer.
fn read_text(
    cursor: &mut Cursor,
    (turn, answer, last): (TurnId, &str, bool),
    reader: &mut impl Reader,
    shared: &mut SharedSlices,
) -> Reading {
    let has = has(cursor, turn);
    let start = answer.floor_char_boundary(usize::try_from(has).unwrap_or(usize::MAX));
    let (_, text) = answer.split_at(start);
    let offset = start as u64;
    let ahead = has > offset;
    if text.is_empty() && !ahead {
        cursor.reading = Some((turn, offset));
        return Reading::UpToDate;
    }
    // A reader that is ahead of the answer gets an empty piece, which cuts it where the answer ends.
    let taken = reader.text(&Growth { turn, offset, text, last }, shared);
    cursor.reading = Some((turn, offset + taken as u64));
    if taken > 0 && taken < text.len() { Reading::More } else { Reading::UpToDate }
}

/// How many bytes of this answer the reader has.
fn has(cursor: &Cursor, turn: TurnId) -> u64 {
    cursor.reading.filter(|(reading, _)| *reading == turn).map_or(0, |(_, has)| has)
}
