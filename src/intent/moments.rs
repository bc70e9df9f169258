//! Where a text says when something shall be done: `tomorrow at 9`, `every weekday at 8:30 in
//! Europe/Berlin`, `when task 12 is done`.
//!
//! Only its extent is found here; what it means is read by whoever keeps the tasks. Invariant: what is
//! looked at is bounded, however long the text is.

use std::ops::Range;

use super::{
    values::{month_called, number_called},
    zones::{zone_at, zone_called},
};
use crate::limits::{TIMED_TAIL_BYTES, TIMED_WORDS_MAX};

/// A word of a text in lower case, without the marks around it.
#[derive(Debug)]
struct Word {
    lower: String,
    place: Range<usize>,
    /// A mark behind it ends a phrase.
    ends: bool,
}

/// A phrase that says when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// Where it stands in the text.
    pub(super) place: Range<usize>,
    /// A mark or nothing stands before it.
    pub(super) apart: bool,
    /// Nothing but marks stands behind it.
    pub(super) last: bool,
    /// It is a rule that names its time of the day, which hardly anything else does.
    pub(super) exact: bool,
}

/// The phrases that say when among the first words of a text, in order.
pub(super) fn early(text: &str) -> Vec<Moment> {
    let words = words(text, 0, TIMED_WORDS_MAX);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match phrase(words.get(at..).unwrap_or_default()) {
            Some(phrase) => {
                found.extend(moment(text, &words, at, phrase));
                at += phrase.words;
            }
            None => at += 1,
        }
    }
    found
}

/// The longest phrase that says when at the end of a text.
pub(super) fn late(text: &str) -> Option<Moment> {
    at_the_end(text, phrase)
}

/// The phrase at the end of a text that says by how much something is put off.
pub(super) fn shift(text: &str) -> Option<Moment> {
    at_the_end(text, |words| shifted(words).map(|words| Phrase { words, exact: false }))
}

fn at_the_end(text: &str, phrase: impl Fn(&[Word]) -> Option<Phrase>) -> Option<Moment> {
    let from = text.floor_char_boundary(text.len().saturating_sub(TIMED_TAIL_BYTES));
    let words = words(text, from, TIMED_WORDS_MAX);
    (0..words.len()).find_map(|at| {
        let rest = words.get(at..)?;
        let phrase = phrase(rest).filter(|phrase| phrase.words == rest.len())?;
        moment(text, &words, at, phrase)
    })
}

fn moment(text: &str, words: &[Word], at: usize, phrase: Phrase) -> Option<Moment> {
    let (first, last) = (words.get(at)?, words.get(at + phrase.words - 1)?);
    let place = first.place.start..last.place.end;
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    let mark = |c: char| !c.is_alphanumeric();
    Some(Moment {
        apart: before.is_none_or(|before| before.ends),
        last: text.get(place.end..).is_some_and(|rest| rest.chars().all(mark)),
        exact: phrase.exact,
        place,
    })
}

fn words(text: &str, from: usize, most: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = from;
    while words.len() < most {
        let Some(rest) = text.get(at..) else { break };
        let start = at + (rest.len() - rest.trim_start().len());
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some(word) = text.get(start..end).filter(|word| !word.is_empty()) else { break };
        at = end;
        let left = word.trim_start_matches(['"', '“', '„', '\'', '(', '#']);
        let bare = left.trim_end_matches(['"', '”', '\'', ')', ',', ';', ':', '.', '!', '?']);
        let first = start + (word.len() - left.len());
        words.push(Word {
            lower: bare.to_lowercase(),
            place: first..first + bare.len(),
            ends: left.len() > bare.len(),
        });
    }
    words
}

// ---- phrases ----------------------------------------------------------------------------------

/// How many words a phrase has.
#[derive(Debug, Clone, Copy)]
struct Phrase {
    words: usize,
    exact: bool,
}

/// The phrase that says when with which these words begin.
fn phrase(words: &[Word]) -> Option<Phrase> {
    let cron = cron(words).map(|words| Phrase { words, exact: true });
    let rule = || rule(words).map(|(words, exact)| Phrase { words, exact });
    let once = || after(words).or_else(|| day(words)).or_else(|| ahead(words));
    cron.or_else(rule).or_else(|| once().map(|words| Phrase { words, exact: false }))
}

/// The word at that place, where no mark stands between it and the ones before.
fn word(words: &[Word], at: usize) -> &str {
    let joined = words.get(..at).is_some_and(|before| before.iter().all(|word| !word.ends));
    words.get(at).filter(|_| joined).map_or("", |word| &word.lower)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit())
}

/// `0 9 * * 1-5`
fn cron(words: &[Word]) -> Option<usize> {
    let field = |at| {
        let field = word(words, at);
        !field.is_empty() && field.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c))
    };
    let times = word(words, 0).starts_with(|c: char| c.is_ascii_digit() || c == '*');
    (times && (0..5).all(field)).then(|| 5 + zone(words, 5))
}

