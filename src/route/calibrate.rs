//! Calibrating: weights and thresholds from labelled messages, and a report of how good they are.

use std::{collections::BTreeMap, fmt};

use super::{
    DEFAULT_POOL, Router, THRESHOLD,
    choose::Context,
    fit::{Row, fit},
    meaning::{Leaning, Meaning},
    reading::Reading,
    weights::Weights,
};
use crate::{config::PoolSettings, limits::LABELLED_MIN};

/// Parts into which messages are cut: each is judged by what was fitted to the others.
const PARTS: usize = 5;
/// Temperatures and thresholds that are tried.
const TEMPERATURES: std::ops::RangeInclusive<u8> = 4..=30;
const THRESHOLDS: std::ops::RangeInclusive<u8> = 4..=12;

/// A message whose pool is known.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Labelled {
    /// What it says.
    pub text: String,
    /// The pool that it belongs to.
    pub domain: String,
}

/// Why nothing can be fitted.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// A label that names no pool.
    #[error("message {number} is labelled {domain}, which is no pool; there are: {known}")]
    UnknownPool {
        /// Which message, counted from 1.
        number: usize,
        /// Its label.
        domain: String,
        /// The pools.
        known: String,
    },
    /// Too little to learn from.
    #[error("{pool} has {found} messages that say something, and needs {LABELLED_MIN} at least")]
    TooFew {
        /// Of which pool.
        pool: String,
        /// How many there are.
        found: usize,
    },
}

/// How well messages are routed, pool by pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report(Vec<Line>);

/// One pool: what belongs to it, what was sent to it, and what is both.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    pool: String,
    belong: usize,
    sent: usize,
    right: usize,
}

/// Weights for the pools that the messages are labelled with, and how well each message is routed by
/// weights that were fitted without it.
pub fn calibrate(
    pools: &BTreeMap<String, PoolSettings>,
    labelled: &[Labelled],
) -> Result<(Weights, Report), CalibrateError> {
    let names = labels(pools, labelled)?;
    // Keywords count beside what is fitted, so it is fitted beside them.
    let judge = Router::new(&named(pools, &names), &Weights::blank(&names));
    let rows = judge.rows(&names, labelled);
    for (pool, name) in names.iter().enumerate() {
        let found = rows.iter().filter(|(_, row)| row.pool == pool).count();
        if found < LABELLED_MIN {
            return Err(CalibrateError::TooFew { pool: name.clone(), found });
        }
    }
    let blank = vec![Leaning::none(0.0); names.len()];
    let free = vec![true; names.len()];
    let mut scored = Vec::with_capacity(rows.len());
    for part in 0..PARTS {
        let (held, shown): (Vec<_>, Vec<_>) =
            rows.iter().cloned().partition(|(number, _)| number % PARTS == part);
        let shown: Vec<Row> = shown.into_iter().map(|(_, row)| row).collect();
        let fitted = fit(&shown, &blank, &free);
        scored.extend(held.iter().map(|(_, row)| Scored::of(row, &fitted)));
    }
    let temperature = temperature(&scored);
    let thresholds = thresholds(&names, &scored, temperature);
    let all: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let report = report(
        &names,
        scored.iter().map(|one| (one.pool, one.sent(&names, &thresholds, temperature))),
    );
    let fitted = fit(&all, &blank, &free).into_iter().zip(thresholds);
    let fitted = fitted.map(|(leaning, threshold)| Leaning { threshold, ..leaning });
    Ok((Weights { temperature, pools: names.into_iter().zip(fitted).collect() }, report))
}

/// How well a router sends messages where they belong, each taken by itself.
pub fn measure(router: &Router, labelled: &[Labelled]) -> Report {
    let mut names: Vec<_> = labelled.iter().map(|one| one.domain.clone()).collect();
    names.sort();
    names.dedup();
    let place = |name: &str| names.iter().position(|known| known == name);
    report(
        &names,
        labelled.iter().filter_map(|one| {
            let sent = router.choose(&one.text, Context::default()).pool;
            // A pool that no label names takes what it takes from the others.
            Some((place(&one.domain)?, place(sent.as_str()).unwrap_or(names.len())))
        }),
    )
}

/// The labels, each a pool, by name.
fn labels(
    pools: &BTreeMap<String, PoolSettings>,
    labelled: &[Labelled],
) -> Result<Vec<String>, CalibrateError> {
    let stranger = |(_, one): &(usize, &Labelled)| !pools.contains_key(&one.domain);
    if let Some((number, one)) = (1..).zip(labelled).find(stranger) {
        let known = pools.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(CalibrateError::UnknownPool { number, domain: one.domain.clone(), known });
    }
    let used = |name: &&String| labelled.iter().any(|one| one.domain == **name);
    Ok(pools.keys().filter(used).cloned().collect())
}

fn named(
    pools: &BTreeMap<String, PoolSettings>,
    names: &[String],
) -> BTreeMap<String, PoolSettings> {
    let plain = |pool: &PoolSettings| PoolSettings { examples: Vec::new(), ..pool.clone() };
    pools
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(n, p)| (n.clone(), plain(p)))
        .collect()
}

