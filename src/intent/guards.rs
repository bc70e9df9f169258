//! What makes a sentence chat although each of its words could belong to a command.

use super::{
    concepts::{
        A, BE, CAN, CHAT, COMPONENT, DEMO, DO, HEALTH, HOW, I, JOB, NOT, NUMBER, OF, PLURAL, POOL,
        PRIORITY, PROVIDER, QUEUE, STANDING, STATE, STATUS, TASK, THE, TO, TOKENS, UPDATE, WHAT,
        WISH, WORKER, YOU,
    },
    sentence::Sentence,
};

/// It asks how something is done, what a thing is in general, says that it shall not be done, or
/// tells of the US.
pub(super) fn is_chat(sentence: &Sentence<'_>) -> bool {
    let abroad = sentence.row(&[THE, I]);
    asks_how_to(sentence) || asks_for_a_meaning(sentence) || forbids(sentence) || abroad
}

/// `no` may also be short for `number`.
fn forbids(sentence: &Sentence<'_>) -> bool {
    let mut terms = sentence.terms.iter().enumerate();
    terms.any(|(at, term)| term.is(NOT) && !(term.is(OF) && sentence.is_at(at + 1, NUMBER)))
}

/// `how do I …`, `how to …`, `should I …`.
pub(super) fn asks_how_to(sentence: &Sentence<'_>) -> bool {
    let modal = DO | CAN | WISH;
    let somebody = I | YOU;
    sentence.row(&[HOW, modal, somebody])
        || sentence.row(&[HOW, TO])
        || sentence.begins(&[WISH, I])
        || sentence.begins(&[WISH, YOU])
}

/// `what is a task?`, `what is memory?`
fn asks_for_a_meaning(sentence: &Sentence<'_>) -> bool {
    let thing = TASK
        | JOB
        | POOL
        | WORKER
        | CHAT
        | DEMO
        | PROVIDER
        | COMPONENT
        | HEALTH
        | STATE
        | PRIORITY
        | TOKENS
        | QUEUE;
    let named_one = thing | STATUS | UPDATE;
    match sentence.core() {
        [what, be, a, named, ..] if what.is(WHAT) && be.is(BE) && a.is(A) => named.is(named_one),
        [what, be, named] if what.is(WHAT) && be.is(BE) => {
            named.is(thing) && !named.is(WHAT | STANDING)
        }
        [what, be, first, named] if what.is(WHAT) && be.is(BE) => {
            first.is(thing) && named.is(thing) && !named.is(PLURAL | STANDING | STATE)
        }
        [what, a, named, ..] if what.is(WHAT) && a.is(A) => named.is(thing),
        [what, named] if what.is(WHAT) => named.is(thing) && !named.is(PLURAL | STANDING),
        _ => false,
    }
}
