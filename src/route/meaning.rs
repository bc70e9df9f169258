//! Meaning: a text as the mean of its words' vectors beside the words themselves, and how far it leans
//! to a pool.

use serde::{Deserialize, Serialize};

use super::{
    learnt::Learnt,
    reading::Reading,
    words::{DIMENSIONS, Piece, Words},
};

/// What a text is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meaning {
    /// The mean of the telling pieces' vectors, of length one.
    pub(super) direction: [f32; DIMENSIONS],
    /// The length that the mean had.
    length: f32,
    /// The telling pieces, each once, in order.
    pub(super) pieces: Vec<Piece>,
}

/// What makes a message one for a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaning {
    /// Below this probability the pool does not take a message.
    pub(super) threshold: f32,
    /// What speaks for the pool before a word is said.
    pub(super) bias: f32,
    /// What each number of a direction adds.
    pub(super) weights: Vec<f32>,
    /// What single pieces add to what they do by their vectors.
    #[serde(default)]
    pub(super) pieces: Learnt,
}

impl Leaning {
    /// What it takes.
    pub(super) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.weights.capacity() * size_of::<f32>() + self.pieces.memory_bytes()
    }
}

impl Meaning {
    /// What a text is about; `None` where no word of it is known.
    pub(super) fn of(reading: &Reading<'_>) -> Option<Self> {
        let words = Words::get();
        let mut pieces = reading.pieces.clone();
        pieces.retain(|piece| !words.is_small(*piece));
        let (direction, length) = mean(&pieces).or_else(|| mean(&reading.pieces))?;
        pieces.sort_unstable();
        pieces.dedup();
        Some(Self { direction, length, pieces })
    }

    /// What each piece counts among those of its message: many say less each.
    pub(super) fn share(&self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "pieces are hundreds at the most")]
        let pieces = self.pieces.len().max(1) as f32;
        pieces.sqrt().recip()
    }

    /// How much a piece of the text adds to a score, by these weights and by what was learnt of it.
    pub(super) fn pull(&self, piece: Piece, weights: &[f32], learnt: f32) -> f32 {
        let vector = Words::vector(piece);
        let products = vector.iter().zip(weights);
        let sum: f32 = products.map(|(number, w)| f32::from(number.cast_signed()) * w).sum();
        weight(vector) * sum / self.length + learnt * self.share()
    }
}

impl Leaning {
    /// One that leans nowhere.
    pub(super) fn none(threshold: f32) -> Self {
        let weights = vec![0.0; DIMENSIONS];
        Self { threshold, bias: 0.0, weights, pieces: Learnt::default() }
    }

    /// How much speaks for the pool.
    pub(super) fn score(&self, meaning: &Meaning) -> f32 {
        let products = self.weights.iter().zip(&meaning.direction);
        let by_meaning: f32 = products.map(|(weight, number)| weight * number).sum();
        self.bias + by_meaning + self.pieces.sum(&meaning.pieces) * meaning.share()
    }
}

/// The mean of the pieces' vectors: its direction, and its length.
fn mean(pieces: &[Piece]) -> Option<([f32; DIMENSIONS], f32)> {
    let mut sum = [0.0; DIMENSIONS];
    for piece in pieces {
        let vector = Words::vector(*piece);
        let weight = weight(vector);
        for (sum, number) in sum.iter_mut().zip(vector) {
            *sum += weight * f32::from(number.cast_signed());
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt();
    (length > 0.0).then(|| (sum.map(|number| number / length), length))
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
        one.direction.iter().zip(&other.direction).map(|(a, b)| a * b).sum()
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
        assert_eq!(meaning("what is the stock of the stock").unwrap().pieces.len(), 1);
        assert_eq!(meaning("why?").unwrap().pieces, [] as [Piece; 0]);
        assert_eq!(meaning("🙂"), None);
        assert_eq!(meaning(""), None);
    }

    #[test]
    fn the_pulls_of_its_pieces_make_the_score() {
        let meaning = meaning("shares of the company").unwrap();
        let pieces = meaning.pieces.iter().map(|piece| (*piece, 0.5)).collect();
        let leaning = Leaning { weights: vec![0.3; DIMENSIONS], pieces, ..Leaning::none(0.0) };
        let pull = |piece: &Piece| meaning.pull(*piece, &leaning.weights, 0.5);
        let pulls: f32 = meaning.pieces.iter().map(pull).sum();
        assert!((pulls - leaning.score(&meaning)).abs() < 1e-4);
    }
}
