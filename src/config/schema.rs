//! Every setting by its path, with what is right for it.
//!
//! Invariant: the list and the types of `settings` name the same keys; a test compares them.

use std::fmt;

use super::{rule::Rule, settings::TOOLS};
use crate::limits::{
    ALERT_FOR_MAX, BUDGET_DOLLARS_MAX, BUDGET_TOKENS_MAX, DRAIN_SECONDS_MAX, NAME_BYTES_MAX,
    OFFLINE_WORDS_MAX, PRICE_MAX, PROBE_SECONDS_MAX, SAMPLE_EVERY_MS_MAX, SAMPLE_EVERY_MS_MIN,
    SOURCE_REQUESTS_MAX, TASK_ATTEMPTS_MAX, TASK_TIME_LIMIT_SECONDS_MAX, TASK_WORKERS_MAX,
    TIMEOUT_MS_MAX, TOKEN_CHARS_MIN, WEBHOOK_KEY_BYTES_MIN, WINDOW_TOKENS_MAX, WINDOW_TOKENS_MIN,
    WORKERS_MAX,
};

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    /// Dotted; `*` stands for a name.
    pub(super) path: &'static str,
    pub(super) rule: Rule,
    /// Without it, the table that it belongs to is not whole.
    pub(super) needed: bool,
}

const fn key(path: &'static str, rule: Rule) -> Key {
    Key { path, rule, needed: false }
}

const fn needed(path: &'static str, rule: Rule) -> Key {
    Key { path, rule, needed: true }
}

const KINDS: &[&str] = &["openai", "openai-chat", "anthropic"];
const TOOL_NAMES: Rule = Rule::SomeOf(TOOLS);
const EFFORTS: Rule = Rule::OneOf(&["none", "low", "medium", "high"]);
const MILLISECONDS: Rule = Rule::Whole(1, TIMEOUT_MS_MAX);
const TASK_SECONDS: Rule = Rule::Whole(1, TASK_TIME_LIMIT_SECONDS_MAX);
#[expect(clippy::cast_possible_truncation, reason = "a day has 86,400 seconds")]
const ALERT_SECONDS: Rule = Rule::Whole(0, ALERT_FOR_MAX.as_secs() as u32);
const REQUESTS: Rule = Rule::Whole(0, SOURCE_REQUESTS_MAX);
const DOLLARS: Rule = Rule::Number(0, PRICE_MAX);

