//! What a condition says: a metric, a side, a number with its unit, and for how long.

use super::{
    NewAlert,
    phrases::{
        A_SECOND, ABOVE, BEING, BELOW, BYTES, DETERMINERS, NOUNS, PERCENT, REACHING, SINKING, TIMES,
    },
    tokens::Tokens,
};
use crate::{
    intent::metrics::MEASURED,
    limits::ALERT_FOR_MAX,
    model::{Metric, Side, Unit},
};

/// What a phrase may name; the unit of the number tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    metrics: &'static [Metric],
    /// The phrase.
    name: &'static str,
    /// It means nothing else.
    own: bool,
}

/// A number whose unit does not fit what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit(Named);

/// A number as it was said.
struct Amount {
    thousandths: u64,
    unit: Option<Unit>,
}

impl Amount {
    /// The thousandths of this unit, which fits. Times are read in milliseconds.
    fn in_unit(&self, unit: Unit) -> u64 {
        match (unit, self.unit) {
            (Unit::Seconds, Some(Unit::Milliseconds)) => self.thousandths / 1_000,
            _ => self.thousandths,
        }
    }
}

/// `the queue is longer than 50 for 5 minutes`, `there are more than 100 connections`.
pub(super) fn condition(
    tokens: &mut Tokens<'_>,
    it: Option<Named>,
) -> Option<Result<NewAlert, Misfit>> {
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
        rest.skip_any("of");
        (metric(&mut rest)?, side, inclusive, amount)
    };
    let found = named.metrics.iter().copied().find(|metric| fits(*metric, &amount));
    let metric = found.or_else(|| named.first())?;
    if let Some((_, nouns)) = NOUNS.iter().find(|(known, _)| known.contains(&metric)) {
        rest.skip_any(nouns);
    }
    let for_seconds = lasting(&mut rest)?;
    rest.skip_any("then");
    if found.is_none() {
        // `the queue is longer than 50 minutes` is said of many a queue.
        *tokens = rest;
        return named.own.then_some(Err(Misfit(named)));
    }
    let thousandths = bound(metric, side, inclusive, amount.in_unit(metric.unit()))?;
    *tokens = rest;
    Some(Ok(NewAlert { metric, side, thousandths, for_seconds }))
}

/// What is measured, by one of its names.
pub(super) fn metric(tokens: &mut Tokens<'_>) -> Option<Named> {
    tokens.skip_any(DETERMINERS);
    let people = MEASURED.iter().flat_map(|measured| {
        let named = |(name, own)| Named { metrics: measured.watched, name, own };
        measured.names().map(named).filter_map(|named| Some((tokens.longest(named.name)?, named)))
    });
    // Whatever else is measured is known by its own name.
    let gateway = Metric::ALL.iter().filter_map(|metric| {
        let (name, label) = (tokens.longest(metric.name()), tokens.longest(&metric.label()));
        let metrics = std::slice::from_ref(metric);
        Some((name.max(label)?, Named { metrics, name: metric.name(), own: true }))
    });
    // Of two that are as long the first one is meant.
    let found: Vec<_> = people.chain(gateway).collect();
    let (count, named) = *found.iter().rev().max_by_key(|(count, _)| *count)?;
    tokens.advance(count);
    tokens.skip_any("usage, use, utilisation, utilization, count, size");
    Some(named)
}

impl Named {
    pub(super) fn first(self) -> Option<Metric> {
        self.metrics.first().copied()
    }
}

impl Misfit {
    /// What it is about.
    pub(super) fn metric(self) -> Option<Metric> {
        self.0.first()
    }

    /// Which units fit, as a question for another number.
    pub(super) fn question(self) -> String {
        let Self(Named { metrics, name, .. }) = self;
        let units = || metrics.iter().map(|metric| example(metric.unit()));
        let kinds: Vec<_> = units().map(|(kind, _)| kind).collect();
        let amounts: Vec<_> = units().map(|(_, amount)| amount).collect();
        format!(
            "How much? {name} is {}. Say for example: tell me when {name} is above {}.",
            kinds.join(" or "),
            amounts.join(", or "),
        )
    }
}

/// What such a number is, and how one is written.
fn example(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::Count => ("a number without a unit", "5"),
        Unit::Percent => ("a percentage", "80 %"),
        Unit::Bytes => ("a number of bytes", "2 GB"),
        Unit::BytesPerSecond => ("a number of bytes a second", "5 MB/s"),
        Unit::Milliseconds => ("a time", "500 ms"),
        Unit::Seconds => ("a time", "14 days"),
    }
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
    let Some(number) = tokens.take_number() else {
        // `an hour`
        let a_unit = tokens.take_any("a, an").then(|| factor(tokens, TIMES))??;
        return Some(Amount { thousandths: 1_000 * a_unit, unit: Some(Unit::Milliseconds) });
    };
    let of = |factor: u64, unit| {
        Some(Amount { thousandths: number.checked_mul(factor)?, unit: Some(unit) })
    };
    if tokens.take_sign('%') || tokens.take_any(PERCENT) {
        return of(1, Unit::Percent);
    }
    if let Some(factor) = factor(tokens, BYTES) {
        let rate = tokens.take_any(A_SECOND);
        return of(factor, if rate { Unit::BytesPerSecond } else { Unit::Bytes });
    }
    if let Some(factor) = factor(tokens, TIMES) {
        return of(factor, Unit::Milliseconds);
    }
    let factor = if tokens.take_any("k, thousand") { 1_000 } else { 1 };
    Some(Amount { thousandths: number.checked_mul(factor)?, unit: None })
}

/// What the unit that stands here is worth.
fn factor(tokens: &mut Tokens<'_>, units: &[(u64, &str)]) -> Option<u64> {
    units.iter().find(|(_, phrases)| tokens.take_any(phrases)).map(|(factor, _)| *factor)
}

/// A number without a unit counts; hundredths may go without a sign, bytes may not.
fn fits(metric: Metric, amount: &Amount) -> bool {
    match (metric.unit(), amount.unit) {
        (Unit::Percent, None) => amount.thousandths <= 100_000,
        (Unit::Count | Unit::Milliseconds | Unit::Seconds, None)
        | (Unit::BytesPerSecond, Some(Unit::Bytes))
        | (Unit::Seconds, Some(Unit::Milliseconds)) => true,
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
