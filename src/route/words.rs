//! Words as numbers: a table of word pieces with a vector each, and the way from a word to its pieces.
//!
//! Invariant: the table stays in the binary's read-only pages; what is built at the start is an index of
//! it, two thirds of a megabyte.

use std::sync::LazyLock;

/// Numbers of one vector.
pub(super) const DIMENSIONS: usize = 128;

/// One piece a line: a word, or `##` and how a word may go on.
static VOCABULARY: &str = include_str!("vectors/vocabulary.txt");
/// One row of signed bytes a piece, in the order of the vocabulary.
static TABLE: &[u8] = include_bytes!("vectors/table.i8");

/// Words that stand in any message and say nothing of what it is about.
const SMALL: &[&str] = &[
    "a", "an", "the", "of", "to", "in", "on", "at", "for", "by", "with", "from", "and", "or",
    "but", "is", "are", "was", "were", "be", "been", "do", "does", "did", "how", "what", "who",
    "whom", "which", "when", "where", "why", "can", "could", "should", "would", "will", "shall",
    "may", "might", "i", "me", "my", "we", "our", "you", "your", "he", "she", "it", "they", "his",
    "her", "its", "their", "this", "that", "these", "those", "there", "here", "if", "then", "than",
    "as", "so", "not", "no", "n", "s", "t", "m", "re", "ve", "d", "ll", "just", "any", "some",
    "all", "have", "has", "had", "am", "get", "got", "about", "into", "out", "up", "?", ".", ",",
    "!", "'", "\"", "(", ")", "-", ":", ";",
];

/// Twice the vocabulary and more, so that a probe is short.
const SLOTS: usize = 1 << 16;
/// The longest piece of the vocabulary.
const PIECE_BYTES_MAX: usize = 18;

/// A row of the table. Row 0 is padding, which no text holds, so it can mark what is empty.
pub(super) type Piece = u16;

/// The index of the table.
pub(super) struct Words {
    /// Where each line of the vocabulary begins.
    starts: Vec<u32>,
    /// Open addressing: the piece whose hash leads here, or to a slot before. The high half of the
    /// hash stands beside it, so that others are passed by without a look at their letters.
    slots: Vec<(u32, Piece)>,
    /// One bit a piece.
    small: Vec<u64>,
}

impl Words {
    /// The one index, built when it is first asked for.
    pub(super) fn get() -> &'static Self {
        static WORDS: LazyLock<Words> = LazyLock::new(Words::index);
        &WORDS
    }

    /// What the index takes; the table and the vocabulary are pages of the program.
    pub(super) fn memory_bytes(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
            + self.slots.capacity() * size_of::<(u32, Piece)>()
            + self.small.capacity() * size_of::<u64>()
    }

    fn index() -> Self {
        let mut words =
            Self { starts: Vec::new(), slots: vec![(0, 0); SLOTS], small: vec![0; SLOTS / 64] };
        let mut start = 0;
        for (piece, line) in (0..).zip(VOCABULARY.split_terminator('\n')) {
            words.starts.push(start);
            start += u32::try_from(line.len() + 1).expect("the vocabulary is small");
            let (continues, letters) = parts(line);
            let hash = letters.iter().fold(seed(continues), |hash, &byte| mix(hash, byte));
            let (mut slot, high) = place(hash);
            while words.slots[slot].1 != 0 {
                slot = (slot + 1) % SLOTS;
            }
            words.slots[slot] = (high, piece);
        }
        words.starts.push(start);
        for word in SMALL {
            let piece =
                usize::from(words.of_line(word).expect("small words are in the vocabulary"));
            words.small[piece / 64] |= 1 << (piece % 64);
        }
        words
    }

    /// Appends the pieces of a folded word, the longest first. One that cannot be put together from
    /// pieces has none.
    pub(super) fn split(&self, word: &str, pieces: &mut Vec<Piece>) {
        let before = pieces.len();
        let mut rest = word.as_bytes();
        while !rest.is_empty() {
            let Some((piece, length)) = self.longest(rest, rest.len() < word.len()) else {
                pieces.truncate(before);
                return;
            };
            pieces.push(piece);
            rest = &rest[length..];
        }
    }

    /// The longest piece that these letters begin with.
    fn longest(&self, letters: &[u8], continues: bool) -> Option<(Piece, usize)> {
        let letters = &letters[..letters.len().min(PIECE_BYTES_MAX)];
        let mut hashes = [0; PIECE_BYTES_MAX];
        let mut hash = seed(continues);
        for (at, &byte) in letters.iter().enumerate() {
            hash = mix(hash, byte);
            hashes[at] = hash;
        }
        (1..=letters.len()).rev().find_map(|length| {
            let piece = self.find(hashes[length - 1], continues, &letters[..length])?;
            Some((piece, length))
        })
    }

    fn find(&self, hash: u64, continues: bool, letters: &[u8]) -> Option<Piece> {
        let (mut slot, high) = place(hash);
        loop {
            let (its, piece) = self.slots[slot];
            if piece == 0 {
                return None;
            }
            if its == high && parts(self.line(piece)) == (continues, letters) {
                return Some(piece);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The piece that a line of the vocabulary is.
    pub(super) fn of_line(&self, line: &str) -> Option<Piece> {
        let (continues, letters) = parts(line);
        let (piece, length) = self.longest(letters, continues)?;
        (length == letters.len()).then_some(piece)
    }

    /// A piece's line in the vocabulary.
    pub(super) fn line(&self, piece: Piece) -> &'static str {
        let at = usize::from(piece);
        let (start, end) = (self.starts[at] as usize, self.starts[at + 1] as usize - 1);
        VOCABULARY.get(start..end).expect("lines were cut where they end")
    }

    /// Whether the piece says nothing of what a message is about.
    pub(super) fn is_small(&self, piece: Piece) -> bool {
        let piece = usize::from(piece);
        self.small[piece / 64] >> (piece % 64) & 1 == 1
    }

    /// The piece's vector.
    pub(super) fn vector(piece: Piece) -> &'static [u8; DIMENSIONS] {
        &TABLE.as_chunks().0[usize::from(piece)]
    }
}