/// All settings, in the order in which they are described.
pub(super) const KEYS: &[Key] = &[
    key("bind", Rule::Address),
    key("data_dir", Rule::Path),
    key("token", Rule::Secret(TOKEN_CHARS_MIN)),
    key("allow_anonymous", Rule::Switch),
    key("drain_seconds", Rule::Whole(0, DRAIN_SECONDS_MAX)),
    key("log_format", Rule::OneOf(&["text", "json"])),
    key("log", Rule::Filter),
    key("echo", Rule::Switch),
    key("tls.certificate", Rule::Path),
    key("tls.key", Rule::Path),
    needed("providers.*.kind", Rule::OneOf(KINDS)),
    needed("providers.*.base_url", Rule::Url),
    key("providers.*.api_key", Rule::Secret(1)),
    needed("providers.*.model", Rule::Text),
    key("providers.*.server_state", Rule::Switch),
    key("providers.*.connect_ms", MILLISECONDS),
    key("providers.*.first_token_ms", MILLISECONDS),
    key("providers.*.silence_ms", MILLISECONDS),
    key("providers.*.turn_ms", MILLISECONDS),
    key("providers.*.max_concurrent", Rule::Whole(1, WORKERS_MAX)),
    key("providers.*.trace", Rule::Switch),
    key("offline.words_per_second", Rule::Whole(0, OFFLINE_WORDS_MAX)),
    key("offline.first_word_ms", Rule::Whole(0, TIMEOUT_MS_MAX)),
    key("offline.words", Rule::Whole(1, OFFLINE_WORDS_MAX)),
    key("offline.fail_after_words", Rule::Whole(0, OFFLINE_WORDS_MAX)),
    key("routing.weights", Rule::Text),
    key("routing.consult", Rule::OneOf(&["asked", "spanning"])),
    needed("pools.*.description", Rule::Text),
    key("pools.*.keywords", Rule::Words),
    key("pools.*.examples", Rule::Words),
    key("pools.*.threshold", Rule::Number(0, 1)),
    key("pools.*.prompt", Rule::Text),
    key("pools.*.temperature", Rule::Number(0, 2)),
    key("pools.*.effort", EFFORTS),
    key("pools.*.route", Rule::Route),
    key("pools.*.window_tokens", Rule::Whole(WINDOW_TOKENS_MIN, WINDOW_TOKENS_MAX)),
    key("pools.*.max_output_tokens", Rule::Whole(1, WINDOW_TOKENS_MAX)),
    key("pools.*.workers", Rule::Whole(1, WORKERS_MAX)),
    key("pools.*.wait_ms", MILLISECONDS),
    key("pools.*.hedge_ms", MILLISECONDS),
    key("pools.*.restart", Rule::OneOf(&["keep", "reset"])),
    key("pools.*.tools", TOOL_NAMES),
    key("pools.*.default_agent", Rule::Text),
    needed("pools.*.agents.*.role", Rule::Text),
    needed("pools.*.agents.*.prompt", Rule::Text),
    key("pools.*.agents.*.keywords", Rule::Words),
    key("pools.*.agents.*.examples", Rule::Words),
    key("pools.*.agents.*.temperature", Rule::Number(0, 2)),
    key("pools.*.agents.*.effort", EFFORTS),
    key("pools.*.agents.*.route", Rule::Route),
    key("pools.*.agents.*.tools", TOOL_NAMES),
    key("tools.alpha_vantage.base_url", Rule::Url),
    key("tools.alpha_vantage.api_key", Rule::Secret(1)),
    key("tools.alpha_vantage.requests_per_minute", REQUESTS),
    key("tools.alpha_vantage.requests_per_day", REQUESTS),
    key("tools.massive.base_url", Rule::Url),
    key("tools.massive.api_key", Rule::Secret(1)),
    key("tools.massive.requests_per_minute", REQUESTS),
    key("tools.massive.requests_per_day", REQUESTS),
    key("tools.odds_api.base_url", Rule::Url),
    key("tools.odds_api.api_key", Rule::Secret(1)),
    key("tools.odds_api.requests_per_minute", REQUESTS),
    key("tools.odds_api.requests_per_day", REQUESTS),
    key("tools.espn.enabled", Rule::Switch),
    key("tools.espn.base_url", Rule::Url),
    key("tools.espn.user_agent", Rule::Text),
    key("tasks.workers", Rule::Whole(1, TASK_WORKERS_MAX)),
    key("tasks.max_attempts", Rule::Whole(1, TASK_ATTEMPTS_MAX)),
    key("tasks.time_limit_seconds", TASK_SECONDS),
    key("tasks.time_zone", Rule::Zone),
    key("monitor.every_ms", Rule::Whole(SAMPLE_EVERY_MS_MIN, SAMPLE_EVERY_MS_MAX)),
    key("monitor.probe_seconds", Rule::Whole(0, PROBE_SECONDS_MAX)),
    key("monitor.metrics_public", Rule::Switch),
    needed("prices.*.input", DOLLARS),
    key("prices.*.cached", DOLLARS),
    needed("prices.*.output", DOLLARS),
    key("budgets.*.user", Rule::Text),
    key("budgets.*.pool", Rule::Text),
    key("budgets.*.tokens", Rule::Whole(0, BUDGET_TOKENS_MAX)),
    key("budgets.*.dollars", Rule::Number(0, BUDGET_DOLLARS_MAX)),
    needed("budgets.*.per", Rule::OneOf(&["day", "month"])),
    key("budgets.*.hard", Rule::Switch),
    needed("alerts.*.metric", Rule::Metric),
    key("alerts.*.above", Rule::Amount),
    key("alerts.*.below", Rule::Amount),
    key("alerts.*.for_seconds", ALERT_SECONDS),
    key("alerts.*.clear", Rule::Amount),
    key("alerts.*.clear_for_seconds", ALERT_SECONDS),
    key("alerts.*.severity", Rule::OneOf(&["info", "warning", "critical"])),
    key("alerts.*.enabled", Rule::Switch),
    key("webhook.url", Rule::Hook),
    key("webhook.secret", Rule::Secret(WEBHOOK_KEY_BYTES_MIN)),
];

