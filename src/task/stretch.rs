//! How long a stretch of time is, as people say it.

use std::time::Duration;

use crate::intent;

/// `10 minutes`, `half an hour`, `2h`, `1 hour and 30 minutes`.
pub(super) fn stretch_of(words: &[&str]) -> Option<Duration> {
    let (mut sum, mut rest) = (Duration::ZERO, words);
    loop {
        let (piece, used) = piece_of(rest)?;
        sum = sum.checked_add(piece)?;
        rest = match rest.get(used..)? {
            [] => return Some(sum),
            ["and", more @ ..] | more => more,
        };
    }
}

/// The first piece of a stretch of time, and how many words it has.
fn piece_of(words: &[&str]) -> Option<(Duration, usize)> {
    match *words {
        ["half", "an", "hour", ..] => Some((Duration::from_secs(30 * 60), 3)),
        [count, units, "and", "a", "half", ..] => {
            Some((span(count, units)?.checked_add(span("0.5", units)?)?, 5))
        }
        [compact, ..] if compact.starts_with(|c: char| c.is_ascii_digit()) => {
            let of_two = || Some((span(compact, words.get(1)?)?, 2));
            compact_span(compact).map(|span| (span, 1)).or_else(of_two)
        }
        [count, units, ..] => Some((span(count, units)?, 2)),
        _ => None,
    }
}

/// `10`, `minutes`.
pub(super) fn span(count: &str, units: &str) -> Option<Duration> {
    let count: f64 = match count {
        "a" | "an" => 1.0,
        "few" => 5.0,
        digits if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok()?,
        word => intent::number_called(word)?.into(),
    };
    let seconds = match units.strip_suffix('s').unwrap_or(units) {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" | "hr" | "h" => 60 * 60,
        "day" => 24 * 60 * 60,
        "week" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    Duration::try_from_secs_f64(count * f64::from(seconds)).ok()
}

/// `10m`, `2h`, `1h30m`.
fn compact_span(word: &str) -> Option<Duration> {
    let (mut sum, mut rest) = (Duration::ZERO, word);
    while !rest.is_empty() {
        let unit = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (count, behind) = rest.split_at_checked(unit)?;
        let next = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(next)?;
        let unit = match unit {
            "m" | "min" => "minutes",
            "s" => "seconds",
            "h" => "hours",
            "d" => "days",
            _ => return None,
        };
        sum = sum.checked_add(span(count, unit)?)?;
        rest = behind;
    }
    Some(sum)
}
