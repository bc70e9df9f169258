//! Whatever is lost, doubled, replayed or replaced by a snapshot: a reader sees each event once and
//! in order, and every answer byte for byte.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its texts are short"
)]

use fastrand::Rng;
use operatoros_protocol::{
    ConversationEvent, Delta, Event, Failure, GrowingTurn, Moment, Resumed, ServerFrame, Snapshot,
    client::{Assembly, Step, Update},
};
use proptest::prelude::*;

const CONVERSATION: &str = "cnv_1";

/// What happens in the conversation, moment by moment.
#[expect(clippy::large_enum_variant, reason = "a test keeps few of them")]
enum Moments {
    Event(Event),
    Grow(String),
}

/// A conversation that unfolds, and a server that shows it to one reader.
struct World {
    timeline: Vec<Moments>,
    /// How much of the timeline has happened.
    now: usize,
    epoch: u64,
    rng: Rng,
    /// Where the server believes the reader to be.
    seq: u64,
    offset: usize,
    /// The reader asked for a replay whose end is still to be told.
    replaying: bool,
    /// Frames may vanish on an open connection, which no real one lets happen.
    losing: bool,
}

impl World {
    fn events(&self) -> impl Iterator<Item = (u64, &Event)> {
        let happened = self.timeline.iter().take(self.now);
        let events = happened.filter_map(|moment| match moment {
            Moments::Event(event) => Some(event),
            Moments::Grow(_) => None,
        });
        (1..).zip(events)
    }

    fn last_seq(&self) -> u64 {
        self.events().count() as u64
    }

    /// The turn's text as it stands now.
    fn text(&self, turn: &str) -> String {
        let (mut text, mut inside) = (String::new(), false);
        for moment in self.timeline.iter().take(self.now) {
            match moment {
                Moments::Event(Event::TurnStarted { turn: begun, .. }) => inside = begun == turn,
                Moments::Event(Event::TurnReset { turn: void, .. }) if void == turn => text.clear(),
                Moments::Grow(more) if inside => text.push_str(more),
                _ => {}
            }
        }
        text
    }

    /// The turn that runs for a reader who has seen everything up to this event.
    fn running_at(&self, seq: u64) -> Option<String> {
        let seen = self.events().take_while(|(at, _)| *at <= seq);
        seen.fold(None, |running, (_, event)| match event {
            Event::TurnStarted { turn, .. } => Some(turn.clone()),
            ended if ended.ends().is_some() => None,
            _ => running,
        })
    }

    fn position(&mut self, seq: u64, offset: usize) {
        (self.seq, self.offset, self.replaying) = (seq, offset, true);
    }

    /// Connects the reader anew, from its position or by a snapshot.
    fn connect(&mut self, reader: &Assembly) -> Vec<ServerFrame> {
        if self.rng.u8(..) < 40 {
            self.epoch += 1;
        }
        match reader.resume() {
            Some(at) if at.epoch == self.epoch && self.rng.u8(..) > 40 => {
                self.position(at.seq, at.offset.unwrap_or(0) as usize);
                Vec::new()
            }
            _ => self.snapshot(),
        }
    }

    fn snapshot(&mut self) -> Vec<ServerFrame> {
        let seq = self.last_seq();
        let turn = self.running_at(seq).map(|turn| {
            let text = self.text(&turn);
            GrowingTurn { turn, end: text.len() as u64, text }
        });
        self.position(seq, turn.as_ref().map_or(0, |turn| turn.text.len()));
        let (conversation, epoch) = (CONVERSATION.to_owned(), self.epoch);
        vec![ServerFrame::Snapshot(Snapshot { conversation, epoch, seq, messages: vec![], turn })]
    }

    /// The next frames that the reader is due.
    fn serve(&mut self) -> Vec<ServerFrame> {
        let next = self.seq + 1;
        let event = self.events().find(|(seq, _)| *seq == next).map(|(_, event)| event.clone());
        let Some(event) = event else {
            let growth = self.running_at(self.seq).and_then(|turn| self.slice(&turn, false));
            let (conversation, epoch, seq) = (CONVERSATION.to_owned(), self.epoch, self.seq);
            let over = std::mem::take(&mut self.replaying);
            let over = over.then_some(ServerFrame::Resumed(Resumed { conversation, epoch, seq }));
            return growth.into_iter().chain(over).collect();
        };
        let rest = match (event.ends(), self.running_at(self.seq)) {
            (Some((turn, _)), Some(running)) if *turn == running => self.slice(&running, true),
            _ => None,
        };
        if matches!(event, Event::TurnStarted { .. } | Event::TurnReset { .. }) {
            self.offset = 0;
        }
        self.seq = next;
        let doubled = (self.rng.u8(..) < 30).then(|| self.sequenced(next, event.clone()));
        rest.into_iter().chain([self.sequenced(next, event)]).chain(doubled).collect()
    }

