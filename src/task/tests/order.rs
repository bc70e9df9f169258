//! Which task comes when: priority, dependencies, circles, limits.

use proptest::prelude::*;

use super::play::Play;
use crate::limits;

#[tokio::test(start_paused = true)]
async fn the_more_urgent_comes_first_and_a_priority_can_be_changed() {
    let mut play = Play::new(1).await;
    play.check(
        "submit          | 1 running 1
         submit low      | 2 queued 0
         submit          | 3 queued 0
         submit urgent   | 4 queued 0
         update 2 urgent |
         say 1 x         |
         end 1           | 1 succeeded 1, 4 running 1, “Task 1 is done: x”
         say 4 x         |
         end 4           | 2 running 1, 4 succeeded 1, “Task 4 is done: x”
         say 2 x         |
         end 2           | 2 succeeded 1, 3 running 1, “Task 2 is done: x”",
    )
    .await;
}

/// The pool `small` has one worker, and more wait for it than may at a time.
#[tokio::test(start_paused = true)]
async fn a_pool_that_is_busy_keeps_no_other_tasks_from_running() {
    let mut play = Play::new(2).await;
    play.check("submit pool=small low | 1 running 1").await;
    let others = limits::TASKS_IN_QUEUE_OF_POOL_MAX + 5;
    for number in 2..=others {
        play.check(&format!("submit pool=small low | {number} queued 0")).await;
    }
    play.wait(7).await;
    let load = play.tasks.load();
    assert_eq!((load.running, load.queued, load.late_ms), (1, others - 1, 7_000));
    let [free, blocked, urgent] = [1, 2, 3].map(|more| others + more);
    play.check(&format!(
        "submit                   | {free} running 1
         submit                   | {blocked} queued 0
         submit pool=small urgent | {urgent} queued 0
         say 1 x                  |
         end 1                    | 1 succeeded 1, {urgent} running 1, “Task 1 is done: x”
         say {free} x             |
         end {free}               | {free} succeeded 1, {blocked} running 1, “Task {free} is done: x”
         say {urgent} x           |
         end {urgent}             | 2 running 1, {urgent} succeeded 1, “Task {urgent} is done: x”"
    ))
    .await;
    for number in 2..=others {
        let next = number + 1;
        let running = if next > others { String::new() } else { format!(", {next} running 1") };
        play.check(&format!(
            "say {number} x |
             end {number} | {number} succeeded 1{running}, “Task {number} is done: x”"
        ))
        .await;
    }
    play.check(&format!(
        "say {blocked} x |
         end {blocked}   | {blocked} succeeded 1, “Task {blocked} is done: x”"
    ))
    .await;
    assert_eq!(play.tasks.load().queued + play.tasks.load().running, 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_pool_can_be_changed_and_taken_back() {
    let mut play = Play::new(2).await;
    play.check("submit pool=small | 1 running 1").await;
    let last = limits::TASKS_IN_QUEUE_OF_POOL_MAX + 3;
    for number in 2..=last {
        play.check(&format!("submit pool=small | {number} queued 0")).await;
    }
    play.check(&format!(
        "cancel 2                   | 2 cancelled 0
         update {last} pool=general | {last} running 1
         cancel {last}              | {last} cancelled 0
         cancel 1                   | 1 cancelled 0, 3 running 1"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_others_comes_after_them_or_fails_with_them() {
    let mut play = Play::new(4).await;
    play.check(
        "submit                 | 1 running 1
         submit in=60           | 2 queued 0
         submit after=1 after=2 | 3 queued 0
         submit after=3         | 4 queued 0
         say 1 x                |
         end 1                  | 1 succeeded 1, “Task 1 is done: x”
         submit after=1         | 5 running 1
         cancel 2               | 2 cancelled 0, 3 failed 0, 4 failed 0, “Task 3 failed: task 2, for which it waited, did not succeed.”, “Task 4 failed: task 3, for which it waited, did not succeed.”
         submit after=4         | ! Task 4 has failed or was cancelled, so nothing can wait for its success.",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_circle_is_refused() {
    let mut play = Play::new(4).await;
    play.check(
        "submit in=60           | 1 queued 0
         submit in=60 after=1   | 2 queued 0
         submit in=60 after=2   | 3 queued 0
         update 1 after=3       | ! The tasks would wait for each other in a circle.
         update 1 after=1       | ! The tasks would wait for each other in a circle.
         submit every=5         | 4 queued 0
         submit after=4         | ! Task 4 recurs, so it is never done.
         submit pool=none       | ! No pool has that name. There are: general, reset, small, tools.
         submit attempts=21     | ! A task may take from 1 to 20 attempts.
         submit limit=100000    | ! An attempt may take from 1 s to 86400 s.",
    )
    .await;
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Submit,
    End,
    Break,
    Restart,
    Wait,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_lost_and_nothing_is_tried_too_often(
        steps in proptest::collection::vec(
            proptest::sample::select(vec![Step::Submit, Step::End, Step::Break, Step::Restart, Step::Wait]),
            1..24,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut play = Play::new(2).await;
            let mut submitted = 0;
            for step in steps {
                match step {
                    Step::Submit => {
                        play.submit_plainly().await;
                        submitted += 1;
                    }
                    Step::End => play.end_all().await,
                    Step::Break => play.break_all().await,
                    Step::Restart => play.restart().await,
                    Step::Wait => play.wait(3).await,
                }
            }
            // In the end all of them can be done.
            for _ in 0..40 {
                play.wait(30).await;
                play.end_all().await;
            }
            let (told, ended) = play.outcomes().await;
            assert_eq!(ended, submitted, "each has ended");
            assert_eq!(told, submitted, "each was told once");
            assert!(play.asked().values().all(|asked| *asked <= 3), "{:?}", play.asked());
        });
    }
}
