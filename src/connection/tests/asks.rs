//! What a program asks, frame by frame, and what it is told.

use super::peer::{House, Talk};
use crate::{limits, wire::SUBPROTOCOL_JSON};

#[tokio::test(start_paused = true)]
async fn a_first_conversation() {
    Talk::json()
        .check(
            r#"                                            | welcome
            {"type":"message.send","id":"1","text":"Hi"} | 1 message.accepted, 2 turn.started, reply 1 running
            say Higher,                                  | +0:Higher,
            say  by a little.                            | +7: by a little.
            end                                          | 3 turn.completed, 4 conversation.updated
            {"type":"conversation.history","id":"2","conversation":"$c"} | reply 2 2 rows
            {"type":"conversation.list","id":"3"}        | reply 3 1 rows
            {"type":"ping","id":"4"}                     | pong 4, reply 4
            {"type":"ping"}                              | pong -
            {"type":"hello","id":"5"}                    | reply 5
            {"type":"hello","id":"6"}                    | error 6 conflict"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn every_request_gets_one_answer() {
    Talk::json()
        .check(
            r#"                                                 | welcome
            {"type":"conversation.create","id":"1","title":"T"} | reply 1
            {"type":"conversation.get","id":"2","conversation":"$c"} | reply 2
            {"type":"conversation.update","id":"3","conversation":"$c","title":"U"} | 1 conversation.updated, reply 3
            {"type":"message.send","id":"4","conversation":"$c","text":"A"} | 2 message.accepted, 3 turn.started, reply 4 running
            {"type":"turn.retry","id":"5","turn":"$t"}          | error 5 conflict
            {"type":"turn.cancel","id":"6","turn":"$t"}         | 4 turn.cancelled, reply 6
            {"type":"turn.cancel","id":"7","turn":"$t"}         | error 7 turn_ended
            {"type":"turn.retry","id":"8","turn":"$t"}          | 5 message.accepted, 6 turn.started, reply 8 running
            {"type":"message.send","id":"9","conversation":"$c","text":"B","if_busy":"reject"} | error 9 busy
            {"type":"message.send","id":"10","conversation":"$c","text":"/tasks"} | 7 message.accepted, 8 command.result, +0:You have no tasks yet., 9 turn.completed, reply 10 running
            "#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_fork_is_followed_like_any_other_conversation() {
    Talk::json()
        .check(
            r#"                                                 | welcome
            {"type":"message.send","id":"1","text":"A"}         | 1 message.accepted, 2 turn.started, reply 1 running
            {"type":"conversation.fork","id":"2","conversation":"$c"} | reply 2
            {"type":"conversation.history","id":"3","conversation":"$c"} | reply 3 2 rows
            {"type":"conversation.update","conversation":"$c","title":"F"} | 1 conversation.updated
            {"type":"conversation.unfollow","id":"4","conversation":"$c"} | reply 4
            {"type":"conversation.delete","id":"5","conversation":"$c"} | reply 5
            {"type":"conversation.get","id":"6","conversation":"$c"} | error 6 not_found"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_understood_is_said_and_the_connection_lives_on() {
    let unknown = "cnv_00000000000000000000000000000000";
    let mut talk = Talk::json();
    talk.check(
        r#"                                                         | welcome
        > no json                                                   | error - bad_frame not_json
        > [1]                                                       | error - bad_frame not_an_object
        {"id":"1"}                                                  | error 1 bad_frame no_type
        {"type":"sing","id":"2"}                                    | error 2 bad_frame unknown_type
        {"type":"message.send","id":"3"}                            | error 3 bad_frame wrong_shape
        binary x                                                    | error - bad_frame
        {"type":"message.send","id":"4","text":" "}                 | error 4 invalid_argument text
        {"type":"message.send","id":"5","text":"a","key":""}        | error 5 invalid_argument key
        {"type":"message.send","id":"6","text":"a","pool":"none"}   | error 6 unknown_pool
        {"type":"message.send","id":"7","text":"a","as":"command"}  | error 7 invalid_argument text
        {"type":"turn.cancel","id":"8","turn":"x"}                  | error 8 not_found
        {"type":"conversation.get","id":"9","conversation":"x"}     | error 9 not_found
        {"type":"conversation.list","id":"10","limit":0}            | error 10 invalid_argument limit
        {"type":"conversation.get"}                                 | error - bad_frame wrong_shape"#,
    )
    .await;
    for kind in ["get", "delete", "history", "follow", "unfollow", "fork", "update"] {
        let frame = format!(
            r#"{{"type":"conversation.{kind}","id":"k","conversation":"{unknown}","title":"T"}}"#
        );
        talk.check(&format!("{frame} | error k not_found")).await;
    }
    let long = "x".repeat(limits::TEXT_BYTES_MAX + 1);
    talk.check(&format!(
        r#"{{"type":"message.send","id":"l","text":"{long}"}} | error l too_large text"#
    ))
    .await;
    let huge = "x".repeat(limits::FRAME_BYTES_MAX + 1);
    talk.check(&format!("> {huge} | error - too_large frame")).await;
    talk.check(&format!(r#"{{"type":"ping","id":"h","x":"{huge}"}} | error h too_large frame"#))
        .await;
    talk.check(&format!(r#"{{"id":"i","x":"{huge}"}} | error i too_large frame"#)).await;
}

/// Each row: what is asked, what is asked behind it without waiting, and what comes of the two.
#[tokio::test(start_paused = true)]
async fn what_is_read_of_a_conversation_comes_after_what_was_changed_before() {
    let rows = [
        (
            r#"{"type":"message.send","id":"1","conversation":"$c","text":"A"}"#,
            r#"{"type":"conversation.history","id":"2","conversation":"$c"}"#,
            "1 message.accepted, 2 turn.started, reply 1 running, reply 2 2 rows",
        ),
        (
            r#"{"type":"turn.cancel","id":"3","turn":"$t"}"#,
            r#"{"type":"conversation.unfollow","id":"4","conversation":"$c"}"#,
            "3 turn.cancelled, reply 3, reply 4",
        ),
        (
            r#"{"type":"conversation.delete","id":"5","conversation":"$c"}"#,
            r#"{"type":"conversation.get","id":"6","conversation":"$c"}"#,
            "error 6 not_found, reply 5",
        ),
    ];
    let mut talk = Talk::json();
    talk.check(
        r#"                                        | welcome
           {"type":"conversation.create","id":"0"} | reply 0"#,
    )
    .await;
    for (change, read, heard) in rows {
        talk.send(change);
        talk.check(&format!("{read} | {heard}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_what_was_changed_last_and_nothing_later() {
    let house = House::open();
    let mut peer = house.connect(None, Some(SUBPROTOCOL_JSON));
    peer.send(r#"{"type":"conversation.create","id":"0"}"#);
    let created = peer.frames().await.pop().unwrap();
    let id = created["result"]["conversation"].as_str().unwrap();
    for (number, kind) in ["update", "get", "update", "list", "update"].iter().enumerate() {
        peer.send(&format!(
            r#"{{"type":"conversation.{kind}","id":"{number}","conversation":"{id}","title":"T{number}"}}"#
        ));
    }
    let heard = peer.frames().await;
    let told = heard.iter().find(|frame| frame["re"] == "1").unwrap();
    assert_eq!(told["result"]["title"], "T0");
    let told = heard.iter().find(|frame| frame["re"] == "3").unwrap();
    assert_eq!(told["result"]["conversations"][0]["title"], "T2");
}

#[tokio::test(start_paused = true)]
async fn too_many_bad_frames_close() {
    let mut talk = Talk::json();
    talk.check("| welcome").await;
    for _ in 0..limits::BAD_FRAMES_PER_MINUTE_MAX {
        talk.check("> bad | error - bad_frame not_json").await;
    }
    talk.check("> bad | error - bad_frame not_json, close 4500").await;
}

#[tokio::test(start_paused = true)]
async fn too_many_frames_are_refused_and_then_close() {
    let house = House::open();
    let mut peer = house.connect(None, Some(SUBPROTOCOL_JSON));
    for _ in 0..=limits::FRAMES_BURST_MAX {
        peer.send(r#"{"type":"ping","id":"p"}"#);
    }
    let heard = peer.frames().await;
    let refused: Vec<_> = heard.iter().filter(|frame| frame["type"] == "error").collect();
    assert_eq!(refused.len(), 1);
    assert_eq!((&refused[0]["code"], &refused[0]["re"]), (&"rate_limited".into(), &"p".into()));
    assert!(refused[0]["retry_after_ms"].as_u64().is_some());
    for _ in 0..limits::RATE_REFUSALS_MAX + limits::FRAMES_PER_SECOND_MAX {
        peer.send("{}");
    }
    let last = peer.hear().await.pop();
    assert!(format!("{last:?}").contains("4029"), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_sent_again_is_the_first_one() {
    Talk::json()
        .check(
            r#"                                                       | welcome
            {"type":"message.send","id":"1","key":"k","text":"A"}     | 1 message.accepted, 2 turn.started, reply 1 running
            {"type":"message.send","id":"2","key":"k","text":"A"}     | reply 2 running again
            reconnect                                                 | welcome
            {"type":"message.send","id":"3","key":"k","text":"A"}     | snapshot 2 with 2 growing, reply 3 running again
            say Hi                                                    | +0:Hi
            end                                                       | 3 turn.completed, 4 conversation.updated"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_about_themselves_is_not_heard() {
    let nobody = || Talk::over(House::guarded(), None, Some(SUBPROTOCOL_JSON));
    nobody()
        .check(
            r#"{"type":"ping","id":"1"}                    | error 1 not_authenticated
               {"type":"hello","id":"2","token":"wrong"}   | error 2 not_authenticated, close 4501"#,
        )
        .await;
    nobody()
        .check(
            r#"{"type":"hello","id":"1","token":"a-good-token:alice"} | welcome, reply 1
               {"type":"ping","id":"2"}                               | pong 2, reply 2"#,
        )
        .await;
    nobody()
        .check(
            "wait 9.9 |
             wait 0.1 | error - not_authenticated, close 4501",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_pings_and_then_by_a_close() {
    Talk::json()
        .check(
            r#"                     | welcome
            wait 24.9               |
            wait 0.1                | ping
            {"type":"ping"}         | pong -
            wait 24.9               |
            wait 0.1                | ping
            wait 25                 | ping
            wait 9.8                |
            wait 0.2                | close 4008"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_says_goaway_and_lets_the_answer_finish() {
    Talk::json()
        .check(
            r#"                                         | welcome
            {"type":"message.send","id":"1","text":"A"} | 1 message.accepted, 2 turn.started, reply 1 running
            drain                                       | goaway drain
            {"type":"message.send","id":"2","text":"B"} | error 2 shutting_down
            say Hi                                      | +0:Hi
            end                                         | 3 turn.completed, 4 conversation.updated
            close-all                                   | close 4001"#,
        )
        .await;
}
