//! The tools of agents: where they ask, and with which keys.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// All tools that an agent may name.
pub const TOOLS: &[&str] = &[
    "calculate",
    "current_time",
    "find_symbol",
    "market_history",
    "market_news",
    "market_quote",
    "sports_odds",
    "sports_scores",
];

/// Where tools ask.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolSettings {
    /// Alpha Vantage: quotes, history, news, symbols.
    pub alpha_vantage: SourceSettings,
    /// Massive, which was Polygon: the same, and company names.
    pub massive: SourceSettings,
    /// The Odds API: odds and scores.
    pub odds_api: SourceSettings,
    /// ESPN: scores, without a key and without a promise.
    pub espn: EspnSettings,
}

/// A source that wants a key.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// Up to and without the last `/`.
    pub base_url: String,
    /// Its key. Without one it is not asked.
    #[serde(default, skip_serializing)]
    pub api_key: Option<SecretString>,
    /// How often it is asked within any minute; 0 is as often as it lets.
    pub requests_per_minute: u32,
    /// The same for any 24 hours.
    pub requests_per_day: u32,
}

/// ESPN's scoreboards, which nobody promises.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EspnSettings {
    /// It is asked.
    pub enabled: bool,
    /// Up to and without the last `/`.
    pub base_url: String,
    /// Who asks, with a way to reach them: `Name/1.0 (+https://contact)`. Others are refused.
    pub user_agent: String,
}

impl ToolSettings {
    /// The sources that want a key, by their names in the settings.
    pub fn sources(&self) -> [(&'static str, &SourceSettings); 3] {
        [
            ("alpha_vantage", &self.alpha_vantage),
            ("massive", &self.massive),
            ("odds_api", &self.odds_api),
        ]
    }
}

impl SourceSettings {
    /// It has a key, so it can be asked.
    pub fn is_keyed(&self) -> bool {
        self.api_key.is_some()
    }
}

impl Default for ToolSettings {
    fn default() -> Self {
        // What the free plans allow. The Odds API counts credits, and says with each answer what is left.
        let at = |base_url: &str, requests_per_minute, requests_per_day| SourceSettings {
            base_url: base_url.to_owned(),
            api_key: None,
            requests_per_minute,
            requests_per_day,
        };
        Self {
            alpha_vantage: at("https://www.alphavantage.co", 60, 25),
            massive: at("https://api.massive.com", 5, 0),
            odds_api: at("https://api.the-odds-api.com", 0, 0),
            espn: EspnSettings::default(),
        }
    }
}

impl Default for EspnSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            base_url: "https://site.api.espn.com".to_owned(),
            user_agent: "OperatorOS/0.1 (+https://github.com/operatoros/operatoros)".to_owned(),
        }
    }
}
