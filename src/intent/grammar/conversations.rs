//! Rules about one's own conversations.

use serde_json::json;

use crate::intent::{Operation, Which, concepts::*, reading::Heard, sentence::Sentence};

pub(super) fn summary(sentence: &Sentence<'_>) -> Option<Heard> {
    let talked = sentence.has(WHAT)
        && sentence.has(ABOUT)
        && ((sentence.has(ASKED) && sentence.has(I) && !sentence.has(LAST)) || sentence.has(CHAT));
    if !(sentence.has(SUMMARY) || talked) {
        return None;
    }
    let allowed = SUMMARY
        | SHOW
        | SEND
        | CHAT
        | THIS
        | LAST
        | NUMBER
        | WHAT
        | ABOUT
        | ASKED
        | ALL
        | MESSAGE
        | CREATE
        | DO
        | STATUS
        | HISTORY
        | TALK
        | START
        | FATE
        | DETAILS
        | SET;
    if !sentence.only(allowed) {
        return None;
    }
    let named =
        sentence.has(CHAT | THIS | NUMBER | LAST | IT | MESSAGE | ASKED | ALL | HISTORY) || talked;
    let alone = sentence.bare(SUMMARY | SHOW | SEND | CREATE)
        && !sentence.has(STATUS)
        && !sentence.has(DETAILS);
    let called = !sentence.has(STATUS | DETAILS) || sentence.has(CHAT);
    (called && (named || alone)).then(|| Operation::Summarise(which(sentence)).into())
}

pub(super) fn delete(sentence: &Sentence<'_>) -> Option<Heard> {
    let wished = sentence.has(DONE_AWAY) && sentence.has(WISH);
    let allowed =
        DELETE | DONE_AWAY | CANCEL | CHAT | THIS | LAST | NUMBER | ALL | HISTORY | WISH | CREATE;
    if !(sentence.has(DELETE) || wished || sentence.has(CANCEL)) || !sentence.only(allowed) {
        return None;
    }
    let away = sentence.has(DELETE) || wished;
    if sentence.begins(&[BE]) || sentence.begins(&[DO]) {
        return None;
    }
    if !sentence.has(CHAT) {
        let pointed = away && sentence.has(IT) && sentence.bare(DELETE | IT);
        return pointed.then(which_one);
    }
    if !away && !sentence.has(CANCEL) {
        return None;
    }
    let several = sentence.terms.iter().any(|term| term.is(CHAT) && term.is(PLURAL));
    let numbers = sentence.numbers().count();
    if numbers == 1 || (!several && numbers == 0 && !sentence.has(ALL)) {
        if numbers == 0 && !sentence.has(THIS | LAST | IT) && !sentence.has(I) {
            return Some(which_one());
        }
        return Some(Operation::Delete(which(sentence)).into());
    }
    if !several && numbers == 0 {
        return Some(Operation::Delete(which(sentence)).into());
    }
    let question = "Conversations are deleted one at a time. Which one? Say its number.";
    Some(Heard::ask(question, ("conversation.delete", json!({ "scope": "all" })), []))
}

fn which_one() -> Heard {
    let known = ("conversation.delete", json!({ "conversation": "current" }));
    let choices = [Which::Current, Which::Last].map(Operation::Delete);
    Heard::ask("Shall a conversation be deleted, and which one?", known, choices)
}

fn which(sentence: &Sentence<'_>) -> Which {
    match sentence.number() {
        Some(number) => Which::Number(number),
        None if sentence.has(LAST) && !sentence.has(THIS) => Which::Last,
        None => Which::Current,
    }
}

pub(super) fn new(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = NEW
        | START
        | CREATE
        | CHAT
        | POOL
        | CREW
        | NAMED
        | MORE
        | TALK
        | SWITCH
        | ABOUT
        | SET
        | USE
        | WISH;
    if !sentence.only(allowed) || sentence.has(NUMBER) {
        return None;
    }
    let plural = sentence.terms.iter().any(|term| term.is(CHAT) && term.is(PLURAL));
    let fresh =
        sentence.has(NEW) || (sentence.has(START | CREATE) && !sentence.has(THE | THIS | IT));
    let another = sentence.has(CHAT) && fresh && !plural && !sentence.has(ABOUT);
    let over = sentence.has(START_OVER);
    if !(another || over) || sentence.begins(&[BE]) || sentence.begins(&[DO]) {
        return None;
    }
    let pool = sentence.pool();
    if pool.is_none() && sentence.has(NAMED) {
        return None;
    }
    Some(Operation::New(pool).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = SHOW
        | SEND
        | WHAT
        | MANY
        | CHAT
        | ALL
        | LAST
        | HISTORY
        | THIS
        | PERIOD
        | HOW
        | STATE
        | WHERE
        | SEARCH
        | START
        | NEW
        | STANDING
        | ASKED
        | TALK;
    let plural = sentence.terms.iter().any(|term| term.is(CHAT) && term.is(PLURAL));
    let looking = sentence.has(SHOW | WHAT | MANY | ALL | WHERE | ANY | SEARCH)
        || sentence.bare(CHAT | LAST | HISTORY);
    let named = plural
        || (sentence.has(CHAT)
            && sentence.has(HISTORY)
            && looking
            && sentence.row(&[CHAT, HISTORY]));
    (named && looking && !sentence.has(NUMBER) && sentence.only(allowed))
        .then(|| Operation::Conversations.into())
}
