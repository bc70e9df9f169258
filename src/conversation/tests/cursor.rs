//! The rules of cursors, whatever a writer does and however readers come and go.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;

use super::client::{Bite, Client, Seen};
use crate::{
    conversation::{Feed, Place, Reading, Shown, held::Held, read_caught_up},
    limits,
    model::{
        ConversationId, Cursor, Event, Reason, Routing, Sequenced, Timestamp, ToolPhase, TurnId,
    },
};

const READERS: usize = 3;

/// What a writer or a reader does.
#[derive(Debug, Clone)]
enum Op {
    Start,
    Say(String),
    /// A tool is called, which stands behind what was said.
    Tool,
    Reset,
    End,
    /// A command, or the end of a turn that waited, beside the running one.
    Beside(String),
    /// Events that are about no turn.
    Update(usize),
    Positions(u64),
    Read(usize, usize),
    /// The reader loses its place in the text, or some events as well, and says so.
    Rewind(usize, u64),
    /// The reader comes with a position that nobody gave it.
    Lie(usize, Cursor),
}

fn op() -> impl Strategy<Value = Op> {
    let lie = (0..READERS, 0..4_u64, 0..40_u64, proptest::option::of(0..60_u64));
    prop_oneof![
        3 => Just(Op::Start),
        8 => "[ a-zä€😀]{1,12}".prop_map(Op::Say),
        2 => Just(Op::Tool),
        2 => Just(Op::Reset),
        3 => Just(Op::End),
        1 => "[ a-zä]{0,9}".prop_map(Op::Beside),
        1 => (1..120_usize).prop_map(Op::Update),
        1 => (0..3_u64).prop_map(Op::Positions),
        12 => (0..READERS, 1..6_usize).prop_map(|(reader, room)| Op::Read(reader, room)),
        2 => (0..READERS, 0..5_u64).prop_map(|(reader, back)| Op::Rewind(reader, back)),
        1 => lie.prop_map(|(reader, epoch, seq, offset)| {
            let reading = offset.map(|offset| (TurnId::new(), offset));
            Op::Lie(reader, Cursor { epoch, seq, reading })
        }),
    ]
}

/// A feed, the truth about it, and those who read it.
struct World {
    feed: Feed,
    log: Vec<Arc<Sequenced>>,
    running: Option<(TurnId, String)>,
    answers: BTreeMap<TurnId, Arc<str>>,
    readers: Vec<(Place, Client)>,
}

impl World {
    fn new(bites: [Bite; READERS]) -> Self {
        let reader = |bite| {
            let start = Place::at(Cursor { epoch: 1, seq: 0, reading: None });
            (start, Client { epoch: 1, bite, ..Client::default() })
        };
        Self {
            feed: Feed::new(ConversationId::new(), (1, 0), Held::default().share(0)),
            log: Vec::new(),
            running: None,
            answers: BTreeMap::new(),
            readers: bites.map(reader).into(),
        }
    }

    fn show(&mut self, event: Event) {
        let answer = event.ends().and_then(|(turn, _)| self.answers.get(&turn).cloned());
        let event = self.number(event);
        self.feed.show(Shown::new(event, answer));
    }

    fn number(&mut self, event: Event) -> Arc<Sequenced> {
        let event = Arc::new(Sequenced {
            conversation: self.feed.conversation(),
            epoch: 1,
            seq: self.log.len() as u64 + 1,
            at: Timestamp(1),
            event,
        });
        self.log.push(event.clone());
        event
    }

    fn end(&mut self, turn: TurnId, text: String) {
        let length = text.len() as u64;
        self.answers.insert(turn, text.into());
        self.show(Event::TurnCancelled { turn, length });
    }

    fn run(&mut self, op: Op) {
        match (op, self.running.take()) {
            (Op::Start, None) => {
                let turn = TurnId::new();
                self.running = Some((turn, String::new()));
                self.show(started(turn));
            }
            (Op::Say(more), Some((turn, text))) => {
                self.feed.grow(&more, true);
                self.running = Some((turn, text + &more));
            }
            (Op::Tool, Some((turn, text))) => {
                let event = self.number(tool(turn));
                self.feed.show(Shown::behind(event, text.len() as u64));
                self.running = Some((turn, text));
            }
            (Op::Reset, Some((turn, _))) => {
                self.running = Some((turn, String::new()));
                self.show(Event::TurnReset { turn, because: Reason::ProviderTruncated });
            }
            (Op::End, Some((turn, text))) => self.end(turn, text),
            (op, running) => {
                self.running = running;
                self.beside(op);
            }
        }
    }

