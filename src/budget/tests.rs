//! The ledger: rows for what is granted, when it renews, and random lives of many turns at once.

mod adopt;

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::{Amount, Estimate, Exhausted, Ledger, Reservation, Standing};
use crate::{
    config::{BudgetSettings, Per, Settings},
    model::{Day, NanoUsd, PoolName, Timestamp, UserId},
};

const HOUR: i64 = 60 * 60 * 1_000;
/// Billionths of a dollar for a token.
const READING: u64 = 3;
const WRITING: u64 = 10;

/// `hard user=* pool=p 100/day`, or `$0.000001/month`; a line each, named in order from `a` on.
fn ledger(budgets: &str) -> Ledger {
    let lines = budgets.lines().map(str::trim).filter(|line| !line.is_empty());
    let named = ('a'..).zip(lines).map(|(name, line)| {
        let mut budget = BudgetSettings {
            user: None,
            pool: None,
            tokens: None,
            dollars: None,
            per: Per::Day,
            hard: false,
        };
        for word in line.split_whitespace() {
            match (word.split_once('='), word.split_once('/')) {
                (Some(("user", user)), _) => budget.user = Some(user.to_owned()),
                (Some((_, pool)), _) => budget.pool = Some(pool.to_owned()),
                (_, Some((limit, per))) => {
                    budget.per = if per == "day" { Per::Day } else { Per::Month };
                    match limit.strip_prefix('$') {
                        Some(dollars) => budget.dollars = dollars.parse().ok(),
                        None => budget.tokens = limit.parse().ok(),
                    }
                }
                _ => budget.hard = word == "hard",
            }
        }
        (name.to_string(), budget)
    });
    Ledger::new(&Settings { budgets: named.collect(), ..Settings::default() })
}

fn user(name: &str) -> UserId {
    crate::auth::user_named(name)
}

fn amount(input: u64, output: u64) -> Amount {
    Amount { tokens: input + output, cost: NanoUsd(input * READING + output * WRITING) }
}

fn estimate(input: u64, output: u64) -> Estimate {
    Estimate { input: amount(input, 0), output: amount(0, output) }
}

fn at(text: &str) -> Timestamp {
    Timestamp(
        format!("{text}Z").parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis(),
    )
}

/// Plays lines of `who pool input+output | what is granted`, all of which hold what they get;
/// `spend` in place of a plus is one that is settled at once.
fn check(budgets: &str, script: &str) {
    let (ledger, mut held) = (ledger(budgets), Vec::new());
    let mut now = at("2026-01-31T12:00:00");
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (act, expected) = line.split_once('|').unwrap();
        let words: Vec<&str> = act.split_whitespace().collect();
        let told = match *words {
            ["at", time] => {
                now = at(time);
                String::new()
            }
            ["free"] => {
                held.clear();
                String::new()
            }
            [who, pool, much] => {
                let plus = much.split_once('+').or_else(|| much.split_once('!')).unwrap();
                let (input, output) = (plus.0.parse().unwrap(), plus.1.parse().unwrap());
                let pool = PoolName::from(pool);
                match ledger.reserve(user(who), &pool, &estimate(input, output), now) {
                    Ok(given) => {
                        let cap = given.cap().map(|cap| cap.output_tokens);
                        if much.contains('!') {
                            given.settle(&amount(input, output), now);
                        } else {
                            held.push(given);
                        }
                        cap.map_or("all".to_owned(), |tokens| format!("{input}+{tokens}"))
                    }
                    Err(Exhausted { budget, renews_at, renews_in, .. }) => {
                        assert_eq!(now.plus(renews_in), renews_at);
                        format!("no: {budget} until {}", renews_at.to_utc().format("%m-%d %H:%M"))
                    }
                }
            }
            _ => panic!("{act}"),
        };
        assert_eq!(told, expected.trim(), "{act}\n{budgets}\n{script}");
    }
}

#[test]
fn a_hard_budget_grants_what_is_left_and_not_more() {
    check(
        "hard 100/day",
        "ann p 10+50 | all
         bob q 10+50 | 10+30
         ann p 1+16  | no: a until 02-01 00:00
         free        |
         ann p 10+90 | all
         free        |
         ann p 84+50 | 84+16
         free        |
         ann p 85+50 | no: a until 02-01 00:00
         ann p 97+3  | all",
    );
}

