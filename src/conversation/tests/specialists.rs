//! One question worked on by several pools, in plays as `panel` has them.

use super::{
    panel::{Play, check, check_within},
    stage::Stage,
};
use crate::{
    conversation::{Ask, Change, Refusal},
    model::Day,
    provider::Item,
    store::Store,
};

const BEGUN: &str = "whole accepted, whole started small+reset, small accepted, \
                     small started as part, reset accepted, reset started as part";

/// The script, with the beginning of two specialists put in.
fn begun(script: &str) -> String {
    script.replace("BEGUN", BEGUN)
}

#[tokio::test(start_paused = true)]
async fn specialists_stream_side_by_side_and_then_one_answer_is_made_of_theirs() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset | BEGUN
         say small Save. | small +Save.
         say reset Run.  | reset +Run.
         say small More. | small +More.
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed",
    ))
    .await;
    let Some(Item::Briefing(briefing)) = play.call("general").request.items.last() else {
        panic!("general is told what they have said")
    };
    let heard: Vec<_> = briefing.heard().map(|(pool, text)| format!("{pool}: {text}")).collect();
    assert_eq!(heard, ["small: Save.More.", "reset: Run."]);
    play.check(
        "say general Small says save, reset says run. | whole +Small says save, reset says run.
         end general                                  | whole completed",
    )
    .await;
    let listed = play.stage.store.conversations(play.me.user, None, 9).await.unwrap();
    assert_eq!(listed.len(), 1, "a part is in no list");
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_an_answer_leaves_out_is_named_at_its_end() {
    check(&begun(
        "ask small,reset   | BEGUN
         end small         | whole heard small, small completed
         end reset         | whole heard reset, reset completed
         say general Save. | whole +Save.
         end general       | whole +⏎⏎(This answer is made of what small and reset said.), whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_is_told_and_the_others_are_heard() {
    check(&begun(
        "ask small,reset | BEGUN
         fail small      |
         fail small      | whole misses small ProviderUnavailable, small failed ProviderUnavailable
         end reset       | whole heard reset, reset completed
         say general Only reset spoke; small could not. | whole +Only reset spoke; small could not.
         end general     | whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_user_may_stop_one_of_them() {
    check(&begun(
        "ask small,reset | BEGUN
         stop small      | whole misses small Cancelled, small cancelled
         end reset       | whole heard reset, reset completed
         say general reset, not small | whole +reset, not small
         end general     | whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn where_none_answers_the_turn_fails() {
    check(&begun(
        "ask small,reset | BEGUN
         fail small      |
         fail small      | whole misses small ProviderUnavailable, small failed ProviderUnavailable
         fail reset      |
         fail reset      | whole misses reset ProviderUnavailable, whole failed SpecialistsFailed, reset failed ProviderUnavailable",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_a_full_pool_or_an_empty_budget_refuses_is_told() {
    check(
        "fill small      |
         ask small,reset | whole accepted, whole started small+reset, whole misses small QueueFull, reset accepted, reset started as part
         end reset       | whole heard reset, reset completed
         say general reset without small | whole +reset without small
         end general     | whole completed",
    )
    .await;
    let budgets = "[tight]\npool = \"small\"\ntokens = 1\nper = \"day\"\nhard = true";
    check_within(
        budgets,
        "ask small,reset | whole accepted, whole started small+reset, whole misses small BudgetExhausted, reset accepted, reset started as part
         end reset       | whole heard reset, reset completed
         say general reset without small | whole +reset without small
         end general     | whole completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_a_worker_is_waited_for_and_holds_up_nobody() {
    check(
        "occupy small    |
         ask small,reset | whole accepted, whole started small+reset, small accepted, small queued 1, reset accepted, reset started as part
         end reset       | whole heard reset, reset completed
         free            | small started as part
         end small       | whole heard small, small completed
         say general small, reset | whole +small, reset
         end general     | whole completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_makes_one_answer_takes_a_worker_only_then() {
    // With itself among the specialists, a pool of one worker serves both, one after the other.
    let script = "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed";
    let mut play = Play::new(Stage::new());
    let handle = play.whole();
    let pool = Some("small".into());
    let change = Change { pool, ..Default::default() };
    handle.change(change).known().await.unwrap();
    play.seen().await;
    drop(handle);
    play.check(&begun(script)).await;
    play.check(
        "say small small, reset | whole +small, reset
         end small              | whole completed",
    )
    .await;
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_the_turn_takes_its_specialists_along() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset | BEGUN
         say small S     | small +S
         end reset       | whole heard reset, reset completed
         cancel          | whole cancelled, small cancelled",
    ))
    .await;
    assert!(play.call("small").is_dropped());
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_starts_nothing_twice() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset key=k | BEGUN
         ask small,reset key=k | again
         end reset             | whole heard reset, reset completed
         end small             | whole heard small, small completed
         say general small, reset | whole +small, reset
         end general           | whole completed
         ask small,reset key=k | again",
    ))
    .await;
    assert_eq!(play.calls.len(), 3);
    assert_eq!(play.stage.store.parts(play.scenes[0].id).await.unwrap().len(), 2);
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn asked_again_they_are_all_asked_again() {
    check(&begun(
        "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed
         say general small, reset | whole +small, reset
         end general     | whole completed
         retry           | BEGUN
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed
         say general reset, small | whole +reset, small
         end general     | whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_leaves_of_them_is_interrupted() {
    check(&begun(
        "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         crash           | whole Interrupted, small Interrupted
         ask small,reset | BEGUN",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_counts_whoever_was_asked_and_nobody_else() {
    let asked = "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed";
    let both = "end small    | whole heard small, small completed
         say general S   | whole +S";
    for (script, pools) in [(asked, "reset small"), (both, "general reset small")] {
        let mut play = Play::new(Stage::new());
        play.check(&begun(asked)).await;
        if script == both {
            play.check(both).await;
        }
        play.act("crash").await;
        let spent = play.stage.store.spent(Some(play.me.user), Day(0)..Day(9)).await.unwrap();
        let mut counted: Vec<_> =
            spent.iter().map(|(account, spend)| (account.pool.to_string(), spend.turns)).collect();
        counted.sort();
        let once: Vec<_> = pools.split(' ').map(|pool| (pool.to_owned(), 1)).collect();
        assert_eq!(counted, once);
        play.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_one_is_its_failure_and_one_of_the_whole_stops_them() {
    check(&begun(
        "ask small,reset | BEGUN
         panic small     | whole misses small Internal, small lost
         end reset       | whole heard reset, reset completed
         panic general   | whole lost",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleted_the_whole_takes_its_parts_along() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         delete          | whole cancelled, whole deleted, whole gone, small cancelled, small deleted, small gone, reset deleted, reset gone",
    ))
    .await;
    for scene in &play.scenes {
        assert_eq!(play.stage.store.conversation(scene.id).await.unwrap(), None);
    }
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_specialist_asks_nobody_in_turn() {
    let mut play = Play::new(Stage::new());
    play.check(&begun("ask small,reset | BEGUN")).await;
    let part = play.scenes[1].handle.clone().unwrap();
    let pools = vec!["small".into(), "reset".into()];
    let ask = Ask { text: "deeper".into(), pools, ..Ask::default() };
    let refused = part.ask(ask.clone()).known().await;
    assert!(matches!(refused, Err(Refusal::NoSpecialists)), "{refused:?}");
    let unknown = Ask { pools: vec!["small".into(), "moon".into()], ..ask };
    let refused = play.whole().ask(unknown).known().await;
    assert!(matches!(refused, Err(Refusal::UnknownPool(_))), "{refused:?}");
    play.finish().await;
}
