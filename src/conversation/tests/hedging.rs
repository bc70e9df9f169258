//! What a turn is charged and named after where two providers were asked. The pool `reset` asks a
//! second one after a minute of silence; `other` goes on with the other call.

use super::play::{check, check_within};

#[tokio::test(start_paused = true)]
async fn who_answers_is_named_and_who_only_read_is_charged_for_that() {
    check(
        "ask pool=reset | a accepted, a started reset, ok a
         wait 60000     |
         say Hello      | a +Hello
         other          |
         say nobody hears this |
         other          |
         end            | a completed second
         count          | first 0x 5+0~1, second 1x 5+2~1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_may_still_be_faster() {
    check(
        "ask pool=reset | a accepted, a started reset, ok a
         wait 60000     |
         other          |
         say Hello      | a +Hello
         end 100+20     | a completed
         count          | first 1x 100+20~0, second 0x 5+0~1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_refuses_is_not_charged_and_both_are_when_nobody_waits_any_more() {
    check(
        "ask pool=reset | a accepted, a started reset, ok a
         wait 60000     |
         fail never     |
         other          |
         say Hello      | a +Hello
         end            | a completed
         count          | first 1x 5+2~1
         ask pool=reset after=root | b accepted, b started reset, ok b
         wait 60000     |
         cancel b       | b cancelled, Cancelled b of 0
         count          | first 2x 10+2~2, second 0x 5+0~1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_is_asked_only_where_a_budget_goes_so_far() {
    for (tokens, counted) in [
        // The prompt twice and the longest answer: 6 + 6 + 4,096.
        (4_108, "first 1x 5+0~1, second 0x 5+0~1, day 10/0"),
        (4_107, "first 1x 5+0~1, day 5/0"),
    ] {
        let script = format!(
            "ask pool=reset | a accepted, a started reset, ok a
             wait 60000     |
             cancel a       | a cancelled, Cancelled a of 0
             count          | {counted}"
        );
        check_within(&format!("day = {{ tokens = {tokens}, per = 'day' }}"), &script).await;
    }
}