#[test]
fn a_soft_budget_lets_the_last_one_exceed_it() {
    check(
        "100/day",
        "ann p 10!80  | all
         ann p 10+500 | all
         ann p 1+1    | no: a until 02-01 00:00
         free         |
         ann p 100!99 | all
         ann p 1+1    | no: a until 02-01 00:00",
    );
}

#[test]
fn dollars_are_counted_at_their_price() {
    // A hundred billionths, of which reading takes three a token and writing ten.
    check(
        "hard $0.0000001/month",
        "ann p 10+7  | all
         free        |
         ann p 10+20 | no: a until 02-01 00:00
         ann p 10+6  | all
         ann p 0+0   | all
         ann p 5+1   | no: a until 02-01 00:00",
    );
}

#[test]
fn a_budget_is_shared_each_has_one_or_it_is_for_one() {
    check(
        "hard 100/day",
        "ann p 0!100 | all
         bob q 0+20  | no: a until 02-01 00:00",
    );
    check(
        "hard user=* 100/day",
        "ann p 0!100 | all
         ann q 0+20  | no: a until 02-01 00:00
         bob p 0!100 | all",
    );
    check(
        "hard user=ann pool=* 100/day",
        "ann p 0!100 | all
         ann p 0+20  | no: a until 02-01 00:00
         ann q 0!100 | all
         bob p 0!999 | all",
    );
    check(
        "hard pool=p 100/day",
        "ann p 0!100 | all
         bob p 0+20  | no: a until 02-01 00:00
         bob q 0!999 | all",
    );
}

#[test]
fn all_budgets_agree_or_nothing_is_reserved() {
    check(
        "hard user=* 100/day
         hard 150/month
         60/day",
        "ann p 10+90 | all
         bob p 10+90 | no: c until 02-01 00:00
         free        |
         ann p 0!50  | all
         bob p 10+90 | all
         ann p 10+90 | no: c until 02-01 00:00
         free        |
         at 2026-02-01T00:00:00 |
         ann p 10+90 | all",
    );
    check(
        "hard 60/month
         hard 50/day",
        "at 2026-01-15T12:00:00 |
         ann p 0!50 | all
         ann p 0+20 | no: a until 02-01 00:00",
    );
}

#[test]
fn budgets_renew_at_midnight_and_on_the_first() {
    check(
        "hard 100/day
         hard 150/month",
        "at 2026-02-27T23:59:59 |
         ann p 0!100 | all
         ann p 0+20  | no: a until 02-28 00:00
         at 2026-02-28T00:00:00 |
         ann p 0!50  | all
         ann p 0+20  | no: b until 03-01 00:00
         at 2026-03-01T00:00:00 |
         ann p 0+100 | all
         at 2026-03-02T00:00:00 |
         ann p 0+100 | no: a until 03-03 00:00
         free        |
         ann p 0+100 | all",
    );
}

#[test]
fn what_ends_after_midnight_counts_for_the_new_day() {
    let ledger = ledger("hard 100/day");
    let (ann, pool) = (user("ann"), PoolName::from("p"));
    let evening = at("2026-01-31T23:59:00");
    let turn = ledger.reserve(ann, &pool, &estimate(0, 60), evening).unwrap();
    ledger.record(ann, &pool, &amount(0, 40), evening);
    let morning = at("2026-02-01T00:01:00");
    let row = |now| ledger.standing(ann, [&pool], now).remove(0);
    assert_eq!((row(evening).spent, row(evening).reserved), (40, 60));
    assert_eq!((row(morning).spent, row(morning).left()), (0, 40));
    turn.settle(&amount(0, 50), morning);
    assert_eq!((row(morning).spent, row(morning).left()), (50, 50));
    // What an older day cost is of no account any more.
    ledger.record(ann, &pool, &amount(0, 40), evening);
    assert_eq!(row(morning).spent, 50);
}

