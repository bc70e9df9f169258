//! Prices: which are asked for, and what one says: how likely a bookmaker makes an outcome, and what is
//! kept of each stake.

use serde::Deserialize;

use super::odds_api::{Offer, Outcome};

/// Which prices are asked for. Each market of each region costs, so of regions there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// On what.
    pub(super) market: Market,
    /// Whose.
    pub(super) region: Region,
    /// Written how.
    pub(super) format: Format,
}

/// What is bet on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Market {
    /// Who wins.
    #[serde(alias = "h2h")]
    Moneyline,
    /// Who wins after a handicap.
    #[serde(alias = "spreads")]
    Spread,
    /// How much is scored.
    #[serde(alias = "totals")]
    Total,
    /// All three.
    All,
}

impl Market {
    /// The source's keys of it, each with what people call it.
    pub(super) fn each(self) -> &'static [(&'static str, &'static str)] {
        const ALL: &[(&str, &str)] =
            &[("h2h", "moneyline"), ("spreads", "spread"), ("totals", "total")];
        match self {
            Self::Moneyline => &ALL[..1],
            Self::Spread => &ALL[1..2],
            Self::Total => &ALL[2..],
            Self::All => ALL,
        }
    }
}

/// Whose bookmakers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Region {
    /// The United States'.
    Us,
    /// The United Kingdom's.
    Uk,
    /// The rest of Europe's.
    Eu,
    /// Australia's.
    Au,
}

impl Region {
    /// As the source calls it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Uk => "uk",
            Self::Eu => "eu",
            Self::Au => "au",
        }
    }

    /// As prices are written there.
    pub(super) fn format(self) -> Format {
        if self == Self::Us { Format::American } else { Format::Decimal }
    }
}

/// How prices are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// What comes back for one that was staked: `1.61`.
    Decimal,
    /// What is won with a hundred, or has to be staked to win it: `+140`, `-165`.
    American,
}

impl Format {
    /// As the source calls it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::American => "american",
        }
    }

    /// The probability at which a bet at this price wins and loses nothing in the long run.
    pub(super) fn implied(self, price: f64) -> Option<f64> {
        match self {
            Self::Decimal if price >= 1.0 => Some(1.0 / price),
            Self::American if price >= 100.0 => Some(100.0 / (price + 100.0)),
            Self::American if price <= -100.0 => Some(price / (price - 100.0)),
            _ => None,
        }
    }

    /// A price as people write it.
    pub(super) fn told(self, price: f64) -> String {
        match self {
            Self::Decimal => format!("{price:.2}"),
            Self::American => format!("{price:+.0}"),
        }
    }
}

/// An offer in a line: each price with its probability, as it is and without the margin.
pub(super) fn line(offer: &Offer, format: Format) -> String {
    let implied: Vec<_> =
        offer.outcomes.iter().map(|outcome| format.implied(outcome.price)).collect();
    // One side alone does not tell the margin.
    let sum = implied.iter().copied().sum::<Option<f64>>().filter(|_| implied.len() > 1);
    let outcomes = offer.outcomes.iter().zip(&implied).map(|(outcome, implied)| {
        let price = priced(outcome, format);
        match (implied, sum) {
            (Some(implied), Some(sum)) => {
                format!("{price} ({}, fair {})", percent(*implied), percent(implied / sum))
            }
            (Some(implied), None) => format!("{price} ({})", percent(*implied)),
            (None, _) => price,
        }
    });
    let outcomes = outcomes.collect::<Vec<_>>().join(", ");
    let overround = sum.map(|sum| format!("; overround {}", percent(sum - 1.0)));
    format!("{outcomes}{}", overround.unwrap_or_default())
}

/// An offer for readers: its prices alone.
pub(super) fn brief(offer: &Offer, format: Format) -> String {
    let outcomes = offer.outcomes.iter().map(|outcome| priced(outcome, format));
    outcomes.collect::<Vec<_>>().join(", ")
}

/// What it is on, and at which price.
fn priced(Outcome { name, price, point }: &Outcome, format: Format) -> String {
    let price = format.told(*price);
    match point {
        Some(point) if ["Over", "Under"].contains(&&**name) => format!("{name} {point} at {price}"),
        Some(point) => format!("{name} {point:+} at {price}"),
        None => format!("{name} {price}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
