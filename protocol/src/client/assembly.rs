//! What a reader knows of one conversation: its position, and the answer that grows.
//!
//! Invariant: no I/O and no clock. Frames go in, what is new comes out, and whatever was lost,
//! doubled or replayed on the way, each event comes out once and in order, and the text is right.

use crate::{
    client::update::Update,
    client_frame::{ConversationFollow, Resume},
    event::{ConversationEvent, Event},
    ids::{ConversationId, TurnId},
    server_frame::{Delta, Resumed, Snapshot},
};

/// The longest answer that is assembled, in bytes; a server announces a lower one.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A reader's view of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembly {
    conversation: ConversationId,
    /// Epoch and number of the last event seen; none before the first.
    position: Option<(u64, u64)>,
    reading: Option<Reading>,
    repair: Repair,
}

/// An answer while it grows, and after it, until the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    turn: TurnId,
    text: String,
    ended: bool,
    /// It answers a command, with `command.result`; that its text comes as deltas too is not said.
    command: bool,
}

impl Reading {
    fn of(turn: TurnId, text: String) -> Self {
        Self { turn, text, ended: false, command: false }
    }
}

/// How far the reader has gone to close a gap that, by the protocol, cannot be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repair {
    /// There is none.
    Whole,
    /// It asked for a replay from its position.
    Replay,
    /// The replay did not help, so it asked for a snapshot.
    State,
}

/// What a frame led to.
#[derive(Debug, Default, PartialEq)]
pub struct Step {
    /// What is new for the reader, in order.
    pub updates: Vec<Update>,
    /// What to ask the server, because something is missing.
    pub ask: Option<ConversationFollow>,
}

impl Step {
    fn of(updates: Vec<Update>) -> Self {
        Self { updates, ask: None }
    }
}

impl Assembly {
    /// A reader that knows nothing yet: the first frame tells it where it stands.
    pub const fn new(conversation: ConversationId) -> Self {
        Self { conversation, position: None, reading: None, repair: Repair::Whole }
    }

    /// A reader that has seen everything up to this event.
    pub const fn at(conversation: ConversationId, epoch: u64, seq: u64) -> Self {
        let position = Some((epoch, seq));
        Self { conversation, position, reading: None, repair: Repair::Whole }
    }

    /// Where the reader stands, to be said to the server in `hello`; none before the first frame.
    pub fn resume(&self) -> Option<Resume> {
        let (epoch, seq) = self.position?;
        let follow = self.follow();
        let Self { conversation, .. } = self;
        let (turn, offset) = (follow.turn, follow.offset);
        Some(Resume { conversation: conversation.clone(), epoch, seq, turn, offset })
    }

    /// The request that follows the conversation from where the reader stands.
    pub fn follow(&self) -> ConversationFollow {
        let reading = self.reading.as_ref().filter(|reading| !reading.ended);
        ConversationFollow {
            conversation: self.conversation.clone(),
            epoch: self.position.map(|(epoch, _)| epoch),
            seq: self.position.map(|(_, seq)| seq),
            turn: reading.map(|reading| reading.turn.clone()),
            offset: reading.map(|reading| reading.text.len() as u64),
        }
    }

    /// The text of this turn's answer as far as it is known; the latest turn alone is kept.
    pub fn text(&self, turn: &str) -> Option<&str> {
        let reading = self.reading.as_ref().filter(|reading| reading.turn == turn)?;
        Some(&reading.text)
    }

    /// The connection was lost, and with it whatever had been asked for.
    pub fn disconnected(&mut self) {
        self.repair = Repair::Whole;
    }

    /// Takes an event.
    pub fn event(&mut self, event: ConversationEvent) -> Step {
        let Some(seq) = event.seq else {
            return Step::of(vec![Update::Event(Box::new(event))]);
        };
        if let Some((epoch, seen)) = self.position {
            if epoch == event.epoch && seq <= seen {
                return Step::default();
            }
            if epoch != event.epoch || seen.checked_add(1) != Some(seq) {
                return self.missing();
            }
        }
        if !self.has_all_of(&event.event) {
            return self.missing();
        }
        self.position = Some((event.epoch, seq));
        self.repair = Repair::Whole;
        let rewound = self.note(&event.event);
        let mut updates = vec![Update::Event(Box::new(event))];
        updates.extend(rewound);
        Step::of(updates)
    }

