//! A reader that takes little costs its cursor, and nobody else anything.

use axum::extract::ws::Message;

use super::peer::{House, Peer};
use crate::{conversation::tests::stage::settle, limits, wire::SUBPROTOCOL_JSON};

const TOKENS: usize = 500;

/// The text and the number of its deltas, of what a peer hears until nothing more comes.
async fn read(peer: &mut Peer) -> (String, usize) {
    let (mut text, mut deltas) = (String::new(), 0);
    loop {
        let frames = peer.frames().await;
        if frames.is_empty() {
            return (text, deltas);
        }
        for frame in frames.iter().filter(|frame| frame["type"] == "turn.delta") {
            assert_eq!(frame["offset"], text.len(), "no hole and no repetition");
            text.push_str(frame["text"].as_str().unwrap());
            deltas += 1;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_fewer_and_larger_deltas_and_stops_nobody() {
    let mut house = House::open();
    let mut slow = house.connect_with_room(None, Some(SUBPROTOCOL_JSON), 6);
    slow.send(r#"{"type":"message.send","id":"1","text":"A"}"#);
    let call = house.stage.calls.recv().await.unwrap();
    for n in 0..TOKENS {
        call.say(&format!("word{n} "));
        settle().await;
    }
    call.end();
    settle().await;
    let turns = house.stage.registry.workshop().lifecycle.turns_running();
    assert_eq!(turns, 0, "the answer ended although nobody read it");
    let (text, deltas) = read(&mut slow).await;
    assert!(text.ends_with(&format!("word{} ", TOKENS - 1)), "{text}");
    assert!(deltas < 10, "{deltas}");
}

#[tokio::test(start_paused = true)]
async fn a_fast_reader_gets_every_token_as_it_comes() {
    let mut house = House::open();
    let mut fast = house.connect(None, Some(SUBPROTOCOL_JSON));
    fast.send(r#"{"type":"message.send","id":"1","text":"A"}"#);
    let call = house.stage.calls.recv().await.unwrap();
    settle().await;
    for n in 0..TOKENS {
        call.say(&format!("word{n} "));
        settle().await;
    }
    assert_eq!(read(&mut fast).await.1, TOKENS);
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_comes_in_deltas_of_limited_size() {
    let mut house = House::open();
    let mut peer = house.connect(None, Some(SUBPROTOCOL_JSON));
    peer.send(r#"{"type":"message.send","id":"1","text":"A"}"#);
    let call = house.stage.calls.recv().await.unwrap();
    let ten = "ä".repeat(limits::DELTA_BYTES_MAX * 5);
    call.say(&ten);
    let (text, deltas) = read(&mut peer).await;
    assert_eq!((text == ten, deltas), (true, 10));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_is_let_go() {
    let mut house = House::open();
    let mut stalled = house.connect_with_room(None, Some(SUBPROTOCOL_JSON), 3);
    stalled.send(r#"{"type":"message.send","id":"1","text":"A"}"#);
    let call = house.stage.calls.recv().await.unwrap();
    for _ in 0..10 {
        call.say("more ");
        settle().await;
    }
    tokio::time::sleep(limits::WRITE_WITHIN).await;
    // It looks again within the time that a closing handshake may take.
    let mut heard = stalled.hear().await;
    heard.extend(stalled.hear().await);
    let closed = heard.iter().any(|m| matches!(m, Message::Close(Some(f)) if f.code == 4008));
    assert!(closed, "{heard:?}");
    assert!(!call.is_dropped(), "the answer goes on");
}
