//! Budgets: how much may be spent, by whom and in which pool, in a day or a month.
//!
//! Invariant: of a hard budget what is spent and what is reserved are never more than its limit,
//! as long as no turn costs more than it was granted. No clock, store or price is known here.

mod ledger;
#[cfg(test)]
mod tests;

use std::{fmt, ops::AddAssign, sync::Arc, time::Duration};

pub use ledger::{Ledger, Reservation, Unread};

use crate::{
    auth,
    config::{BudgetSettings, Per},
    limits,
    model::{Day, NanoUsd, PoolName, Spend, Timestamp, UserId},
};

/// What budgets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Tokens, read and written.
    pub tokens: u64,
    /// What they cost.
    pub cost: NanoUsd,
}

impl AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        self.tokens = self.tokens.saturating_add(more.tokens);
        self.cost.0 = self.cost.0.saturating_add(more.cost.0);
    }
}

impl From<&Spend> for Amount {
    fn from(spend: &Spend) -> Self {
        Self { tokens: spend.tokens(), cost: spend.cost }
    }
}

/// What a turn will cost at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Estimate {
    /// What the model reads.
    pub input: Amount,
    /// The longest answer.
    pub output: Amount,
}

/// A budget that has too little left.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the budget {budget} of {limit} has too little left")]
pub struct Exhausted {
    /// What settings call it.
    pub budget: Arc<str>,
    /// Its limit, in words.
    pub limit: Arc<str>,
    /// When it is whole again.
    pub renews_at: Timestamp,
    /// How long that is from when this was found.
    pub renews_in: Duration,
}

/// How a budget stands for a user, all in what it counts: tokens, or billionths of a dollar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What settings call it.
    pub budget: Arc<str>,
    /// The pool, where each has its own or it is for one alone.
    pub pool: Option<PoolName>,
    /// The limit.
    pub limit: Limit,
    /// How often it renews.
    pub per: Per,
    /// What was spent.
    pub spent: u64,
    /// What is set aside for turns that wait and run.
    pub reserved: u64,
    /// When it is whole again.
    pub renews_at: Timestamp,
}

impl Standing {
    /// What is neither spent nor set aside.
    pub fn left(&self) -> u64 {
        self.limit.most().saturating_sub(self.spent.saturating_add(self.reserved))
    }
}

/// How much, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Tokens, read and written.
    Tokens(u64),
    /// Dollars.
    Cost(NanoUsd),
}

impl Limit {
    /// All of it.
    pub fn most(self) -> u64 {
        match self {
            Self::Tokens(most) | Self::Cost(NanoUsd(most)) => most,
        }
    }

    /// What it counts of an amount.
    fn of(self, amount: &Amount) -> u64 {
        match self {
            Self::Tokens(_) => amount.tokens,
            Self::Cost(_) => amount.cost.0,
        }
    }

    /// What it counts, in a word.
    pub fn counts(self) -> &'static str {
        match self {
            Self::Tokens(_) => "tokens",
            Self::Cost(_) => "dollars",
        }
    }

    /// So much of what it counts, in words.
    pub fn show(self, units: u64) -> String {
        match self {
            Self::Tokens(_) => format!("{units} tokens"),
            Self::Cost(_) => NanoUsd(units).to_string(),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(self.most()))
    }
}

/// One budget of the settings.
#[derive(Debug)]
struct Budget {
    /// Never another one's: what is spent of it is known by this.
    number: u64,
    name: Arc<str>,
    user: Scope<UserId>,
    pool: Scope<PoolName>,
    limit: Limit,
    per: Per,
    hard: bool,
}

/// Who shares a budget.
#[derive(Debug, PartialEq)]
enum Scope<T> {
    /// All together.
    All,
    /// Nobody: each has one.
    Each,
    /// This one has it alone.
    Only(T),
}

impl<T: Clone + PartialEq> Scope<T> {
    fn concerns(&self, one: &T) -> bool {
        !matches!(self, Self::Only(only) if only != one)
    }

    /// Whose part of it this one draws on, where it is not everybody's.
    fn part(&self, one: &T) -> Option<T> {
        (!matches!(self, Self::All)).then(|| one.clone())
    }
}

/// What is granted of what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grant {
    units: u64,
    /// Tokens that may be written with it, where it is less than was asked for.
    output_tokens: Option<u64>,
}

impl Budget {
    fn new(name: &str, settings: &BudgetSettings) -> Self {
        let limit = match (settings.tokens, settings.dollars) {
            (Some(tokens), _) => Limit::Tokens(tokens),
            (None, dollars) => Limit::Cost(NanoUsd::of(dollars.unwrap_or_default())),
        };
        Self {
            number: 0,
            name: name.into(),
            user: scope(settings.user.as_deref(), auth::user_named),
            pool: scope(settings.pool.as_deref(), PoolName::from),
            limit,
            per: settings.per,
            hard: settings.hard,
        }
    }

    /// What was spent of the other counts for this one: it may have become larger, or smaller.
    fn continues(&self, other: &Self) -> bool {
        self.name == other.name
            && self.user == other.user
            && self.pool == other.pool
            && self.per == other.per
            && self.limit.counts() == other.limit.counts()
    }

    /// What a turn may have of what is left; `None` where that is too little to begin with.
    fn grant(&self, left: u64, estimate: &Estimate) -> Option<Grant> {
        let (input, output) = (self.limit.of(&estimate.input), self.limit.of(&estimate.output));
        let wanted = input.saturating_add(output);
        if wanted <= left || (!self.hard && left > 0) {
            return Some(Grant { units: wanted, output_tokens: None });
        }
        let for_output = left.checked_sub(input).filter(|_| self.hard)?;
        let tokens = estimate.output.tokens;
        let share = u128::from(tokens) * u128::from(for_output) / u128::from(output.max(1));
        let share = u64::try_from(share).unwrap_or(tokens);
        (share >= limits::ANSWER_TOKENS_MIN.min(tokens))
            .then_some(Grant { units: left, output_tokens: Some(share) })
    }

    fn exhausted(&self, now: Timestamp) -> Exhausted {
        let renews_at = self.renews(now);
        Exhausted {
            budget: self.name.clone(),
            limit: self.to_string().into(),
            renews_at,
            renews_in: renews_at.since(now),
        }
    }

    /// The first day of the stretch of time that this day belongs to.
    fn began(&self, day: Day) -> Day {
        match self.per {
            Per::Day => day,
            Per::Month => day.month(),
        }
    }

    fn renews(&self, now: Timestamp) -> Timestamp {
        let today = Day::of(now);
        match self.per {
            Per::Day => today.next().begins(),
            Per::Month => today.next_month().begins(),
        }
    }
}

/// Its limit: `1000 tokens a day`.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a {}", self.limit, self.per.word())
    }
}

fn scope<'a, T>(named: Option<&'a str>, read: impl FnOnce(&'a str) -> T) -> Scope<T> {
    match named {
        None => Scope::All,
        Some("*") => Scope::Each,
        Some(name) => Scope::Only(read(name)),
    }
}
