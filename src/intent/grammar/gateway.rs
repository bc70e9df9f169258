//! Rules about the gateway as a whole: help, status, health, usage, providers, updates.

use std::sync::Arc;

use crate::intent::{
    Component, Operation, Period, concepts::*, guards, meanings, reading::Heard, sentence::Sentence,
};

pub(super) fn help(sentence: &Sentence<'_>) -> Option<Heard> {
    let looking = SHOW | SEND | WHAT | ALL | MANY | SYSTEM | USE | THIS | WISH | ANY;
    if sentence.has(COMMANDS) && sentence.only(COMMANDS | HELP | looking) {
        let asked = sentence.has(HELP | SHOW | SEND | WHAT | ALL | ANY | MANY)
            || sentence.bare(COMMANDS | SYSTEM);
        return asked.then(|| Operation::Help(None).into());
    }
    if !sentence.has(HELP) {
        return None;
    }
    if sentence.only(HELP | SHOW | SEND | THIS | SYSTEM)
        && !sentence.begins(&[BE])
        && !sentence.has(YOU.or(CAN))
    {
        return Some(Operation::Help(None).into());
    }
    let topics = TASK
        | JOB
        | POOL
        | CHAT
        | DEMO
        | PROVIDER
        | TOKENS
        | STATUS
        | WORKER
        | SUBSCRIBE
        | UPDATE
        | COMMANDS
        | PRIORITY;
    let on = sentence.row(&[HELP, WITH.or(FOR).or(ABOUT)]);
    let about = sentence.terms.last().filter(|last| last.is(topics) && on);
    let topic = about.and_then(|last| sentence.text.get(last.place.start..last.place.end))?;
    sentence.only(HELP | topics | ABOUT).then(|| Operation::Help(Some(Arc::from(topic))).into())
}

pub(super) fn status(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed =
        STATUS | STATE | SYSTEM | SHOW | SEND | WHAT | HOW | UPDATE | THIS | DETAILS | ALL | FATE;
    if !sentence.only(allowed) {
        return None;
    }
    let plain = sentence.has(STATUS) && !sentence.begins(&[BE]);
    let system = sentence.has(STATE | HOW | UPDATE) && sentence.has(SYSTEM) && !sentence.has(YOU);
    let system =
        system && (sentence.has(HOW | WHAT | SHOW | SEND) || sentence.bare(STATE | SYSTEM));
    (plain || system).then(|| Operation::Status.into())
}

pub(super) fn health(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = HEALTH
        | FINE
        | COMPONENT
        | SYSTEM
        | SHOW
        | SEND
        | WHAT
        | HOW
        | MANY
        | STATUS
        | STATE
        | BUSY
        | START
        | THIS
        | ALL
        | UPDATE
        | CREATE
        | DETAILS
        | TOKENS
        | SPENT
        | STANDING
        | SET
        | FATE
        | USE
        | SUMMARY
        | MORE
        | LESS;
    if !sentence.only(allowed) {
        return None;
    }
    if let Some(component) = sentence.component() {
        let asked = sentence.has(
            SHOW | SEND
                | WHAT
                | HOW
                | MANY
                | STATUS
                | STATE
                | BUSY
                | TOKENS
                | HEALTH
                | FINE
                | SPENT,
        ) || sentence.begins(&[BE]);
        let bare = sentence.bare(COMPONENT);
        let own = component == Component::Uptime || asked || (bare && !sentence.has(A));
        return own.then(|| Operation::Health(Some(component)).into());
    }
    let checked = sentence.has(HEALTH)
        && (!sentence.has(I) || sentence.has(SHOW | SEND | WISH | CAN))
        && !sentence.begins(&[WHY]);
    let alive = sentence.has(FINE)
        && (sentence.begins(&[BE])
            || sentence.begins(&[DO])
            || sentence.has(SYSTEM)
            || sentence.has(SHOW))
        && sentence.has(SYSTEM | YOU | ALL)
        && !(sentence.has(YOU) && sentence.has(WELCOME));
    (checked || alive).then(|| Operation::Health(None).into())
}