    /// Takes a piece of an answer.
    pub fn delta(&mut self, delta: &Delta) -> Step {
        if delta.offset.checked_add(delta.text.len() as u64) != Some(delta.end) {
            return self.missing();
        }
        // Text of a turn whose start was not seen: the start is missing, and perhaps more.
        let Some(known) = self.text(&delta.turn) else { return self.missing() };
        match usize::try_from(delta.offset) {
            Ok(offset) if known.is_char_boundary(offset) && delta.end <= ANSWER_BYTES_MAX => {
                Step::of(self.replace(&delta.turn, offset, &delta.text))
            }
            _ => self.missing(),
        }
    }

    /// Takes the state that stands in for a replay.
    pub fn snapshot(&mut self, snapshot: Snapshot) -> Step {
        self.position = Some((snapshot.epoch, snapshot.seq));
        self.repair = Repair::Whole;
        let growing = snapshot.turn.clone();
        self.reading = growing.map(|growing| Reading::of(growing.turn, growing.text));
        Step::of(vec![Update::Snapshot(Box::new(snapshot))])
    }

    /// Takes the end of a replay.
    pub fn resumed(&mut self, resumed: &Resumed) -> Step {
        let told = (resumed.epoch, resumed.seq);
        let (epoch, seq) = *self.position.get_or_insert(told);
        if epoch == told.0 && seq >= told.1 {
            self.repair = Repair::Whole;
            return Step::of(vec![Update::Resumed { conversation: self.conversation.clone() }]);
        }
        if self.repair != Repair::Replay {
            return self.missing();
        }
        self.repair = Repair::State;
        let conversation = self.conversation.clone();
        let ask = Some(ConversationFollow { conversation, ..ConversationFollow::default() });
        Step { updates: Vec::new(), ask }
    }

    /// Something is missing. Asks for a replay from here, once: what was under way meanwhile will
    /// not fit either, and a server that cannot do better must not be asked for ever.
    fn missing(&mut self) -> Step {
        let ask = (self.repair == Repair::Whole).then(|| self.follow());
        if ask.is_some() {
            self.repair = Repair::Replay;
        }
        Step { updates: Vec::new(), ask }
    }

    /// Whether an event that ends an answer comes after all of its text. Of an answer whose
    /// beginning was before this reader's, nothing can be said.
    fn has_all_of(&self, event: &Event) -> bool {
        match (event.ends(), &self.reading) {
            (Some((turn, length)), Some(reading)) if reading.turn == *turn => {
                reading.command || reading.text.len() as u64 == length
            }
            _ => true,
        }
    }

    /// Lets an event begin, void or end the answer.
    fn note(&mut self, event: &Event) -> Option<Update> {
        match event {
            Event::TurnStarted { turn, .. } => {
                self.read(turn);
            }
            Event::TurnReset { turn, .. } => {
                return self.replace(turn, 0, "").into_iter().next();
            }
            Event::CommandResult { turn, .. } => self.read(turn).command = true,
            _ => {}
        }
        if let (Some((turn, _)), Some(reading)) = (event.ends(), &mut self.reading) {
            reading.ended |= reading.turn == *turn;
        }
        None
    }

    /// The answer of this turn, begun where it is not the one being read.
    fn read(&mut self, turn: &TurnId) -> &mut Reading {
        if self.text(turn).is_none() {
            self.reading = None;
        }
        self.reading.get_or_insert_with(|| Reading::of(turn.clone(), String::new()))
    }

    /// Makes the answer's text what it is up to `offset` and then `text`, and says what that changed.
    fn replace(&mut self, turn: &TurnId, offset: usize, text: &str) -> Vec<Update> {
        let conversation = self.conversation.clone();
        let reading = self.read(turn);
        let void = reading.text.split_off(offset);
        reading.text.push_str(text);
        let same = common(&void, text);
        let mut updates = Vec::new();
        if same < void.len() {
            let (conversation, turn) = (conversation.clone(), turn.clone());
            updates.push(Update::Rewound { conversation, turn, to: (offset + same) as u64 });
        }
        if let Some(text) = text.get(same..).filter(|text| !text.is_empty()) {
            let (conversation, turn) = (conversation.clone(), turn.clone());
            updates.push(Update::Text { conversation, turn, text: text.to_owned() });
        }
        updates
    }
}

/// How many bytes both begin with, in whole characters.
fn common(one: &str, other: &str) -> usize {
    let pairs = one.chars().zip(other.chars());
    pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}
