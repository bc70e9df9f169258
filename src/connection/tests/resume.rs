//! Coming back: what a client gets for the position that it hands over.

use super::peer::Talk;
use crate::limits;

const BEGIN: &str = r#"
                                                | welcome
    {"type":"message.send","id":"1","text":"A"} | 1 message.accepted, 2 turn.started, reply 1 running
    say Hello                                   | +0:Hello
    reconnect                                   | welcome"#;

/// A client comes back with this position while `Hello` grows.
async fn check(position: &str, heard: &str) {
    let mut talk = Talk::json();
    talk.check(BEGIN).await;
    let frame = r#"{"type":"hello","resume":[{"conversation":"$c","#;
    talk.check(&format!(r"{frame}{position}}}]}} | {heard}")).await;
    talk.check("end | 3 turn.completed, 4 conversation.updated").await;
}

#[tokio::test(start_paused = true)]
async fn a_position_is_continued_or_replaced_by_the_state() {
    for (position, heard) in [
        (r#""epoch":1,"seq":2,"turn":"$t","offset":2"#, "+2:llo, resumed 2"),
        (r#""epoch":1,"seq":2,"turn":"$t","offset":5"#, "resumed 2"),
        (r#""epoch":1,"seq":2,"turn":"$t","offset":99"#, "+5:, resumed 2"),
        (r#""epoch":1,"seq":2"#, "+0:Hello, resumed 2"),
        (r#""epoch":1,"seq":0"#, "1 message.accepted, 2 turn.started, +0:Hello, resumed 2"),
        (r#""epoch":1,"seq":3"#, "snapshot 2 with 2 growing Hello, resumed 2"),
        (r#""epoch":0,"seq":2"#, "snapshot 2 with 2 growing Hello, resumed 2"),
    ] {
        check(position, heard).await;
    }
}

#[tokio::test(start_paused = true)]
async fn following_by_name_begins_with_the_state() {
    let mut talk = Talk::json();
    talk.check(BEGIN).await;
    talk.check(
        r#"{"type":"conversation.follow","id":"1","conversation":"$c"} | snapshot 2 with 2 growing Hello, resumed 2, reply 1
           {"type":"conversation.follow","id":"2","conversation":"$c","epoch":1,"seq":1} | 2 turn.started, +0:Hello, resumed 2, reply 2
           {"type":"conversation.unfollow","id":"3","conversation":"$c"} | reply 3
           say  you | "#,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_conversation_is_said_and_the_others_resume() {
    let mut talk = Talk::json();
    talk.check(BEGIN).await;
    talk.check(
        r#"{"type":"hello","id":"1","resume":[{"conversation":"x","epoch":1,"seq":1},{"conversation":"$c","epoch":1,"seq":2}]} | error - not_found, +0:Hello, resumed 2, reply 1"#,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_the_ring_lost_comes_from_the_log_and_what_is_too_much_as_state() {
    for (events, from_log) in
        [(limits::FEED_EVENTS_MAX + 20, true), (limits::CATCHUP_EVENTS_MAX + 300, false)]
    {
        let mut talk = Talk::json();
        talk.check(
            r#"                                           | welcome
            {"type":"conversation.create","id":"1"}       | reply 1"#,
        )
        .await;
        for _ in 0..events {
            let frame = r#"{"type":"conversation.update","conversation":"$c","title":"T"}"#;
            drop(talk.hear_after(frame).await);
            // Within the rate at which frames may come.
            drop(talk.hear_after("wait 0.01").await);
        }
        talk.check("reconnect | welcome").await;
        let heard = talk
            .hear_after(r#"{"type":"hello","resume":[{"conversation":"$c","epoch":1,"seq":0}]}"#)
            .await;
        let expected = if from_log { events + 1 } else { 2 };
        assert_eq!(heard.len(), expected, "{:?}", heard.first());
        assert_eq!(heard.last().unwrap(), &format!("resumed {events}"));
    }
}
