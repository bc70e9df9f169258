//! Repairs misspelt words of commands, and leaves ordinary ones alone.

use std::{collections::HashSet, sync::LazyLock};

use crate::limits::MISSPELT_CHARS_MAX;

/// Words of ordinary English that lie near one of a command: `poll`, `tanks`, `statue`.
static ORDINARY: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("ordinary.txt").lines().collect());

/// The nearest of the known words, where one is near enough.
pub(super) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if !(SHORTEST..=MISSPELT_CHARS_MAX).contains(&written.len()) || ORDINARY.contains(written) {
        return None;
    }
    let likely = known.filter(|known| begins_alike(written, known) && near_length(written, known));
    let distances = likely.map(|known| (strsim::osa_distance(written, known), known));
    let near = distances.filter(|(distance, known)| *distance <= tolerance(written, known));
    // The word itself decides between two that are as near, so that it is always the same one.
    near.min().map(|(_, known)| known)
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

fn near_length(written: &str, known: &str) -> bool {
    written.len().abs_diff(known.len()) <= tolerance(written, known)
}

/// Few people err in the first letter, but for two that changed places.
fn begins_alike(written: &str, known: &str) -> bool {
    let (written, known) = (written.as_bytes(), known.as_bytes());
    let first = known.first();
    first == written.first() || (first == written.get(1) && known.get(1) == written.first())
}
