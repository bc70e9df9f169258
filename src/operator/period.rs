//! From when to when a period of the past is: by the calendar, UTC; weeks begin on Mondays.

use std::ops::Range;

use crate::{
    intent::{Period, Unit},
    model::{Day, Timestamp},
};

const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What has not ended goes on for ever. An hour is the sixty minutes up to now.
pub(super) fn span(period: Period, now: Timestamp) -> Range<Timestamp> {
    let today = Day::of(now);
    let days_ago = |days: i32| Day(today.0.saturating_sub(days));
    // The first of January 1970 was a Thursday.
    let monday = days_ago((today.0 + 3).rem_euclid(7));
    let since = |day: Day| day.begins()..Timestamp(i64::MAX);
    let back = |ms: i64| Timestamp(now.0.saturating_sub(ms))..Timestamp(i64::MAX);
    match period {
        Period::This(Unit::Hour) | Period::Last(Unit::Hour) => back(HOUR_MS),
        Period::Today | Period::This(Unit::Day) => since(today),
        Period::Yesterday | Period::Last(Unit::Day) => days_ago(1).begins()..today.begins(),
        Period::This(Unit::Week) => since(monday),
        Period::Last(Unit::Week) => Day(monday.0 - 7).begins()..monday.begins(),
        Period::This(Unit::Month) => since(today.month()),
        Period::Last(Unit::Month) => today.last_month().begins()..today.month().begins(),
        Period::This(Unit::Year) => since(today.year()),
        Period::Last(Unit::Year) => {
            let last = Day(today.year().0 - 1).year();
            last.begins()..today.year().begins()
        }
        Period::Past(count, unit) => back(i64::from(count).saturating_mul(length(unit))),
    }
}

/// About so long is a unit that is counted back from now.
fn length(unit: Unit) -> i64 {
    match unit {
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
            (Period::Past(3, Unit::Day), "2026-03-02 01", "…"),
        ] {
            let span = span(period, now);
            assert_eq!((&*show(span.start), &*show(span.end)), (from, to), "{period}");
        }
        assert!(span(Period::Past(u32::MAX, Unit::Year), now).start < now);
    }
}
