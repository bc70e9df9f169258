//! When something is done again: `every day at 9`, `every 15 minutes`, a cron expression.
//!
//! Words become a cron expression where they name times of the day, so that both keep to the clock
//! of their time zone; `every 15 minutes` counts from when it was planned last.

use std::{str::FromStr, time::Duration};

use chrono::{Timelike, Weekday};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

use super::{clock::Clock, stretch::span, times};
use crate::{
    intent,
    limits::{TASK_AHEAD_MAX, TASK_EVERY_MIN, TASK_RULE_BYTES_MAX},
    model::{Every, Timestamp},
};

/// A rule that can be kept.
#[derive(Debug, Clone)]
pub struct Recurrence {
    rule: Rule,
    zone: Tz,
}

#[derive(Debug, Clone)]
enum Rule {
    Clock(Box<Cron>),
    Interval(Duration),
}

/// The words are no rule that can be kept. Says what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRule {
    /// They are not understood.
    #[error(
        "Say it like “every day at 9”, “every 15 minutes”, “every monday at 8:30” or “0 9 * * 1-5”."
    )]
    Words,
    /// Nothing recurs more often than `limits::TASK_EVERY_MIN`.
    #[error("That is too often. A minute is the shortest time between two runs.")]
    TooOften,
    /// Nothing recurs more seldom than `limits::TASK_AHEAD_MAX`.
    #[error("That is too seldom. Ten years is the longest time between two runs.")]
    TooSeldom,
    /// No calendar has such a day.
    #[error("That day never comes. Name one that does.")]
    Never,
    /// No time zone has this name.
    #[error("There is no such time zone. Write it like Europe/Berlin, or UTC.")]
    Zone,
}

impl Recurrence {
    /// Whether the words are about something that recurs.
    pub(super) fn is_meant(text: &str) -> bool {
        let lower = text.to_lowercase();
        let first = lower.split_whitespace().next().unwrap_or_default();
        let fields = text
            .split_whitespace()
            .filter(|field| field.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c)));
        matches!(first, "every" | "each" | "hourly" | "daily" | "weekly" | "monthly" | "weekdays")
            || text.starts_with('@')
            || fields.count() >= 3
    }

    /// A rule without the time zone at its end, and that zone where one is named.
    pub(super) fn split(text: &str, usual: Tz) -> (&str, Tz) {
        let text = text.trim();
        let place =
            text.rsplit_once(" in ").and_then(|(rule, name)| Some((rule, intent::zone_at(name)?)));
        let named = || {
            let (rule, name) = text.rsplit_once(char::is_whitespace)?;
            Some((rule, intent::zone_called(name)?))
        };
        place.or_else(named).map_or((text, usual), |(rule, zone)| (rule.trim_end(), zone))
    }

    /// Reads a rule as it was kept.
    pub fn of(every: &Every) -> Result<Self, NoRule> {
        Self::read(&every.rule, times::zone(&every.zone).ok_or(NoRule::Zone)?)
    }

    /// Reads a rule that is meant in `zone`.
    pub fn read(text: &str, zone: Tz) -> Result<Self, NoRule> {
        if text.len() > TASK_RULE_BYTES_MAX {
            return Err(NoRule::Words);
        }
        let lower = text.trim().to_lowercase();
        let rule = match in_words(&lower) {
            Some(rule) => rule,
            None => Rule::Clock(Box::new(cron(&lower)?)),
        };
        if matches!(rule, Rule::Interval(every) if every < TASK_EVERY_MIN) {
            return Err(NoRule::TooOften);
        }
        if matches!(rule, Rule::Interval(every) if every > TASK_AHEAD_MAX) {
            return Err(NoRule::TooSeldom);
        }
        let recurrence = Self { rule, zone };
        // From any moment on it must come again.
        recurrence.next(LATE, LATE).ok_or(NoRule::Never)?;
        Ok(recurrence)
    }

    /// The first time after `now` that it is due again, when it was `planned` last.
    pub fn next(&self, planned: Timestamp, now: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Interval(every) => {
                let every = i64::try_from(every.as_millis()).ok().filter(|every| *every > 0)?;
                let missed = now.0.saturating_sub(planned.0).max(0) / every;
                let next = missed.checked_add(1)?.checked_mul(every)?;
                planned.0.checked_add(next).map(Timestamp)
            }
            Rule::Clock(cron) => {
                let local = now.to_utc().with_timezone(&self.zone);
                let next = cron.find_next_occurrence(&local, false).ok()?;
                Some(Timestamp(next.timestamp_millis()))
            }
        }
    }
}

