//! Puts words together that are one number, one interval or one stretch of time.

use super::{
    concepts::{Concepts, IT, LAST, NEXT, NUMBER, PERIOD, THE, THIS, UNIT, Value},
    lexicon::Meaning,
    sentence::Term,
    slots::{Period, Unit},
    values,
    words::Place,
};

/// `twenty five`, `1,000`, `2 minutes`, `last week` and `last 3 days` become one term each.
pub(super) fn combine(text: &str, terms: &mut Vec<Term>) {
    if terms.iter().any(|term| term.is(NUMBER)) {
        join(terms, |row| number(text, row));
    }
    if terms.iter().any(|term| term.is(UNIT)) {
        join(terms, time);
    }
}

/// Puts one term in the place of each row of which `meaning` makes one.
fn join(terms: &mut Vec<Term>, meaning: impl Fn(&[Term]) -> Option<(Meaning, usize)>) {
    let mut joined = Vec::with_capacity(terms.len());
    let mut rest = terms.as_slice();
    while let [first, behind @ ..] = rest {
        if let Some((meaning, count)) = meaning(rest)
            && let Some((row, behind)) = rest.split_at_checked(count)
        {
            let end = row.last().map_or(first.place.end, |last| last.place.end);
            joined.push(Term { meaning, place: Place { end, ..first.place } });
            rest = behind;
        } else {
            joined.push(*first);
            rest = behind;
        }
    }
    *terms = joined;
}

fn number(text: &str, row: &[Term]) -> Option<(Meaning, usize)> {
    let [first, second, ..] = row else { return None };
    // `that one` counts nothing.
    if first.is(IT | THE | LAST | NEXT) && second.is(IT) && second.is(NUMBER) {
        return Some((meaning(IT, Value::None), 2));
    }
    let (Value::Number(more), Value::Number(less)) = (first.meaning.value, second.meaning.value)
    else {
        return None;
    };
    let digits = |term: &Term| text.get(term.place.start..term.place.end).unwrap_or_default();
    let whole = match (second.place.mark, digits(second)) {
        (',', thousands) if second.place.joined && thousands.len() == 3 && more < 1_000 => {
            more * 1_000 + less
        }
        (' ' | '-', ones)
            if (20..100).contains(&more)
                && more % 10 == 0
                && (1..10).contains(&less)
                && !ones.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            more + less
        }
        _ => return None,
    };
    Some((meaning(NUMBER, Value::Number(whole)), 2))
}

fn time(row: &[Term]) -> Option<(Meaning, usize)> {
    let seconds = |term: &Term| match term.meaning.value {
        Value::Seconds(seconds) if term.is(UNIT) => Some(seconds),
        _ => None,
    };
    let past = |period| meaning(PERIOD, Value::Period(period));
    if let [last, count, units, ..] = row
        && last.is(LAST)
        && let (Value::Number(count), Some(unit)) =
            (count.meaning.value, seconds(units).and_then(values::unit))
    {
        let period = if count == 1 { Period::Last(unit) } else { Period::Past(count, unit) };
        return (count > 0).then(|| (past(period), 3));
    }
    let [first, second, ..] = row else { return None };
    match (first.meaning.value, seconds(second)) {
        (Value::Number(count), Some(seconds)) => {
            Some((meaning(UNIT, Value::Seconds(count.saturating_mul(seconds))), 2))
        }
        (_, Some(seconds)) => match (values::unit(seconds), values::minutes(seconds)) {
            // `this minute` is now.
            (Some(Unit::Minute), _) if first.is(THIS) => None,
            (Some(unit), _) if first.is(LAST) => Some((past(Period::Last(unit)), 2)),
            (Some(unit), _) if first.is(THIS) => Some((past(Period::This(unit)), 2)),
            (None, Some(count)) if first.is(LAST) => {
                Some((past(Period::Past(count, Unit::Minute)), 2))
            }
            _ => None,
        },
        _ => None,
    }
}

fn meaning(concepts: Concepts, value: Value) -> Meaning {
    Meaning { concepts, value, named: None }
}
