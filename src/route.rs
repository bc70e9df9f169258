//! Which pool a message belongs to, and why.
//!
//! Invariant: a decision explains itself; no network and no model call is made for it, and what it
//! costs is bounded however long the message is.

mod agents;
mod calibrate;
mod carrying;
mod choose;
mod fit;
mod learnt;
mod lexicon;
mod meaning;
mod reading;
mod spanning;
#[cfg(test)]
mod tests;
mod weights;
mod words;

use std::{collections::BTreeMap, path::Path};

pub use calibrate::{CalibrateError, Labelled, Report, calibrate, measure};
pub use choose::{Choice, Context};
pub use weights::{Weights, WeightsError};

use crate::{
    config::{Consult, PoolSettings, Settings},
    model::PoolName,
};
use agents::Agents;
use fit::{Row, fit};
use lexicon::{Found, Lexicon};
use meaning::{Leaning, Meaning};
use reading::Reading;
use words::Words;

/// The pool for what belongs to no other.
pub const DEFAULT_POOL: &str = "general";

/// Below this probability a pool takes no message, where neither settings nor weights say.
const THRESHOLD: f32 = 0.2;
/// How much a pool's keyword counts when leanings are fitted to settings; an example counts 1.
const KEYWORD_ROW: f32 = 0.6;

/// Knows the pools, and judges messages.
#[derive(Debug)]
pub struct Router {
    /// All pools; each can be asked by its name.
    names: Vec<PoolName>,
    /// The pools that messages can be judged for. One with neither weights nor words is reached by
    /// its name alone.
    pools: Vec<PoolName>,
    leanings: Vec<Leaning>,
    lexicon: Lexicon,
    temperature: f32,
    agents: BTreeMap<PoolName, Agents>,
    consult: Consult,
}

/// How well a message fits each pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The pools with their probabilities, likeliest first; empty where the message says nothing.
    pub scores: Vec<(PoolName, f32)>,
    /// The words that speak most for the first, as they were written.
    pub words: Vec<String>,
    /// Words that say something of what the message is about.
    telling: usize,
    /// A keyword of the first stands in the message.
    proved: bool,
}

/// Why messages cannot be routed as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// The weights file is bad.
    #[error("routing.weights: {path} {source}")]
    Weights {
        /// Which file.
        path: String,
        /// What is wrong with it.
        source: WeightsError,
    },
    /// The weights are for a pool that there is not.
    #[error("routing.weights: {path} has weights for {pool}, which is no pool; there are: {known}")]
    UnknownPool {
        /// Which file.
        path: String,
        /// For which pool.
        pool: String,
        /// The pools.
        known: String,
    },
}

impl Router {
    /// A router for the pools of these settings, with the weights that they name.
    pub fn of(settings: &Settings) -> Result<Self, RouteError> {
        Ok(Self { consult: settings.routing.consult, ..Self::weighed(settings)? })
    }

    /// What it takes in memory, with the index of words that all routers share.
    pub fn memory_bytes(&self) -> usize {
        let leanings: usize = self.leanings.iter().map(Leaning::memory_bytes).sum();
        let agents: usize = self.agents.values().map(Agents::memory_bytes).sum();
        leanings + agents + self.lexicon.memory_bytes() + Words::get().memory_bytes()
    }

    fn weighed(settings: &Settings) -> Result<Self, RouteError> {
        let pools = &settings.pools;
        let path = match settings.routing.weights.as_str() {
            "built-in" => return Ok(Self::new(pools, &Weights::built_in())),
            "none" => return Ok(Self::new(pools, &Weights::none())),
            path => path.to_owned(),
        };
        let weights = match Weights::read(Path::new(&path)) {
            Ok(weights) => weights,
            Err(source) => return Err(RouteError::Weights { path, source }),
        };
        if let Some(pool) = weights.pools().find(|pool| !pools.contains_key(*pool)) {
            let known = pools.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(RouteError::UnknownPool { path, pool: pool.to_owned(), known });
        }
        Ok(Self::new(pools, &weights))
    }

