//! Rules about one's own conversations.

use serde_json::json;

use crate::intent::{Operation, Which, concepts::*, reading::Heard, sentence::Sentence};

pub(super) fn summary(sentence: &Sentence<'_>) -> Option<Heard> {
    let ours = sentence.has(ASKED) && sentence.has(I) && !sentence.has(LAST);
    // `who can see this chat?` asks for no summary.
    let said = sentence.terms.iter().any(|term| term.is(ASKED) && !term.is(CHAT));
    let here = said && sentence.row(&[THIS, CHAT]);
    let about = sentence.has(ABOUT) && (ours || sentence.has(CHAT));
    let talked = sentence.has(WHAT) && (about || here);
    let making = SHOW | SEND | CREATE | START | SET;
    let whole = CHAT | THIS | LAST | NUMBER | MESSAGE | ASKED | ALL | HISTORY | TALK;
    let allowed = SUMMARY | STATUS | WHAT | ABOUT | FATE | making | whole;
    if !(talked || sentence.has(SUMMARY)) || !sentence.only(allowed) {
        return None;
    }
    // An overview is one of the system, unless it is said to be one of a conversation.
    let listed = sentence.has(STATUS) && sentence.several(CHAT) && !sentence.has(NUMBER);
    let meant = !sentence.has(STATUS) || (sentence.has(CHAT) && !listed);
    let named = talked
        || sentence.has(whole | IT)
        || (sentence.bare(SUMMARY | making) && !sentence.has(POINTS));
    // `sum up 5 and 9` is arithmetic.
    let counted = sentence.has(NUMBER) && !sentence.has(CHAT);
    (meant && named && !counted).then(|| Operation::Summarise(which(sentence)).into())
}

pub(super) fn delete(sentence: &Sentence<'_>) -> Option<Heard> {
    let able = sentence.has(CAN) && sentence.has(NUMBER | THIS | LAST);
    let wished = sentence.has(DONE_AWAY) && (able || sentence.has(WISH | CREATE | SET));
    // `I have deleted this conversation` tells of it.
    let told = sentence.row(&[DO, DONE_AWAY]);
    let allowed =
        DELETE | DONE_AWAY | CANCEL | CHAT | THIS | LAST | NUMBER | ALL | HISTORY | CREATE | SET;
    let ending = wished || sentence.has(DELETE | CANCEL);
    if told || !ending || !sentence.has(CHAT) || sentence.opens(BE | DO) || !sentence.only(allowed)
    {
        return None;
    }
    let numbers = sentence.numbers().count();
    let counts = |(at, _)| sentence.counts(at, CHAT) || sentence.bounds(at);
    if numbers > 1 || sentence.numbers().any(counts) || (numbers == 0 && sentence.several(CHAT)) {
        let question = "Conversations are deleted one at a time. Which one? Say its number.";
        let known = ("conversation.delete", json!({ "scope": "all" }));
        return Some(Heard::ask(question, known));
    }
    // `let's drop this conversation` may mean to talk of something else.
    let vague = !sentence.has(DELETE) && !wished;
    if numbers == 0 && (vague || !sentence.has(THIS | LAST | IT | I)) {
        let known = ("conversation.delete", json!({ "conversation": "current" }));
        let choices = [("this one", Which::Current), ("the last one", Which::Last)];
        let choices = choices.map(|(say, which)| (say, Operation::Delete(which)));
        return Some(Heard::choose("Which conversation shall be deleted?", known, choices));
    }
    Some(Operation::Delete(which(sentence)).into())
}

fn which(sentence: &Sentence<'_>) -> Which {
    match sentence.number() {
        Some(number) => Which::Number(number),
        None if sentence.has(LAST) && !sentence.has(THIS) => Which::Last,
        None => Which::Current,
    }
}

pub(super) fn new(sentence: &Sentence<'_>) -> Option<Heard> {
    let making = NEW | START_OVER | START | CREATE | MORE | SWITCH | TALK | SET | USE | LET;
    let asked = sentence.opens(BE) || (sentence.opens(DO) && !sentence.opens(SET));
    if sentence.has(NUMBER) || asked || !sentence.only(making | CHAT | POOL | CREW | NAMED | ABOUT)
    {
        return None;
    }
    let pointed = sentence.row(&[THE.or(THIS).or(IT), CHAT]);
    let begun = sentence.has(NEW) || (sentence.has(START | CREATE) && !pointed);
    let another = sentence.has(CHAT) && begun && !sentence.several(CHAT);
    let pool = sentence.pool();
    let known = pool.is_some() || !sentence.has(NAMED);
    (known && (another || sentence.has(START_OVER))).then(|| Operation::New(pool).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let looking = SHOW | SEND | WHAT | MANY | ALL | HOW | WHERE | SEARCH | START;
    let about = CHAT | LAST | HISTORY | THIS | PERIOD | NEW | ASKED | EVERY;
    let allowed = looking | about | STATE | STATUS | SUMMARY | STANDING;
    // `history of chats` is one of a thing, if it is not mine.
    let told = sentence.row(&[HISTORY, OF]) && !sentence.has(I);
    if told || sentence.has(NUMBER) || !sentence.only(allowed) {
        return None;
    }
    let asked = sentence.has(SHOW | WHAT | MANY | ALL | ANY | WHERE | SEARCH)
        || sentence.row(&[START, I])
        || sentence.bare(CHAT | LAST | HISTORY | STATUS);
    let several = sentence.several(CHAT) || sentence.row(&[EVERY, CHAT]);
    (asked && several).then(|| Operation::Conversations.into())
}