    /// What happens whether or not a turn runs.
    fn beside(&mut self, op: Op) {
        match op {
            Op::Beside(text) => self.end(TurnId::new(), text),
            Op::Update(times) => {
                for _ in 0..times {
                    self.show(Event::ConversationUpdated {
                        title: None,
                        pool: None,
                        agent: None,
                        head: None,
                    });
                }
            }
            Op::Positions(n) => {
                self.feed.show_positions(vec![(TurnId::from_bytes([9; 16]), n)], Timestamp(1));
            }
            Op::Read(reader, room) => drop(self.read(reader, room)),
            Op::Rewind(reader, back) => self.rewind(reader, back),
            Op::Lie(reader, cursor) => self.hear_a_lie(reader, cursor),
            Op::Start | Op::Say(_) | Op::Tool | Op::Reset | Op::End => {}
        }
    }

    fn read(&mut self, reader: usize, room: usize) -> Reading {
        let (place, client) = &mut self.readers[reader];
        client.room = room;
        let reading = self.feed.read(place, client);
        let (epoch, reach) = self.feed.reaches_back_to();
        let newest = self.log.len() as u64;
        match reading {
            Reading::UpToDate => {
                assert_eq!(client.seq, newest);
                if let Some((turn, text)) = &self.running {
                    let has = client.answers.get(turn).map_or("", String::as_str);
                    let all = !matches!(client.bite, Bite::Words);
                    assert!(text.starts_with(has) && (!all || text == has), "{text:?} {has:?}");
                }
            }
            Reading::More => assert!(client.room < room, "more, though nothing was taken"),
            Reading::Behind => {
                let within = (reach..=newest).contains(&place.cursor.seq);
                assert!(place.cursor.epoch != epoch || !within, "it could have been read on");
                self.catch_up(reader);
            }
            Reading::Gone | Reading::Lost => unreachable!("nobody ended the conversation"),
        }
        reading
    }

    /// As a connection does it: what is missing from the log, or the state.
    fn catch_up(&mut self, reader: usize) {
        let (place, client) = &mut self.readers[reader];
        let (epoch, reach) = self.feed.reaches_back_to();
        let mut cursor = place.cursor;
        if cursor.epoch == epoch && cursor.seq < reach {
            let missing = usize::try_from(cursor.seq).unwrap()..usize::try_from(reach).unwrap();
            let answer = |event: &Event| event.ends().and_then(|(turn, _)| self.answers.get(&turn));
            let shown: Vec<_> = self.log[missing]
                .iter()
                .map(|event| Shown::new(event.clone(), answer(&event.event).cloned()))
                .collect();
            let mut left = shown.as_slice();
            while !left.is_empty() {
                client.room = 2;
                let done = read_caught_up(&mut cursor, left, client);
                left = &left[done..];
            }
        } else {
            let (end, growing) = self.feed.end_with_answer();
            client.know(&end, growing.as_ref().map(|(turn, text)| (*turn, &**text)));
            cursor = end;
        }
        *place = Place::at(cursor);
    }

    fn rewind(&mut self, reader: usize, back: u64) {
        let (place, client) = &mut self.readers[reader];
        let Cursor { epoch, seq, reading } = place.cursor;
        let kept = reading.filter(|_| back == 0).map(|(turn, has)| {
            let text = client.answers.remove(&turn).unwrap_or_default();
            let half = text.floor_char_boundary(usize::try_from(has / 2).unwrap());
            (turn, text.split_at(half).0.to_owned())
        });
        let reading = kept.as_ref().map(|(turn, text)| (*turn, text.len() as u64));
        let cursor = Cursor { epoch, seq: seq.saturating_sub(back), reading };
        client.know(&cursor, kept.as_ref().map(|(turn, text)| (*turn, text.as_str())));
        *place = Place::at(cursor);
    }

    fn hear_a_lie(&mut self, reader: usize, cursor: Cursor) {
        let (place, client) = &mut self.readers[reader];
        client.know(&cursor, None);
        *place = Place::at(cursor);
    }

    fn check(&mut self) {
        for reader in 0..READERS {
            while self.read(reader, 3) != Reading::UpToDate {}
            let (place, client) = &self.readers[reader];
            assert_eq!((place.cursor.epoch, place.cursor.seq), (1, self.log.len() as u64));
            for (turn, text) in &client.answers {
                if let Some(whole) = self.answers.get(turn) {
                    // A turn that ended behind a snapshot stays as it was for this client.
                    let known = client.ended.contains_key(turn);
                    assert!(!known || **whole == **text, "{whole:?} became {text:?}");
                }
            }
        }
    }
}

