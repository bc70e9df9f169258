//! When a task shall run, from what a person wrote: a moment, a rule, or after other tasks.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;

use super::recurrence::{NoRule, Recurrence};
use crate::{
    intent,
    model::{Every, Timestamp},
};

/// When a task shall run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Not before this.
    At(Timestamp),
    /// Again and again.
    Every(Every),
    /// Once the tasks of these numbers have succeeded.
    After(Vec<u64>),
    /// So much later than it would.
    Later(Duration),
    /// Once more, and not again.
    Once,
}

/// The words name no time. Says what can be written instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// They are not understood.
    #[error(
        "Say it like “in 10 minutes”, “tomorrow at 9”, “monday 8:30”, “2026-12-01 09:00”, \
         “every day at 9” or “after task 12”."
    )]
    Words,
    /// It is over.
    #[error("That is over already. Name a time that is still to come.")]
    Past,
    /// It is a rule, and none that can be kept.
    #[error(transparent)]
    Rule(#[from] NoRule),
}

/// What the words mean, said at `now` by somebody in `zone`.
pub fn when(text: &str, now: Timestamp, zone: Tz) -> Result<When, Unreadable> {
    let text = text.trim();
    if let Some(numbers) = after(text) {
        return Ok(When::After(numbers));
    }
    if let Some(by) = later(text) {
        return Ok(When::Later(by));
    }
    if text.eq_ignore_ascii_case("once") {
        return Ok(When::Once);
    }
    if Recurrence::is_meant(text) {
        let (rule, zone) = Recurrence::split(text, zone);
        Recurrence::read(rule, zone)?;
        return Ok(When::Every(Every { rule: rule.into(), zone: zone.name().into() }));
    }
    let (text, zone) = Recurrence::split(text, zone);
    let local = now.to_utc().with_timezone(&zone);
    let at = exact(text, zone)
        .or_else(|| ahead(text).and_then(|by| local.checked_add_signed(by)))
        .or_else(|| day_and_time(text, &local))
        .ok_or(Unreadable::Words)?;
    if at < local {
        return Err(Unreadable::Past);
    }
    Ok(When::At(Timestamp(at.timestamp_millis())))
}

/// The time zone of that name.
pub(super) fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

// ---- after other tasks ------------------------------------------------------------------------

/// `after 12`, `when task 12 is done`, `once 3 and 4 have finished`.
fn after(text: &str) -> Option<Vec<u64>> {
    let lower = text.to_lowercase();
    let mut words = words(&lower);
    let (first, last) = (words.next()?, words.clone().last()?);
    match first {
        "after" => {}
        "when" | "once" | "as" if intent::ENDED.contains(&last) => {}
        _ => return None,
    }
    let mut numbers = Vec::new();
    for word in words {
        match word.parse() {
            Ok(number) => numbers.push(number),
            Err(_) if intent::ENDED.contains(&word) => {}
            Err(_) if FILLERS.contains(&word) => {}
            Err(_) => return None,
        }
    }
    (!numbers.is_empty()).then_some(numbers)
}

const FILLERS: &[&str] = &[
    "task", "tasks", "job", "jobs", "and", "is", "are", "has", "have", "been", "soon", "as",
    "number",
];

// ---- a moment ---------------------------------------------------------------------------------

/// A date, a date and a time, or both as RFC 3339 has them.
fn exact(text: &str, zone: Tz) -> Option<DateTime<Tz>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&zone));
    }
    let text = text.strip_prefix("on ").unwrap_or(text);
    let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d at %H:%M"];
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let naive = forms.into_iter().find_map(read).or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(MORNING))
    })?;
    on_the_clock(naive, zone)
}

/// `in 10 minutes`, `in half an hour`, `in a week`.
fn ahead(text: &str) -> Option<TimeDelta> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    let by = match *words {
        ["now"] | ["at", "once"] | ["right", "now"] => Duration::ZERO,
        ["in", ref stretch @ ..] | ref stretch @ [_] => stretch_of(stretch)?,
        _ => return None,
    };
    TimeDelta::from_std(by).ok()
}

/// `by 2 hours`, `for a day`, `half an hour later`.
fn later(text: &str) -> Option<Duration> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    match *words {
        [lead, ref stretch @ ..] if intent::PUT_OFF.contains(&lead) => stretch_of(stretch),
        [ref stretch @ .., "later"] => stretch_of(stretch),
        _ => None,
    }
}

/// `10 minutes`, `half an hour`, `2h`.
fn stretch_of(words: &[&str]) -> Option<Duration> {
    match *words {
        ["half", "an", "hour"] => Some(Duration::from_secs(30 * 60)),
        [count, units] => span(count, units),
        [compact] => compact_span(compact),
        _ => None,
    }
}

