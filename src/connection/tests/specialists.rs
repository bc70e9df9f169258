//! Several pools at work on one question, over one socket, in both voices.

use super::peer::{House, Talk, brief};
use crate::wire::{SUBPROTOCOL_JSON, SUBPROTOCOL_TEXT};
use serde_json::{Value, json};

/// A frame in a few words, with the conversation that it is of: `w` the whole, else its pool.
fn placed(frame: &Value, whole: &Value, pools: &Value) -> String {
    let of = &frame["conversation"];
    let pools = pools.as_array().map_or(&[][..], Vec::as_slice);
    let pool = pools.iter().find(|one| one["conversation"] == *of);
    let place = match pool {
        Some(one) => one["pool"].as_str().unwrap_or_default(),
        None if of == whole => "w",
        None => "",
    };
    format!("{place} {}", brief(frame)).trim_start().to_owned()
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_follows_the_specialists_to_the_end_of_their_turns() {
    let mut house = House::open();
    let mut peer = house.connect(None, Some(SUBPROTOCOL_JSON));
    peer.frames().await;
    let send = json!({"type": "message.send", "id": "1", "text": "q", "pools": ["small", "reset"]});
    peer.send(&send.to_string());
    let mut frames = peer.frames().await;
    let mut calls = Vec::new();
    while let Ok(call) = house.stage.calls.try_recv() {
        calls.push(call);
    }
    let call = |pool: &str| calls.iter().find(|call| call.request.pool.as_str() == pool).unwrap();
    for (pool, text) in [("small", "Save."), ("reset", "Run."), ("small", " More.")] {
        call(pool).say(text);
        frames.extend(peer.frames().await);
    }
    for pool in ["reset", "small"] {
        call(pool).end();
        frames.extend(peer.frames().await);
    }
    let started = frames.iter().find(|frame| frame["specialists"].is_array()).unwrap();
    let (whole, pools) = (&started["conversation"], &started["specialists"]);
    let mut seen: Vec<_> = frames.iter().map(|frame| placed(frame, whole, pools)).collect();
    // A reply may come before or after the events of the same commit.
    seen.retain(|line| line != "reply 1 running");
    assert_eq!(
        seen,
        [
            "w 1 message.accepted",
            "w 2 turn.started",
            "w 3 turn.tool",
            "w 4 turn.tool",
            "small 1 message.accepted",
            "small 2 turn.started",
            "reset 1 message.accepted",
            "reset 2 turn.started",
            "small +0:Save.",
            "reset +0:Run.",
            "small +5: More.",
            "reset 3 turn.completed",
            "w 5 turn.tool",
            "small 3 turn.completed",
            "w 6 turn.tool",
        ]
    );
    let parent = json!({"conversation": whole, "turn": started["turn"]});
    let parents = frames.iter().filter(|frame| frame["parent"] == parent).count();
    assert_eq!(parents, 2, "each part says what it is part of");
    // Another message to a part is none of this connection's business any more: it passed.
    let part = &pools[0]["conversation"];
    let again = json!({"type": "conversation.follow", "id": "2", "conversation": part});
    peer.send(&again.to_string());
    let heard: Vec<_> = peer.frames().await.iter().map(brief).collect();
    assert_eq!(heard, ["reply 2", "snapshot 3 with 2", "resumed 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_person_sees_who_speaks_and_no_line_of_two() {
    let mut house = House::open();
    let mut peer = house.connect(None, Some(SUBPROTOCOL_TEXT));
    peer.send("/ask small,reset What now?");
    let mut lines = peer.hear().await;
    let mut calls = Vec::new();
    while let Ok(call) = house.stage.calls.try_recv() {
        calls.push(call);
    }
    let call = |pool: &str| calls.iter().find(|call| call.request.pool.as_str() == pool).unwrap();
    for (pool, text) in [
        ("small", "Save. Then"),
        ("reset", "Run."),
        ("small", " spend.\n\nAnd"),
        ("reset", " Far.\n\n"),
        ("small", " rest."),
    ] {
        call(pool).say(text);
        lines.extend(peer.hear().await);
    }
    call("small").fail(crate::provider::Retry::Never);
    lines.extend(peer.hear().await);
    call("reset").end();
    lines.extend(peer.hear().await);
    let together = house.stage.calls.try_recv().unwrap();
    together.say("reset says run; small broke off.");
    together.end();
    lines.extend(peer.hear().await);
    let lines: Vec<_> = lines.iter().map(|line| line.to_text().unwrap().to_owned()).collect();
    insta::assert_snapshot!("a_person_sees_who_speaks", lines.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_is_refused_before_anything_is_kept() {
    Talk::json()
        .check(
            r#"                                                                | welcome
            {"type":"message.send","id":"1","text":"q","pools":["small","moon"]} | error 1 unknown_pool
            {"type":"message.send","id":"2","text":"q","pools":["small","small"]} | error 2 invalid_argument pools
            {"type":"message.send","id":"3","text":"q","pools":["small"],"pool":"reset"} | error 3 invalid_argument pools
            {"type":"message.send","id":"4","text":"q","pools":["1","2","3","4","5","6","7","8","9"]} | error 4 invalid_argument pools
            {"type":"conversation.list","id":"5"}                                | reply 5 0 rows
            {"type":"message.send","id":"6","text":"q","pools":["small"],"pool":"small"} | 1 message.accepted, 2 turn.started, reply 6 running"#,
        )
        .await;
}