const UNITS: &[&str] = &[
    "second", "seconds", "sec", "minute", "minutes", "min", "mins", "hour", "hours", "day", "days",
    "week", "weeks",
];
const PARTS: &[&str] = &["morning", "afternoon", "evening", "night"];
const DAYS: &[&str] =
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const RECURRING: &[&str] = &["daily", "hourly", "weekly", "monthly", "weekdays"];

fn is_day(word: &str) -> bool {
    DAYS.contains(&word.strip_suffix('s').unwrap_or(word))
}

/// `every 15 minutes`, `every monday and friday at 8:30`, `daily at 9`; whether it names the time.
fn rule(words: &[Word]) -> Option<(usize, bool)> {
    let first = word(words, 0);
    let mut at = match first {
        "every" | "each" => 1 + every(words)?,
        word if RECURRING.contains(&word) => 1,
        _ => return None,
    };
    let mut timed = PARTS.contains(&word(words, at - 1));
    loop {
        let more = match word(words, at) {
            "and" | "on" if is_day(word(words, at + 1)) => 2,
            "on" if word(words, at + 1) == "the" && is_ordinal(word(words, at + 2)) => 3,
            day if is_day(day) => 1,
            part if PARTS.contains(&part) => {
                timed = true;
                1
            }
            "in" if of_the_day(words, at) => 3,
            _ => {
                let clock = clock(words, at);
                timed |= clock > 0;
                clock
            }
        };
        if more == 0 {
            // `a weekly digest` says what, not when.
            let alone = at == 1 && words.first().is_some_and(|word| !word.ends);
            let of_a_task = matches!(word(words, 1), "task" | "job" | "background" | "");
            return (!alone || of_a_task).then(|| (at + zone(words, at), timed));
        }
        at += more;
    }
}

/// What stands behind `every`.
fn every(words: &[Word]) -> Option<usize> {
    let first = word(words, 1);
    let units = |word: &str| UNITS.contains(&word);
    if is_number(first) || first == "other" || number_called(first).is_some() {
        return units(word(words, 2)).then_some(2);
    }
    let known = units(first) || PARTS.contains(&first) || is_day(first);
    (known || matches!(first, "weekday" | "workday" | "weekend" | "month")).then_some(1)
}

fn is_ordinal(word: &str) -> bool {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
    digits.is_some_and(is_number)
}

/// What leads to how long something is put off.
pub const PUT_OFF: &[&str] = &["by", "for", "back"];

/// What leads to how much earlier something is done.
pub const PUT_ON: &[&str] = &["forward", "up"];

/// How people say that a task has come to its end.
pub const ENDED: &[&str] = &[
    "done",
    "finished",
    "over",
    "ready",
    "complete",
    "completed",
    "succeeded",
    "ends",
    "end",
    "finishes",
    "finish",
    "completes",
    "succeeds",
    "succeed",
];

/// `after task 12`, `when tasks 3 and 4 are done`.
fn after(words: &[Word]) -> Option<usize> {
    let waits = match word(words, 0) {
        "after" => false,
        "when" | "once" => true,
        "as" if word(words, 1) == "soon" && word(words, 2) == "as" => true,
        _ => return None,
    };
    let mut at = if word(words, 0) == "as" { 3 } else { 1 };
    let (mut named, mut numbers, mut end) = (false, 0, None);
    loop {
        match word(words, at) {
            "task" | "tasks" | "job" | "jobs" | "number" => named = true,
            number if is_number(number) => {
                numbers += 1;
                end = (!waits).then_some(at + 1).or(end);
            }
            "and" if numbers > 0 && continues(words, at + 1) => {}
            "is" | "are" | "has" | "have" | "been" if numbers > 0 => {}
            word if numbers > 0 && ENDED.contains(&word) => return Some(at + 1),
            // A list goes on behind a comma.
            "" if numbers > 0 && !waits && goes_on(words, at) => return after_list(words, at),
            _ => break,
        }
        at += 1;
    }
    // `after 12` may be any hour, so what is no task wants to be called one.
    end.filter(|_| named || numbers == 1)
}

fn continues(words: &[Word], at: usize) -> bool {
    is_number(word(words, at)) || matches!(word(words, at), "task" | "job")
}

fn goes_on(words: &[Word], at: usize) -> bool {
    words.get(at).is_some_and(|word| is_number(&word.lower))
}

/// `after tasks 3, 4 and 5`
fn after_list(words: &[Word], from: usize) -> Option<usize> {
    let rest = words.get(from..)?;
    let listed = |word: &&Word| is_number(&word.lower) || word.lower == "and";
    let list = rest.iter().take_while(listed).count();
    Some(from + list)
}