/// `10`, `minutes`.
pub(super) fn span(count: &str, units: &str) -> Option<Duration> {
    let count: u64 = match count {
        "a" | "an" | "one" => 1,
        "two" => 2,
        "three" => 3,
        "few" => 5,
        digits => digits.parse().ok()?,
    };
    let seconds = match units.strip_suffix('s').unwrap_or(units) {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" | "hr" | "h" => 60 * 60,
        "day" => 24 * 60 * 60,
        "week" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

/// `10m`, `2h`.
fn compact_span(word: &str) -> Option<Duration> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (count, unit) = word.split_at_checked(digits.len())?;
    let unit = match unit {
        "m" | "min" => "minutes",
        "s" => "seconds",
        "h" => "hours",
        "d" => "days",
        _ => return None,
    };
    span(count, unit)
}

const MORNING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine is a time");

/// What the words of a day and a time, in any order, come to.
#[derive(Default)]
struct Said {
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    /// The day was named by what it is called, so that it is the next one.
    weekday: bool,
}

/// `tomorrow at 9`, `monday 8:30`, `9:00 today`, `at 5 pm`, `tonight`.
fn day_and_time(text: &str, now: &DateTime<Tz>) -> Option<DateTime<Tz>> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    let today = now.date_naive();
    let mut said = Said::default();
    let mut rest = words.as_slice();
    while let [word, behind @ ..] = rest {
        rest = behind;
        match *word {
            "at" | "on" | "the" | "this" | "next" | "coming" | "in" | "o'clock" => {}
            "today" => said.date = Some(today),
            "tomorrow" => said.date = today.checked_add_days(Days::new(1)),
            "day" if behind.starts_with(&["after", "tomorrow"]) => {
                said.date = today.checked_add_days(Days::new(2));
                rest = behind.get(2..).unwrap_or_default();
            }
            word => {
                if let Some(day) = weekday(word) {
                    said.date = next_weekday(today, day);
                    said.weekday = true;
                } else if let Some((time, used)) = time_of_day(word, behind.first().copied()) {
                    said.time = Some(time);
                    rest = behind.get(used..).unwrap_or_default();
                } else {
                    return None;
                }
            }
        }
    }
    said.next(now)
}

impl Said {
    fn next(self, now: &DateTime<Tz>) -> Option<DateTime<Tz>> {
        let (date, time) = match (self.date, self.time) {
            (None, None) => return None,
            (date, time) => (date.unwrap_or(now.date_naive()), time.unwrap_or(MORNING)),
        };
        let at = on_the_clock(date.and_time(time), now.timezone())?;
        if at >= *now || (self.date.is_some() && !self.weekday) {
            return Some(at);
        }
        let days = if self.weekday { 7 } else { 1 };
        on_the_clock(date.checked_add_days(Days::new(days))?.and_time(time), now.timezone())
    }
}

/// The first such day that is not before `today`.
fn next_weekday(today: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    today.iter_days().take(7).find(|date| chrono::Datelike::weekday(date) == day)
}

/// Where a clock is put forward over it, an hour later.
fn on_the_clock(naive: NaiveDateTime, zone: Tz) -> Option<DateTime<Tz>> {
    let hour = TimeDelta::hours(1);
    let at = |naive| zone.from_local_datetime(&naive).earliest();
    at(naive).or_else(|| at(naive.checked_add_signed(hour)?))
}

// ---- words ------------------------------------------------------------------------------------

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '#'))
        .filter(|word| !word.is_empty())
}

/// The day of that name.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let word = word.strip_suffix('s').filter(|word| word.ends_with("day")).unwrap_or(word);
    word.parse().ok()
}

/// The time that a word names, with the one behind it where that belongs to it.
pub(super) fn time_of_day(word: &str, behind: Option<&str>) -> Option<(NaiveTime, usize)> {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0);
    let named = match word {
        "noon" | "midday" => hour(12),
        "midnight" => hour(0),
        "morning" => hour(9),
        "afternoon" => hour(14),
        "evening" => hour(18),
        "tonight" | "night" => hour(20),
        _ => None,
    };
    if let Some(time) = named {
        return Some((time, 0));
    }
    let (digits, half) = halves(word);
    let (half, used) = match (half, behind) {
        (None, Some(word @ ("am" | "pm" | "a.m." | "p.m."))) => (Some(word), 1),
        (half, _) => (half, 0),
    };
    let (hours, minutes) = digits.split_once([':', '.']).unwrap_or((digits, "0"));
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let hours = match half.map(|half| half.starts_with('p')) {
        None => hours,
        Some(_) if !(1..=12).contains(&hours) => return None,
        Some(afternoon) => hours % 12 + if afternoon { 12 } else { 0 },
    };
    Some((NaiveTime::from_hms_opt(hours, minutes, 0)?, used))
}