    fn sequenced(&self, seq: u64, event: Event) -> ServerFrame {
        ServerFrame::Event(Box::new(ConversationEvent {
            event,
            conversation: CONVERSATION.to_owned(),
            epoch: self.epoch,
            seq: Some(seq),
            at: Moment::default(),
        }))
    }

    /// Text from the reader's offset, or from a little before, to some later point or to the end.
    fn slice(&mut self, turn: &str, whole: bool) -> Option<ServerFrame> {
        let text = self.text(turn);
        let offset = self.offset.min(text.len());
        let from = if self.rng.u8(..) < 60 { self.boundary(&text, 0, offset) } else { offset };
        let end = if whole { text.len() } else { self.boundary(&text, from, text.len()) };
        if from == end && from == self.offset {
            return None;
        }
        self.offset = end;
        let text = text.get(from..end).unwrap().to_owned();
        Some(ServerFrame::Delta(Delta {
            conversation: CONVERSATION.to_owned(),
            turn: turn.to_owned(),
            offset: from as u64,
            end: end as u64,
            text,
        }))
    }

    fn boundary(&mut self, text: &str, from: usize, to: usize) -> usize {
        let mut at = self.rng.usize(from..=to);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at.max(from)
    }
}

/// A program that shows what it is told.
#[derive(Default)]
struct Screen {
    seq: u64,
    turn: String,
    text: String,
    ended: Vec<(String, String)>,
}

