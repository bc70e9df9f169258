//! What a person sees in text mode, line by line.

use super::peer::{House, Talk};
use crate::wire::SUBPROTOCOL_TEXT;

#[tokio::test(start_paused = true)]
async fn a_person_types_and_reads_whole_sentences() {
    Talk::text()
        .check(
            "                      | # OperatorOS. Ask anything; /help says what else there is.
            > How are the markets? | # general · first/first
            say Higher. By a li    | Higher.
            say ttle. # not ours   | By a little.
            end                    | # not ours, # about 8 + 8 tokens · 0.0 s · first
            > /stop                | ! The turn has ended already; there is nothing to cancel.
            > /retry               | # general · first/first
            say One. Tw            | One.
            > second               | # waiting, number 1
            > /stop                | # stopped
            say o.                 |
            end                    | Two., # about 8 + 3 tokens · 0.0 s · first
            > /nothing             | ! There is no /nothing here. /help says what there is.
            > /use small           | # This conversation goes to small from now on.
            > //x                  | # small · first/first
            ",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_person_says_who_they_are() {
    Talk::over(House::guarded(), None, Some(SUBPROTOCOL_TEXT))
        .check(
            "                           | # OperatorOS. Say who you are: /login TOKEN
            > Hi                        | ! Say who you are: send {\"type\":\"hello\",\"token\":\"…\"}, type /login TOKEN, or connect with `Authorization: Bearer …`.
            > /login wrong              | ! Say who you are: send {\"type\":\"hello\",\"token\":\"…\"}, type /login TOKEN, or connect with `Authorization: Bearer …`.
            > /login a-good-token:alice | # you are user:alice
            > Hi                        | # general · first/first",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_message_decides_how_one_talks() {
    Talk::over(House::open(), None, None)
        .check(r#"{"type":"ping","id":"1"} | welcome, pong 1, reply 1"#)
        .await;
    Talk::over(House::open(), None, None)
        .check(
            r#"> /json                  | # OperatorOS. Ask anything; /help says what else there is., welcome
               {"type":"ping","id":"1"} | pong 1, reply 1"#,
        )
        .await;
}
