//! Weights: what was fitted to labelled messages, kept in a file that settings can name.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::{meaning::Leaning, words::DIMENSIONS};

/// What is fitted to the few words of settings is too modest by about this.
const UNFITTED_TEMPERATURE: f32 = 0.6;

/// What was fitted for each pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// By what scores are divided, so that a confidence of 0.8 is right eight times in ten.
    pub(super) temperature: f32,
    pub(super) pools: BTreeMap<String, Leaning>,
}

/// Why a weights file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// It is not there, or not for us.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is something else.
    #[error("is no file of weights: {0}; `operatoros calibrate` makes one")]
    NotWeights(#[from] serde_json::Error),
    /// It was made for other vectors.
    #[error(
        "has {found} weights for {pool}, not {DIMENSIONS}; make it anew with `operatoros calibrate`"
    )]
    Dimensions {
        /// Whose weights.
        pool: String,
        /// How many there are.
        found: usize,
    },
    /// A number in it is none, or beyond its bounds.
    #[error("has a number for {of} that cannot be; make it anew with `operatoros calibrate`")]
    Number {
        /// A pool, or the temperature.
        of: String,
    },
}

impl Weights {
    /// Those of the five pools that are built in.
    pub fn built_in() -> Self {
        Self::parse(include_str!("weights.json")).expect("a test reads the built-in weights")
    }

    /// None: every pool is judged by what its settings say.
    pub fn none() -> Self {
        Self { temperature: UNFITTED_TEMPERATURE, pools: BTreeMap::new() }
    }

    /// Those in a file.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    fn parse(text: &str) -> Result<Self, WeightsError> {
        let weights: Self = serde_json::from_str(text)?;
        if !(weights.temperature.is_finite() && weights.temperature > 0.0) {
            return Err(WeightsError::Number { of: "the temperature".to_owned() });
        }
        for (pool, leaning) in &weights.pools {
            if leaning.weights.len() != DIMENSIONS {
                let found = leaning.weights.len();
                return Err(WeightsError::Dimensions { pool: pool.clone(), found });
            }
            let pieces = leaning.pieces.iter().map(|(_, number)| number);
            let numbers = leaning.weights.iter().copied().chain([leaning.bias]).chain(pieces);
            let finite = numbers.into_iter().all(f32::is_finite);
            if !(finite && (0.0..=1.0).contains(&leaning.threshold)) {
                return Err(WeightsError::Number { of: pool.clone() });
            }
        }
        Ok(weights)
    }

    /// The pools that they are for.
    pub fn pools(&self) -> impl Iterator<Item = &str> {
        self.pools.keys().map(String::as_str)
    }

    /// As a file holds them: a line for each pool, numbers with four digits.
    pub fn to_text(&self) -> String {
        let pool = |(pool, leaning): (&String, &Leaning)| {
            let rounded = Leaning {
                threshold: short(leaning.threshold),
                bias: short(leaning.bias),
                weights: leaning.weights.iter().copied().map(short).collect(),
                pieces: leaning.pieces.iter().map(|(piece, n)| (piece, short(n))).collect(),
            };
            let rounded = serde_json::to_string(&rounded).expect("finite numbers are JSON");
            format!("\"{pool}\":{rounded}")
        };
        let pools: Vec<_> = self.pools.iter().map(pool).collect();
        let temperature = short(self.temperature);
        format!("{{\"temperature\":{temperature},\"pools\":{{\n{}\n}}}}\n", pools.join(",\n"))
    }
}

fn short(number: f32) -> f32 {
    // Adding zero makes a plain zero of a negative one.
    (number * 1e4).round() / 1e4 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = Weights::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }

    fn file(temperature: &str, threshold: &str, first: &str, count: usize) -> String {
        let weights = [first].into_iter().chain(std::iter::repeat_n("0.5", count - 1));
        let weights: Vec<_> = weights.collect();
        format!(
            "{{\"temperature\": {temperature}, \"pools\": {{\"law\": {{\"threshold\": {threshold}, \
             \"bias\": 0, \"weights\": [{}]}}}}}}",
            weights.join(",")
        )
    }

    #[test]
    fn a_bad_file_says_what_is_bad() {
        check("", "is no file of weights: EOF");
        check("{\"temperature\": 1}", "missing field `pools`");
        check("{\"temperature\": 1, \"pools\": {}, \"x\": 1}", "unknown field `x`");
        check(&file("1", "0.5", "0.1", 3), "has 3 weights for law, not 128");
        check(&file("1", "0.5", "NaN", 128), "is no file of weights: expected value");
        check(&file("1", "0.5", "1e39", 128), "has a number for law that cannot be");
        check(&file("1", "2", "0.1", 128), "has a number for law that cannot be");
        check(&file("0", "0.5", "0.1", 128), "has a number for the temperature that cannot be");
        let error = Weights::read(Path::new("not-there.json")).unwrap_err().to_string();
        assert!(error.starts_with("cannot be read: "), "{error}");
    }

    #[test]
    fn what_was_learnt_of_pieces_is_of_the_vocabulary() {
        let pieces = |pieces: &str| {
            let text = file("1", "0.5", "0.1", 128);
            text.replace("\"bias\"", &format!("\"pieces\": {pieces}, \"bias\""))
        };
        check(&pieces("{\"qwxz\": 1}"), "`qwxz` is no piece of the vocabulary");
        check(&pieces("{\"tax\": 1e39}"), "has a number for law that cannot be");
        let weights = Weights::parse(&pieces("{\"tax\": 0.5, \"##es\": -1}")).unwrap();
        assert_eq!(Weights::parse(&weights.to_text()).unwrap(), weights);
        assert!(weights.to_text().contains("\"pieces\":{\"##es\":-1.0,\"tax\":0.5}"));
    }

    #[test]
    fn what_is_written_can_be_read() {
        let weights = Weights::parse(&file("0.7", "0.25", "-0.12345", 128)).unwrap();
        let text = weights.to_text();
        let read = Weights::parse(&text).unwrap();
        assert!((read.pools["law"].weights[0] + 0.1234).abs() < 1e-3);
        assert_eq!(read.to_text(), text);
    }

    #[test]
    fn the_built_in_weights_are_those_of_five_pools() {
        let weights = Weights::built_in();
        let pools: Vec<_> = weights.pools.keys().map(String::as_str).collect();
        assert_eq!(pools, ["business", "financial", "general", "healthcare", "sports"]);
        assert_eq!(weights.to_text(), include_str!("weights.json"));
    }
}
