//! Fitting: which leanings make a set of labelled messages most likely.
//!
//! Multinomial logistic regression, held near what was known before. It goes by Böhning's bound: the
//! curvature is never above that of one fixed matrix, so each step solves with the same factor of it,
//! every step improves, and nothing has to be tuned. No randomness: the same rows give the same leanings.

use super::{meaning::Leaning, meaning::Meaning, words::DIMENSIONS};

/// How strongly leanings are held to what was known before; against the weight of all rows.
const HELD: f64 = 1.5;
/// Steps at the most. Twice as many change no digit that is kept.
const STEPS_MAX: usize = 60;
/// A step that moves no number by more than this was the last.
const STILL: f64 = 1e-4;

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
    let weights = balanced(rows, before.len());
    let factor = Factor::of(rows, &weights);
    let mut offsets = Vec::with_capacity(rows.len());
    for row in rows {
        let known = before.iter().zip(&row.evidence);
        offsets.push(known.map(|(l, e)| f64::from(l.score(&row.meaning) + e)).collect::<Vec<_>>());
    }
    let mut moved = vec![[0.0; NUMBERS]; before.len()];
    for _ in 0..STEPS_MAX {
        let mut slopes = slopes(rows, &weights, &offsets, &moved, free);
        let mut furthest: f64 = 0.0;
        for ((slope, moved), _) in slopes.iter_mut().zip(&mut moved).zip(free).filter(|(_, f)| **f)
        {
            for (slope, moved) in slope.iter_mut().zip(&*moved).take(DIMENSIONS) {
                *slope += HELD * moved;
            }
            factor.solve(slope);
            for (moved, step) in moved.iter_mut().zip(slope) {
                *moved -= *step;
                furthest = furthest.max(step.abs());
            }
        }
        if furthest < STILL {
            break;
        }
    }
    before.iter().zip(&moved).map(|(leaning, moved)| leaning.moved(moved)).collect()
}

impl Leaning {
    #[expect(clippy::cast_possible_truncation, reason = "what is kept has four digits")]
    fn moved(&self, by: &[f64; NUMBERS]) -> Self {
        let weights = self.weights.iter().zip(by).map(|(weight, by)| weight + *by as f32).collect();
        Self { weights, bias: self.bias + by[DIMENSIONS] as f32, ..*self }
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

/// Where the rows' unlikelihood rises, for each pool.
fn slopes(
    rows: &[Row],
    weights: &[f64],
    offsets: &[Vec<f64>],
    moved: &[[f64; NUMBERS]],
    free: &[bool],
) -> Vec<[f64; NUMBERS]> {
    let mut slopes = vec![[0.0; NUMBERS]; moved.len()];
    let mut scores = vec![0.0; moved.len()];
    for ((row, weight), offsets) in rows.iter().zip(weights).zip(offsets) {
        scores.copy_from_slice(offsets);
        for ((score, moved), _) in scores.iter_mut().zip(moved).zip(free).filter(|(_, f)| **f) {
            let products = moved.iter().zip(&row.meaning.0).map(|(m, n)| m * f64::from(*n));
            *score += moved[DIMENSIONS] + products.sum::<f64>();
        }
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|score| (score - highest).exp()).sum();
        for (pool, (slope, score)) in slopes.iter_mut().zip(&scores).enumerate() {
            if !free[pool] {
                continue;
            }
            let hoped = if pool == row.pool { 1.0 } else { 0.0 };
            let error = weight * ((score - highest).exp() / total - hoped);
            for (slope, number) in slope.iter_mut().zip(&row.meaning.0) {
                *slope += error * f64::from(*number);
            }
            slope[DIMENSIONS] += error;
        }
    }
    slopes
}

/// The bound of the curvature, as the lower triangle whose product with its own transpose it is
/// (Cholesky).
struct Factor(Vec<[f64; NUMBERS]>);

impl Factor {
    fn of(rows: &[Row], weights: &[f64]) -> Self {
        let mut bound = vec![[0.0; NUMBERS]; NUMBERS];
        for (row, weight) in rows.iter().zip(weights) {
            let mut numbers = [1.0; NUMBERS];
            for (to, from) in numbers.iter_mut().zip(&row.meaning.0) {
                *to = f64::from(*from);
            }
            for (line, number) in bound.iter_mut().zip(&numbers) {
                // No probability times its complement is above a quarter, and Böhning's matrix doubles it.
                let half = weight * number / 2.0;
                for (cell, number) in line.iter_mut().zip(&numbers) {
                    *cell += half * number;
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