impl Weights {
    /// For each pool one that leans nowhere.
    fn blank(names: &[String]) -> Self {
        let blank = |name: &String| (name.clone(), Leaning::none(THRESHOLD));
        Self { temperature: 1.0, pools: names.iter().map(blank).collect() }
    }
}

impl Router {
    /// The messages that say something, each with its number.
    fn rows(&self, names: &[String], labelled: &[Labelled]) -> Vec<(usize, Row)> {
        let row = |(number, one): (usize, &Labelled)| {
            let reading = Reading::of(&one.text);
            let evidence = self.evidence(&self.lexicon.find(&reading));
            let pool = names.iter().position(|name| *name == one.domain)?;
            let meaning = Meaning::of(&reading)?;
            Some((number, Row { meaning, evidence, pool, weight: 1.0 }))
        };
        labelled.iter().enumerate().filter_map(row).collect()
    }
}

/// A message by the scores that it got from weights fitted without it.
struct Scored {
    pool: usize,
    scores: Vec<f32>,
}

impl Scored {
    fn of(row: &Row, leanings: &[Leaning]) -> Self {
        let scores = leanings.iter().zip(&row.evidence);
        let scores = scores.map(|(leaning, evidence)| leaning.score(&row.meaning) + evidence);
        Self { pool: row.pool, scores: scores.collect() }
    }

    fn chances(&self, temperature: f32) -> Vec<f32> {
        super::softmax(self.scores.iter().map(|score| score / temperature).collect())
    }

    /// Where it would be sent.
    fn sent(&self, names: &[String], thresholds: &[f32], temperature: f32) -> usize {
        let chances = self.chances(temperature);
        let best = (0..chances.len()).max_by(|a, b| chances[*a].total_cmp(&chances[*b]));
        let taken = best.filter(|best| chances[*best] >= thresholds[*best]);
        taken.or_else(|| names.iter().position(|name| name == DEFAULT_POOL)).unwrap_or(names.len())
    }
}

/// The temperature under which the messages are likeliest where they belong.
fn temperature(scored: &[Scored]) -> f32 {
    let surprise = |temperature: f32| -> f32 {
        scored
            .iter()
            .map(|one| -one.chances(temperature)[one.pool].max(f32::MIN_POSITIVE).ln())
            .sum()
    };
    let tried = TEMPERATURES.map(|twentieths| f32::from(twentieths) / 20.0);
    tried.min_by(|a, b| surprise(*a).total_cmp(&surprise(*b))).unwrap_or(1.0)
}

/// For each pool the threshold under which most is routed right; the lowest, where several do as well.
fn thresholds(names: &[String], scored: &[Scored], temperature: f32) -> Vec<f32> {
    let lowest = f32::from(*THRESHOLDS.start()) / 20.0;
    let mut thresholds = vec![lowest; names.len()];
    for pool in 0..names.len() {
        let good = |threshold: f32| {
            let mut tried = thresholds.clone();
            tried[pool] = threshold;
            let sent = scored.iter().map(|one| (one.pool, one.sent(names, &tried, temperature)));
            (report(names, sent).macro_f1() * 1e3).round()
        };
        let tried = THRESHOLDS.rev().map(|twentieths| f32::from(twentieths) / 20.0);
        let best = tried.max_by(|a, b| good(*a).total_cmp(&good(*b)));
        thresholds[pool] = best.unwrap_or(lowest);
    }
    thresholds
}

fn report(names: &[String], routed: impl Iterator<Item = (usize, usize)>) -> Report {
    let line = |pool: &String| Line { pool: pool.clone(), belong: 0, sent: 0, right: 0 };
    let mut lines: Vec<_> = names.iter().map(line).collect();
    for (belongs, sent) in routed {
        lines[belongs].belong += 1;
        if let Some(line) = lines.get_mut(sent) {
            line.sent += 1;
            line.right += usize::from(sent == belongs);
        }
    }
    Report(lines)
}

#[expect(clippy::cast_precision_loss, reason = "messages are counted in thousands")]
fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

impl Line {
    fn f1(&self) -> f32 {
        share(2 * self.right, self.belong + self.sent)
    }
}

impl Report {
    /// The mean of the pools' F1, so that a small pool counts as much as a large one.
    pub fn macro_f1(&self) -> f32 {
        let sum: f32 = self.0.iter().map(Line::f1).sum();
        sum * share(1, self.0.len())
    }

    /// The F1 of the pool that does worst.
    pub fn worst_f1(&self) -> f32 {
        self.0.iter().map(Line::f1).fold(1.0, f32::min)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:>8} {:>9} {:>6} {:>5}",
            "pool", "messages", "precision", "recall", "F1"
        )?;
        for line in &self.0 {
            let (precision, recall) =
                (share(line.right, line.sent), share(line.right, line.belong));
            let Line { pool, belong, .. } = line;
            writeln!(
                f,
                "{pool:<20} {belong:>8} {precision:>9.3} {recall:>6.3} {:>5.3}",
                line.f1()
            )?;
        }
        let total: usize = self.0.iter().map(|line| line.belong).sum();
        let right: usize = self.0.iter().map(|line| line.right).sum();
        write!(f, "macro-F1 {:.3}, accuracy {:.3}", self.macro_f1(), share(right, total))
    }
}
