//! A time of the day, as people say it.

use chrono::{NaiveTime, Timelike};

use crate::intent;

/// A time of the day as it is said, perhaps in two pieces: `evening` and `at 8`.
#[derive(Debug, Default)]
pub(super) struct Clock {
    part: Option<&'static Part>,
    /// The hour, and whether it can be no other one.
    hour: Option<(NaiveTime, bool)>,
}

/// A part of the day.
#[derive(Debug)]
struct Part {
    name: &'static str,
    /// The hour that is meant where none is said.
    usual: u32,
    /// From this hour on, one that is said up to eleven is one behind noon.
    late: u32,
    /// Its twelve is midnight.
    night: bool,
}

const PARTS: &[Part] = &[
    Part { name: "morning", usual: 9, late: 12, night: false },
    Part { name: "afternoon", usual: 14, late: 1, night: false },
    Part { name: "evening", usual: 18, late: 1, night: false },
    Part { name: "night", usual: 20, late: 5, night: true },
    Part { name: "tonight", usual: 20, late: 5, night: true },
];

impl Clock {
    fn part(word: &str) -> Option<&'static Part> {
        PARTS.iter().find(|part| part.name == word)
    }

    pub(super) fn has_part(word: &str) -> bool {
        Self::part(word).is_some()
    }

    /// Takes the piece that a word is, and tells how many of those behind belong to it. A second of its
    /// kind is none of it: one of both would be forgotten.
    pub(super) fn take(&mut self, word: &str, behind: Option<&str>) -> Option<usize> {
        if let Some(part) = Self::part(word) {
            return self.part.replace(part).is_none().then_some(0);
        }
        let (time, exact, used) = hour_of(word, behind)?;
        self.hour.replace((time, exact)).is_none().then_some(used)
    }

    /// What its pieces come to.
    pub(super) fn time(&self) -> Option<NaiveTime> {
        let (part, (time, exact)) = match (self.part, self.hour) {
            (part, None) => return NaiveTime::from_hms_opt(part?.usual, 0, 0),
            (None, Some((time, _))) => return Some(time),
            (Some(part), Some(hour)) => (part, hour),
        };
        match time.hour() {
            12 if part.night && !exact => time.with_hour(0),
            hour if (part.late..12).contains(&hour) && !exact => time.with_hour(hour + 12),
            _ => Some(time),
        }
    }
}

/// The hour that a word names, whether it can be no other one, and whether the word behind it belongs to it.
fn hour_of(word: &str, behind: Option<&str>) -> Option<(NaiveTime, bool, usize)> {
    match word {
        "noon" | "midday" => return Some((NaiveTime::from_hms_opt(12, 0, 0)?, true, 0)),
        "midnight" => return Some((NaiveTime::MIN, true, 0)),
        _ => {}
    }
    let (digits, half) = halves(word);
    let (half, used) = match (half, behind) {
        (None, Some(word @ ("am" | "pm" | "a.m." | "p.m." | "a.m" | "p.m"))) => (Some(word), 1),
        (half, _) => (half, 0),
    };
    let (hours, minutes) = digits.split_once([':', '.']).unwrap_or((digits, "0"));
    let hours = hours.parse().ok().or_else(|| intent::number_called(hours))?;
    let minutes: u32 = minutes.parse().ok()?;
    let hours = match half.map(|half| half.starts_with('p')) {
        None => hours,
        Some(_) if !(1..=12).contains(&hours) => return None,
        Some(afternoon) => hours % 12 + if afternoon { 12 } else { 0 },
    };
    Some((NaiveTime::from_hms_opt(hours, minutes, 0)?, half.is_some(), used))
}

/// `9am` is `9` and `am`.
fn halves(word: &str) -> (&str, Option<&str>) {
    let half = ["am", "pm", "a.m.", "p.m."].into_iter().find(|half| word.ends_with(half));
    (half.and_then(|half| word.strip_suffix(half)).unwrap_or(word), half)
}
