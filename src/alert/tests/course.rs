//! The course of one rule: rows of values, and what always holds.

use std::time::Duration;

use proptest::prelude::*;

use crate::{
    alert::course::{Course, Rule, Step},
    limits::{INCIDENT_QUIET, INCIDENT_RETURNS_WITHIN},
    model::{Condition, Incident, Metric, Severity, Side, Timestamp},
};

fn rule(side: Side, threshold: f64, for_seconds: u64, clear: f64, clear_for: u64) -> Rule {
    Rule {
        alert: "queue".into(),
        watch: None,
        severity: Severity::Warning,
        condition: Condition {
            metric: Metric::TurnsQueued,
            side,
            threshold,
            for_ms: for_seconds * 1_000,
            clear,
            clear_for_ms: clear_for * 1_000,
        },
    }
}

/// What each value, `seconds:value`, comes to: nothing, (q)uiet, (u)pdated, (r)aised, (c)leared.
#[track_caller]
fn check(rule: Rule, values: &str, expected: &str) {
    let mut course = Course::new(rule, None);
    let mut found = Vec::new();
    for pair in values.split_whitespace() {
        let (seconds, value) = pair.split_once(':').unwrap();
        let at = Timestamp(seconds.parse::<i64>().unwrap() * 1_000);
        let step = course.step(at, value.parse().ok());
        found.push(match step {
            None => "-",
            Some(Step::Quiet) => "q",
            Some(Step::Updated) => "u",
            Some(Step::News) if course.incident().unwrap().is_open() => "r",
            Some(Step::News) => "c",
        });
    }
    assert_eq!(found.join(" "), expected, "{values}");
}

#[test]
fn it_is_raised_updated_and_cleared() {
    let above = || rule(Side::Above, 50.0, 0, 45.0, 0);
    let rows = [
        // On the threshold nothing is raised, and between both nothing is cleared.
        (above(), "0:50 2:51 4:46 6:45 8:45", "- r - c -"),
        (rule(Side::Below, 5.0, 0, 6.0, 0), "0:5 2:4 4:5.9 6:6", "- r - c"),
        // At zero there is no way back but to zero.
        (rule(Side::Above, 0.0, 0, 0.0, 0), "0:0 2:1 4:1 6:0", "- r - c"),
        // It must last, without a break.
        (
            rule(Side::Above, 50.0, 4, 45.0, 4),
            "0:60 2:60 4:50 6:60 8:60 10:60 12:40 14:46 16:40 18:40 20:40",
            "- - - - - r - - - - c",
        ),
        // What is not measured neither raises nor clears, and is no part of what lasts.
        (rule(Side::Above, 50.0, 4, 45.0, 0), "0:60 2:x 4:60 8:60 10:x 12:40", "- - - r - c"),
        // Other values are shown now and then.
        (above(), "0:60 2:61 30:61 32:61 40:70 60:62 62:10", "r - u - - u c"),
        (above(), "0:60 30:60 60:60", "r - -"),
        (above(), "0:NaN 2:60 4:NaN 6:inf 8:0", "- r - - c"),
    ];
    for (rule, values, expected) in rows {
        check(rule, values, expected);
    }
}

#[test]
fn what_returns_soon_is_the_same_and_told_rarely() {
    let above = || rule(Side::Above, 50.0, 0, 45.0, 0);
    let rows = [
        // It comes and goes: the first end is told, and then nothing for ten minutes.
        (above(), "0:60 2:0 4:60 6:0 8:60 10:0", "r c q q q q"),
        // If it is there after that, it is told.
        (above(), "0:60 2:0 4:60 6:60 601:60 602:60 604:0 700:0 1300:0", "r c q - - r q - c"),
        // Who comes back later begins anew.
        (above(), "0:60 2:0 901:0 902:0 903:60", "r c - - r"),
        // A clock that is set back makes nobody wait.
        (above(), "5000:60 5002:0 10:60 610:60", "r c q r"),
    ];
    for (rule, values, expected) in rows {
        check(rule, values, expected);
    }
}

#[test]
fn what_was_open_goes_on_after_a_start_and_ends_with_its_rule() {
    let rule = || rule(Side::Above, 50.0, 0, 45.0, 0);
    let mut course = Course::new(rule(), None);
    course.step(Timestamp(0), Some(60.0));
    let left = course.incident().unwrap().clone();
    let mut again = Course::new(rule(), Some(left.clone()));
    assert_eq!(again.step(Timestamp(60_000), Some(60.0)), None, "it is not raised again");
    assert_eq!(again.step(Timestamp(62_000), Some(1.0)), Some(Step::News));
    assert_eq!(again.incident().map(|incident| (incident.id, incident.news)), Some((left.id, 2)));
    let ended = Course::new(rule(), Some(left)).end(Timestamp(9)).unwrap();
    assert_eq!((ended.news, ended.cleared_at), (2, Some(Timestamp(9))));
}

proptest! {
    #[test]
    fn whatever_comes_it_alternates_and_does_not_spam(
        values in proptest::collection::vec((1..40_i64, -10.0..110.0_f64), 1..2_000),
        for_seconds in 0..10_u64,
        clear_for in 0..10_u64,
        clear in 20.0..50.0_f64,
    ) {
        let mut course = Course::new(rule(Side::Above, 50.0, for_seconds, clear, clear_for), None);
        let mut now = Timestamp(0);
        let mut open = false;
        let mut told: Vec<(Timestamp, bool)> = Vec::new();
        for (after, value) in values {
            now = Timestamp(now.0 + after * 1_000);
            let was = open;
            let step = course.step(now, Some(value));
            open = course.incident().is_some_and(Incident::is_open);
            prop_assert!(open == was || step.is_some(), "what turns is kept");
            // Between both thresholds nothing turns.
            prop_assert!(open == was || value > 50.0 || value <= clear);
            prop_assert!(!open || was || value > 50.0, "only what is beyond raises");
            prop_assert!(open || !was || value <= clear, "only what is back clears");
            if step == Some(Step::News) {
                told.push((now, course.incident().is_some_and(Incident::says_open)));
            }
        }
        let mut last = false;
        for (_, opens) in &told {
            prop_assert!(*opens != last, "there and well again alternate");
            last = *opens;
        }
        let hour = Duration::from_secs(3_600);
        for (from, _) in &told {
            let within = told.iter().filter(|(at, _)| *at >= *from && at.since(*from) < hour).count();
            // Two at once for each incident, of which there are so many an hour; the rest is quiet.
            let incidents = hour.as_secs() / INCIDENT_RETURNS_WITHIN.as_secs() + 1;
            let most = 2 * incidents.max(hour.as_secs() / INCIDENT_QUIET.as_secs() / 2 + 1);
            prop_assert!(within as u64 <= most, "{within} in an hour");
        }
    }
}
