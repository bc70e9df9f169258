//! What turns are told to the meters. A row is the turns that were completed, failed, cancelled and
//! interrupted; first tokens; bytes; billionths of a dollar. A prompt has five tokens at 1,000, and
//! four bytes of an answer are one at 2,000.

use super::play::{check, check_within};

#[tokio::test(start_paused = true)]
async fn a_turn_is_counted_once_however_it_ends() {
    check(
        "ask             | a accepted, a started, ok a
         meter           |
         say Hello       | a +Hello
         end             | a completed
         meter           | general 1/0/0/0 1 5B 0n
         ask after=root  | b accepted, b started, ok b
         cancel b        | b cancelled, Cancelled b of 0
         ask after=root pool=small | c accepted, c started small, ok c
         ask after=root  | d accepted, d queued 1, ok d
         cancel d        | d cancelled, Cancelled d of 0
         fail never      |
         fail never      | c failed ProviderUnavailable
         ask after=root  | e accepted, e started, ok e
         say A           | e +A
         interrupt-all   | e interrupted
         meter           | general 1/0/2/1 2 6B 0n, small 0/1/0/0 0 0B 0n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn text_counts_while_it_grows_and_once() {
    check(
        "ask pool=reset | a accepted, a started reset, ok a
         say Hello      | a +Hello
         meter          | reset 0/0/0/0 1 0B 0n
         wait 250       |
         meter          | reset 0/0/0/0 1 5B 0n
         say , you      | a +, you
         fail never     |
         say new        | a reset, a +new
         end            | a completed second
         meter          | reset 1/0/0/0 1 8B 0n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_not_kept_is_counted_when_it_is() {
    check(
        "ask    | a accepted, a started, ok a
         hold   |
         end    |
         meter  |
         refuse |
         open-gate | lost
         heal   |
         return | snapshot Interrupted
         meter  | general 0/0/0/1 0 0B 0n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_cost_of_today_outlives_a_crash() {
    check_within(
        "day = { tokens = 10000, per = 'day' }",
        "ask      | a accepted, a started, ok a
         end      | a completed
         ask after=root | b accepted, b started, ok b
         meter    | general 1/0/0/0 0 0B 5000n
         crash    | snapshot Interrupted
         meter    | general 0/0/0/1 0 0B 10000n
         tomorrow |
         meter    | general 0/0/0/1 0 0B 0n",
    )
    .await;
}