    /// A router for these pools. Weights are where it begins; a pool that has none, or has examples of
    /// its own, is moved from there to where the words in the settings lead.
    pub fn new(pools: &BTreeMap<String, PoolSettings>, weights: &Weights) -> Self {
        let fitted = |name: &String| weights.pools.get(name);
        let judged: Vec<_> = pools
            .iter()
            .filter(|(name, pool)| fitted(name).is_some() || says_something(pool))
            .collect();
        let mut lexicon = Lexicon::default();
        let mut leanings = Vec::new();
        for (at, (name, pool)) in judged.iter().enumerate() {
            let mut leaning = fitted(name).cloned().unwrap_or_else(|| Leaning::none(THRESHOLD));
            leaning.threshold = pool.threshold.unwrap_or(leaning.threshold);
            leanings.push(leaning);
            for keyword in &pool.keywords {
                lexicon.add(at, keyword);
            }
        }
        let moves = |(name, pool): &(&String, &PoolSettings)| {
            fitted(name).is_none() || !pool.examples.is_empty()
        };
        let free: Vec<bool> = judged.iter().map(moves).collect();
        if free.contains(&true) {
            let rows: Vec<Row> = (0..)
                .zip(&judged)
                .flat_map(|(at, (_, pool))| rows_of(at, judged.len(), pool))
                .collect();
            leanings = fit(&rows, &leanings, &free);
        }
        let agents = agents::of(pools);
        let names = pools.keys().map(|name| PoolName::from(name.as_str())).collect();
        let pools = judged.iter().map(|(name, _)| PoolName::from(name.as_str())).collect();
        let (temperature, consult) = (weights.temperature, Consult::Asked);
        Self { names, pools, leanings, lexicon, temperature, agents, consult }
    }

    /// How well a message fits each pool.
    pub fn judge(&self, text: &str) -> Judgement {
        let reading = Reading::of(text);
        let found = self.lexicon.find(&reading);
        let telling = reading.telling();
        let meaning = Meaning::of(&reading).filter(|_| telling > 0 || !found.is_empty());
        let Some(meaning) = meaning else { return Judgement::none(telling) };
        let read = Read { reading, found, meaning };
        let chances = self.chances(&self.evidence(&read.found), &read.meaning);
        let mut order: Vec<usize> = (0..self.pools.len()).collect();
        order.sort_by(|a, b| chances[*b].total_cmp(&chances[*a]));
        let Some(first) = order.first() else { return Judgement::none(telling) };
        Judgement {
            words: self.carrying(*first, &chances, &read),
            proved: read.found.iter().any(|keyword| keyword.pool == *first),
            scores: order.iter().map(|at| (self.pools[*at].clone(), chances[*at])).collect(),
            telling,
        }
    }

    /// What keywords add to each pool's score.
    fn evidence(&self, found: &[Found]) -> Vec<f32> {
        let mut evidence = vec![0.0; self.pools.len()];
        for keyword in found {
            evidence[keyword.pool] += keyword.counts;
        }
        evidence
    }

    /// Each pool's probability.
    fn chances(&self, evidence: &[f32], meaning: &Meaning) -> Vec<f32> {
        let scores = self.leanings.iter().zip(evidence);
        softmax(scores.map(|(l, e)| (l.score(meaning) + e) / self.temperature).collect())
    }

    fn threshold(&self, pool: &PoolName) -> f32 {
        let at = self.pools.iter().position(|known| known == pool);
        at.and_then(|at| self.leanings.get(at)).map_or(THRESHOLD, |leaning| leaning.threshold)
    }
}

/// A message that says something.
struct Read<'t> {
    reading: Reading<'t>,
    found: Vec<Found>,
    meaning: Meaning,
}

impl Judgement {
    fn none(telling: usize) -> Self {
        Self { scores: Vec::new(), words: Vec::new(), telling, proved: false }
    }

    /// The likeliest pool.
    pub fn best(&self) -> Option<(&PoolName, f32)> {
        self.scores.first().map(|(pool, chance)| (pool, *chance))
    }

    /// The probability of a pool.
    pub fn of(&self, pool: &PoolName) -> f32 {
        self.scores.iter().find(|(known, _)| known == pool).map_or(0.0, |(_, chance)| *chance)
    }
}

/// Whether the settings of a pool have a word to judge messages by.
fn says_something(settings: &PoolSettings) -> bool {
    rows_of(0, 0, settings).next().is_some()
}

/// What a pool's settings say it is for, as messages of its own. What its keywords would add as such
/// is left out: each would prove itself.
fn rows_of(pool: usize, pools: usize, settings: &PoolSettings) -> impl Iterator<Item = Row> {
    let keywords = settings.keywords.iter().map(|keyword| (keyword, KEYWORD_ROW));
    let examples = settings.examples.iter().map(|example| (example, 1.0));
    let said = [(&settings.description, 1.0)].into_iter().chain(keywords).chain(examples);
    said.filter_map(move |(text, weight)| {
        let meaning = Meaning::of(&Reading::of(text))?;
        Some(Row { meaning, evidence: vec![0.0; pools], pool, weight })
    })
}

fn softmax(mut scores: Vec<f32>) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for score in &mut scores {
        *score = (*score - highest).exp();
        total += *score;
    }
    for score in &mut scores {
        *score /= total;
    }
    scores
}