/// `tomorrow at 9`, `monday 8:30`, `at 5pm`, `9:30 tomorrow`, `2026-12-01 at 9:00`.
fn day(words: &[Word]) -> Option<usize> {
    let (mut at, mut said) = (0, false);
    loop {
        let lead = usize::from(matches!(word(words, at), "on" | "next" | "this" | "coming"));
        let more = match word(words, at + lead) {
            "today" | "tomorrow" | "tonight" if lead == 0 => 1,
            "day" if word(words, at + 1) == "after" && word(words, at + 2) == "tomorrow" => 3,
            day if is_day(day) || is_date(day) => lead + 1,
            part if PARTS.contains(&part) && (said || word(words, at) == "this") => lead + 1,
            "in" if said && of_the_day(words, at) => 3,
            _ => match in_the_calendar(words, at + lead) {
                0 => clock(words, at),
                date => lead + date,
            },
        };
        if more == 0 {
            return said.then(|| at + zone(words, at));
        }
        at += more;
        said = true;
    }
}

/// `in the evening`
fn of_the_day(words: &[Word], at: usize) -> bool {
    word(words, at + 1) == "the" && PARTS.contains(&word(words, at + 2))
}

/// How many words from there on are a date: `31 December`, `the 1st of March 2027`, `May 5th`.
fn in_the_calendar(words: &[Word], at: usize) -> usize {
    let day = |at| is_number(word(words, at)) || is_ordinal(word(words, at));
    let month = |at| month_called(word(words, at)).is_some();
    let the = at + usize::from(word(words, at) == "the");
    let of = the + 1 + usize::from(word(words, the + 1) == "of");
    let end = match () {
        () if day(the) && month(of) => of + 1,
        () if month(at) && day(at + 1) => at + 2,
        () => return 0,
    };
    let year = word(words, end);
    end - at + usize::from(is_number(year) && year.len() == 4)
}

fn is_date(word: &str) -> bool {
    let parts: Vec<_> = word.split('-').collect();
    matches!(parts.as_slice(), [year, month, day]
        if year.len() == 4 && [year, month, day].into_iter().all(|part| is_number(part)))
}

/// `in 10 minutes`, `in half an hour`.
fn ahead(words: &[Word]) -> Option<usize> {
    (word(words, 0) == "in").then(|| stretch(words, 1))?
}

/// `by 2 hours`, `for a day`, `back an hour`, `half an hour later`; `forward by 2 hours`, `an hour earlier`.
fn shifted(words: &[Word]) -> Option<usize> {
    let lead = word(words, 0);
    if PUT_ON.contains(&lead) {
        return stretch(words, 1 + usize::from(word(words, 1) == "by"));
    }
    if PUT_OFF.contains(&lead) {
        return stretch(words, 1);
    }
    let ends = |end: &usize| matches!(word(words, *end), "later" | "earlier" | "sooner");
    stretch(words, 0).filter(ends).map(|end| end + 1)
}

/// The word behind a stretch of time that begins there: `2 hours`, `1 hour and 30 minutes`.
fn stretch(words: &[Word], at: usize) -> Option<usize> {
    let mut end = piece(words, at)?;
    loop {
        let more = end + usize::from(word(words, end) == "and");
        match piece(words, more) {
            Some(behind) => end = behind,
            None => return Some(end),
        }
    }
}

fn piece(words: &[Word], at: usize) -> Option<usize> {
    let (count, units) = (word(words, at), word(words, at + 1));
    if count == "half" && units == "an" && word(words, at + 2) == "hour" {
        return Some(at + 3);
    }
    let decimal = count.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b));
    let counts = matches!(count, "a" | "an") || decimal || is_number(count);
    if (counts || number_called(count).is_some()) && UNITS.contains(&units) {
        let half = (2..5).map(|more| word(words, at + more)).eq(["and", "a", "half"]);
        return Some(at + if half { 5 } else { 2 });
    }
    is_compact(count).then_some(at + 1)
}

/// `90m`, `1h30m`
fn is_compact(word: &str) -> bool {
    let mut counts = word.split_inclusive(['s', 'm', 'h', 'd']);
    let ends = word.ends_with(['s', 'm', 'h', 'd']);
    ends && counts.all(|count| is_number(count.trim_end_matches(['s', 'm', 'h', 'd'])))
}

