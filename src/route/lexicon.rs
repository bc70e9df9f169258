//! The lexicon: which keywords of which pool stand in a message.

use std::{collections::HashMap, ops::Range};

use super::reading::Reading;

/// What a keyword of one word adds to its pool's score. Fitted weights are fitted beside it.
const WORD_COUNTS: f32 = 1.0;
/// What a keyword of several words adds, which is rarely there by chance.
const PHRASE_COUNTS: f32 = 1.5;

/// The keywords of all pools, by the stem of their first word.
#[derive(Debug, Default)]
pub(super) struct Lexicon(HashMap<u64, Vec<Keyword>>);

#[derive(Debug, PartialEq)]
struct Keyword {
    /// Whose it is, counted as in the router.
    pool: usize,
    /// The stems of the words that follow the first.
    rest: Vec<u64>,
}

/// A keyword that a message holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Whose it is.
    pub(super) pool: usize,
    /// Which words of the message.
    pub(super) words: Range<usize>,
    /// What it adds to the pool's score.
    pub(super) counts: f32,
}

impl Lexicon {
    /// What it takes, but for the stems of keywords of several words.
    pub(super) fn memory_bytes(&self) -> usize {
        let keywords: usize = self.0.values().map(Vec::capacity).sum();
        self.0.capacity() * size_of::<(u64, Vec<Keyword>)>() + keywords * size_of::<Keyword>()
    }

    /// Adds a keyword; one without a word is none.
    pub(super) fn add(&mut self, pool: usize, keyword: &str) {
        let mut stems = Reading::of(keyword).stems().collect::<Vec<_>>().into_iter();
        let Some(first) = stems.next() else { return };
        let keyword = Keyword { pool, rest: stems.collect() };
        let beside = self.0.entry(first).or_default();
        if !beside.contains(&keyword) {
            beside.push(keyword);
        }
    }

    /// The keywords in a message, each once: a word that is said five times proves no more.
    pub(super) fn find(&self, reading: &Reading<'_>) -> Vec<Found> {
        let mut found: Vec<(&Keyword, Found)> = Vec::new();
        for (at, word) in reading.words.iter().enumerate() {
            for keyword in self.0.get(&word.stem).into_iter().flatten() {
                let again = found.iter().any(|(other, _)| std::ptr::eq(*other, keyword));
                if !again && keyword.goes_on(reading, at + 1) {
                    found.push((keyword, keyword.found(at)));
                }
            }
        }
        found.into_iter().map(|(_, found)| found).collect()
    }
}

impl Keyword {
    fn found(&self, at: usize) -> Found {
        let counts = if self.rest.is_empty() { WORD_COUNTS } else { PHRASE_COUNTS };
        Found { pool: self.pool, words: at..at + 1 + self.rest.len(), counts }
    }

    fn goes_on(&self, reading: &Reading<'_>, at: usize) -> bool {
        let next = reading.words.get(at..).unwrap_or_default();
        next.len() >= self.rest.len()
            && self.rest.iter().zip(next).all(|(stem, word)| *stem == word.stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let mut lexicon = Lexicon::default();
        for (pool, keyword) in [
            (0, "rights issue"),
            (0, "share"),
            (0, "Shares"),
            (1, "share"),
            (1, "co-founder"),
            (1, " "),
        ] {
            lexicon.add(pool, keyword);
        }
        let reading = Reading::of(text);
        let found = lexicon.find(&reading);
        let found: Vec<_> = found.iter().map(|f| (f.pool, reading.said(&f.words))).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn keywords_are_found_as_whole_words_in_either_number() {
        check("What is a Rights Issue?", &[(0, "Rights Issue")]);
        check("rights, issue; shareholder", &[]);
        check("SHARES and shares", &[(0, "SHARES"), (1, "SHARES")]);
        check("two co-founders", &[(1, "co-founders")]);
        check("co-", &[]);
        check("", &[]);
    }
}
