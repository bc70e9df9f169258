//! Carrying: which words of a message did most to set its pool apart from the others.

use std::ops::Range;

use super::{
    Read, Router,
    reading::Word,
    words::{DIMENSIONS, Words},
};
use crate::limits::CARRYING_WORDS_MAX;

/// A word carries a decision when it does at least this share of what all words do.
const CARRIES: f32 = 0.15;

/// What words do for a pool, and which they are.
type Pull = (f32, Range<usize>);

impl Router {
    /// The words that carry a pool, the strongest first, as they were written but in lower case.
    pub(super) fn carrying(&self, pool: usize, chances: &[f32], read: &Read<'_>) -> Vec<String> {
        let mut pulls = self.pulls(&Self::shares(pool, chances), read);
        for keyword in read.found.iter().filter(|keyword| keyword.pool == pool) {
            let by_meaning: f32 = pulls[keyword.words.clone()].iter().map(|(pull, _)| pull).sum();
            let carries = by_meaning.max(0.0) + keyword.counts;
            let first = &mut pulls[keyword.words.start];
            if carries > first.0 {
                *first = (carries, keyword.words.clone());
            }
        }
        pulls.retain(|(pull, _)| *pull > 0.0);
        pulls.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let enough = CARRIES * pulls.iter().map(|(pull, _)| pull).sum::<f32>();
        pulls.retain(|(pull, _)| *pull >= enough);
        without_repetition(pulls, read)
    }

    /// How much each pool is to be weighed, so that what speaks for one is told from what speaks for the
    /// others, likely ones first.
    fn shares(pool: usize, chances: &[f32]) -> Vec<f32> {
        let others = (1.0 - chances[pool]).max(f32::MIN_POSITIVE);
        let share = |(at, chance): (usize, &f32)| if at == pool { 1.0 } else { -chance / others };
        chances.iter().enumerate().map(share).collect()
    }

    /// What each word does by its meaning for the pools, weighed by their shares.
    fn pulls(&self, shares: &[f32], read: &Read<'_>) -> Vec<Pull> {
        let mut weights = [0.0; DIMENSIONS];
        for (leaning, share) in self.leanings.iter().zip(shares) {
            for (sum, weight) in weights.iter_mut().zip(&leaning.weights) {
                *sum += share * weight;
            }
        }
        let learnt = |piece| {
            let learnt = self.leanings.iter().map(|leaning| leaning.pieces.of(piece));
            learnt.zip(shares).map(|(learnt, share)| learnt * share).sum::<f32>()
        };
        let words = Words::get();
        let pull = |(at, word): (usize, &Word)| {
            let pieces = &read.reading.pieces[word.pieces.clone()];
            let telling = pieces.iter().filter(|piece| !words.is_small(**piece));
            let pulls = telling.map(|piece| read.meaning.pull(*piece, &weights, learnt(*piece)));
            (pulls.sum(), at..at + 1)
        };
        read.reading.words.iter().enumerate().map(pull).collect()
    }
}

/// The words, without those that stand in a phrase that was told, or were told elsewhere.
fn without_repetition(pulls: Vec<Pull>, read: &Read<'_>) -> Vec<String> {
    let mut carrying: Vec<String> = Vec::new();
    let mut taken: Vec<Range<usize>> = Vec::new();
    for (_, at) in pulls {
        let word = read.reading.said(&at).to_lowercase();
        let told = taken.iter().any(|other| other.start < at.end && at.start < other.end);
        if !told && !carrying.contains(&word) && carrying.len() < CARRYING_WORDS_MAX {
            carrying.push(word);
            taken.push(at);
        }
    }
    carrying
}
