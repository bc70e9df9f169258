//! Fitting: which leanings make a set of labelled messages most likely.
//!
//! Multinomial logistic regression, held near what was known before. It goes by Böhning's bound: the
//! curvature is never above that of fixed matrices, one for the numbers of a direction and a diagonal one
//! for single pieces, so each step solves with the same factor, every step improves, and nothing has to be
//! tuned. No randomness: the same rows give the same leanings.

use std::collections::BTreeMap;

use super::{
    meaning::{Leaning, Meaning},
    words::{DIMENSIONS, Piece},
};

/// How strongly leanings are held to what was known before; against the weight of all rows.
const HELD: f64 = 1.5;
/// Steps at the most. Three times as many route no better.
const STEPS_MAX: usize = 40;
/// A step that moves no number by more than this was the last.
const STILL: f64 = 1e-3;
/// A piece is learnt of when it stands in this many messages.
const PIECE_ROWS_MIN: usize = 2;
/// What was learnt of a piece and is less than this is not kept.
const PIECE_KEPT: f64 = 0.05;

/// Numbers of a leaning: its weights and its bias.
const NUMBERS: usize = DIMENSIONS + 1;

/// A message whose pool is known.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) meaning: Meaning,
    /// What its keywords add to each pool's score.
    pub(super) evidence: Vec<f32>,
    pub(super) pool: usize,
    /// How much it counts beside the other rows of its pool; the pools count alike.
    pub(super) weight: f32,
}

/// The leanings, with those that are `free` moved to where the rows are most likely.
pub(super) fn fit(rows: &[Row], before: &[Leaning], free: &[bool]) -> Vec<Leaning> {
    let lesson = Lesson::of(rows, before);
    let factor = Factor::of(&lesson);
    let none = Change { numbers: [0.0; NUMBERS], pieces: vec![0.0; lesson.counts.len()] };
    let mut moved: Vec<_> = free.iter().map(|free| free.then(|| none.clone())).collect();
    for _ in 0..STEPS_MAX {
        let slopes = lesson.slopes(&moved);
        let mut furthest: f64 = 0.0;
        for (moved, slope) in moved.iter_mut().zip(slopes) {
            if let (Some(moved), Some(slope)) = (moved, slope) {
                furthest = furthest.max(moved.step(slope, &factor, &lesson.counts));
            }
        }
        if furthest < STILL {
            break;
        }
    }
    let moved = before.iter().zip(&moved);
    moved
        .map(|(leaning, moved)| match moved {
            Some(moved) => leaning.moved(moved, &lesson.pieces),
            None => leaning.clone(),
        })
        .collect()
}

impl Leaning {
    #[expect(clippy::cast_possible_truncation, reason = "what is kept has four digits")]
    fn moved(&self, by: &Change, pieces: &[Piece]) -> Self {
        let moved = self.weights.iter().zip(&by.numbers);
        let weights = moved.map(|(weight, by)| weight + *by as f32).collect();
        let mut known: BTreeMap<Piece, f32> = self.pieces.iter().collect();
        for (piece, by) in pieces.iter().zip(&by.pieces).filter(|(_, by)| by.abs() >= PIECE_KEPT) {
            *known.entry(*piece).or_default() += *by as f32;
        }
        let bias = self.bias + by.numbers[DIMENSIONS] as f32;
        Self { threshold: self.threshold, bias, weights, pieces: known.into_iter().collect() }
    }
}

/// The rows as they are learnt from.
struct Lesson<'r> {
    rows: Vec<Learning<'r>>,
    /// The pieces that are learnt of, and the weight of the rows that hold each.
    pieces: Vec<Piece>,
    counts: Vec<f64>,
}

struct Learning<'r> {
    row: &'r Row,
    /// The pools that have rows count alike, and all rows weigh what they number.
    weight: f64,
    /// Each pool's score by what was known before.
    known: Vec<f64>,
    /// Which of the pieces it holds, and how much each counts.
    pieces: Vec<usize>,
    share: f64,
}

/// How far a leaning was moved, or where its unlikelihood rises.
#[derive(Clone)]
struct Change {
    numbers: [f64; NUMBERS],
    pieces: Vec<f64>,
}