/// The start of the year 4950. A day that never comes is looked for as far as croner's calendar
/// goes, which is the year 5000, and meanwhile a thread of the runtime does nothing else. From here
/// that is a matter of a millisecond; and half a century without a leap year left out has every date
/// on every day of the week, so what does not come in it never does.
const LATE: Timestamp = Timestamp(94_039_747_200_000);

/// Five fields, to the minute.
fn cron(text: &str) -> Result<Cron, NoRule> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(text).map_err(|_| NoRule::Words)
}

/// `every day at 9`, `every 15 minutes`, `every monday and friday at 8:30`, `weekdays at noon`.
fn in_words(text: &str) -> Option<Rule> {
    let text = match text.split_once(' ').unwrap_or((text, "")) {
        ("every" | "each", rest) => rest.to_owned(),
        ("hourly", "") => "hour".to_owned(),
        ("daily", rest) => format!("day {rest}"),
        ("weekly", rest) => format!("week {rest}"),
        ("monthly", rest) => format!("month {rest}"),
        ("weekdays", rest) => format!("weekday {rest}"),
        _ => return None,
    };
    let words: Vec<&str> = times::words(&text).filter(|word| *word != "and").collect();
    match *words {
        [unit] if span("a", unit).is_some_and(|span| span <= HOUR) => {
            span("a", unit).map(Rule::Interval)
        }
        ["other", "day"] => span("two", "days").map(Rule::Interval),
        [count, units] => span(count, units).map(Rule::Interval).or_else(|| on_days(&words)),
        _ => on_days(&words),
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Days, and the time of the day.
fn on_days(words: &[&str]) -> Option<Rule> {
    let mut days: Vec<u32> = Vec::new();
    let mut days_of_month: Vec<u32> = Vec::new();
    let mut clock = Clock::default();
    let (first, mut rest) = words.split_first()?;
    match *first {
        "day" | "month" => {}
        "morning" | "evening" | "afternoon" | "night" => {
            clock.take(first, None)?;
        }
        "weekday" | "workday" => days.extend(1..=5),
        "weekend" => days.extend([0, 6]),
        "week" => days.push(1),
        day => days.push(number(times::weekday(day)?)),
    }
    let mut any_week = *first == "week";
    while let [word, behind @ ..] = rest {
        rest = behind;
        if matches!(*word, "at" | "on" | "the" | "in") {
            continue;
        }
        if let Some(day) = times::weekday(word) {
            if std::mem::take(&mut any_week) {
                days.clear();
            }
            days.push(number(day));
        } else if let Some(day) = ordinal(word).filter(|_| *first == "month") {
            days_of_month.push(day);
        } else {
            let used = clock.take(word, behind.first().copied())?;
            rest = behind.get(used..)?;
        }
    }
    if *first == "month" && days_of_month.is_empty() {
        days_of_month.push(1);
    }
    let time = clock.time().unwrap_or(times::MORNING);
    let (week, month) = (listed(&days), listed(&days_of_month));
    let pattern = format!("{} {} {month} * {week}", time.minute(), time.hour());
    Cron::from_str(&pattern).ok().map(|cron| Rule::Clock(Box::new(cron)))
}

/// A field of a pattern: these, or any where there are none.
fn listed(days: &[u32]) -> String {
    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
    if days.is_empty() { "*".to_owned() } else { days.join(",") }
}

fn number(day: Weekday) -> u32 {
    day.num_days_from_sunday()
}

/// `1st`, `15th`.
fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end))?;
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    /// The next three times after Wednesday, 2026-03-25, 10:00 in Berlin.
    fn check(rule: &str, expect: &str) {
        let now = at("2026-03-25T09:00:00Z");
        let told = match Recurrence::read(rule, Tz::Europe__Berlin) {
            Err(no) => format!("{no:?}"),
            Ok(recurrence) => {
                let next = |last: &Timestamp| recurrence.next(*last, *last);
                let times = std::iter::successors(next(&now), next).take(3);
                let local = |at: Timestamp| {
                    at.to_utc().with_timezone(&Tz::Europe__Berlin).format("%a %d %H:%M").to_string()
                };
                times.map(local).collect::<Vec<_>>().join(", ")
            }
        };
        assert_eq!(told, expect, "{rule}");
    }

    #[test]
    fn words_and_cron_expressions() {
        for (rule, expect) in [
            // The clocks are put forward on the 29th; nine stays nine.
            ("every day at 9", "Thu 26 09:00, Fri 27 09:00, Sat 28 09:00"),
            ("Every day at 5 pm", "Wed 25 17:00, Thu 26 17:00, Fri 27 17:00"),
            ("daily", "Thu 26 09:00, Fri 27 09:00, Sat 28 09:00"),
            ("every morning", "Thu 26 09:00, Fri 27 09:00, Sat 28 09:00"),
            ("every 15 minutes", "Wed 25 10:15, Wed 25 10:30, Wed 25 10:45"),
            ("every hour", "Wed 25 11:00, Wed 25 12:00, Wed 25 13:00"),
            ("every other day", "Fri 27 10:00, Sun 29 11:00, Tue 31 11:00"),
            ("every monday at 8:30", "Mon 30 08:30, Mon 06 08:30, Mon 13 08:30"),
            ("every monday and friday at noon", "Fri 27 12:00, Mon 30 12:00, Fri 03 12:00"),
            ("every weekday at 9", "Thu 26 09:00, Fri 27 09:00, Mon 30 09:00"),
            ("every evening at 8", "Wed 25 20:00, Thu 26 20:00, Fri 27 20:00"),
            ("every night at 11", "Wed 25 23:00, Thu 26 23:00, Fri 27 23:00"),
            ("every night at 3", "Thu 26 03:00, Fri 27 03:00, Sat 28 03:00"),
            ("every day at 7 in the evening", "Wed 25 19:00, Thu 26 19:00, Fri 27 19:00"),
            ("every ten minutes", "Wed 25 10:10, Wed 25 10:20, Wed 25 10:30"),
            ("weekly on sunday", "Sun 29 09:00, Sun 05 09:00, Sun 12 09:00"),
            ("weekly on friday and monday", "Fri 27 09:00, Mon 30 09:00, Fri 03 09:00"),
            ("every month", "Wed 01 09:00, Fri 01 09:00, Mon 01 09:00"),
            ("every month on the 1st and 15th at 7", "Wed 01 07:00, Wed 15 07:00, Fri 01 07:00"),
            ("every month on the 15th at 7", "Wed 15 07:00, Fri 15 07:00, Mon 15 07:00"),
            ("0 9 * * 1-5", "Thu 26 09:00, Fri 27 09:00, Mon 30 09:00"),
            ("*/20 * * * *", "Wed 25 10:20, Wed 25 10:40, Wed 25 11:00"),
            ("@daily", "Thu 26 00:00, Fri 27 00:00, Sat 28 00:00"),
            ("30 2 * * *", "Thu 26 02:30, Fri 27 02:30, Sat 28 02:30"),
        ] {
            check(rule, expect);
        }
    }

    #[test]
    fn what_is_no_rule_says_so() {
        for (rule, expect) in [
            ("", "Words"),
            ("every", "Words"),
            ("every blue moon", "Words"),
            ("every day at 25", "Words"),
            ("every day at 9 and 17", "Words"),
            ("every day at 9 am and 5:30 pm", "Words"),
            ("* * * * * *", "Words"),
            ("61 * * * *", "Words"),
            ("every 30 seconds", "TooOften"),
            ("every 0 hours", "TooOften"),
            ("every 4000 days", "TooSeldom"),
            ("every 100000000 days", "TooSeldom"),
            ("every 106751991167 days", "TooSeldom"),
            ("0 0 31 2 *", "Never"),
            ("* * 31 2,4,6,9,11 *", "Never"),
        ] {
            check(rule, expect);
        }
        check(&"1,".repeat(1_000), "Words");
    }

    #[test]
    fn the_rarest_days_come_late_as_well() {
        assert_eq!(LATE, at("4950-01-01T00:00:00Z"));
        for rule in ["0 0 29 2 *", "0 0 * 2 0#5", "0 0 * 2 6#5"] {
            assert!(Recurrence::read(rule, Tz::UTC).is_ok(), "{rule}");
        }
    }

    #[test]
    fn what_was_missed_is_done_once() {
        let rule = Recurrence::read("every 15 minutes", Tz::UTC).unwrap();
        let next = rule.next(at("2026-03-25T09:00:00Z"), at("2026-03-25T11:07:00Z"));
        assert_eq!(next, Some(at("2026-03-25T11:15:00Z")));
    }

    #[test]
    fn a_zone_may_stand_behind_a_rule() {
        for (text, rule, zone) in [
            ("every day at 9 in Asia/Tokyo", "every day at 9", "Asia/Tokyo"),
            ("every day at 9 in new york", "every day at 9", "America/New_York"),
            ("every day at 9 CET", "every day at 9", "CET"),
            ("0 9 * * 1 UTC", "0 9 * * 1", "UTC"),
            ("every day at 9", "every day at 9", "Europe/Berlin"),
        ] {
            let (found, of) = Recurrence::split(text, Tz::Europe__Berlin);
            assert_eq!((found, of.name()), (rule, zone));
        }
    }
}
