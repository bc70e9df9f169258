//! Repairs misspelt words of commands, and leaves ordinary ones alone.

use std::{collections::HashSet, sync::LazyLock};

use crate::limits::MISSPELT_CHARS_MAX;

/// Words of ordinary English that lie near one of a command: `poll`, `tanks`, `statue`. They are
/// those of BERT's vocabulary (uncased, Apache-2.0), and names of services, for which `closest`
/// finds something.
pub(super) static ORDINARY: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("ordinary.txt").lines().collect());

/// The nearest of the known words, where one is near enough and the written one is no word itself.
pub(super) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if ORDINARY.contains(written) { None } else { closest(written, known) }
}

/// Letters that changed places are likelier than other letters. Of two words that are as near, the
/// alphabet decides, so that it is always the same one.
pub(super) fn closest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if !(SHORTEST..=MISSPELT_CHARS_MAX).contains(&written.len()) {
        return None;
    }
    let likely = known.filter(|known| begins_alike(written, known) && may_be_near(written, known));
    let distances = likely.map(|known| (strsim::osa_distance(written, known), known));
    let near = distances.filter(|(distance, known)| *distance <= tolerance(written, known));
    let rank = |(distance, known): &(usize, &'k str)| {
        (*distance, letters(known) != letters(written), *known)
    };
    near.min_by_key(rank).map(|(_, known)| known)
}

/// Shorter words have too many neighbours.
const SHORTEST: usize = 4;

fn tolerance(written: &str, known: &str) -> usize {
    match written.len().min(known.len()) {
        ..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

/// Few people err in the first letter, but for two that changed places.
fn begins_alike(written: &str, known: &str) -> bool {
    let (written, known) = (written.as_bytes(), known.as_bytes());
    let first = known.first();
    first == written.first() || (first == written.get(1) && known.get(1) == written.first())
}

/// What can be told without counting the edits.
fn may_be_near(written: &str, known: &str) -> bool {
    let edits = tolerance(written, known);
    let differing = (set(written) ^ set(known)).count_ones();
    written.len().abs_diff(known.len()) <= edits
        && usize::try_from(differing).is_ok_and(|differing| differing <= 2 * edits)
}

/// The letters that a word has.
fn set(word: &str) -> u32 {
    word.bytes().fold(0, |set, letter| set | 1 << (letter & 31))
}

/// How often a word has each letter.
fn letters(word: &str) -> [u8; 32] {
    let mut counts = [0_u8; 32];
    for letter in word.bytes() {
        if let Some(count) = counts.get_mut(usize::from(letter & 31)) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_repaired_and_a_word_is_left_alone() {
        let known = ["cancel", "conversation", "list", "pool", "status", "subscribe", "task"];
        for (written, expected) in [
            ("stauts", Some("status")),
            ("cancle", Some("cancel")),
            ("converstaion", Some("conversation")),
            ("subscibe", Some("subscribe")),
            ("taks", Some("task")),
            ("lsit", Some("list")),
            ("olop", None),
            ("statue", None),
            ("tanks", None),
            ("poll", None),
            ("tas", None),
            ("état", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known.into_iter()), expected, "{written}");
        }
    }
}