#[test]
fn a_reservation_is_made_to_fit_or_stays_as_it_was() {
    let ledger = ledger("hard 100/day");
    let (ann, pool, now) = (user("ann"), PoolName::from("p"), at("2026-01-31T12:00:00"));
    let reserved = || ledger.standing(ann, [&pool], now).remove(0).reserved;
    let mut turn = ledger.reserve(ann, &pool, &estimate(10, 40), now).unwrap();
    turn.fit(&estimate(30, 40), now).unwrap();
    assert_eq!((reserved(), turn.cap()), (70, None));
    turn.fit(&estimate(80, 40), now).unwrap();
    assert_eq!((reserved(), turn.cap().map(|cap| cap.output_tokens)), (100, Some(20)));
    turn.fit(&estimate(99, 40), now).unwrap_err();
    assert_eq!(reserved(), 100);
    turn.fit(&estimate(5, 5), now).unwrap();
    assert_eq!((reserved(), turn.cap()), (10, None));
    drop(turn);
    assert_eq!(reserved(), 0);
}

#[test]
fn the_standing_has_a_row_for_each_budget_and_pool_that_counts() {
    let ledger = ledger("hard user=* pool=* 10/day\n user=bob 20/day\n pool=q $1/month");
    let pools = ["p", "q"].map(PoolName::from);
    let now = at("2026-01-31T12:00:00");
    let rows = |who| {
        let rows = ledger.standing(user(who), &pools, now);
        let name = |row: &Standing| {
            format!("{}{}", row.budget, row.pool.as_ref().map_or("", PoolName::as_str))
        };
        rows.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(rows("ann"), "ap aq cq");
    assert_eq!(rows("bob"), "ap aq b cq");
    assert_eq!(ledger.since(now), Some(Day::of(at("2026-01-01T00:00:00"))));
    assert_eq!(Ledger::default().since(now), None);
}

// ---- random lives -----------------------------------------------------------------------------

#[derive(Debug, Clone)]
enum Step {
    Reserve {
        user: usize,
        pool: usize,
        input: u64,
        output: u64,
    },
    Fit {
        turn: usize,
        input: u64,
    },
    /// Of the longest answer that was granted, so many hundredths were written.
    Settle {
        turn: usize,
        hundredths: u64,
    },
    Drop {
        turn: usize,
    },
    Pass {
        hours: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reserve = (0..3_usize, 0..2_usize, 0..60_u64, 0..80_u64)
        .prop_map(|(user, pool, input, output)| Step::Reserve { user, pool, input, output });
    let fit = (any::<usize>(), 0..90_u64).prop_map(|(turn, input)| Step::Fit { turn, input });
    let settle = (any::<usize>(), 0..=100_u64)
        .prop_map(|(turn, hundredths)| Step::Settle { turn, hundredths });
    let drop = any::<usize>().prop_map(|turn| Step::Drop { turn });
    let pass = (0..40_i64).prop_map(|hours| Step::Pass { hours });
    let step = prop_oneof![6 => reserve, 2 => fit, 4 => settle, 1 => drop, 2 => pass];
    proptest::collection::vec(step, 1..200)
}

const BUDGETS: &str = "hard 300/day
    hard user=* 150/day
    hard pool=* $0.000004/month
    hard user=ann pool=p 400/month
    200/month";

struct Turn {
    user: usize,
    pool: usize,
    input: u64,
    output: u64,
    reservation: Reservation,
}

/// What happened, told independently of the ledger.
struct Life {
    ledger: Ledger,
    now: Timestamp,
    users: [UserId; 3],
    pools: [PoolName; 2],
    turns: Vec<Turn>,
    settled: Vec<(usize, usize, Amount, Timestamp)>,
}

impl Life {
    fn new() -> Self {
        Self {
            ledger: ledger(BUDGETS),
            now: at("2026-01-30T20:00:00"),
            users: ["ann", "bob", "cid"].map(user),
            pools: ["p", "q"].map(PoolName::from),
            turns: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        let pick = |turn: usize| turn.checked_rem(self.turns.len());
        match *step {
            Step::Pass { hours } => self.now.0 += hours * HOUR,
            Step::Reserve { user, pool, input, output } => {
                let estimate = estimate(input, output);
                let given =
                    self.ledger.reserve(self.users[user], &self.pools[pool], &estimate, self.now);
                if let Ok(reservation) = given {
                    self.turns.push(Turn { user, pool, input, output, reservation });
                }
            }
            Step::Fit { turn, input } => {
                let Some(turn) = pick(turn).and_then(|turn| self.turns.get_mut(turn)) else {
                    return;
                };
                if turn.reservation.fit(&estimate(input, turn.output), self.now).is_ok() {
                    turn.input = input;
                }
            }
            Step::Settle { turn, hundredths } => {
                let Some(Turn { user, pool, input, output, reservation }) =
                    pick(turn).map(|turn| self.turns.swap_remove(turn))
                else {
                    return;
                };
                let granted = reservation.cap().map_or(output, |cap| cap.output_tokens);
                assert!(granted <= output);
                let actual = amount(input, granted * hundredths / 100);
                reservation.settle(&actual, self.now);
                self.settled.push((user, pool, actual, self.now));
            }
            Step::Drop { turn } => drop(pick(turn).map(|turn| self.turns.swap_remove(turn))),
        }
    }

    /// What counts for a row: its user's or everybody's, its pool's or all, since it was renewed.
    fn spent(&self, who: usize, row: &Standing) -> u64 {
        let shared = !matches!(&*row.budget, "b" | "d");
        let began = |time| match row.per {
            Per::Day => Day::of(time),
            Per::Month => Day::of(time).month(),
        };
        let counts = self.settled.iter().filter(|(user, pool, _, time)| {
            (shared || *user == who)
                && row.pool.as_ref().is_none_or(|of| self.pools[*pool] == *of)
                && began(*time) == began(self.now)
        });
        counts.map(|(_, _, amount, _)| row.limit.of(amount)).sum()
    }

    fn holds(&self) {
        for (who, user) in self.users.iter().enumerate() {
            for row in self.ledger.standing(*user, &self.pools, self.now) {
                assert_eq!(row.spent, self.spent(who, &row), "{row:?}");
                if &*row.budget != "e" {
                    assert!(row.spent + row.reserved <= row.limit.most(), "over: {row:?}");
                }
                if self.turns.is_empty() {
                    assert_eq!(row.reserved, 0, "{row:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_settled_is_spent_and_never_more_than_there_is(steps in steps()) {
        let mut life = Life::new();
        for step in &steps {
            life.take(step);
            life.holds();
        }
        life.turns.clear();
        life.holds();
    }
}

// ---- threads ----------------------------------------------------------------------------------

/// Takes and gives back, and says what was spent.
fn race(ledger: &Ledger, users: &[UserId; 3], pools: &[PoolName; 2], worker: usize) -> u64 {
    let (mut spent, now) = (0, at("2026-01-31T12:00:00"));
    for round in 0..400 {
        let (who, pool) = (users[(worker + round) % 3], &pools[round % 2]);
        let Ok(turn) = ledger.reserve(who, pool, &estimate(7, 100), now) else { continue };
        let most = turn.cap().map_or(100, |cap| cap.output_tokens);
        std::thread::yield_now();
        if round % 5 > 0 {
            turn.settle(&amount(7, most), now);
            spent += 7 + most;
        }
    }
    spent
}

#[test]
fn threads_that_race_for_the_last_token_do_not_both_get_it() {
    let ledger = ledger("hard 10000/day\n hard user=* 4000/day\n hard pool=* $0.00005/day");
    let (users, pools) = (["ann", "bob", "cid"].map(user), ["p", "q"].map(PoolName::from));
    let now = at("2026-01-31T12:00:00");
    let rows = || users.into_iter().flat_map(|user| ledger.standing(user, &pools, now));
    let within = |row: Standing| assert!(row.spent + row.reserved <= row.limit.most(), "{row:?}");
    let done = AtomicBool::new(false);
    let spent: u64 = std::thread::scope(|scope| {
        let (ledger, users, pools) = (&ledger, &users, &pools);
        let start = |worker| scope.spawn(move || race(ledger, users, pools, worker));
        let workers: Vec<_> = (0..8).map(start).collect();
        let watcher = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                rows().for_each(within);
            }
        });
        let spent = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
        done.store(true, Ordering::Relaxed);
        watcher.join().unwrap();
        spent
    });
    let total = rows().next().unwrap();
    assert_eq!((total.spent, total.reserved), (spent, 0));
    assert!(total.spent > 5_000, "{total:?}");
}
