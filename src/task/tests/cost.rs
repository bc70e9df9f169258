//! What attempts cost, in the ledger and at the meter, without a restart in between.

use super::play::Play;
use crate::{
    budget::Standing,
    config::{BudgetSettings, Per},
    model::{Day, PoolName},
};

/// What is spent and reserved of a budget, and what the pool's meter has heard.
async fn check(script: &str, expected: &str) {
    let budget = BudgetSettings {
        user: None,
        pool: None,
        tokens: Some(10_000),
        dollars: None,
        per: Per::Day,
        hard: true,
    };
    let mut play = Play::within(4, [("day".to_owned(), budget)].into()).await;
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