impl Screen {
    fn show(&mut self, update: Update) {
        match update {
            Update::Text { turn, text, .. } => {
                if self.turn != turn {
                    (self.turn, self.text) = (turn, String::new());
                }
                self.text.push_str(&text);
            }
            Update::Rewound { turn, to, .. } => {
                assert_eq!(turn, self.turn, "a rewind of something not shown");
                self.text.truncate(to as usize);
            }
            Update::Snapshot(snapshot) => {
                self.seq = snapshot.seq;
                let growing = snapshot.turn.map(|growing| (growing.turn, growing.text));
                (self.turn, self.text) = growing.unwrap_or_default();
            }
            Update::Event(of) => {
                assert_eq!(of.seq, Some(self.seq + 1), "each event once and in order");
                self.seq += 1;
                if let Event::TurnStarted { turn, .. } = &of.event {
                    (self.turn, self.text) = (turn.clone(), String::new());
                }
                if let Some((turn, length)) = of.event.ends() {
                    assert_eq!(*turn, self.turn);
                    assert_eq!(self.text.len() as u64, length);
                    self.ended.push((turn.clone(), self.text.clone()));
                }
            }
            Update::Resumed { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    }
}

fn deliver(reader: &mut Assembly, frame: &ServerFrame) -> Step {
    // Through JSON, as on the wire.
    match ServerFrame::parse(&frame.to_json()).unwrap() {
        ServerFrame::Event(event) => reader.event(*event),
        ServerFrame::Delta(delta) => reader.delta(&delta),
        ServerFrame::Snapshot(snapshot) => reader.snapshot(snapshot),
        ServerFrame::Resumed(resumed) => reader.resumed(&resumed),
        other => panic!("unexpected {other:?}"),
    }
}

/// Lets frames pass, some of them not, and answers what the reader asks for.
fn pass(
    world: &mut World,
    reader: &mut Assembly,
    screen: &mut Screen,
    (frames, losing): (Vec<ServerFrame>, bool),
) {
    for frame in frames {
        if losing && world.rng.u8(..) < 20 {
            continue;
        }
        let step = deliver(reader, &frame);
        step.updates.into_iter().for_each(|update| screen.show(update));
        let Some(ask) = step.ask else { continue };
        assert!(world.losing, "asked for what was not missing");
        let answer = match (ask.epoch, ask.seq) {
            (Some(epoch), Some(seq)) if epoch == world.epoch => {
                world.position(seq, ask.offset.unwrap_or(0) as usize);
                Vec::new()
            }
            _ => world.snapshot(),
        };
        return pass(world, reader, screen, (answer, losing));
    }
}

fn timeline(turns: &[(Vec<String>, String)]) -> Vec<Moments> {
    let mut timeline = Vec::new();
    let event = |json: serde_json::Value| Moments::Event(serde_json::from_value(json).unwrap());
    for (number, (voided, answer)) in turns.iter().enumerate() {
        let turn = format!("trn_{number}");
        timeline.push(event(serde_json::json!({
            "type": "message.accepted", "message": "msg_1", "turn": turn, "text": "?"
        })));
        timeline.push(event(serde_json::json!({
            "type": "turn.started", "turn": turn, "pool": "p", "provider": "o", "model": "m",
            "routing": {"by": "default", "because": "so"}
        })));
        let grow = |timeline: &mut Vec<_>, text: &str| {
            timeline.extend(text.chars().map(|c| Moments::Grow(c.to_string())));
        };
        for text in voided {
            grow(&mut timeline, text);
            timeline.push(event(serde_json::json!({
                "type": "turn.reset", "turn": turn, "because": "provider_truncated"
            })));
        }
        grow(&mut timeline, answer);
        let length = answer.len() as u64;
        timeline.push(Moments::Event(if number % 2 == 0 {
            Event::TurnCancelled { turn, length }
        } else {
            let code = operatoros_protocol::ErrorCode::Internal;
            let error =
                Failure { code, message: String::new(), retryable: false, retry_after_ms: None };
            Event::TurnFailed { turn, error, length }
        }));
    }
    timeline
}

fn unfolds(turns: &[(Vec<String>, String)], seed: u64, losing: bool) {
    let mut world = World {
        timeline: timeline(turns),
        now: 0,
        epoch: 1,
        rng: Rng::with_seed(seed),
        seq: 0,
        offset: 0,
        replaying: false,
        losing,
    };
    let mut reader = Assembly::at(CONVERSATION.to_owned(), 1, 0);
    let mut screen = Screen::default();
    while world.now < world.timeline.len() {
        match world.rng.u8(..) {
            0..100 => world.now += 1,
            100..130 => world.now = (world.now + 12).min(world.timeline.len()),
            130..150 => {
                reader.disconnected();
                let frames = world.connect(&reader);
                pass(&mut world, &mut reader, &mut screen, (frames, false));
            }
            _ => {
                let frames = world.serve();
                pass(&mut world, &mut reader, &mut screen, (frames, losing));
            }
        }
    }
    reader.disconnected();
    let frames = world.connect(&reader);
    pass(&mut world, &mut reader, &mut screen, (frames, false));
    while world.replaying || world.seq < world.last_seq() {
        let frames = world.serve();
        pass(&mut world, &mut reader, &mut screen, (frames, false));
    }
    assert_eq!(screen.seq, world.last_seq(), "nothing was left out");
    for (turn, text) in &screen.ended {
        assert_eq!(*text, world.text(turn));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_reader_sees_everything_once(
        turns in prop::collection::vec(
            (prop::collection::vec("[a-cäß€😀]{0,9}", 0..3), "[a-cäß€😀]{0,30}"), 1..4),
        seed: u64,
        losing: bool,
    ) {
        unfolds(&turns, seed, losing);
    }

    #[test]
    fn no_frame_at_all_can_upset_a_reader(
        frames in prop::collection::vec(
            (0_u64..4, 0_u64..6, "[aä]{0,3}", 0_u64..3, 0_u8..5), 0..40),
    ) {
        let mut reader = Assembly::new(CONVERSATION.to_owned());
        for (a, b, text, epoch, kind) in frames {
            let turn = format!("trn_{a}");
            let conversation = CONVERSATION.to_owned();
            let step = match kind {
                0 => reader.delta(&Delta { conversation, turn, offset: a, end: b, text }),
                1 => {
                    let end = a + text.len() as u64;
                    reader.delta(&Delta { conversation, turn, offset: a, end, text })
                }
                2 => {
                    let at = Moment::default();
                    let event = Event::TurnCancelled { turn, length: a };
                    reader.event(ConversationEvent { event, conversation, epoch, seq: Some(b), at })
                }
                3 => reader.resumed(&Resumed { conversation, epoch, seq: b }),
                _ => {
                    let turn = Some(GrowingTurn { turn, text, end: a });
                    let messages = vec![];
                    reader.snapshot(Snapshot { conversation, epoch, seq: b, messages, turn })
                }
            };
            prop_assert!(step.updates.len() <= 2);
        }
    }
}
