//! What models cost and how much they can read.
//!
//! Source: LiteLLM price map 1.109.1 (MIT), 2026-11. Settings override it.

use std::collections::BTreeMap;

use super::{OFFLINE, sampling::bare};
use crate::{
    config::Price,
    model::{ProviderName, Usage, Usd},
};

/// The prices of models: the built-in ones and, before them, those of the settings.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    set: BTreeMap<String, Price>,
}

impl Prices {
    /// The built-in prices, and these in place of or besides them, by model.
    pub fn new(set: BTreeMap<String, Price>) -> Self {
        Self { set }
    }

    /// Dollars that this provider charges for it: nothing where it is the offline one.
    pub fn charge(&self, provider: &ProviderName, model: &str, usage: &Usage) -> Option<Usd> {
        if provider.as_str() == OFFLINE { Some(0.0) } else { self.cost(model, usage) }
    }

    /// Dollars for this usage; none where the model's price is not known.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<Usd> {
        let price = match find(self.set.iter().map(|(name, price)| (&**name, price)), model) {
            Some(price) => *price,
            None => row(model)?.price(usage.input),
        };
        let cached = usage.cached.min(usage.input);
        let kept = usage.kept.min(usage.input - cached);
        let dollars = |tokens: u64, per_million: f64| count(tokens) * per_million / 1e6;
        Some(
            dollars(usage.input - cached - kept, price.input)
                + dollars(kept, price.input * KEEPING)
                + dollars(cached, price.cached.unwrap_or(price.input))
                + dollars(usage.output, price.output),
        )
    }
}

/// What keeping tokens in a cache costs, in prices of those that are only read.
const KEEPING: f64 = 1.25;

/// Tokens that the model can read at once; none where that is not known.
pub fn context_window(model: &str) -> Option<u32> {
    row(model)?.window
}

fn row(model: &str) -> Option<&'static Row> {
    find(MODELS.iter().map(|row| (row.model, row)), model)
}

/// The entry of this model, or the one of which it is a dated snapshot.
fn find<'a, T>(mut entries: impl Iterator<Item = (&'a str, T)> + Clone, model: &str) -> Option<T> {
    let name = bare(model);
    let exact = entries.clone().find(|(entry, _)| *entry == model || *entry == name);
    let dated =
        |entry: &str| name.strip_prefix(entry)?.strip_prefix('-').filter(|s| is_snapshot(s));
    exact.or_else(|| entries.find(|(entry, _)| dated(entry).is_some())).map(|(_, found)| found)
}

/// `2026-08-01`, `20260801` or `latest`; not `mini`, nor `5` of another model's name.
fn is_snapshot(suffix: &str) -> bool {
    let digits = suffix.chars().filter(char::is_ascii_digit).count();
    suffix == "latest" || (digits == 8 && suffix.chars().all(|c| c.is_ascii_digit() || c == '-'))
}

#[expect(clippy::cast_precision_loss, reason = "tokens of one answer are far below 2^53")]
fn count(tokens: u64) -> f64 {
    tokens as f64
}

/// A model. Prices are dollars for a million tokens.
struct Row {
    model: &'static str,
    /// Tokens it can read.
    window: Option<u32>,
    input: f64,
    cached: f64,
    output: f64,
    long: Option<Long>,
}

/// What a long request costs, all of it.
struct Long {
    /// Tokens of input beyond which it is one.
    above: u64,
    input: f64,
    output: f64,
}

impl Row {
    /// The table knows no price for cached tokens of a long request: they rise as the others do.
    fn price(&self, input_tokens: u64) -> Price {
        match &self.long {
            Some(long) if input_tokens > long.above => Price {
                input: long.input,
                cached: Some(self.cached * long.input / self.input),
                output: long.output,
            },
            _ => Price { input: self.input, cached: Some(self.cached), output: self.output },
        }
    }
}

const fn row_of(model: &'static str, window: u32, [input, cached, output]: [f64; 3]) -> Row {
    Row { model, window: Some(window), input, cached, output, long: None }
}

/// Above 272,000 tokens input costs twice, output one and a half times as much.
const fn tiered(model: &'static str, window: u32, prices: [f64; 3]) -> Row {
    let [input, _, output] = prices;
    let long = Long { above: 272_000, input: input * 2.0, output: output * 1.5 };
    Row { long: Some(long), ..row_of(model, window, prices) }
}

/// Of these neither window nor, for the first, the price of cached tokens is known.
const fn fresh(model: &'static str, prices: [f64; 3]) -> Row {
    Row { window: None, ..row_of(model, 0, prices) }
}