impl<'r> Lesson<'r> {
    fn of(rows: &'r [Row], before: &[Leaning]) -> Self {
        let mut holding: BTreeMap<Piece, usize> = BTreeMap::new();
        for piece in rows.iter().flat_map(|row| &row.meaning.pieces) {
            *holding.entry(*piece).or_default() += 1;
        }
        holding.retain(|_, rows| *rows >= PIECE_ROWS_MIN);
        let pieces: Vec<Piece> = holding.into_keys().collect();
        let weights = balanced(rows, before.len());
        let learning = |(row, weight): (&'r Row, f64)| {
            let known = before.iter().zip(&row.evidence);
            let known = known.map(|(l, e)| f64::from(l.score(&row.meaning) + e)).collect();
            let held = row.meaning.pieces.iter();
            let held = held.filter_map(|piece| pieces.binary_search(piece).ok()).collect();
            Learning { row, weight, known, pieces: held, share: row.meaning.share().into() }
        };
        let rows: Vec<_> = rows.iter().zip(weights).map(learning).collect();
        let mut counts = vec![0.0; pieces.len()];
        for row in &rows {
            row.pieces.iter().for_each(|piece| counts[*piece] += row.weight);
        }
        Self { rows, pieces, counts }
    }

    /// Where the rows' unlikelihood rises, for each pool that moves.
    fn slopes(&self, moved: &[Option<Change>]) -> Vec<Option<Change>> {
        let held = |change: &Change| Change {
            numbers: std::array::from_fn(|at| {
                if at < DIMENSIONS { HELD * change.numbers[at] } else { 0.0 }
            }),
            pieces: change.pieces.iter().map(|number| HELD * number).collect(),
        };
        let mut slopes: Vec<_> = moved.iter().map(|change| change.as_ref().map(held)).collect();
        for row in &self.rows {
            let scores = row.known.iter().zip(moved);
            let scores = scores
                .map(|(known, moved)| known + moved.as_ref().map_or(0.0, |moved| moved.score(row)));
            let chances = chances(scores.collect());
            for (pool, (slope, chance)) in slopes.iter_mut().zip(chances).enumerate() {
                let hoped = if pool == row.row.pool { 1.0 } else { 0.0 };
                if let Some(slope) = slope {
                    slope.add(row, row.weight * (chance - hoped));
                }
            }
        }
        slopes
    }
}

impl Change {
    /// What it adds to a row's score.
    fn score(&self, row: &Learning<'_>) -> f64 {
        let products = self.numbers.iter().zip(&row.row.meaning.direction);
        let by_pieces: f64 = row.pieces.iter().map(|piece| self.pieces[*piece]).sum();
        products.map(|(own, number)| own * f64::from(*number)).sum::<f64>()
            + self.numbers[DIMENSIONS]
            + by_pieces * row.share
    }

    /// Adds a row, this many times.
    fn add(&mut self, row: &Learning<'_>, times: f64) {
        for (own, number) in self.numbers.iter_mut().zip(&row.row.meaning.direction) {
            *own += times * f64::from(*number);
        }
        self.numbers[DIMENSIONS] += times;
        for piece in &row.pieces {
            self.pieces[*piece] += times * row.share;
        }
    }

    /// Goes down a slope, and tells the longest way of a number.
    fn step(&mut self, mut slope: Self, factor: &Factor, counts: &[f64]) -> f64 {
        factor.solve(&mut slope.numbers);
        // The shares of a row's pieces, times their sum, are one: so the diagonal counts rows.
        for (slope, count) in slope.pieces.iter_mut().zip(counts) {
            *slope /= count + HELD;
        }
        let own = self.numbers.iter_mut().chain(&mut self.pieces);
        let steps = slope.numbers.iter().chain(&slope.pieces);
        own.zip(steps).fold(0.0, |furthest: f64, (own, step)| {
            *own -= step;
            furthest.max(step.abs())
        })
    }
}

/// The rows' weights, so that every pool that has rows counts alike and all weigh what they number.
fn balanced(rows: &[Row], pools: usize) -> Vec<f64> {
    let mut totals = vec![0.0; pools];
    for row in rows {
        totals[row.pool] += f64::from(row.weight);
    }
    let present = totals.iter().filter(|total| **total > 0.0).count().max(1);
    #[expect(clippy::cast_precision_loss, reason = "rows are thousands")]
    let each = rows.len() as f64 / present as f64;
    rows.iter().map(|row| f64::from(row.weight) * each / totals[row.pool]).collect()
}

fn chances(mut scores: Vec<f64>) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for score in &mut scores {
        *score = (*score - highest).exp();
    }
    let total: f64 = scores.iter().sum();
    scores.iter().map(|score| score / total).collect()
}

/// The bound of the curvature, as the lower triangle whose product with its own transpose it is
/// (Cholesky).
struct Factor(Vec<[f64; NUMBERS]>);

