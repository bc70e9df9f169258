//! What turns used and cost, added up by who asked and who answered, day by day.

use std::{fmt, iter::Sum, ops::AddAssign, sync::Arc};

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{PoolName, ProviderName, Timestamp, Usage, Usd, UserId};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A day of the calendar, UTC, counted from 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The day of this moment; times that no calendar can hold are on its last day, or its first.
    pub fn of(at: Timestamp) -> Self {
        let days = at.0.div_euclid(DAY_MS);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Its midnight.
    pub fn begins(self) -> Timestamp {
        Timestamp(i64::from(self.0) * DAY_MS)
    }

    /// The day after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The first day of its month.
    #[must_use]
    pub fn month(self) -> Self {
        Self::dated(self.date().with_day(1))
    }

    /// The first day of the month after its own.
    #[must_use]
    pub fn next_month(self) -> Self {
        Self::dated(self.month().date().checked_add_months(Months::new(1)))
    }

    fn date(self) -> NaiveDate {
        self.begins().to_utc().date_naive()
    }

    /// What no calendar can hold becomes 1970.
    fn dated(date: Option<NaiveDate>) -> Self {
        let midnight = date.unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc();
        Self::of(Timestamp(midnight.timestamp_millis()))
    }
}

/// As `2026-03-01`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// Billionths of a dollar: whole numbers, so that a sum is exact in whatever order it is made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanoUsd(pub u64);

impl NanoUsd {
    /// These dollars, rounded.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and nothing costs less than nothing"
    )]
    pub fn of(usd: Usd) -> Self {
        Self((usd * 1e9).round() as u64)
    }

    /// As dollars.
    #[expect(clippy::cast_precision_loss, reason = "a float of dollars is for showing only")]
    pub fn usd(self) -> Usd {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.5}", self.usd())
    }
}

/// Whose spending, when, and with whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Who asked.
    pub user: UserId,
    /// The day on which the turn ended.
    pub day: Day,
    /// Who answered.
    pub pool: PoolName,
    /// The provider.
    pub provider: ProviderName,
    /// The model as it was asked for: the names that answer are too many to add up by.
    pub model: Arc<str>,
}

/// What turns used and cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spend {
    /// Turns that asked a provider.
    pub turns: u64,
    /// Tokens read, cached ones included.
    pub input: u64,
    /// Those of `input` that came from the provider's cache.
    pub cached: u64,
    /// Tokens written.
    pub output: u64,
    /// Answers whose tokens are reckoned from the length of texts.
    pub estimated: u64,
    /// Answers whose model has no known price, so that `cost` is without them.
    pub unpriced: u64,
    /// What it cost.
    pub cost: NanoUsd,
}

impl Spend {
    /// Of one turn.
    pub fn of(usage: &Usage, cost: Option<Usd>) -> Self {
        Self {
            turns: 1,
            input: usage.input,
            cached: usage.cached,
            output: usage.output,
            estimated: u64::from(usage.estimated),
            unpriced: u64::from(cost.is_none()),
            cost: cost.map(NanoUsd::of).unwrap_or_default(),
        }
    }

    /// All tokens, read and written.
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        let add = |to: &mut u64, more: u64| *to = to.saturating_add(more);
        add(&mut self.turns, other.turns);
        add(&mut self.input, other.input);
        add(&mut self.cached, other.cached);
        add(&mut self.output, other.output);
        add(&mut self.estimated, other.estimated);
        add(&mut self.unpriced, other.unpriced);
        add(&mut self.cost.0, other.cost.0);
    }
}

impl Sum for Spend {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, spend| {
            sum += spend;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        let day = |text: &str| Day::dated(Some(text.parse().unwrap()));
        for (of, month, next) in [
            ("2026-03-15", "2026-03-01", "2026-04-01"),
            ("2026-01-01", "2026-01-01", "2026-02-01"),
            ("2024-02-29", "2024-02-01", "2024-03-01"),
            ("2026-12-31", "2026-12-01", "2027-01-01"),
            ("1969-12-31", "1969-12-01", "1970-01-01"),
        ] {
            let of = day(of);
            assert_eq!((of.month(), of.next_month()), (day(month), day(next)), "{of:?}");
            assert_eq!(Day::of(of.begins()), of);
            assert_eq!(Day::of(Timestamp(of.begins().0 - 1)).next(), of);
        }
    }

    #[test]
    fn dollars_are_kept_to_the_billionth() {
        for (usd, nanos) in [(0.0, 0), (0.1, 100_000_000), (1.5e-9, 2), (-1.0, 0)] {
            assert_eq!(NanoUsd::of(usd), NanoUsd(nanos), "{usd}");
        }
        let usage = Usage { input: 3, output: 1, ..Usage::default() };
        let sum: Spend = (0..10).map(|_| Spend::of(&usage, Some(0.1))).sum();
        assert_eq!((sum.turns, sum.tokens(), sum.cost), (10, 40, NanoUsd(1_000_000_000)));
        assert_eq!(sum.cost.to_string(), "$1.00000");
    }
}
