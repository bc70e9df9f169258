//! The agents of a pool: each with a role, a prompt of its own, and perhaps a route.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pools::{Effort, decimal, listed};

/// One agent of a pool.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentSettings {
    /// What it does in its pool, in one line.
    pub role: String,
    /// What it is told behind the pool's own prompt.
    pub prompt: String,
    /// Words and phrases that speak for it in a message of the pool.
    pub keywords: Vec<String>,
    /// Messages that are for it.
    pub examples: Vec<String>,
    /// 0 to 2, for models that take one; unset: the pool's.
    #[serde(serialize_with = "decimal")]
    pub temperature: Option<f32>,
    /// How long a reasoning model may think; unset: as the pool says.
    pub effort: Option<Effort>,
    /// Whom to ask, in order, written as a pool's; unset: the pool's.
    pub route: Option<Vec<String>>,
    /// The tools that it may call; unset: the pool's.
    pub tools: Option<Vec<String>>,
}

/// The agents of a built-in pool, and the one that answers what speaks for none.
pub(super) fn default_agents(pool: &str) -> (BTreeMap<String, AgentSettings>, Option<String>) {
    macro_rules! agents {
        ($pool:literal: $first:literal $($name:literal [$($tool:literal)*] $role:literal)+) => {{
            let agents = [$((
                $name.to_owned(),
                AgentSettings {
                    role: $role.to_owned(),
                    prompt: include_str!(concat!("../prompts/", $pool, "/", $name, ".md")).to_owned(),
                    keywords: listed(include_str!(concat!(
                        "../keywords/", $pool, "/", $name, ".txt"
                    ))),
                    tools: Some(vec![$($tool.to_owned()),*]),
                    ..AgentSettings::default()
                },
            )),+];
            (BTreeMap::from(agents), Some($first.to_owned()))
        }};
    }
    match pool {
        "healthcare" => agents!("healthcare": "triage"
            "triage" ["current_time"] "how urgent symptoms and injuries are, and what to do first"
            "medication" ["calculate"] "what medicines do, their side effects and interactions, how they are taken"
            "wellness" ["calculate"] "food, sleep, exercise, stress and habits that keep somebody well"),
        "financial" => agents!("financial": "analyst"
            "analyst" ["calculate" "current_time" "find_symbol" "market_history" "market_news" "market_quote"] "markets, companies, shares, bonds, currencies, and what moves them"
            "planner" ["calculate" "current_time"] "budget, savings, debt, tax, insurance and retirement of a household"),
        "sports" => agents!("sports": "statistician"
            "statistician" ["calculate" "current_time" "sports_scores"] "results, records, numbers and rules, and what they say"
            "odds" ["calculate" "current_time" "sports_odds" "sports_scores"] "what odds mean, and how likely an outcome is"),
        "business" => agents!("business": "process"
            "process" ["calculate" "current_time"] "operations, people, contracts, projects and bookkeeping"
            "growth" ["calculate"] "customers, marketing, sales, pricing and funding"),
        _ => (BTreeMap::new(), None),
    }
}
