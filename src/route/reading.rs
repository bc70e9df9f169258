//! Reading: a message as its words, each with its place in the text, its pieces and its stem.
//!
//! Invariant: what is read is bounded, however long the message is.

use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::words::{Piece, Words, mix, seed};
use crate::limits::{ROUTED_BYTES_MAX, ROUTED_WORDS_MAX, WORD_BYTES_MAX};

/// What was read of a text.
pub(super) struct Reading<'t> {
    text: &'t str,
    pub(super) words: Vec<Word>,
    pub(super) pieces: Vec<Piece>,
}

/// One word, or one mark.
pub(super) struct Word {
    /// Where it stands in the text.
    at: Range<usize>,
    /// Which of the reading's pieces are its own.
    pub(super) pieces: Range<usize>,
    /// A hash of the word without a plural's ending.
    pub(super) stem: u64,
}

impl<'t> Reading<'t> {
    /// Reads the beginning of a text: as BERT's uncased models do, lower case and without accents,
    /// marks as words of their own.
    pub(super) fn of(text: &'t str) -> Self {
        let text = text.get(..text.floor_char_boundary(ROUTED_BYTES_MAX)).unwrap_or_default();
        let mut reading = Self { text, words: Vec::new(), pieces: Vec::new() };
        let mut folded = String::new();
        let mut begun = None;
        for (at, letter) in text.char_indices() {
            if letter.is_alphanumeric() && !is_ideograph(letter) || is_accent(letter) {
                begun.get_or_insert(at);
                continue;
            }
            if let Some(start) = begun.take() {
                reading.add(start..at, &mut folded);
            }
            if !letter.is_whitespace() && !letter.is_control() {
                reading.add(at..at + letter.len_utf8(), &mut folded);
            }
        }
        if let Some(start) = begun {
            reading.add(start..text.len(), &mut folded);
        }
        reading
    }

    fn add(&mut self, at: Range<usize>, folded: &mut String) {
        if self.words.len() >= ROUTED_WORDS_MAX || self.pieces.len() >= ROUTED_WORDS_MAX {
            return;
        }
        fold(self.text.get(at.clone()).unwrap_or_default(), folded);
        let start = self.pieces.len();
        if folded.len() <= WORD_BYTES_MAX {
            Words::get().split(folded, &mut self.pieces);
        }
        self.words.push(Word { at, pieces: start..self.pieces.len(), stem: stem(folded) });
    }

    /// The words from one to another, as they were written.
    pub(super) fn said(&self, words: &Range<usize>) -> &'t str {
        let said = self.words.get(words.clone()).and_then(|words| {
            let (first, last) = (words.first()?, words.last()?);
            self.text.get(first.at.start..last.at.end)
        });
        said.unwrap_or_default()
    }

    /// Words that say something of what the text is about.
    pub(super) fn telling(&self) -> usize {
        let words = Words::get();
        let tells = |word: &&Word| {
            self.pieces[word.pieces.clone()].iter().any(|piece| !words.is_small(*piece))
        };
        self.words.iter().filter(tells).count()
    }

    /// The stems of the words, in order.
    pub(super) fn stems(&self) -> impl Iterator<Item = u64> {
        self.words.iter().map(|word| word.stem)
    }
}

/// Lower case, without accents.
fn fold(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.extend(word.chars().map(|letter| letter.to_ascii_lowercase()));
        return;
    }
    let lower = word.chars().flat_map(char::to_lowercase);
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(lower);
    folded.extend(decomposed.filter(|letter| !is_accent(*letter)));
}

/// Of a language that does without spaces: each letter is a word.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2fa1f}')
}

/// A mark that stands above or below the letter before it.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// A hash of the word without a plural's ending, so that `shares` meets `share`.
fn stem(word: &str) -> u64 {
    let (letters, ending) = match word.as_bytes() {
        [letters @ .., b'i', b'e', b's'] if letters.len() > 1 => (letters, "y"),
        [letters @ .., b's'] if letters.len() > 2 && !letters.ends_with(b"s") => (letters, ""),
        letters => (letters, ""),
    };
    let bytes = letters.iter().chain(ending.as_bytes());
    bytes.fold(seed(false), |hash, byte| mix(hash, *byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let reading = Reading::of(text);
        let words: Vec<_> = (0..reading.words.len()).map(|n| reading.said(&(n..n + 1))).collect();
        assert_eq!(words, expected, "{text}");
    }

    #[test]
    fn a_text_is_words_and_marks() {
        check("", &[]);
        check(" \t\u{0}\n", &[]);
        check("Rights issue?", &["Rights", "issue", "?"]);
        check("start-up's W-2", &["start", "-", "up", "'", "s", "W", "-", "2"]);
        check("東京 tower", &["東", "京", "tower"]);
        check("ok 🙂🙂", &["ok", "🙂", "🙂"]);
        check("cafe\u{301} Zürich", &["cafe\u{301}", "Zürich"]);
    }

    #[test]
    fn accents_and_capitals_make_no_difference() {
        for (one, other) in [("Zürich", "zurich"), ("cafe\u{301}", "CAFÉ"), ("ĐẸP", "đẹp")]
        {
            let (one, other) = (Reading::of(one), Reading::of(other));
            assert_eq!((one.pieces, one.words[0].stem), (other.pieces, other.words[0].stem));
        }
    }

    #[test]
    fn a_plural_meets_its_singular() {
        for (one, many) in
            [("share", "Shares"), ("currency", "currencies"), ("vaccine", "vaccines")]
        {
            assert_eq!(stem(&many.to_lowercase()), stem(one), "{many}");
        }
        for (one, other) in [("gas", "ga"), ("boss", "bos"), ("loss", "lo"), ("is", "i")] {
            assert_ne!(stem(one), stem(other));
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_text_is_read() {
        let words = |text: &str| Reading::of(text).words.len();
        assert_eq!(words(&"stock ".repeat(20_000)), ROUTED_WORDS_MAX);
        assert_eq!(words(&"shareholders ".repeat(20_000)), ROUTED_BYTES_MAX.div_ceil(13));
        assert_eq!(words(&"ä".repeat(60_000)), 1);
        assert_eq!(Reading::of(&"ä".repeat(60_000)).pieces, [] as [Piece; 0]);
    }

    #[test]
    fn small_words_and_unknown_ones_tell_nothing() {
        for (text, telling) in [("why?", 0), ("and for kids?", 1), ("🙂", 0), ("the stock", 1)] {
            assert_eq!(Reading::of(text).telling(), telling, "{text}");
        }
    }
}