/// `9am` is `9` and `am`.
fn halves(word: &str) -> (&str, Option<&str>) {
    let half = ["am", "pm", "a.m.", "p.m."].into_iter().find(|half| word.ends_with(half));
    (half.and_then(|half| word.strip_suffix(half)).unwrap_or(word), half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Wednesday, 10:00 in Berlin.
    const NOW: &str = "2026-03-25T09:00:00Z";

    fn check(text: &str, expect: &str) {
        let now = DateTime::parse_from_rfc3339(NOW).unwrap();
        let said = when(text, Timestamp(now.timestamp_millis()), Tz::Europe__Berlin);
        let told = match said {
            Ok(When::At(at)) => {
                let local = at.to_utc().with_timezone(&Tz::Europe__Berlin);
                local.format("%a %d %H:%M").to_string()
            }
            Ok(When::Every(every)) => format!("{} | {}", every.rule, every.zone),
            Ok(When::After(numbers)) => format!("{numbers:?}"),
            Ok(When::Later(by)) => format!("+{} s", by.as_secs()),
            Ok(When::Once) => "once".to_owned(),
            Err(Unreadable::Words) => "?".to_owned(),
            Err(Unreadable::Past) => "past".to_owned(),
            Err(Unreadable::Rule(no)) => format!("{no:?}"),
        };
        assert_eq!(told, expect, "{text}");
    }

    #[test]
    fn moments() {
        for (text, expect) in [
            ("now", "Wed 25 10:00"),
            ("in 10 minutes", "Wed 25 10:10"),
            ("in an hour", "Wed 25 11:00"),
            ("in half an hour", "Wed 25 10:30"),
            ("in 2 days", "Fri 27 10:00"),
            ("in 90m", "Wed 25 11:30"),
            ("tomorrow", "Thu 26 09:00"),
            ("tomorrow at 9", "Thu 26 09:00"),
            ("Tomorrow 5pm", "Thu 26 17:00"),
            ("9:30 tomorrow", "Thu 26 09:30"),
            ("at 11", "Wed 25 11:00"),
            ("at 9", "Thu 26 09:00"),
            ("8 pm", "Wed 25 20:00"),
            ("12am", "Thu 26 00:00"),
            ("today at noon", "Wed 25 12:00"),
            ("tonight", "Wed 25 20:00"),
            ("tomorrow morning", "Thu 26 09:00"),
            ("the day after tomorrow at 8", "Fri 27 08:00"),
            ("monday", "Mon 30 09:00"),
            ("next Monday at 8:30", "Mon 30 08:30"),
            ("wednesday at 9", "Wed 01 09:00"),
            ("wed 11:00", "Wed 25 11:00"),
            ("2026-03-26", "Thu 26 09:00"),
            ("on 2026-03-26 at 10:00", "Thu 26 10:00"),
            ("tomorrow at 9 in America/New_York", "Thu 26 14:00"),
            ("at 12:00 UTC", "Wed 25 13:00"),
            ("2026-03-26 15:04", "Thu 26 15:04"),
            ("2026-03-26T15:00:00Z", "Thu 26 16:00"),
            // The clocks are put forward from 2 to 3 in that night.
            ("2026-03-29 02:30", "Sun 29 03:30"),
        ] {
            check(text, expect);
        }
    }

    #[test]
    fn rules_and_dependencies() {
        for (text, expect) in [
            ("every day at 9", "every day at 9 | Europe/Berlin"),
            ("every monday at 8:30 in America/New_York", "every monday at 8:30 | America/New_York"),
            ("0 9 * * 1-5", "0 9 * * 1-5 | Europe/Berlin"),
            ("after 12", "[12]"),
            ("after tasks 3, 4 and 5", "[3, 4, 5]"),
            ("when task #12 is done", "[12]"),
            ("as soon as 7 and 8 have finished", "[7, 8]"),
            ("once job 9 finishes", "[9]"),
            ("every night at 11pm", "every night at 11pm | Europe/Berlin"),
            ("by 2 hours", "+7200 s"),
            ("Half an hour later", "+1800 s"),
            ("by 90m", "+5400 s"),
            ("for a day", "+86400 s"),
            ("back an hour", "+3600 s"),
            ("once", "once"),
        ] {
            check(text, expect);
        }
    }

    #[test]
    fn what_names_no_time_says_so() {
        for text in ["", "soon", "25:00", "13pm", "in a while", "after lunch", "tomorrow at x", "ä"]
        {
            check(text, "?");
        }
        for text in ["today at 9", "2020-01-01", "2026-03-25T08:00:00Z"] {
            check(text, "past");
        }
        check("every blue moon", "Words");
        check("every 10 seconds", "TooOften");
    }
}
