//! What the user's turns used and cost, and how the budgets stand.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Caller, Operator, period::span, report::Report, table::table};
use crate::{
    budget::{Limit, Standing},
    conversation::Refusal,
    intent::{Period, Unit},
    model::{Account, Day, NanoUsd, PoolName, Spend, Timestamp, counted},
};

impl Operator {
    pub(super) async fn usage(
        &self,
        caller: &Caller,
        period: Option<Period>,
    ) -> Result<Report, Refusal> {
        let workshop = self.registry.workshop();
        let (period, now) = (period.unwrap_or(Period::Today), workshop.clock.now());
        // What is kept is kept by day, UTC.
        let span = span(period, now, Tz::UTC);
        let days = Day::of(span.start)..Day::of(Timestamp(span.end.0 - 1)).next();
        let spent = workshop.store.spent(Some(caller.user()), days).await?;
        let pools: Vec<PoolName> = workshop.pools.iter().map(|pool| pool.name.clone()).collect();
        let budgets = workshop.ledger.standing(caller.user(), &pools, now);
        let by_day = sums(&spent, |account| account.day.to_string());
        let by_pool = sums(&spent, |account| account.pool.to_string());
        let by_model = sums(&spent, |account| format!("{}/{}", account.provider, account.model));
        let total: Spend = spent.iter().map(|(_, spend)| *spend).sum();
        let mut parts = vec![told(period, &total, self.tasks.zone())];
        if total.turns > 0 {
            parts.push(spent_table("pool", &by_pool));
            parts.push(spent_table("model", &by_model));
        }
        if !budgets.is_empty() {
            parts.push(budget_table(&budgets));
        }
        let data = json!({
            "period": period.to_string(),
            "total": spend_data(&total),
            "days": rows("day", &by_day),
            "pools": rows("pool", &by_pool),
            "models": rows("model", &by_model),
            "budgets": budgets.iter().map(budget_data).collect::<Vec<_>>(),
        });
        Ok(Report::new(parts.join("\n\n"), data))
    }
}

type Sums = BTreeMap<String, Spend>;

fn sums(spent: &[(Account, Spend)], by: impl Fn(&Account) -> String) -> Sums {
    let mut sums = Sums::new();
    for (account, spend) in spent {
        *sums.entry(by(account)).or_default() += *spend;
    }
    sums
}

/// All of it in a sentence or two.
fn told(period: Period, total: &Spend, zone: Tz) -> String {
    let part_of_a_day = match period {
        Period::This(unit) | Period::Last(unit) | Period::Past(_, unit) => {
            matches!(unit, Unit::Minute | Unit::Hour)
        }
        Period::Today | Period::Yesterday => false,
    };
    let whole = match (part_of_a_day, zone == Tz::UTC) {
        (true, true) => " (days are counted whole)",
        (true, false) => " (days are counted whole, UTC)",
        (false, true) => "",
        (false, false) => " (UTC)",
    };
    let Spend { turns, input, cached, output, estimated, unpriced, cost } = *total;
    if turns == 0 {
        return format!("Nothing was used {period}{whole}.");
    }
    let mut sentences = vec![format!(
        "Used {period}{whole}: {}{} tokens, {input} read ({cached} of them cached) and {output} \
         written, in {}; {cost}.",
        mark(total),
        total.tokens(),
        counted(turns, "turn"),
    )];
    if estimated > 0 {
        let answers = counted(estimated, "answer");
        sentences
            .push(format!("~ marks estimates: no provider has counted the tokens of {answers}."));
    }
    if unpriced > 0 {
        let answers = counted(unpriced, "answer");
        sentences.push(format!("The price of {answers} is not known and not in it."));
    }
    sentences.join(" ")
}

fn spent_table(what: &str, sums: &Sums) -> String {
    let row = |(name, spend): (&String, &Spend)| {
        [
            name.clone(),
            spend.turns.to_string(),
            format!("{}{}", mark(spend), spend.input),
            spend.cached.to_string(),
            format!("{}{}", mark(spend), spend.output),
            spend.cost.to_string(),
        ]
    };
    let rows: Vec<_> = sums.iter().map(row).collect();
    table([what, "turns", "read", "cached", "written", "cost"], &rows)
}

fn mark(spend: &Spend) -> &'static str {
    if spend.estimated > 0 { "~" } else { "" }
}

fn budget_table(budgets: &[Standing]) -> String {
    let row = |row: &Standing| {
        let pool = row.pool.as_ref().map_or_else(String::new, |pool| format!(" in {pool}"));
        [
            format!("{}{pool}", row.budget),
            row.limit.show(row.left()),
            format!("{} a {}", row.limit, row.per.word()),
            row.renews_at.to_utc().format("%Y-%m-%d %H:%M UTC").to_string(),
        ]
    };
    let rows: Vec<_> = budgets.iter().map(row).collect();
    table(["budget", "left", "of", "renews"], &rows)
}

fn rows(name: &str, sums: &Sums) -> Vec<Value> {
    let row = |(key, spend): (&String, &Spend)| {
        let mut row = spend_data(spend);
        row[name] = Value::from(key.as_str());
        row
    };
    sums.iter().map(row).collect()
}

fn spend_data(spend: &Spend) -> Value {
    json!({
        "turns": spend.turns,
        "input": spend.input,
        "cached": spend.cached,
        "output": spend.output,
        "estimated": spend.estimated,
        "unpriced": spend.unpriced,
        "cost_usd": spend.cost.usd(),
    })
}

fn budget_data(row: &Standing) -> Value {
    let number = |units: u64| match row.limit {
        Limit::Tokens(_) => Value::from(units),
        Limit::Cost(_) => Value::from(NanoUsd(units).usd()),
    };
    json!({
        "budget": &*row.budget,
        "pool": row.pool.as_ref().map(PoolName::as_str),
        "counts": row.limit.counts(),
        "limit": number(row.limit.most()),
        "spent": number(row.spent),
        "reserved": number(row.reserved),
        "left": number(row.left()),
        "per": row.per.word(),
        "renews_at": row.renews_at.to_utc(),
    })
}