/// Whether a line of the vocabulary continues a word, and its letters.
fn parts(line: &str) -> (bool, &[u8]) {
    match line.strip_prefix("##") {
        Some(rest) if !rest.is_empty() => (true, rest.as_bytes()),
        _ => (false, line.as_bytes()),
    }
}

/// FNV-1a, which grows by a byte at a time: one pass hashes all beginnings of a word.
pub(super) const fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

/// Where a hash begins; pieces that continue a word are other pieces.
pub(super) const fn seed(continues: bool) -> u64 {
    if continues { 0x8422_2325_cbf2_9ce4 } else { 0xcbf2_9ce4_8422_2325 }
}

/// The slot that a hash leads to, and its high half. FNV's low bits alone are weak for short words.
#[expect(clippy::cast_possible_truncation, reason = "halves of a hash")]
const fn place(hash: u64) -> (usize, u32) {
    let high = hash >> 32;
    ((hash ^ high) as usize % SLOTS, high as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: &[&str]) {
        let mut pieces = Vec::new();
        Words::get().split(word, &mut pieces);
        let lines: Vec<_> = pieces.iter().map(|piece| Words::get().line(*piece)).collect();
        assert_eq!(lines, expected, "{word}");
    }

    #[test]
    fn a_word_is_its_longest_pieces() {
        check("stock", &["stock"]);
        check("insulin", &["insulin"]);
        check("headaches", &["headache", "##s"]);
        check("#", &["#"]);
        check("日", &["日"]);
        check("🙂", &[]);
        check("", &[]);
    }

    #[test]
    fn what_begins_with_pieces_and_ends_without_has_none() {
        check("stock🙂", &[]);
    }

    #[test]
    fn every_line_is_found_and_has_a_vector() {
        let words = Words::get();
        assert_eq!(TABLE.len(), (words.starts.len() - 1) * DIMENSIONS);
        for (piece, line) in (1..).zip(VOCABULARY.split_terminator('\n').skip(1)) {
            let (continues, letters) = parts(line);
            assert!(letters.len() <= PIECE_BYTES_MAX, "{line} is never tried");
            assert_eq!(words.longest(letters, continues), Some((piece, letters.len())), "{line}");
        }
    }

    #[test]
    fn small_words_are_small() {
        let words = Words::get();
        assert!(words.is_small(words.of_line("the").unwrap()));
        assert!(!words.is_small(words.of_line("tax").unwrap()));
    }
}
