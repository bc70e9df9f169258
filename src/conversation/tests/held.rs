//! What conversations say they take: it follows what they hold, and is nothing once they are gone.

use std::sync::Arc;

use super::stage::Stage;
use crate::{
    conversation::{
        Feed, Growth, Place, Reader, Reading, SharedSlices, Shown,
        held::{Held, Share},
    },
    limits,
    model::{ConversationId, Cursor, Event, MessageId, Sequenced, Timestamp, TurnId, UserId},
};

/// A reader for whom an event's frame has a thousand bytes.
struct Program;

impl Reader for Program {
    fn event(&mut self, shown: &Shown) {
        shown.frame.get_or_init(|| "x".repeat(1_000).into());
    }

    fn text(&mut self, growth: &Growth<'_>, _: &mut SharedSlices) -> usize {
        growth.text.len()
    }

    fn position(&mut self, _: TurnId, _: u64, _: Timestamp) {}

    fn full(&self) -> bool {
        false
    }
}

fn shown(seq: u64, text: &str) -> Shown {
    let event = Event::MessageAccepted {
        message: MessageId::new(),
        turn: TurnId::new(),
        text: text.into(),
        key: None,
    };
    let (conversation, at) = (ConversationId::new(), Timestamp(0));
    Shown::new(Arc::new(Sequenced { conversation, epoch: 1, seq, at, event }), None)
}

#[test]
fn a_feed_tells_what_it_holds() {
    let held = Held::default();
    let feed = Feed::new(ConversationId::new(), (1, 0), held.share(0));
    let grown = |act: &dyn Fn(), least: usize| {
        let before = held.bytes();
        act();
        let more = held.bytes().checked_sub(before).expect("it does not shrink");
        assert!((least..least + 8_192).contains(&more), "{more} for {least}");
    };
    grown(&|| feed.show(shown(1, &"m".repeat(40_000))), 40_000);
    let reads = || {
        let mut place = Place::at(Cursor { epoch: 1, seq: 0, reading: None });
        assert_eq!(feed.read(&mut place, &mut Program), Reading::UpToDate);
    };
    grown(&reads, 1_000);
    grown(&reads, 0);
    for seq in 2..=2 * limits::FEED_EVENTS_MAX as u64 {
        feed.show(shown(seq, "m"));
        reads_to(&feed, seq);
    }
    // The ring has its bound, and the long message has left it.
    let most = limits::FEED_EVENTS_MAX * (1_000 + size_of::<Sequenced>() + 2 * size_of::<Shown>());
    assert!(held.bytes() < most + 8_192, "{} and not {most}", held.bytes());
    drop(feed);
    assert_eq!(held.bytes(), 0);
}

fn reads_to(feed: &Feed, seq: u64) {
    let mut place = Place::at(Cursor { epoch: 1, seq: seq - 1, reading: None });
    assert_eq!(feed.read(&mut place, &mut Program), Reading::UpToDate);
}

#[test]
fn shares_make_a_sum() {
    let held = Held::default();
    let (mut one, two): (Share, Share) = (held.share(10), held.share(5));
    one.is(3);
    assert_eq!(held.bytes(), 8);
    one.is(30);
    drop(two);
    assert_eq!(held.bytes(), 30);
    drop(one);
    assert_eq!(held.bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn conversations_that_leave_take_nothing() {
    let stage = Stage::new();
    let begin = || stage.registry.begin(UserId::new(), None, None).expect("there is room").1;
    let one = begin();
    let each = stage.registry.memory_bytes();
    assert!((1_000..100_000).contains(&each), "a conversation takes {each} bytes");
    let more: Vec<_> = (0..9).map(|_| begin()).collect();
    assert_eq!(stage.registry.memory_bytes(), 10 * each);
    drop((one, more));
    tokio::time::sleep(10 * limits::CONVERSATION_IDLE).await;
    assert_eq!((stage.registry.live(), stage.registry.memory_bytes()), (0, 0));
}
