//! Turns that stop for tools: what readers see, what they cost, and what breaks in between. `call` and
//! `stop` are the model's: a tool, and the end of what it says before it knows more.

use super::play::{check, check_within};

#[tokio::test(start_paused = true)]
async fn an_answer_goes_on_once_its_tools_have_ended() {
    check(
        "ask pool=tools | a accepted, a started tools, ok a
         say See:       | a +See:
         call slow      |
         call echo      |
         stop 100+20    | a started slow, a started echo, a finished echo
         wait 10000     | a finished slow
         say It is so.  | a +⏎⏎It is so.
         call missing   |
         stop 200+10    | a started missing, a failed missing
         end 300+5      | a completed
         count          | first 1x 600+35~0
         meter          | tools 1/0/0/0 1 15B 0n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_until_a_turn_breaks_off_is_counted() {
    // While tools are at work nobody is asked, so nothing is added to what was counted.
    check(
        "ask pool=tools | a accepted, a started tools, ok a
         call slow      |
         stop 100+20    | a started slow
         cancel a       | a cancelled, Cancelled a of 0
         wait 20000     |
         count          | first 1x 100+20~0",
    )
    .await;
    // A restart knows what was counted, and of what was asked since then what there was to read.
    check(
        "ask pool=tools | a accepted, a started tools, ok a
         say See:       | a +See:
         call echo      |
         stop 1000+20   | a started echo, a finished echo
         say It         | a +⏎⏎It
         wait 1000      |
         crash          | snapshot Interrupted See:⏎⏎It
         count          | first 1x 1025+20~1",
    )
    .await;
    // Whoever does not count is reckoned by what there was to read and what was written, each time.
    check(
        "ask pool=tools | a accepted, a started tools, ok a
         say Four       | a +Four
         call echo      |
         stop           | a started echo, a finished echo
         say more       | a +⏎⏎more
         end            | a completed
         count          | first 1x 44+3~2",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_provider_keeps_what_was_said_before_the_tools() {
    check(
        "ask pool=tools | a accepted, a started tools, ok a
         say See:       | a +See:
         call echo      |
         stop 100+20    | a started echo, a finished echo
         say It         | a +⏎⏎It
         fail soon      |
         say Another    | a reset, a +See:⏎⏎Another
         end 50+5       | a completed second
         count          | first 0x 125+21~1, second 1x 50+5~0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_as_far_as_the_budgets_go() {
    check_within(
        "day = { tokens = 5_000, per = 'day', hard = true }",
        "ask pool=tools | a accepted, a started tools, ok a
         call echo      |
         stop 4990+9    | a started echo, a finished echo, a failed BudgetExhausted
         count          | first 1x 4990+9~0, day 4999/0",
    )
    .await;
    // What is left counts from where the answer went on, be that less than was written before.
    check_within(
        "day = { tokens = 380, per = 'day', hard = true }",
        "ask pool=tools | a accepted, a started tools, ok a
         say-much 400   | a +400 bytes
         call echo      |
         stop 60+100    | a started echo, a finished echo
         say-much 600   | a +220 bytes, a failed BudgetExhausted",
    )
    .await;
}
