//! The life of a task, from its submission to the telling of its outcome.

use super::play::Play;

#[tokio::test(start_paused = true)]
async fn a_task_runs_and_its_outcome_is_told() {
    let mut play = Play::new(2).await;
    play.check(
        "submit        | 1 running 1
         say 1 Higher. |
         end 1         | 1 succeeded 1, “Task 1 is done: Higher.”
         submit nowhere | 2 running 1
         say 2 Lower.  |
         end 2         | 2 succeeded 1
         submit nowhere | 3 running 1
         say 3 Half    |
         cut 3         | 3 succeeded 1
         submit nowhere | 4 running 1
         cut 4         | 4 failed 1
         cancel 1      |
         update 1 low  | ! Task 1 has ended already.
         retry 1       | ! Task 1 has neither failed nor been cancelled, so there is nothing to try again.",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_until_the_attempts_are_used_up() {
    let mut play = Play::new(2).await;
    play.check(
        "submit attempts=2 | 1 running 1
         panic 1           | 1 queued 1
         wait 1            |
         wait 1            | 1 running 2
         panic 1           | 1 failed 2, “Task 1 failed: A mistake of the server's; its log has the cause. / It was tried 2 times.”
         retry 1           | 1 running 1
         say 1 Well.       |
         end 1             | 1 succeeded 1, “Task 1 is done: Well.”
         submit            | 2 running 1
         fail 2            |
         fail 2            | 2 failed 1, “Task 2 failed: No provider of the pool's route could be reached. / It was tried 1 times.”",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_its_time() {
    let mut play = Play::new(2).await;
    play.check(
        "submit limit=5 attempts=1 | 1 running 1
         say 1 So                  |
         wait 4                    |
         wait 2                    | 1 failed 1, “Task 1 failed: It took longer than allowed. / It was tried 1 times.”",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_is_taken_back_waiting_or_running() {
    let mut play = Play::new(1).await;
    play.check(
        "submit          | 1 running 1
         submit          | 2 queued 0
         submit          | 3 queued 0
         cancel 2        | 2 cancelled 0
         update 1 urgent | ! Task 1 has begun already. Cancel it, or wait for its end.
         cancel 1        | 1 cancelled 0, 3 running 1
         retry 2         | 2 queued 0
         say 3 x         |
         end 3           | 2 running 1, 3 succeeded 1, “Task 3 is done: x”",
    )
    .await;
    assert!(play.stage.registry.workshop().lifecycle.turns_running() == 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_waits_for_its_time_and_comes_again() {
    let mut play = Play::new(1).await;
    play.check(
        "submit in=10   | 1 queued 0
         wait 9         |
         wait 1         | 1 running 1
         say 1 x        |
         end 1          | 1 succeeded 1, “Task 1 is done: x”
         submit every=2 | 2 queued 0
         wait 120       | 2 running 1
         say 2 tick     |
         end 2          | 2 queued 0, “Task 2 is done: tick / It runs again on 1970-01-01 at 00:04 UTC.”
         wait 119       |
         wait 1         | 2 running 1
         cancel 2       | 2 cancelled 0
         submit in=10   | 3 queued 0
         cancel 3       | 3 cancelled 0
         retry 3        | 3 queued 0
         wait 9         |
         wait 1         | 3 running 1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_costs_an_attempt_and_gives_none_away() {
    let mut play = Play::new(4).await;
    play.check(
        "submit attempts=2 | 1 running 1
         submit in=50      | 2 queued 0
         submit after=1    | 3 queued 0
         restart           | 1 queued 1
         wait 2            | 1 running 2
         restart           | 1 failed 2, 3 failed 0, “Task 1 failed: The server went down under it. / It was tried 2 times.”, “Task 3 failed: task 1, for which it waited, did not succeed.”
         restart           |
         retry 3           | ! Task 1 has failed or was cancelled, so nothing can wait for its success.
         retry 1           | 1 running 1
         retry 3           | 3 queued 0
         say 1 x           |
         end 1             | 1 succeeded 1, 3 running 1, “Task 1 is done: x”
         wait 60           | 2 running 1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_drain_breaks_off_is_handed_back_and_does_not_count() {
    let mut play = Play::new(4).await;
    play.check(
        "submit attempts=1 | 1 running 1
         drain             | 1 queued 0
         submit            | ! The gateway is going down.
         restart           | 1 running 1
         say 1 x           |
         end 1             | 1 succeeded 1, “Task 1 is done: x”",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_waits_until_it_can_be_told_and_is_told_once() {
    let mut play = Play::new(4).await;
    play.check("submit | 1 running 1").await;
    // The end of the task is kept, and nothing after it.
    play.check("say 1 x |").await;
    play.stage.store.hold();
    play.check("end 1 |").await;
    play.stage.store.let_one_through();
    play.check("| 1 succeeded 1 untold").await;
    play.check("restart | 1 succeeded 1, “Task 1 is done: x”").await;
    play.check("restart |").await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_for_a_conversation_that_is_gone_is_dropped() {
    let mut play = Play::new(4).await;
    play.check(
        "submit   | 1 running 1
         delete   |
         say 1 x  |
         end 1    | 1 succeeded 1
         restart  |",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_same_key_is_the_same_task() {
    let mut play = Play::new(4).await;
    play.check(
        "submit key=a in=9 | 1 queued 0
         submit key=a      |
         restart           |
         submit key=a      |
         submit key=b in=9 | 2 queued 0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_there_gets_a_rule_and_loses_it() {
    let mut play = Play::new(1).await;
    play.check(
        "submit in=600   | 1 queued 0
         update 1 every=1 |
         wait 60         | 1 running 1
         say 1 tick      |
         end 1           | 1 queued 0, “Task 1 is done: tick / It runs again on 1970-01-01 at 00:02 UTC.”
         update 1 once   |
         wait 60         | 1 running 1
         say 1 tock      |
         end 1           | 1 succeeded 1, “Task 1 is done: tock”
         update 1 every=1 | ! Task 1 has ended already.
         submit in=60    | 2 queued 0
         submit after=2  | 3 queued 0
         update 2 every=1 | ! Other tasks wait for task 2 to be done, so it cannot recur.",
    )
    .await;
}
