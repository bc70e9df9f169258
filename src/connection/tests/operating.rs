//! Operating the gateway by what is said, in both voices.

use super::peer::{House, Talk};
use crate::wire::SUBPROTOCOL_TEXT;

#[tokio::test(start_paused = true)]
async fn deleting_asks_back_and_an_answer_decides() {
    Talk::text()
        .check(
            "                                | # OperatorOS. Ask anything; /help says what else there is.
            > How are the markets?           | # general · first/first
            say Higher.                      |
            end                              | Higher., # about 8 + 2 tokens · 0.0 s · first
            > delete this conversation       | # Delete the conversation “How are the markets”, 2 messages? yes / no
            > No.                            | # Nothing was changed.
            > yes                            | # general · first/first
            > /stop                          | # stopped
            > please delete this chat        | # Delete the conversation “How are the markets”, 8 messages? yes / no
            > yes                            | # Deleted: “How are the markets”, 10 messages., # this conversation was deleted
            > /conversations                 | # You have no conversation yet.",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn how_something_is_done_here_is_told_and_all_else_is_left_to_the_pools() {
    let mut talk = Talk::text();
    for (question, told) in [
        ("How do I cancel a task?", "# To have work done in the background, say"),
        ("how can I delete this conversation", "# To keep conversations apart"),
        ("how to scale the small pool to 4 workers?", "# To change how much a pool does"),
        ("how do I boil an egg?", "# general · first/first"),
        ("how do I delete a conversation in WhatsApp?", "# waiting, number 1"),
    ] {
        let heard = talk.hear_after(&format!("> {question}")).await.join("\n");
        assert!(heard.contains(told), "{question}: {heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_scaled_when_it_was_agreed_to() {
    Talk::text()
        .check(
            "                                        | # OperatorOS. Ask anything; /help says what else there is.
            > scale the small pool to 3 workers      | # Give small 3 workers instead of 1? yes / no
            > yes                                    | # small has 3 workers now, instead of 1.
            > /scale small -1 --yes                  | # small has 2 workers now, instead of 3.
            > scale small to 4                       | # Give small 4 workers instead of 2? yes / no
            > no, 5                                  | # Give small 5 workers instead of 2? yes / no
            > /tasks                                 | # You have no tasks yet.
            > Yes, please.                           | # small has 5 workers now, instead of 2.
            > yes                                    | # general · first/first
            > /stop                                  | # stopped
            > scale small                            | # How many workers shall small have? Say /scale small N.
            > 6                                      | # Give small 6 workers instead of 5? yes / no
            > no                                     | # Nothing was changed.
            > add 2 workers                          | # Which pool? general / reset / small / tools / cancel
            > cancel                                 | # Nothing was changed.
            > scale small to 999999                  | # It stays as it is: a pool has 1 to 100000 workers, not 999999.
            > /scale small 0 --yes                   | # It stays as it is: a pool has 1 to 100000 workers, not 0.
            > /scale nowhere 2 --yes                 | # No pool is called nowhere. There are: general, reset, small, tools.",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_program_gets_the_same_as_a_person() {
    Talk::json()
        .check(
            r#"                                                    | welcome
            {"type":"message.send","id":"1","text":"A long question"} | 1 message.accepted, 2 turn.started, reply 1 running
            end                                                    | 3 turn.completed, 4 conversation.updated
            {"type":"message.send","id":"2","conversation":"$c","text":"use the small pool"} | 5 conversation.updated, 6 message.accepted, 7 command.result, +0:This conversation goes to small from now on., 8 turn.completed, reply 2 running
            {"type":"message.send","id":"3","conversation":"$c","text":"use the small pool","as":"chat"} | 9 message.accepted, 10 turn.started, reply 3 running
            {"type":"message.send","id":"4","conversation":"$c","text":"what is a rights issue?","as":"command"} | error 4 invalid_argument text
            {"type":"message.send","id":"5","conversation":"$c","text":"/pool small","key":"k"} | 11 message.accepted, 12 command.result, +0:small: . 1 of 1 workers are busy, 0 messages wait. It asks first/first, then second/second., 13 turn.completed, reply 5 running
            {"type":"message.send","id":"6","conversation":"$c","text":"/pool small","key":"k"} | reply 6 running again
            {"type":"message.send","id":"7","conversation":"$c","text":"/pool"} | error 7 invalid_argument text"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_command_and_its_answer_sent_at_once_are_heard_in_order() {
    let mut talk = Talk::json();
    talk.check(
        r#"                                                       | welcome
        {"type":"message.send","id":"1","text":"A long question"}  | 1 message.accepted, 2 turn.started, reply 1 running
        end                                                       | 3 turn.completed, 4 conversation.updated"#,
    )
    .await;
    talk.send(r#"{"type":"message.send","conversation":"$c","text":"/delete"}"#);
    let heard = talk
        .hear_after(r#"{"type":"message.send","id":"2","conversation":"$c","text":"yes"}"#)
        .await;
    assert_eq!(heard.last().map(String::as_str), Some("reply 2 running"), "{heard:?}");
    assert!(heard.iter().any(|line| line.ends_with("conversation.deleted")), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_conversation_is_entered_and_the_old_one_is_listed() {
    Talk::text()
        .check(
            "                          | # OperatorOS. Ask anything; /help says what else there is.
            > How are the markets?     | # general · first/first
            end                        |
            > start a new conversation | # A new conversation.
            > And how is the weather?  | # general · first/first
            end                        |
            > search my chats for markets | # Once:⏎# 2. How are the markets, just now: How are the markets?
            > summarise the last chat  | # general · first/first",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_demo_really_does_what_it_shows_and_can_be_left() {
    let mut talk = Talk::text();
    let heard = talk.hear_after("> /demo sports").await.join("\n");
    assert!(heard.contains("# The sports demo: rules and results"), "{heard}");
    let heard = heard + &talk.hear_after("").await.join("\n");
    assert!(heard.contains("A question about rules finds the sports pool."), "{heard}");
    assert!(heard.contains("# general · first/first"), "{heard}");
    talk.check("say Eleven. It | Eleven.").await;
    // A finished answer is followed by a pause, and then by the next step.
    let heard = talk.hear_after("end").await.join("\n");
    assert!(!heard.contains("follow-up"), "{heard}");
    let heard = talk.hear_after("wait 4").await.join("\n");
    assert!(heard.contains("A follow-up stays there."), "{heard}");
    // `next` cuts the answer short.
    let heard = talk.hear_after("> next").await.join("\n") + &talk.hear_after("").await.join("\n");
    assert!(heard.contains("# On to the next step.") && heard.contains("# stopped"), "{heard}");
    let heard = talk.hear_after("wait 4").await.join("\n");
    assert!(heard.contains("A switch: this conversation goes to sports"), "{heard}");
    let heard = talk.hear_after("> stop the demo").await.join("\n");
    let ends = "# The sports demo ends here. Each message here is routed by itself again.";
    assert!(heard.contains(ends), "{heard}");
    assert_eq!(talk.hear_after("wait 20").await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_used_is_told_with_the_budgets() {
    let house = House::within(
        "day = { tokens = 5000, per = 'day' }\nsmall = { pool = 'small', dollars = 1, per = 'month' }",
    );
    let mut talk = Talk::over(house, None, Some(SUBPROTOCOL_TEXT));
    talk.check(
        "                              | # OperatorOS. Ask anything; /help says what else there is.
        > How are the markets?         | # general · first/first
        say Higher.                    |
        end                            | Higher., # about 8 + 2 tokens · 0.0 s · $0.00001 · first",
    )
    .await;
    let heard = talk.hear_after("> how much did I use today?").await.join("\n").replace('⏎', "\n");
    insta::assert_snapshot!(heard);
    let heard = talk.hear_after("> /usage yesterday").await.join("\n");
    assert!(heard.starts_with("# Nothing was used yesterday.⏎# ⏎# budget "), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_is_used_up_says_when_it_renews() {
    let house = House::within("day = { tokens = 30, per = 'day' }");
    Talk::over(house, None, Some(SUBPROTOCOL_TEXT))
        .check(
            "                              | # OperatorOS. Ask anything; /help says what else there is.
            > How are the markets?         | # general · first/first
            say Higher than yesterday, and lower than they will be tomorrow, if anybody asks me. So far. | Higher than yesterday, and lower than they will be tomorrow, if anybody asks me., ! A budget of the user or the pool is used up; it renews after `retry_after_ms`. (budget_exhausted)
            > And now?                     | ! The budget “day” of 30 tokens a day has too little left for this message. It renews on 1970-01-02 at 00:00 UTC.",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_status_comes_as_often_as_was_asked_for() {
    let mut talk = Talk::text();
    talk.hear_after("> hello").await;
    let heard = talk.hear_after("> send me the status every 6 seconds").await.join("\n");
    assert!(heard.contains("# The status comes every 6 seconds from now on,"), "{heard}");
    assert!(heard.contains("# ok: up "), "at once: {heard}");
    assert_eq!(lines(&talk.hear_after("wait 5").await), 0);
    assert_eq!(lines(&talk.hear_after("wait 12").await), 2);
    let heard = talk.hear_after("> stop the updates").await.join("\n");
    assert!(heard.contains("# No more updates."), "{heard}");
    assert_eq!(lines(&talk.hear_after("wait 5").await), 0);
}

/// How many of them tell the status.
fn lines(heard: &[String]) -> usize {
    heard.iter().filter(|line| line.starts_with("# ok: up ")).count()
}

#[tokio::test(start_paused = true)]
async fn the_pools_are_told_when_they_change_until_that_is_enough() {
    let mut talk = Talk::text();
    talk.hear_after("").await;
    let heard = talk.hear_after("> keep me posted on the pools").await.join("\n");
    assert!(heard.contains("# You are told of the pools whenever they change;"), "{heard}");
    assert!(heard.contains("# small: 0/1 busy, 0 waiting"), "{heard}");
    assert_eq!(talk.hear_after("wait 20").await, [""; 0], "nothing changed");
    talk.hear_after("> /scale small 3 --yes").await;
    let heard = talk.hear_after("wait 1").await.join("\n");
    assert!(heard.contains("# small: 0/3 busy, 0 waiting"), "{heard}");
    talk.hear_after("> stop the updates").await;
    talk.hear_after("> /scale small 2 --yes").await;
    assert_eq!(talk.hear_after("wait 20").await, [""; 0], "that was enough");
}

#[tokio::test(start_paused = true)]
async fn a_program_subscribes_to_the_pools() {
    Talk::json()
        .check(
            r#"                                                 | welcome
            {"type":"subscribe","id":"1","topic":"pools"}    | pools, reply 1
            wait 20                                          |
            {"type":"message.send","id":"2","text":"Hello?"} | 1 message.accepted, 2 turn.started, reply 2 running
            wait 1                                           | pools
            say Hello                                        | +0:Hello
            wait 1                                           | pools
            {"type":"unsubscribe","id":"3","topic":"pools"}  | reply 3
            end                                              | 3 turn.completed, 4 conversation.updated
            wait 20                                          |"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_program_subscribes_to_the_status() {
    Talk::json()
        .check(
            r#"                                             | welcome
            {"type":"subscribe","id":"1","topic":"status"}   | status, reply 1
            wait 2                                           | status
            wait 4                                           | status, status
            {"type":"unsubscribe","id":"2","topic":"status"} | reply 2
            wait 4                                           |"#,
        )
        .await;
}
