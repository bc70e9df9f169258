//! From when to when a period of the past is: by the calendar of a time zone; weeks begin on Mondays.

use std::ops::Range;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::{
    intent::{Period, Unit},
    model::Timestamp,
};

const MINUTE_MS: i64 = 60 * 1_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What has not ended goes on for ever. An hour is the sixty minutes up to now, and so is a minute.
pub(super) fn span(period: Period, now: Timestamp, zone: Tz) -> Range<Timestamp> {
    let today = now.to_utc().with_timezone(&zone).date_naive();
    let days_ago = |days: u32| today - Days::new(days.into());
    let monday = days_ago(today.weekday().num_days_from_monday());
    let month = days_ago(today.day0());
    let year = days_ago(today.ordinal0());
    let since = |day: NaiveDate| midnight(day, zone)..Timestamp(i64::MAX);
    let between = |first: NaiveDate, behind| midnight(first, zone)..midnight(behind, zone);
    let back = |ms: i64| Timestamp(now.0.saturating_sub(ms))..Timestamp(i64::MAX);
    match period {
        Period::This(unit @ (Unit::Minute | Unit::Hour))
        | Period::Last(unit @ (Unit::Minute | Unit::Hour)) => back(length(unit)),
        Period::Today | Period::This(Unit::Day) => since(today),
        Period::Yesterday | Period::Last(Unit::Day) => between(days_ago(1), today),
        Period::This(Unit::Week) => since(monday),
        Period::Last(Unit::Week) => between(monday - Days::new(7), monday),
        Period::This(Unit::Month) => since(month),
        Period::Last(Unit::Month) => between(month - Months::new(1), month),
        Period::This(Unit::Year) => since(year),
        Period::Last(Unit::Year) => between(year - Months::new(12), year),
        Period::Past(count, unit) => back(i64::from(count).saturating_mul(length(unit))),
    }
}

/// When a day begins there. Where the clocks are put forward over midnight, that is an hour later.
fn midnight(day: NaiveDate, zone: Tz) -> Timestamp {
    let begins = day.and_time(NaiveTime::MIN);
    let at = |naive| zone.from_local_datetime(&naive).earliest();
    let begun = at(begins).or_else(|| at(begins + TimeDelta::hours(1)));
    Timestamp(begun.map_or(begins.and_utc().timestamp_millis(), |at| at.timestamp_millis()))
}

/// About so long is a unit that is counted back from now.
fn length(unit: Unit) -> i64 {
    match unit {
        Unit::Minute => MINUTE_MS,
        Unit::Hour => HOUR_MS,
        Unit::Day => DAY_MS,
        Unit::Week => 7 * DAY_MS,
        Unit::Month => 30 * DAY_MS,
        Unit::Year => 365 * DAY_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_calendar() {
        // A Wednesday.
        let now = Timestamp(1_772_672_400_000);
        let show = |at: Timestamp| match at.0 {
            i64::MAX => "…".to_owned(),
            _ => at.to_utc().format("%Y-%m-%d %H").to_string(),
        };
        assert_eq!(show(now), "2026-03-05 01");
        for (period, from, to) in [
            (Period::Today, "2026-03-05 00", "…"),
            (Period::Yesterday, "2026-03-04 00", "2026-03-05 00"),
            (Period::Last(Unit::Minute), "2026-03-05 00", "…"),
            (Period::This(Unit::Hour), "2026-03-05 00", "…"),
            (Period::This(Unit::Day), "2026-03-05 00", "…"),
            (Period::Last(Unit::Day), "2026-03-04 00", "2026-03-05 00"),
            (Period::This(Unit::Week), "2026-03-02 00", "…"),
            (Period::Last(Unit::Week), "2026-02-23 00", "2026-03-02 00"),
            (Period::This(Unit::Month), "2026-03-01 00", "…"),
            (Period::Last(Unit::Month), "2026-02-01 00", "2026-03-01 00"),
            (Period::This(Unit::Year), "2026-01-01 00", "…"),
            (Period::Last(Unit::Year), "2025-01-01 00", "2026-01-01 00"),
            (Period::Past(2, Unit::Hour), "2026-03-04 23", "…"),
            (Period::Past(90, Unit::Minute), "2026-03-04 23", "…"),
            (Period::Past(3, Unit::Day), "2026-03-02 01", "…"),
        ] {
            let span = span(period, now, Tz::UTC);
            assert_eq!((&*show(span.start), &*show(span.end)), (from, to), "{period}");
        }
        assert!(span(Period::Past(u32::MAX, Unit::Year), now, Tz::UTC).start < now);
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        // Monday, 2026-03-30, 01:00 in Berlin, and still Sunday, 19:00, in New York.
        let now = Timestamp(1_774_825_200_000);
        let show = |at: Timestamp| match at.0 {
            i64::MAX => "…".to_owned(),
            _ => at.to_utc().format("%m-%d %H").to_string(),
        };
        for (zone, period, from, to) in [
            (Tz::Europe__Berlin, Period::Today, "03-29 22", "…"),
            // The clocks were put forward: a day of 23 hours.
            (Tz::Europe__Berlin, Period::Yesterday, "03-28 23", "03-29 22"),
            (Tz::Europe__Berlin, Period::This(Unit::Week), "03-29 22", "…"),
            (Tz::Europe__Berlin, Period::This(Unit::Month), "02-28 23", "…"),
            (Tz::Europe__Berlin, Period::Last(Unit::Month), "01-31 23", "02-28 23"),
            (Tz::America__New_York, Period::Today, "03-29 04", "…"),
            (Tz::America__New_York, Period::This(Unit::Week), "03-23 04", "…"),
            (Tz::America__New_York, Period::Last(Unit::Hour), "03-29 22", "…"),
        ] {
            let span = span(period, now, zone);
            assert_eq!((&*show(span.start), &*show(span.end)), (from, to), "{zone}: {period}");
        }
    }
}
