//! Rules about demonstrations.

use crate::intent::{Operation, concepts::*, reading::Heard, sentence::Sentence};

/// A demonstration is running: a word is enough.
pub(super) fn running(sentence: &Sentence<'_>) -> Option<Heard> {
    let short = sentence.bare(NEXT | STOP | CANCEL | DEMO | IT | THIS | START | LAST);
    if !short || sentence.has(START.without(NEXT)) && !sentence.has(NEXT | STOP | CANCEL) {
        return None;
    }
    if sentence.has(NEXT) {
        return Some(Operation::NextDemo.into());
    }
    sentence.has(STOP | CANCEL).then(|| Operation::StopDemo.into())
}

pub(super) fn stop(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = STOP | CANCEL | DEMO | NAMED | THIS | SHOW | START;
    let away = sentence.has(STOP | CANCEL) && !sentence.begins(&[BE]);
    (sentence.has(DEMO) && away && sentence.only(allowed) && !sentence.has(WHAT))
        .then(|| Operation::StopDemo.into())
}

pub(super) fn start(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = START
        | SHOW
        | SEND
        | CREATE
        | DEMO
        | NAMED
        | POOL
        | CREW
        | NEW
        | USE
        | LAST
        | ABOUT
        | SWITCH
        | SET
        | SUMMARY
        | SYSTEM;
    let plural = sentence.terms.iter().any(|term| term.is(DEMO) && term.is(PLURAL));
    if !sentence.has(DEMO) || plural || sentence.has(MANY) || !sentence.only(allowed) {
        return None;
    }
    if sentence.begins(&[BE]) || sentence.begins(&[DO]) || sentence.begins(&[WHAT]) {
        return None;
    }
    let name = sentence.demo();
    let begun = sentence.has(START | SHOW | SEND | CREATE | USE | WISH) || name.is_some();
    (begun || sentence.bare(DEMO)).then(|| Operation::Demo(name).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed =
        SHOW | SEND | WHAT | MANY | DEMO | ALL | START | USE | THIS | STATE | WHERE | NAMED | ABOUT;
    let asked = sentence.has(SHOW | WHAT | MANY | ALL | ANY)
        || sentence.begins(&[BE])
        || sentence.begins(&[DO]);
    let plural = sentence.terms.iter().any(|term| term.is(DEMO) && term.is(PLURAL));
    let fits = sentence.has(DEMO) && sentence.only(allowed) && (asked || sentence.bare(DEMO));
    (fits && (plural || asked)).then(|| Operation::Demos.into())
}
