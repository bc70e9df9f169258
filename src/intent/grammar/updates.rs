//! Rules about being told the status now and then.

use serde_json::json;

use crate::intent::{Operation, concepts::*, guards, reading::Heard, sentence::Sentence};

const NEWS: Concepts = STATUS.or(UPDATE).or(STATE).or(HEALTH);

pub(super) fn subscribe(sentence: &Sentence<'_>) -> Option<Heard> {
    let telling =
        SUBSCRIBE | WATCH | SHOW | SEND | SET | CREATE | START | MORE | NEW | USE | LET | AUTO;
    let state = FINE | FATE | DETAILS | COMPONENT;
    let when = EVERY | UNIT | NUMBER | BY | LAST | WHERE | HOW | THIS | ALL;
    if sentence.opens(BE | WHAT)
        || !sentence.only(NEWS | SYSTEM | MESSAGE | ABOUT | telling | state | when)
    {
        return None;
    }
    let news = sentence.has(NEWS);
    let told = sentence.has(SUBSCRIBE | WATCH) && (news || sentence.has(SYSTEM));
    let alone = sentence.bare(SUBSCRIBE | EVERY | UNIT) && sentence.has(SUBSCRIBE);
    let updates = sentence.several(UPDATE) && !sentence.has(ANY);
    let fed = updates && (sentence.has(SEND | SHOW | WISH | CREATE) || sentence.has(STATUS));
    let timed = sentence.has(UNIT) && sentence.has(EVERY | SUBSCRIBE | WATCH);
    if !(told || alone || fed || (timed && news)) {
        return None;
    }
    let seconds: Vec<u32> = sentence.seconds().filter(|_| timed).collect();
    match *seconds.as_slice() {
        // `every 1.5 minutes`, `every 10 seconds for 5 minutes`
        [_, ..] if seconds.len() > 1 || sentence.has(NUMBER) => {
            let question = "How often shall the status come? Say /subscribe SECONDS.";
            Some(Heard::ask(question, ("subscribe.status", json!({}))))
        }
        _ => Some(Operation::Subscribe(seconds.first().copied()).into()),
    }
}

/// `don't` and `no more` are part of it, so it is heard before they make a sentence chat.
pub(super) fn unsubscribe(sentence: &Sentence<'_>) -> Option<Heard> {
    let ending = UNSUBSCRIBE | STOP | CANCEL | DELETE | NOT | LESS;
    let telling = SUBSCRIBE | WATCH | SHOW | SEND | SET | CREATE | MORE | USE | HELP;
    let allowed = NEWS | SYSTEM | POOL | ALL | THIS | EVERY | UNIT | ABOUT | ending | telling;
    if guards::asks_how_to(sentence) || sentence.opens(BE) || !sentence.only(allowed) {
        return None;
    }
    let ended = sentence.has(UNSUBSCRIBE) && sentence.has(STATUS | UPDATE | STATE | SUBSCRIBE);
    let ended = ended || (sentence.has(UNSUBSCRIBE) && sentence.several(POOL));
    let news = sentence.several(UPDATE) || (sentence.has(STATUS) && !sentence.opens(SHOW));
    let stopped = sentence.has(STOP | NOT | CANCEL | DELETE) && news;
    (ended || stopped).then(|| Operation::Unsubscribe.into())
}
