//! Budgets that change while turns run.

use super::*;

#[test]
fn what_is_spent_stays_spent_when_a_budget_changes() {
    let now = at("2026-01-31T12:00:00");
    let (alice, pool) = (user("alice"), PoolName::from("sports"));
    let set = |lines: &str| {
        let tokens = |(name, tokens): (&str, &str)| {
            let per = if tokens.ends_with('m') { "month" } else { "day" };
            let budget = format!("tokens = {}\nper = \"{per}\"", tokens.trim_end_matches('m'));
            (name.to_owned(), toml::from_str(&budget).unwrap())
        };
        let budgets = lines.split_whitespace().filter_map(|line| line.split_once('='));
        Settings { budgets: budgets.map(tokens).collect(), ..Settings::default() }
    };
    let ledger = Ledger::new(&set("all=1000"));
    let reserved =
        |ledger: &Ledger| ledger.reserve(alice, &pool, &estimate(100, 100), now).unwrap();
    let stands = |ledger: &Ledger| {
        let rows = ledger.standing(alice, [&pool], now);
        rows.iter()
            .map(|row| {
                format!("{} {}+{}/{}", row.budget, row.spent, row.reserved, row.limit.most())
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    reserved(&ledger).settle(&amount(60, 40), now);
    let running = reserved(&ledger);
    assert_eq!(stands(&ledger), "all 100+200/1000");
    for (settings, unread, expected) in [
        ("all=500", false, "all 100+200/500"),
        ("all=500 more=700", true, "all 100+200/500, more 0+0/700"),
        // Another stretch of time is another budget: what was spent of it has to be read.
        ("all=500m more=700", true, "all 0+0/500, more 0+0/700"),
        ("more=700", false, "more 0+0/700"),
        ("", false, ""),
        ("more=700", true, "more 0+0/700"),
    ] {
        let left = ledger.adopt(&set(settings)).since(now).is_some();
        assert_eq!((stands(&ledger), left), (expected.to_owned(), unread), "{settings}");
    }
    // It was reserved of one that is gone, and counts for the one that is there.
    running.settle(&amount(60, 40), now);
    assert_eq!(stands(&ledger), "more 100+0/700");
    let unread = ledger.adopt(&set("all=500 more=700"));
    unread.record(alice, &pool, &amount(200, 0), now);
    assert_eq!(stands(&ledger), "all 200+0/500, more 100+0/700", "each was read once");
}