impl Factor {
    fn of(lesson: &Lesson<'_>) -> Self {
        let mut bound = vec![[0.0; NUMBERS]; NUMBERS];
        for row in &lesson.rows {
            let mut numbers = [1.0; NUMBERS];
            for (to, from) in numbers.iter_mut().zip(&row.row.meaning.direction) {
                *to = f64::from(*from);
            }
            for (line, number) in bound.iter_mut().zip(&numbers) {
                // Böhning's half, twice, since numbers and pieces move at the same time.
                let times = row.weight * number;
                for (cell, number) in line.iter_mut().zip(&numbers) {
                    *cell += times * number;
                }
            }
        }
        for (at, line) in bound.iter_mut().enumerate() {
            line[at] += if at < DIMENSIONS { HELD } else { f64::EPSILON };
        }
        for at in 0..NUMBERS {
            for below in at..NUMBERS {
                let known: f64 = (0..at).map(|k| bound[at][k] * bound[below][k]).sum();
                let left = bound[below][at] - known;
                bound[below][at] = if below == at { left.sqrt() } else { left / bound[at][at] };
            }
        }
        Self(bound)
    }

    /// Replaces a slope by the step that answers it.
    fn solve(&self, slope: &mut [f64; NUMBERS]) {
        for at in 0..NUMBERS {
            let known: f64 = (0..at).map(|k| self.0[at][k] * slope[k]).sum();
            slope[at] = (slope[at] - known) / self.0[at][at];
        }
        for at in (0..NUMBERS).rev() {
            let known: f64 = (at + 1..NUMBERS).map(|k| self.0[k][at] * slope[k]).sum();
            slope[at] = (slope[at] - known) / self.0[at][at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::reading::Reading, *};

    const TOY: &[(usize, &str)] = &[
        (0, "my stomach hurts"),
        (0, "which pills against fever"),
        (0, "a doctor for the knee"),
        (1, "the stock fell"),
        (1, "interest on my savings"),
        (1, "how are dividends taxed"),
    ];

    fn rows() -> Vec<Row> {
        let row = |(pool, text): &(usize, &str)| Row {
            meaning: Meaning::of(&Reading::of(text)).unwrap(),
            evidence: vec![0.0; 2],
            pool: *pool,
            weight: 1.0,
        };
        TOY.iter().map(row).collect()
    }

    fn best(leanings: &[Leaning], text: &str) -> usize {
        let meaning = Meaning::of(&Reading::of(text)).unwrap();
        let scores: Vec<_> = leanings.iter().map(|leaning| leaning.score(&meaning)).collect();
        usize::from(scores[1] > scores[0])
    }

    #[test]
    fn it_learns_what_it_was_shown_and_what_is_like_it() {
        let none = vec![Leaning::none(0.0); 2];
        let fitted = fit(&rows(), &none, &[true, true]);
        for (pool, text) in TOY.iter().chain(&[(0, "a headache"), (1, "bonds and banks")]) {
            assert_eq!(best(&fitted, text), *pool, "{text}");
        }
    }

    #[test]
    fn what_a_piece_says_beyond_its_vector_is_learnt() {
        let fitted = fit(&rows(), &vec![Leaning::none(0.0); 2], &[true, true]);
        let learnt: Vec<_> = fitted[1].pieces.iter().collect();
        assert!(learnt.is_empty(), "no piece stands in two of the messages");
        let twice: Vec<_> = rows().into_iter().chain(rows()).collect();
        let fitted = fit(&twice, &vec![Leaning::none(0.0); 2], &[true, true]);
        let (stock, fever) = (Reading::of("stock").pieces[0], Reading::of("fever").pieces[0]);
        assert!(fitted[1].pieces.of(stock) > 0.0 && fitted[1].pieces.of(fever) < 0.0);
    }

    #[test]
    fn the_same_rows_give_the_same_leanings() {
        let none = vec![Leaning::none(0.0); 2];
        assert_eq!(fit(&rows(), &none, &[true, true]), fit(&rows(), &none, &[true, true]));
    }

    #[test]
    fn what_is_not_free_stays() {
        let known = fit(&rows(), &[Leaning::none(0.0), Leaning::none(0.0)], &[true, true]);
        let again = fit(&rows(), &known, &[true, false]);
        assert_eq!(again[1], known[1]);
        assert_ne!(again[0], known[0]);
    }

    #[test]
    fn without_rows_nothing_moves() {
        let none = vec![Leaning::none(0.0); 2];
        assert_eq!(fit(&[], &none, &[true, true]), none);
    }
}
