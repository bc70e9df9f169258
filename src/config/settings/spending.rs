//! What models cost, and what may be spent on them.

use serde::{Deserialize, Serialize};

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Read.
    pub input: f64,
    /// Read from the provider's cache.
    #[serde(default)]
    pub cached: Option<f64>,
    /// Written.
    pub output: f64,
}

/// What may be spent: `tokens` or `dollars`, one of both.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSettings {
    /// Whose: a name as credentials give it; `*`: each has it; unset: all share it.
    #[serde(default)]
    pub user: Option<String>,
    /// Of which pool: a name; `*`: each has it; unset: all share it.
    #[serde(default)]
    pub pool: Option<String>,
    /// Tokens, read and written.
    #[serde(default)]
    pub tokens: Option<u64>,
    /// Dollars.
    #[serde(default)]
    pub dollars: Option<f64>,
    /// How often it renews.
    pub per: Per,
    /// An answer ends where it is used up; else one that was begun may exceed it.
    #[serde(default = "hard")]
    pub hard: bool,
}

/// How often a budget renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// At midnight, UTC.
    Day,
    /// On the first of the month, at midnight, UTC.
    Month,
}

impl Per {
    /// As settings name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

fn hard() -> bool {
    true
}
