//! Rules about demonstrations.

use crate::intent::{Operation, concepts::*, reading::Heard, sentence::Sentence};

/// One is running, so that a word is enough.
pub(super) fn running(sentence: &Sentence<'_>) -> Option<Heard> {
    if !sentence.only(NEXT | STOP | CANCEL | DEMO | THIS) || sentence.asks() {
        return None;
    }
    if sentence.has(NEXT) {
        return Some(Operation::NextDemo.into());
    }
    sentence.has(STOP | CANCEL).then(|| Operation::StopDemo.into())
}

pub(super) fn stop(sentence: &Sentence<'_>) -> Option<Heard> {
    let ending = sentence.has(STOP | CANCEL) && sentence.has(DEMO) && !sentence.asks();
    let allowed = STOP | CANCEL | DEMO | NAMED | THIS | SHOW | START;
    (ending && sentence.only(allowed)).then(|| Operation::StopDemo.into())
}

pub(super) fn start(sentence: &Sentence<'_>) -> Option<Heard> {
    let starting = START | SHOW | SEND | CREATE | USE | SET;
    let allowed = starting | HOW | FATE | DEMO | NAMED | POOL | CREW | NEW | ABOUT | LAST | SYSTEM;
    let one = sentence.has(DEMO) && !sentence.several(DEMO) && !sentence.has(MANY);
    let offered = sentence.begins(&[DO, YOU]);
    if !one || offered || sentence.asks() || !sentence.only(allowed) {
        return None;
    }
    // One that there is not is told from those there are.
    let other =
        || (1..sentence.terms.len()).find(|at| sentence.row_at(at - 1, &[POOL | CREW, DEMO]));
    let name = sentence.demo().or_else(|| Some(sentence.word(other()? - 1).into()));
    let begun = sentence.has(starting | WISH) || name.is_some() || sentence.bare(DEMO);
    begun.then(|| Operation::Demo(name).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let looking = SHOW | SEND | WHAT | MANY | ALL | WHERE | ABOUT | STATUS | SUMMARY;
    let asked = sentence.has(SHOW | WHAT | MANY | ALL | ANY | STATUS) || sentence.opens(BE | DO);
    // `is the demo over?` is asked of one.
    let one = sentence.row(&[THE | THIS | IT, DEMO]) && !sentence.several(DEMO);
    let named = sentence.has(DEMO) && !one && (asked || sentence.bare(DEMO));
    (named && sentence.only(looking | DEMO | START | USE | THIS | STATE | NAMED))
        .then(|| Operation::Demos.into())
}