pub(super) fn subscribe(sentence: &Sentence<'_>) -> Option<Heard> {
    let news = STATUS | UPDATE | HEALTH | STATE;
    let allowed = news
        | SUBSCRIBE
        | SYSTEM
        | SHOW
        | SEND
        | EVERY
        | UNIT
        | THIS
        | HOW
        | ABOUT
        | ALL
        | WHAT
        | DETAILS
        | SET
        | CREATE
        | START
        | FINE
        | NUMBER
        | MORE
        | USE
        | WHERE
        | MESSAGE
        | FATE
        | COMPONENT
        | NEW
        | BY
        | LAST;
    if !sentence.only(allowed) {
        return None;
    }
    let timed = sentence.has(UNIT) && (sentence.has(EVERY) || sentence.has(SUBSCRIBE));
    let told = sentence.has(SUBSCRIBE) && (sentence.has(news | SYSTEM) || sentence.bare(SUBSCRIBE));
    let fed = sentence.has(SEND.or(SHOW).or(WISH))
        && sentence.terms.iter().any(|t| t.is(UPDATE) && t.is(PLURAL));
    let repeated = timed && sentence.has(news);
    if !(told || fed || repeated) || sentence.begins(&[BE]) || sentence.begins(&[WHAT]) {
        return None;
    }
    let seconds = sentence.seconds().filter(|_| timed);
    let seconds = seconds.or_else(|| sentence.number().filter(|_| false));
    Some(Operation::Subscribe(seconds).into())
}

pub(super) fn unsubscribe(sentence: &Sentence<'_>) -> Option<Heard> {
    let news = STATUS | UPDATE | STATE;
    let allowed = news
        | UNSUBSCRIBE
        | SUBSCRIBE
        | STOP
        | CANCEL
        | DELETE
        | NOT
        | SEND
        | SHOW
        | SYSTEM
        | ALL
        | THIS
        | EVERY
        | ABOUT
        | UNIT
        | HEALTH
        | LESS
        | WISH
        | HELP
        | MORE
        | CREATE
        | USE;
    if !sentence.only(allowed) || guards::asks_how_to(sentence) {
        return None;
    }
    let ended =
        sentence.has(UNSUBSCRIBE) && (sentence.has(news | SUBSCRIBE) || sentence.bare(UNSUBSCRIBE));
    let plural = sentence.terms.iter().any(|term| term.is(UPDATE) && term.is(PLURAL));
    let stopped = sentence.has(STOP | NOT | CANCEL | DELETE)
        && (plural || (sentence.has(STATUS) && !sentence.begins(&[SHOW])));
    (ended || stopped).then(|| Operation::Unsubscribe.into())
}

pub(super) fn usage(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = TOKENS
        | COST
        | SPENT
        | SHOW
        | SEND
        | WHAT
        | HOW
        | MANY
        | PERIOD
        | THIS
        | ALL
        | UNIT
        | CHAT
        | STATUS
        | DETAILS
        | STATE
        | SYSTEM
        | EVERY
        | UPDATE
        | BUSY
        | FATE
        | SUMMARY
        | LAST;
    if !sentence.only(allowed) || sentence.has(COMPONENT) {
        return None;
    }
    let tokens = sentence.has(TOKENS) && !(sentence.has(WHAT) && sentence.has(A));
    let spent = sentence.has(SPENT) && sentence.has(I) && sentence.has(WHAT | MANY | HOW);
    let cost = sentence.has(COST)
        && (sentence.has(I | CHAT | PERIOD | THIS) || sentence.bare(COST | SHOW))
        && !sentence.has(IT);
    if !(tokens || spent || cost) {
        return None;
    }
    let unit = sentence.seconds().and_then(meanings::unit).map(Period::This);
    let period = sentence.period().or(match unit {
        Some(Period::This(crate::intent::Unit::Day)) => Some(Period::Today),
        other => other,
    });
    Some(Operation::Usage(period).into())
}

pub(super) fn providers(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = PROVIDER
        | SHOW
        | SEND
        | WHAT
        | MANY
        | ALL
        | USE
        | STATUS
        | STATE
        | SYSTEM
        | HANDLE
        | THIS
        | TALK
        | CHAT
        | SPENT
        | BUSY
        | FINE
        | HEALTH
        | PICK
        | ANY
        | STANDING
        | DETAILS
        | ABOUT;
    if !sentence.has(PROVIDER) || !sentence.only(allowed) {
        return None;
    }
    let plural = sentence.terms.iter().any(|term| term.is(PROVIDER) && term.is(PLURAL));
    let asked = sentence.has(WHAT | SHOW | MANY | ALL | ANY)
        || sentence.begins(&[BE])
        || sentence.begins(&[DO]);
    let alone = sentence.bare(PROVIDER);
    let own = plural || sentence.has(WHAT) || alone;
    ((asked && own) || (alone && plural) || alone && sentence.terms.len() == 1 && sentence.has(YOU))
        .then(|| Operation::Providers.into())
}