fn started(turn: TurnId) -> Event {
    let routing = Routing::new("default", "so");
    let (pool, provider, model) = ("general".into(), "first".into(), "a-model".into());
    let (agent, specialists, part_of) = (None, Vec::new(), None);
    Event::TurnStarted { turn, pool, agent, provider, model, routing, specialists, part_of }
}

fn tool(turn: TurnId) -> Event {
    let (tool, call) = ("a-tool".into(), "a-call".into());
    Event::TurnTool { turn, tool, phase: ToolPhase::Started, call, summary: None, error: None }
}

proptest! {
    #[test]
    fn every_reader_gets_every_event_and_every_byte(
        ops in proptest::collection::vec(op(), 1..120),
        bite in 1..9_usize,
    ) {
        let mut world = World::new([Bite::Everything, Bite::Bytes(bite), Bite::Words]);
        for op in ops {
            world.run(op);
        }
        if let Some((turn, text)) = world.running.take() {
            world.end(turn, text);
        }
        world.check();
    }
}

#[test]
fn the_ring_keeps_so_many_events_and_so_much_text() {
    let big = limits::FEED_TEXT_BYTES_MAX / 2 + 1;
    for (events, bytes, kept) in [
        (3, 0, 3),
        (limits::FEED_EVENTS_MAX, 0, limits::FEED_EVENTS_MAX),
        (limits::FEED_EVENTS_MAX + 9, 0, limits::FEED_EVENTS_MAX),
        (3, big, 1),
        (2, limits::FEED_TEXT_BYTES_MAX * 2, 1),
    ] {
        let mut world = World::new([Bite::Everything; READERS]);
        for _ in 0..events {
            world.run(Op::Beside("x".repeat(bytes)));
        }
        let (_, reach) = world.feed.reaches_back_to();
        assert_eq!(events as u64 - reach, kept as u64, "{events} of {bytes}");
        world.check();
    }
}

#[test]
fn a_reader_of_the_running_answer_is_not_sent_back_by_another_turns_end() {
    let mut world = World::new([Bite::Everything; READERS]);
    for op in [Op::Start, Op::Say("said".into()), Op::Read(0, 9), Op::Beside("aside".into())] {
        world.run(op);
    }
    let before = world.readers[0].1.seen.len();
    world.run(Op::Read(0, 9));
    assert_eq!(world.readers[0].1.seen.len() - before, 2, "the aside and its end");
}

#[test]
fn a_tool_is_told_behind_what_was_said_before_it() {
    let mut world = World::new([Bite::Everything, Bite::Bytes(4), Bite::Words]);
    for op in [Op::Start, Op::Say("what is it?".into()), Op::Tool, Op::Say(" this. ".into())] {
        world.run(op);
    }
    // The last one reads when all is over.
    for reader in 0..READERS {
        if reader == 2 {
            world.run(Op::End);
        }
        while world.read(reader, 3) != Reading::UpToDate {}
        let seen = world.readers[reader].1.seen.iter().map(|seen| match seen {
            Seen::Text(_, text) => text.clone(),
            Seen::Event(event) if matches!(**event, Event::TurnTool { .. }) => "[tool]".to_owned(),
            _ => String::new(),
        });
        assert_eq!(seen.collect::<String>(), "what is it?[tool] this. ", "{reader}");
    }
}

#[test]
fn whoever_claims_to_have_more_than_there_is_is_cut_to_the_true_end() {
    let mut world = World::new([Bite::Everything; READERS]);
    world.run(Op::Start);
    world.run(Op::Say("four".into()));
    let turn = world.running.as_ref().unwrap().0;
    let (place, client) = &mut world.readers[0];
    client.know(&Cursor { epoch: 1, seq: 1, reading: None }, Some((turn, "four and more")));
    *place = Place::at(Cursor { epoch: 1, seq: 1, reading: Some((turn, 13)) });
    assert_eq!(world.read(0, 9), Reading::UpToDate);
    assert_eq!(world.readers[0].1.answers[&turn], "four");
}

#[test]
fn a_lost_feed_says_so_and_a_deleted_one_is_read_to_its_end() {
    let mut world = World::new([Bite::Everything; READERS]);
    world.run(Op::Update(1));
    world.show(Event::ConversationDeleted);
    let (place, client) = &mut world.readers[0];
    client.room = 9;
    assert_eq!(world.feed.read(place, client), Reading::Gone);
    assert_eq!(client.seq, 2);
    world.feed.lose();
    assert_eq!(world.feed.read(place, client), Reading::Gone, "what is gone is not lost");
    let lost = Feed::new(ConversationId::new(), (1, 0), Held::default().share(0));
    lost.lose();
    assert_eq!(lost.read(&mut Place::at(lost.end()), client), Reading::Lost);
}
