//! When a task shall run, from what a person wrote: a moment, a rule, or after other tasks.

use std::time::Duration;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Weekday,
};
use chrono_tz::Tz;

use super::{
    clock::Clock,
    recurrence::{NoRule, Recurrence},
    stretch::stretch_of,
};
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
    /// So much earlier than it would, and not before now.
    Earlier(Duration),
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
    if let Some(by) = earlier(text) {
        return Ok(When::Earlier(by));
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

/// A date and a time as RFC 3339 has them, or as to the second.
fn exact(text: &str, zone: Tz) -> Option<DateTime<Tz>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&zone));
    }
    let text = text.strip_prefix("on ").unwrap_or(text);
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"];
    let read = |form| NaiveDateTime::parse_from_str(text, form).ok();
    on_the_clock(forms.into_iter().find_map(read)?, zone)
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

/// `forward by 2 hours`, `up an hour`, `an hour earlier`.
fn earlier(text: &str) -> Option<Duration> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    match *words {
        [lead, "by", ref stretch @ ..] | [lead, ref stretch @ ..]
            if intent::PUT_ON.contains(&lead) =>
        {
            stretch_of(stretch)
        }
        [ref stretch @ .., "earlier" | "sooner"] => stretch_of(stretch),
        _ => None,
    }
}

pub(super) const MORNING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine is a time");

/// What the words of a day and a time, in any order, come to.
#[derive(Default)]
struct Said {
    date: Option<NaiveDate>,
    clock: Clock,
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
            "this" if behind.first().is_some_and(|part| Clock::has_part(part)) => {
                said.date = Some(today);
            }
            "at" | "on" | "the" | "this" | "next" | "coming" | "in" | "o'clock" => {}
            "today" => said.date = Some(today),
            "tonight" => {
                said.date = Some(today);
                said.clock.take(word, None);
            }
            "tomorrow" => said.date = today.checked_add_days(Days::new(1)),
            "day" if behind.starts_with(&["after", "tomorrow"]) => {
                said.date = today.checked_add_days(Days::new(2));
                rest = behind.get(2..).unwrap_or_default();
            }
            word => {
                if let Some(day) = weekday(word) {
                    said.date = next_weekday(today, day);
                    said.weekday = true;
                } else if let Some((date, used)) = in_the_calendar(word, behind, today) {
                    said.date = Some(date);
                    rest = behind.get(used..).unwrap_or_default();
                } else if let Some(used) = said.clock.take(word, behind.first().copied()) {
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
        let (date, time) = match (self.date, self.clock.time()) {
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

/// `2026-12-01`, `31 December`, `the 31st of December`, `May 5th 2027`: the date, and how many of the words
/// behind belong to it. Where no year is said it is the next such day.
fn in_the_calendar(word: &str, behind: &[&str], today: NaiveDate) -> Option<(NaiveDate, usize)> {
    if let Ok(date) = NaiveDate::parse_from_str(word, "%Y-%m-%d") {
        return Some((date, 0));
    }
    let day = |word: &str| word.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok();
    let (day, month, used) = match (intent::month_called(word), behind) {
        (Some(month), [number, ..]) => (day(number)?, month, 1),
        (None, ["of", name, ..]) => (day(word)?, intent::month_called(name)?, 2),
        (None, [name, ..]) => (day(word)?, intent::month_called(name)?, 1),
        _ => return None,
    };
    let year = behind.get(used).filter(|year| year.len() == 4).and_then(|year| year.parse().ok());
    if let Some(year) = year {
        return Some((NaiveDate::from_ymd_opt(year, month, day)?, used + 1));
    }
    let this = today.year();
    let mut years =
        (this..this + LEAP_YEARS).filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
    years.find(|date| *date >= today).map(|date| (date, used))
}

/// Within so many years there is a 29th of February.
const LEAP_YEARS: i32 = 9;

/// The first such day that is not before `today`.
fn next_weekday(today: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    today.iter_days().take(7).find(|date| date.weekday() == day)
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
            Ok(When::Earlier(by)) => format!("-{} s", by.as_secs()),
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
            ("tonight at 11", "Wed 25 23:00"),
            ("at 11 tonight", "Wed 25 23:00"),
            ("tonight at 8:30", "Wed 25 20:30"),
            ("sunday evening at 8", "Sun 29 20:00"),
            ("tomorrow afternoon at 3", "Thu 26 15:00"),
            ("tomorrow night at 10", "Thu 26 22:00"),
            ("tomorrow at 9 in the evening", "Thu 26 21:00"),
            ("tomorrow morning at 8", "Thu 26 08:00"),
            ("tomorrow evening at 20:15", "Thu 26 20:15"),
            ("tomorrow evening at 9 pm", "Thu 26 21:00"),
            ("this evening at 7", "Wed 25 19:00"),
            ("tomorrow at nine", "Thu 26 09:00"),
            ("in five minutes", "Wed 25 10:05"),
            ("in 1 hour and 30 minutes", "Wed 25 11:30"),
            ("in 1.5 hours", "Wed 25 11:30"),
            ("in an hour and a half", "Wed 25 11:30"),
            ("in 1h30m", "Wed 25 11:30"),
            ("on 31 December at 23:00", "Thu 31 23:00"),
            ("on the 1st of March at 9", "Mon 01 09:00"),
            ("May 5th 2026 at 10", "Tue 05 10:00"),
            ("on 2026-12-01 at 9", "Tue 01 09:00"),
            ("2026-12-01 at 9 pm UTC", "Tue 01 22:00"),
            ("tomorrow at 9 in New York", "Thu 26 14:00"),
            ("tomorrow at 9 GMT", "Thu 26 10:00"),
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
            ("every weekday at 8:30 CET", "every weekday at 8:30 | CET"),
            ("forward by 2 hours", "-7200 s"),
            ("up by an hour", "-3600 s"),
            ("two hours earlier", "-7200 s"),
            ("by five minutes", "+300 s"),
            ("by 1h30m", "+5400 s"),
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
        for text in ["today at 9", "tonight at 2", "2020-01-01", "2026-03-25T08:00:00Z"] {
            check(text, "past");
        }
        check("every blue moon", "Words");
        check("every 10 seconds", "TooOften");
    }
}
