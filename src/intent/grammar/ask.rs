//! The rule for asking several pools the same: who is asked, and then the question as it was written.

use std::sync::Arc;

use crate::intent::{
    Operation, Whom, concepts::*, reading::Heard, sentence::Sentence, slots::named_once,
};

/// What may stand where it is said who is asked.
const ASKABLE: Concepts = ALL.or(POOL).or(CREW).or(NAMED).or(THE).or(OF).or(YOU);

/// `ask all specialists about …`, `ask financial and business: …`, `what do all pools say about …`.
pub(super) fn ask(sentence: &Sentence<'_>) -> Option<Heard> {
    let (from, to, begin) = begged(sentence).or_else(|| wondered(sentence))?;
    let whom = whom(sentence, from, to)?;
    let text = sentence.between(begin, sentence.terms.len());
    (!text.is_empty()).then(|| Operation::Ask(whom, Arc::from(text)).into())
}

/// `ask …`: where it is said who, and where the question begins.
fn begged(sentence: &Sentence<'_>) -> Option<(usize, usize, usize)> {
    // `should I ask …` asks for advice, and `we should ask …` says what would be good.
    let polite = |at: &usize| sentence.is_at(*at, PLEASE | HAIL | CAN | YOU);
    let verb = (0..sentence.terms.len()).find(|at| !polite(at))?;
    let asks = sentence.is_at(verb, ORDER) && sentence.is_at(verb, ASKED);
    // `tell` would have them told something.
    if !asks || sentence.is_at(verb, SEND) {
        return None;
    }
    let to = behind_names(sentence, verb + 1)?;
    let begin = if sentence.is_apart(to) {
        to
    } else if sentence.is_at(to, ABOUT | FOR) || (sentence.is_at(to, TO) && !sentence.is_at(to, IN))
    {
        to + 1
    } else if sentence.is_at(to, WHAT | HOW | WHY | WHERE | WHO | BE | DO | CAN | WISH)
        || ["if", "whether"].contains(&&*sentence.word(to))
    {
        to
    } else {
        return None;
    };
    Some((verb + 1, to, begin))
}

/// `what do … say about …`, the same of it.
fn wondered(sentence: &Sentence<'_>) -> Option<(usize, usize, usize)> {
    if !sentence.begins(&[WHAT, DO]) {
        return None;
    }
    let to = behind_names(sentence, 2)?;
    let says = sentence.is_at(to, ASKED) || sentence.word(to) == "think";
    // What all experts say is asked of the world.
    let worldly = (2..to).any(|at| sentence.word(at).starts_with("expert"));
    let about = sentence.is_at(to + 1, ABOUT | OF) || sentence.is_apart(to + 1);
    let begin = if sentence.is_apart(to + 1) { to + 1 } else { to + 2 };
    (says && about && !worldly).then_some((2, to, begin))
}

/// The first term behind those that say who is asked.
fn behind_names(sentence: &Sentence<'_>, from: usize) -> Option<usize> {
    let says_who = |at: &usize| {
        let apart = *at > from && sentence.is_apart(*at);
        sentence.is_at(*at, ASKABLE) && !sentence.is_at(*at, FOLK | MY) && !apart
    };
    let to = (from..sentence.terms.len()).find(|at| !says_who(at))?;
    (to > from).then_some(to)
}

/// Who is asked there: all, or at least two by name.
fn whom(sentence: &Sentence<'_>, from: usize, to: usize) -> Option<Whom> {
    let has = |kind| (from..to).any(|at| sentence.is_at(at, kind));
    let addressed = has(POOL | CREW);
    let named = (from..to).filter(|at| sentence.is_at(*at, NAMED));
    let named: Option<Vec<_>> = named
        .map(|at| sentence.pool_at(at).filter(|_| addressed || sentence.is_name(at)))
        .collect();
    match named?.as_slice() {
        [] if has(ALL) && has(POOL | AGENT) => Some(Whom::All),
        several if several.len() > 1 => Some(Whom::These(named_once(several))),
        _ => None,
    }
    .filter(|whom| !matches!(whom, Whom::These(pools) if pools.len() < 2))
}