impl Key {
    /// The parts of its path.
    pub(super) fn parts(&self) -> impl DoubleEndedIterator<Item = &'static str> + Clone {
        self.path.split('.')
    }
}

/// What stands at a path.
#[derive(Debug)]
pub(super) enum Place {
    Setting(&'static Key),
    Table,
    Nothing,
}

/// What stands at this path.
pub(super) fn place(path: &KeyPath) -> Place {
    match KEYS.iter().find(|key| leads_to(path, key)) {
        Some(key) if key.parts().count() == path.0.len() => Place::Setting(key),
        Some(_) => Place::Table,
        None => Place::Nothing,
    }
}

/// Whether what lies below this path has names that the user chooses.
pub(super) fn is_named(table: &KeyPath) -> bool {
    !table.0.is_empty()
        && KEYS
            .iter()
            .any(|key| leads_to(table, key) && key.parts().nth(table.0.len()) == Some("*"))
}

/// Whether the key lies below the table, or is it.
fn leads_to(table: &KeyPath, key: &Key) -> bool {
    table.0.len() <= key.parts().count()
        && table.0.iter().zip(key.parts()).all(|(name, part)| part == "*" || part == name)
}

/// The names that the schema itself knows right below a table.
pub(super) fn children(table: &KeyPath) -> Vec<&'static str> {
    let mut names: Vec<_> = KEYS
        .iter()
        .filter(|key| leads_to(table, key))
        .filter_map(|key| key.parts().nth(table.0.len()))
        .filter(|name| *name != "*")
        .collect();
    names.dedup();
    names
}

/// The candidate with the fewest typing errors between it and the name.
pub(super) fn nearest(name: &str, candidates: impl IntoIterator<Item = String>) -> Option<String> {
    candidates.into_iter().min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate))
}

/// Whether a name may stand below the table: pools and providers are named in routes and by
/// clients, so their names are plain; models have the names that their makers gave them.
pub(super) fn name_fits(table: &str, name: &str) -> bool {
    match table {
        "prices" => !name.trim().is_empty(),
        "providers" => name != "offline" && is_plain(name),
        _ => is_plain(name),
    }
}

/// What `name_fits` wants, in words that complete "is not …".
pub(super) fn name_right(table: &str) -> String {
    match table {
        "prices" => "the name of a model".to_owned(),
        _ => format!(
            "a free name: a letter a to z, then up to {} of a to z, 0 to 9 and -",
            NAME_BYTES_MAX - 1
        ),
    }
}

fn is_plain(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Where a setting is: `pools.sports.temperature`, with a name quoted where TOML wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct KeyPath(pub(super) Vec<String>);

impl KeyPath {
    /// From a path whose parts hold no dot.
    pub(super) fn dotted(path: &str) -> Self {
        Self(path.split('.').map(str::to_owned).collect())
    }

    /// The table that it stands in.
    pub(super) fn table(&self) -> Self {
        Self(self.0.split_last().map_or_else(Vec::new, |(_, table)| table.to_vec()))
    }

    /// One part further.
    pub(super) fn join(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Self(parts)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if !part.is_empty() && part.chars().all(bare) {
                write!(f, "{dot}{part}")?;
            } else {
                write!(f, "{dot}{}", toml::Value::from(part.as_str()))?;
            }
        }
        Ok(())
    }
}
