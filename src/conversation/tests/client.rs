//! A reader as the specification describes it, which checks what it is shown.

use std::collections::BTreeMap;

use crate::{
    conversation::{Growth, Reader, SharedSlices, Shown},
    model::{Cursor, Event, Timestamp, TurnId},
};

/// What a client knows, and how it likes to read.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) epoch: u64,
    pub(super) seq: u64,
    /// The answers so far, ended or not.
    pub(super) answers: BTreeMap<TurnId, String>,
    pub(super) ended: BTreeMap<TurnId, usize>,
    pub(super) positions: Vec<(TurnId, u64)>,
    /// What it took, in order.
    pub(super) seen: Vec<Seen>,
    pub(super) bite: Bite,
    /// Frames it has room for.
    pub(super) room: usize,
}

/// One frame.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    Event(Box<Event>),
    Text(TurnId, String),
    Position(TurnId, u64),
}

/// How much of a text is taken at a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Bite {
    #[default]
    Everything,
    Bytes(usize),
    /// Whole words, as a person reads.
    Words,
}

impl Client {
    /// State instead of a replay: whatever it knew before is void.
    pub(super) fn know(&mut self, at: &Cursor, growing: Option<(TurnId, &str)>) {
        (self.epoch, self.seq) = (at.epoch, at.seq);
        self.answers.clear();
        if let Some((turn, text)) = growing {
            self.answers.insert(turn, text.to_owned());
        }
    }
}

impl Reader for Client {
    fn event(&mut self, shown: &Shown) {
        let of = &shown.event;
        assert_eq!((of.epoch, of.seq), (self.epoch, self.seq + 1), "every number once, in order");
        self.seq = of.seq;
        match &of.event {
            Event::TurnStarted { turn, .. } => drop(self.answers.entry(*turn).or_default()),
            Event::TurnReset { turn, .. } => drop(self.answers.insert(*turn, String::new())),
            event => {
                if let Some((turn, length)) = event.ends() {
                    let has = self.answers.entry(turn).or_default().len();
                    assert_eq!(has as u64, length, "the whole answer comes before its end");
                    *self.ended.entry(turn).or_default() += 1;
                }
            }
        }
        self.seen.push(Seen::Event(Box::new(of.event.clone())));
        self.room = self.room.saturating_sub(1);
    }

    fn text(&mut self, growth: &Growth<'_>, shared: &mut SharedSlices) -> usize {
        let taken = match self.bite {
            _ if growth.text.is_empty() => 0,
            Bite::Everything => growth.text.len(),
            Bite::Bytes(most) => growth.text.floor_char_boundary(most.max(4)),
            Bite::Words if growth.last => growth.text.len(),
            Bite::Words => growth.text.rfind(' ').map_or(0, |space| space + 1),
        };
        let (text, _) = growth.text.split_at(taken);
        let place = (growth.offset, growth.offset + taken as u64);
        let frame = shared.frame(growth.turn, place, || text.into());
        assert_eq!(frame.as_str(), text, "a shared frame holds what it stands for");
        let answer = self.answers.entry(growth.turn).or_default();
        let offset = usize::try_from(growth.offset).unwrap();
        assert!(offset <= answer.len(), "no hole: {offset} lies beyond {}", answer.len());
        answer.truncate(offset);
        answer.push_str(text);
        self.seen.push(Seen::Text(growth.turn, text.to_owned()));
        self.room = self.room.saturating_sub(1);
        taken
    }

    fn position(&mut self, turn: TurnId, position: u64, at: Timestamp) {
        assert!(at > Timestamp(0), "it is told when that was");
        self.positions.push((turn, position));
        self.seen.push(Seen::Position(turn, position));
    }

    fn full(&self) -> bool {
        self.room == 0
    }
}
