//! Meaning: a text as one vector, the mean of its words', and how far it leans to a pool.

use serde::{Deserialize, Serialize};

use super::{
    reading::Reading,
    words::{DIMENSIONS, Piece, Words},
};

/// A direction in the space of meanings, of length one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Meaning(pub(super) [f32; DIMENSIONS]);

/// What makes a message one for a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaning {
    /// Below this probability the pool does not take a message.
    pub(super) threshold: f32,
    /// What speaks for the pool before a word is said.
    pub(super) bias: f32,
    /// What each number of a meaning adds.
    pub(super) weights: Vec<f32>,
}

impl Meaning {
    /// What a text is about; `None` where no word of it is known.
    pub(super) fn of(reading: &Reading<'_>) -> Option<Self> {
        let words = Words::get();
        let telling = reading.pieces.iter().filter(|piece| !words.is_small(**piece));
        Self::mean(telling).or_else(|| Self::mean(reading.pieces.iter()))
    }

    fn mean<'p>(pieces: impl Iterator<Item = &'p Piece>) -> Option<Self> {
        let mut sum = [0.0; DIMENSIONS];
        for piece in pieces {
            let vector = Words::vector(*piece);
            let weight = weight(vector);
            for (sum, number) in sum.iter_mut().zip(vector) {
                *sum += weight * f32::from(number.cast_signed());
            }
        }
        let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt();
        (length > 0.0).then(|| Self(sum.map(|number| number / length)))
    }
}

impl Leaning {
    /// One that leans nowhere.
    pub(super) fn none(threshold: f32) -> Self {
        Self { threshold, bias: 0.0, weights: vec![0.0; DIMENSIONS] }
    }

    /// How much speaks for the pool.
    pub(super) fn score(&self, meaning: &Meaning) -> f32 {
        let products = self.weights.iter().zip(&meaning.0).map(|(weight, number)| weight * number);
        self.bias + products.sum::<f32>()
    }
}

/// How much a piece adds in this direction.
pub(super) fn pull(piece: Piece, direction: &[f32; DIMENSIONS]) -> f32 {
    let vector = Words::vector(piece);
    let products = vector.iter().zip(direction).map(|(n, d)| f32::from(n.cast_signed()) * d);
    weight(vector) * products.sum::<f32>()
}

/// Rare words have long vectors and say more; the root of the length adds to that, which measured
/// better than none or all of it.
fn weight(vector: &[u8; DIMENSIONS]) -> f32 {
    let squares = vector.iter().map(|number| {
        let number = i32::from(number.cast_signed());
        number * number
    });
    #[expect(clippy::cast_precision_loss, reason = "128 squares of bytes stay far below 2^24")]
    let square = squares.sum::<i32>() as f32;
    square.sqrt().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Option<Meaning> {
        Meaning::of(&Reading::of(text))
    }

    fn likeness(one: &str, other: &str) -> f32 {
        let (one, other) = (meaning(one).unwrap(), meaning(other).unwrap());
        one.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn what_means_the_same_is_near() {
        let one = "my knee hurts after running";
        assert!(likeness(one, "pain in the leg") > likeness(one, "shares of the company"));
        assert!((likeness(one, one) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn small_words_count_where_there_is_nothing_else() {
        assert!((likeness("what is the stock", "Stock?!") - 1.0).abs() < 1e-5);
        assert!(meaning("why?").is_some());
        assert_eq!(meaning("🙂"), None);
        assert_eq!(meaning(""), None);
    }
}