/// How many words from there on are a time of the day; a number alone wants an `at`.
fn clock(words: &[Word], at: usize) -> usize {
    let lead = usize::from(word(words, at) == "at");
    // `at 0 9 * * 1-5`
    if lead == 1 && words.get(at + 1..).and_then(cron).is_some() {
        return 0;
    }
    let time = word(words, at + lead);
    let hour = lead == 1 && number_called(time).is_some_and(|hour| (1..=12).contains(&hour));
    if hour || matches!(time, "noon" | "midday" | "midnight") {
        return lead + 1;
    }
    let halves = ["am", "pm", "a.m", "p.m"];
    let half = halves.iter().find_map(|half| time.strip_suffix(half));
    let digits = half.unwrap_or(time);
    let mut parts = digits.split([':', '.']);
    let hours = parts.next().is_some_and(|hours| is_number(hours) && hours.len() <= 2);
    let minutes = parts.next();
    let is_minutes = |minutes: &str| is_number(minutes) && minutes.len() == 2;
    if !hours || !minutes.is_none_or(is_minutes) || parts.next().is_some() {
        return 0;
    }
    let behind = halves.contains(&word(words, at + lead + 1));
    if half.is_none() && behind {
        return lead + 2;
    }
    if lead == 1 || half.is_some() || digits.contains(':') { lead + 1 } else { 0 }
}

/// How many words from there on are a time zone: `in Europe/Berlin`, `UTC`, `in New York`.
fn zone(words: &[Word], at: usize) -> usize {
    let lead = usize::from(word(words, at) == "in");
    let name = word(words, at + lead);
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphabetic() || c == '_');
    if zone_called(name).is_some() || (name.contains('/') && name.split('/').all(part)) {
        return lead + 1;
    }
    let city = |count: &usize| {
        let name: Vec<_> = (0..*count).map(|more| word(words, at + 1 + more)).collect();
        !name.contains(&"") && zone_at(&name.join(" ")).is_some()
    };
    if lead == 0 { 0 } else { (1..=CITY_WORDS).rev().find(city).map_or(0, |count| 1 + count) }
}

/// `Port of Spain`
const CITY_WORDS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = early(text);
        let found: Vec<_> = found.iter().filter_map(|m| text.get(m.place.clone())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn phrases_that_say_when_are_found_whole() {
        for (text, expected) in [
            ("do it tomorrow at 9: x", &["tomorrow at 9"][..]),
            (
                "every weekday at 8:30 in Europe/Berlin, y",
                &["every weekday at 8:30 in Europe/Berlin"],
            ),
            ("Every Monday and Friday at noon", &["Every Monday and Friday at noon"]),
            ("each day, at once", &["each day"]),
            ("every 15 minutes", &["every 15 minutes"]),
            ("every month on the 1st at 8", &["every month on the 1st at 8"]),
            ("daily at 7 pm", &["daily at 7 pm"]),
            ("at 0 9 * * 1-5: mail", &["0 9 * * 1-5"]),
            ("when task #12 is done, go", &["when task #12 is done"]),
            ("after tasks 3, 4 and 5: go", &["after tasks 3, 4 and 5"]),
            ("as soon as 7 has finished", &["as soon as 7 has finished"]),
            ("in 10 minutes or in half an hour", &["in 10 minutes", "in half an hour"]),
            ("at 5pm on friday, 9:30 tomorrow", &["at 5pm on friday", "9:30 tomorrow"]),
            ("on 2027-03-01 at 9:00", &["on 2027-03-01 at 9:00"]),
            (
                "every sunday evening, the day after tomorrow at 8",
                &["every sunday evening", "day after tomorrow at 8"],
            ),
            ("once job 9 finishes, go", &["once job 9 finishes"]),
            ("tomorrow morning, next monday", &["tomorrow morning", "next monday"]),
            ("in five minutes, x", &["in five minutes"]),
            ("in 1 hour and 30 minutes: x", &["in 1 hour and 30 minutes"]),
            ("in 1.5 hours or in 1h30m", &["in 1.5 hours", "in 1h30m"]),
            ("every weekday at 8:30 CET, y", &["every weekday at 8:30 CET"]),
            ("tomorrow at 9 in New York: x", &["tomorrow at 9 in New York"]),
            ("on 31 December at 23:00, y", &["on 31 December at 23:00"]),
            (
                "tomorrow at 9 in the evening, this evening at 7",
                &["tomorrow at 9 in the evening", "this evening at 7"],
            ),
            ("on 2026-12-01 at 9: x", &["on 2026-12-01 at 9"]),
            ("every blue moon, at home, 12 people, when it is done, on time, in a while", &[]),
            ("", &[]),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn the_last_phrase_ends_the_text() {
        for (text, expected) in [
            ("draft it, tomorrow at 9.", Some(("tomorrow at 9", true, false))),
            ("list them every monday at 8", Some(("every monday at 8", false, true))),
            ("tomorrow I will see", None),
            ("ä ö ü in 2 hours?", Some(("in 2 hours", false, false))),
        ] {
            let found = late(text).map(|m| (text.get(m.place).unwrap(), m.apart, m.exact));
            assert_eq!(found, expected, "{text}");
        }
        assert!(late(&"ä".repeat(10_000)).is_none());
    }
}
