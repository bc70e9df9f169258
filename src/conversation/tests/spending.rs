//! What turns are counted as, and what becomes of them where a budget ends.
//!
//! The prompt has 9 bytes and each question 8: five tokens, of which six are set aside. `count`
//! tells of each provider its turns, tokens and how many of them are estimated, and of each budget
//! what is spent and what is reserved.

use super::play::{check, check_within};

#[tokio::test(start_paused = true)]
async fn a_turn_is_counted_once_however_it_ends() {
    check(
        "ask             | a accepted, a started, ok a
         say Hello       | a +Hello
         end             | a completed
         count           | first 1x 5+2~1
         ask after=root  | b accepted, b started, ok b
         end 100+20      | b completed
         count           | first 2x 105+22~1
         ask after=root  | c accepted, c started, ok c
         cancel c        | c cancelled, Cancelled c of 0
         count           | first 3x 110+22~2
         ask after=root  | d accepted, d started, ok d
         say A           | d +A
         fail never      | d failed ProviderUnavailable
         count           | first 4x 115+23~3
         ask after=root  | e accepted, e started, ok e
         interrupt-all   | e interrupted
         count           | first 5x 120+23~4",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_history_is_read_again_and_counts() {
    check(
        "ask      | a accepted, a started, ok a
         say Hello, how are you? | a +Hello, how are you?
         end      | a completed
         ask      | b accepted, b started, ok b
         end      | b completed
         count    | first 2x 16+5~2",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_answers_is_charged_and_who_refuses_is_not() {
    check(
        "ask            | a accepted, a started, ok a
         fail never     |
         say A          | a +A
         end            | a completed second
         count          | second 1x 5+1~1
         ask after=root | b accepted, b started, ok b
         fail never     |
         fail never     | b failed ProviderUnavailable
         count          | second 2x 5+1~2",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_reset_makes_void_is_charged_to_who_wrote_it() {
    check(
        "ask pool=reset | a accepted, a started reset, ok a
         say void       | a +void
         fail never     |
         say new        | a reset, a +new
         end            | a completed second
         count          | first 0x 5+1~1, second 1x 5+1~1
         ask pool=reset after=root | b accepted, b started reset, ok b
         say kept       | b +kept
         fail never     |
         fail never     | b failed ProviderUnavailable
         count          | first 1x 10+2~2, second 1x 5+1~1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_never_asked_a_provider_is_not_counted() {
    check(
        "ask pool=small  | a accepted, a started small, ok a
         ask             | b accepted, b queued 1, ok b
         cancel b        | b cancelled, Cancelled b of 0
         note            | c accepted, c result, c +fine, c completed, ok c
         ask pool=none   | no: UnknownPool(\"general, reset, small, tools\")
         count           |
         end             | a completed
         count           | first 1x 5+0~1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_counts_what_its_text_suggests_and_only_once() {
    check_within(
        "day = { tokens = 10000, per = 'day' }",
        "ask      | a accepted, a started, ok a
         ask      | b accepted, b queued 1, ok b
         count    | day 0/8204
         say kept | a +kept
         wait 250 |
         say lost | a +lost
         crash    | snapshot Interrupted kept/Interrupted
         count    | first 1x 5+1~1, day 6/0
         ask after=root | c accepted, c started, ok c
         end      | c completed
         count    | first 2x 10+1~2, day 11/0
         crash    |
         count    | first 2x 10+1~2, day 11/0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_gives_back_and_counts() {
    check_within(
        "day = { tokens = 10000, per = 'day' }",
        "ask      | a accepted, a started, ok a
         say A    | a +A
         wait 300 |
         panic    | lost
         return   | snapshot Interrupted A
         count    | first 1x 5+1~1, day 6/0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_store_refuses_is_not_settled() {
    check_within(
        "day = { tokens = 10000, per = 'day' }",
        "ask      | a accepted, a started, ok a
         say A    | a +A
         wait 300 |
         hold     |
         end      |
         count    | day 0/4102
         refuse   |
         through  | lost
         count    | day 0/0
         heal     |
         open-gate |
         return   | snapshot Interrupted A
         count    | first 1x 5+1~1, day 6/0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_budget_is_refused_and_kept_nowhere() {
    check_within(
        "day = { tokens = 5000, per = 'day' }",
        "ask key=k       | a accepted, a started, ok a
         count           | day 0/4102
         ask pool=small  | b accepted, b queued 1, ok b
         count           | day 0/5000
         ask key=l       | no: budget day
         another         |
         ask             | no: budget day
         back            |
         retry a         | no: TurnOpen
         cancel b        | b cancelled, Cancelled b of 0
         ask key=l       | c accepted, c queued 1, ok c
         say Done        | a +Done
         end 2000+2990   | a completed, c started, c failed BudgetExhausted
         count           | first 1x 2000+2990~0, day 4990/0
         ask key=m       | no: budget day
         retry a         | no: budget day
         tomorrow        |
         ask key=m       | d accepted, d started, ok d",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_where_a_hard_budget_does() {
    // Of forty tokens six are for reading, and 34 of four bytes each for the answer.
    check_within(
        "day = { tokens = 40, per = 'day' }",
        "ask           | a accepted, a started, ok a
         asked         | 34
         say-much 130  | a +130 bytes
         say 123456789 | a +123456, a failed BudgetExhausted
         count         | first 1x 5+34~1, day 39/0
         ask           | no: budget day",
    )
    .await;
    // Where the provider keeps to its maximum, it is the one to say so, and to count.
    check_within(
        "day = { tokens = 40, per = 'day' }",
        "ask           | a accepted, a started, ok a
         say Short     | a +Short
         cut 6+34      | a failed BudgetExhausted
         count         | first 1x 6+34~0, day 40/0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_soft_budget_lets_what_has_begun_end() {
    check_within(
        "day = { tokens = 40, per = 'day', hard = false }",
        "ask           | a accepted, a started, ok a
         asked         | 4096
         ask           | no: budget day
         say-much 400  | a +400 bytes
         end           | a completed
         count         | first 1x 5+100~1, day 105/0
         ask           | no: budget day",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_history_must_fit_the_budget_as_well() {
    // Reading 417 bytes takes 139 tokens: more than is left, so nobody is asked.
    check_within(
        "day = { tokens = 210, per = 'day' }",
        "ask           | a accepted, a started, ok a
         say-much 400  | a +400 bytes
         end           | a completed
         count         | first 1x 5+100~1, day 105/0
         ask           | b accepted, b started, b failed BudgetExhausted, ok b
         count         | first 1x 5+100~1, day 105/0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn dollars_run_out_at_the_price_of_the_model() {
    // Reading costs a dollar for a million tokens, writing two: 6 + 2 * 4096 = 8198 millionths.
    check_within(
        "month = { dollars = 0.01, per = 'month' }",
        "ask           | a accepted, a started, ok a
         count         | month 0/8198000
         end 1000+4000 | a completed
         count         | first 1x 1000+4000~0, month 9000000/0
         ask after=root | b accepted, b started, ok b
         asked         | 497
         count         | first 1x 1000+4000~0, month 9000000/1000000",
    )
    .await;
}
