//! What a condition says: a metric, a side, a number with its unit, and for how long.

use super::{
    NewAlert,
    phrases::{
        ABOVE, BEING, BELOW, BYTES, DETERMINERS, METRICS, NOUNS, PERCENT, REACHING, SINKING, TIMES,
    },
    tokens::Tokens,
};
use crate::{
    limits::ALERT_FOR_MAX,
    model::{Metric, Side, Unit},
};

/// What a phrase may name; the unit of the number tells which.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named(&'static [Metric]);

impl Named {
    pub(super) fn first(self) -> Option<Metric> {
        self.0.first().copied()
    }
}

/// A number as it was said.
struct Amount {
    thousandths: u64,
    unit: Option<Unit>,
}

/// `the queue is longer than 50 for 5 minutes`, `there are more than 100 connections`.
pub(super) fn condition(tokens: &mut Tokens<'_>, it: Option<Named>) -> Option<NewAlert> {
    let mut rest = *tokens;
    let named = match it {
        Some(it) if rest.take_any("it, that, this") => Some(it),
        _ => metric(&mut rest),
    };
    let (named, side, inclusive, amount) = if let Some(named) = named {
        let (side, inclusive) = comparison(&mut rest)?;
        (named, side, inclusive, amount(&mut rest)?)
    } else {
        rest = *tokens;
        rest.skip_any("there are, there is, we have, you have, i have, it has");
        let (side, inclusive) = comparison(&mut rest)?;
        let amount = amount(&mut rest)?;
        (metric(&mut rest)?, side, inclusive, amount)
    };
    let metric = named.0.iter().copied().find(|metric| fits(*metric, &amount))?;
    if let Some((_, nouns)) = NOUNS.iter().find(|(known, _)| known.contains(&metric)) {
        rest.skip_any(nouns);
    }
    let thousandths = bound(metric, side, inclusive, amount.thousandths)?;
    let for_seconds = lasting(&mut rest)?;
    rest.skip_any("then");
    *tokens = rest;
    Some(NewAlert { metric, side, thousandths, for_seconds })
}

/// What is measured, by one of its names.
pub(super) fn metric(tokens: &mut Tokens<'_>) -> Option<Named> {
    tokens.skip_any(DETERMINERS);
    let known = METRICS.iter().filter_map(|(metrics, phrases)| {
        tokens.longest(phrases).map(|count| (count, Named(metrics)))
    });
    // Whatever else is measured is known by its own name.
    let named = Metric::ALL.iter().enumerate().filter_map(|(at, metric)| {
        let (name, label) = (tokens.longest(metric.name()), tokens.longest(&metric.label()));
        let count = name.max(label)?;
        Some((count, Named(Metric::ALL.get(at..=at)?)))
    });
    // Of two that are as long the first one is meant.
    let found: Vec<_> = known.chain(named).collect();
    let (count, named) = *found.iter().rev().max_by_key(|(count, _)| *count)?;
    tokens.advance(count);
    tokens.skip_any("usage, use, utilisation, utilization, count, size");
    Some(named)
}

/// Which side, and whether the number itself is on it.
fn comparison(tokens: &mut Tokens<'_>) -> Option<(Side, bool)> {
    let sides = [
        (ABOVE, Side::Above, false),
        (REACHING, Side::Above, true),
        (BELOW, Side::Below, false),
        (SINKING, Side::Below, true),
    ];
    loop {
        for (sign, side) in [('>', Side::Above), ('<', Side::Below)] {
            if tokens.take_sign(sign) {
                return Some((side, tokens.take_sign('=')));
            }
        }
        if let Some((_, side, inclusive)) =
            sides.into_iter().find(|(phrases, ..)| tokens.take_any(phrases))
        {
            return Some((side, inclusive));
        }
        if !tokens.take_any(BEING) {
            return None;
        }
    }
}

fn amount(tokens: &mut Tokens<'_>) -> Option<Amount> {
    let number = tokens.take_number()?;
    if tokens.take_sign('%') || tokens.take_any(PERCENT) {
        return Some(Amount { thousandths: number, unit: Some(Unit::Percent) });
    }
    if let Some((factor, _)) = BYTES.iter().find(|(_, phrases)| tokens.take_any(phrases)) {
        let thousandths = number.checked_mul(*factor)?;
        return Some(Amount { thousandths, unit: Some(Unit::Bytes) });
    }
    if tokens.take_any("ms, millisecond, milliseconds, msec") {
        return Some(Amount { thousandths: number, unit: Some(Unit::Milliseconds) });
    }
    if let Some((factor, _)) = TIMES.iter().find(|(_, phrases)| tokens.take_any(phrases)) {
        let thousandths = number.checked_mul(*factor)?;
        return Some(Amount { thousandths, unit: Some(Unit::Seconds) });
    }
    let factor = if tokens.take_any("k, thousand") { 1_000 } else { 1 };
    Some(Amount { thousandths: number.checked_mul(factor)?, unit: None })
}

/// A number without a unit counts; hundredths may go without a sign, bytes may not.
fn fits(metric: Metric, amount: &Amount) -> bool {
    match (metric.unit(), amount.unit) {
        (Unit::Percent, None) => amount.thousandths <= 100_000,
        (Unit::Count | Unit::Milliseconds, None) => true,
        (Unit::BytesPerSecond, said) => said == Some(Unit::Bytes),
        (unit, said) => said == Some(unit),
    }
}

/// Of what is counted, `at least 50` is more than 49.
fn bound(metric: Metric, side: Side, inclusive: bool, thousandths: u64) -> Option<u64> {
    let whole = inclusive && metric.unit() == Unit::Count && thousandths.is_multiple_of(1_000);
    match side {
        _ if !whole => Some(thousandths),
        Side::Above => Some(thousandths.saturating_sub(1_000)),
        Side::Below => thousandths.checked_add(1_000),
    }
}

/// `for 5 minutes`; nothing where it is not said, `None` where it cannot be.
fn lasting(tokens: &mut Tokens<'_>) -> Option<u32> {
    let leads = "for more than, for at least, for longer than, for over, for";
    if !tokens.take_any(leads) {
        return Some(0);
    }
    let number = tokens.take_number().or_else(|| tokens.take_any("a, an").then_some(1_000))?;
    let units: [(u64, &str); 3] = [
        (1, "s, sec, secs, second, seconds"),
        (60, "m, min, mins, minute, minutes"),
        (3_600, "h, hr, hrs, hour, hours"),
    ];
    let (unit, _) = units.into_iter().find(|(_, words)| tokens.take_any(words))?;
    let seconds = number.checked_mul(unit)? / 1_000;
    u32::try_from(seconds).ok().filter(|_| seconds <= ALERT_FOR_MAX.as_secs())
}
