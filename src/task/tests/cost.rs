//! What attempts cost, in the ledger and at the meter, without a restart in between.

use super::play::Play;
use crate::{
    budget::Standing,
    config::{BudgetSettings, Per},
    model::{Day, PoolName},
};

/// A play within so many tokens a day.
async fn within(tokens: u64) -> Play {
    let budget = BudgetSettings {
        user: None,
        pool: None,
        tokens: Some(tokens),
        dollars: None,
        per: Per::Day,
        hard: true,
    };
    Play::within(4, [("day".to_owned(), budget)].into()).await
}

/// What is spent and reserved of a budget, and what the pool's meter has heard.
async fn check(script: &str, expected: &str) {
    let mut play = within(10_000).await;
    play.check(script).await;
    let workshop = play.stage.registry.workshop();
    let pools = [PoolName::from("general")];
    let rows = workshop.ledger.standing(play.user, &pools, workshop.clock.now());
    let row = |row: &Standing| format!("{}/{}", row.spent, row.reserved);
    let rows: Vec<_> = rows.iter().map(row).collect();
    let pool = workshop.pools.get("general").unwrap();
    let figures = pool.meter().figures(Day::of(workshop.clock.now()));
    let told = format!("{} {}B {}n", rows.join(" "), figures.written_bytes, figures.cost_today.0);
    assert_eq!(told, expected, "{script}");
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_cost_is_settled_however_it_ended() {
    let asked = "submit | 1 running 1\n say 1 Hello |\n";
    check(&format!("{asked} end 1 | 1 succeeded 1, “Task 1 is done: Hello”"), "5/0 5B 7000n").await;
    check(&format!("{asked} cancel 1 | 1 cancelled 0"), "5/0 5B 7000n").await;
    check(&format!("{asked} drain | 1 queued 0"), "5/0 5B 7000n").await;
}

/// The first sets all of it aside, and spends next to nothing.
#[tokio::test(start_paused = true)]
async fn a_task_waits_for_a_budget_no_longer_than_there_is_no_room() {
    let mut play = within(1_000).await;
    play.check(
        "submit  | 1 running 1
         submit  | 2 queued 0",
    )
    .await;
    assert_eq!(play.progress(2).await.as_deref(), Some("waits for the budget day"));
    play.check(
        "say 1 x |
         end 1   | 1 succeeded 1, “Task 1 is done: x”
         wait 59 |
         wait 1  | 2 running 1
         say 2 x |
         end 2   | 2 succeeded 1, “Task 2 is done: x”",
    )
    .await;
    assert_eq!(play.progress(2).await, None);
}