const MODELS: &[Row] = &[
    row_of("gpt-4o", 128_000, [2.5, 1.25, 10.0]),
    row_of("gpt-4o-mini", 128_000, [0.15, 0.075, 0.6]),
    row_of("gpt-4.1", 1_047_576, [2.0, 0.5, 8.0]),
    row_of("gpt-4.1-mini", 1_047_576, [0.4, 0.1, 1.6]),
    tiered("gpt-5.4", 1_050_000, [2.5, 0.25, 15.0]),
    row_of("gpt-5.4-mini", 272_000, [0.75, 0.075, 4.5]),
    tiered("gpt-5.5", 1_050_000, [5.0, 0.5, 30.0]),
    tiered("gpt-5.6-sol", 922_000, [4.0, 0.4, 20.0]),
    tiered("gpt-5.6-terra", 922_000, [2.0, 0.2, 12.0]),
    tiered("gpt-5.6-luna", 922_000, [0.2, 0.02, 1.2]),
    tiered("gpt-6-astra", 922_000, [10.0, 1.0, 50.0]),
    fresh("gpt-6.2-astra", [8.0, 8.0, 40.0]),
    tiered("gpt-6-sol", 922_000, [2.0, 0.2, 10.0]),
    tiered("gpt-6.1-sol", 922_000, [2.0, 0.1, 10.0]),
    fresh("gpt-6.2-sol", [2.0, 0.1, 10.0]),
    tiered("gpt-6.1-terra", 922_000, [1.0, 0.05, 5.0]),
    tiered("gpt-6-luna", 922_000, [0.1, 0.01, 0.5]),
    row_of("claude-fable-5-1", 1_000_000, [10.0, 0.25, 50.0]),
    row_of("claude-opus-5-5", 1_000_000, [4.0, 0.2, 20.0]),
    row_of("claude-opus-5", 1_000_000, [5.0, 0.5, 25.0]),
    row_of("claude-sonnet-5-5", 1_000_000, [2.0, 0.1, 10.0]),
    row_of("claude-sonnet-5", 1_000_000, [2.0, 0.2, 10.0]),
    Row {
        long: Some(Long { above: 100_000, input: 0.5, output: 2.5 }),
        ..row_of("claude-haiku-5-5", 1_000_000, [0.1, 0.01, 0.5])
    },
    row_of("claude-haiku-4-5", 200_000, [1.0, 0.1, 5.0]),
    row_of("claude-sonnet-4-6", 1_000_000, [3.0, 0.3, 15.0]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_reckoned_from_the_model_its_snapshot_or_the_settings() {
        let own = Price { input: 1.0, cached: None, output: 2.0 };
        let set = BTreeMap::from([("llama".to_owned(), own), ("gpt-4o".to_owned(), own)]);
        let prices = Prices::new(set);
        let rows = [
            ("gpt-6-luna", (1_000_000 / 4, 0, 1_000_000), Some(0.525)),
            ("gpt-6-luna-2026-08-01", (250_000, 250_000, 0), Some(0.002_5)),
            ("openai/gpt-6-luna", (0, 0, 1_000_000), Some(0.5)),
            ("gpt-6-luna", (1_000_000, 500_000, 1_000_000), Some(0.1 + 0.01 + 0.75)),
            ("claude-haiku-5-5", (100_001, 0, 0), Some(0.050_000_5)),
            ("claude-haiku-4-5-20251001", (1_000_000, 0, 0), Some(1.0)),
            ("claude-opus-5-9", (1_000_000, 0, 0), None),
            ("gpt-4o-mini", (1_000_000, 0, 0), Some(0.15)),
            ("gpt-4o-2024-08-06", (1_000_000, 1_000_000, 0), Some(1.0)),
            ("llama", (1_000_000, 0, 1_000_000), Some(3.0)),
            ("offline", (1_000_000, 0, 0), None),
        ];
        for (model, (input, cached, output), dollars) in rows {
            let usage = Usage { input, output, cached, ..Usage::default() };
            let cost = prices.cost(model, &usage);
            let close = |cost: f64| (cost - dollars.unwrap_or(f64::NAN)).abs() < 1e-9;
            assert_eq!(cost.map(close), dollars.map(|_| true), "{model}: {cost:?}");
        }
    }

    #[test]
    fn what_the_provider_keeps_costs_a_quarter_more() {
        let usage = Usage { input: 1_000_000, cached: 500_000, kept: 400_000, ..Usage::default() };
        let cost = Prices::default().cost("claude-sonnet-5-5", &usage).unwrap();
        assert!((cost - (0.1 * 2.0 + 0.5 * 0.1 + 0.4 * 2.5)).abs() < 1e-9, "{cost}");
    }

    #[test]
    fn a_window_is_known_of_a_known_model() {
        assert_eq!(context_window("claude-haiku-4-5-20251001"), Some(200_000));
        assert_eq!(context_window("gpt-4.1-mini"), Some(1_047_576));
        assert_eq!(context_window("gpt-6.2-sol"), None);
        assert_eq!(context_window("llama3.2"), None);
    }
}
