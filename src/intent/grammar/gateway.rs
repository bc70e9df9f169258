//! Rules about the gateway as a whole: help, state, usage and providers.

use std::sync::Arc;

use crate::intent::{
    Component, Operation, Period, Unit, concepts::*, reading::Heard, sentence::Sentence, values,
};

const LOOKING: Concepts = SHOW.or(SEND).or(WHAT).or(HOW).or(MANY).or(ALL).or(THIS);

/// `how do I use the gateway?`, `what can this system do?`
pub(super) fn usage_of_it(sentence: &Sentence<'_>) -> Option<Heard> {
    let working = sentence.opens(HOW) && sentence.has(USE | TALK) && sentence.has(I);
    let able = sentence.begins(&[WHAT, CAN | DO]) && sentence.core().last()?.is(DO);
    let own = sentence.has(SYSTEM) && !sentence.has(AFFAIRS | MY | A);
    let with_you = sentence.row(&[TO | WITH, YOU]);
    let whole = sentence.only(HOW | WHAT | USE | TALK | SYSTEM);
    let asked = (working && (own || with_you)) || (able && own);
    (asked && whole).then(|| Operation::Help(None).into())
}

/// `reload the settings`, `read the config file again`
pub(super) fn reload(sentence: &Sentence<'_>) -> Option<Heard> {
    let of_settings = sentence.component() == Some(Component::Settings);
    let said = of_settings && sentence.has(RELOAD) && !sentence.has(MY | A);
    let whole = sentence.only(RELOAD | COMPONENT | SYSTEM | NEW | FOR);
    (said && whole).then(|| Operation::Reload.into())
}

pub(super) fn help(sentence: &Sentence<'_>) -> Option<Heard> {
    if sentence.has(COMMANDS) && sentence.only(COMMANDS | HELP | LOOKING | SYSTEM | USE | WHY) {
        return Some(Operation::Help(None).into());
    }
    let metrics = (0..sentence.terms.len()).any(|at| sentence.word(at) == "metrics");
    if metrics && sentence.opens(WHAT) && sentence.only(WHAT | STATUS | SYSTEM | USE) {
        return Some(Operation::Help(Some("metrics".into())).into());
    }
    if !sentence.has(HELP) {
        return None;
    }
    let using = if sentence.has(THIS | SYSTEM) { USE } else { GLUE };
    let places = WHERE | SEARCH | using;
    let asked = sentence.only(HELP | SHOW | SEND | THIS | SYSTEM | places) && !sentence.opens(BE);
    if asked && !sentence.has(YOU | CAN) && !sentence.row(&[WITH, ANY | IT]) {
        return Some(Operation::Help(None).into());
    }
    help_on_a_topic(sentence)
}

fn help_on_a_topic(sentence: &Sentence<'_>) -> Option<Heard> {
    let topics = TASK | JOB | POOL | CHAT | DEMO | PROVIDER | TOKENS | STATUS | WORKER | PRIORITY;
    let led = sentence.row(&[HELP, WITH | FOR | ABOUT]);
    // `help tasks`, `usage help`.
    let beside = sentence.core().len() == 2 && sentence.has(topics);
    if !(led || beside) || !sentence.only(HELP | topics | ABOUT) {
        return None;
    }
    let topic = sentence.terms.iter().rev().find(|term| term.is(topics))?;
    let topic = sentence.text.get(topic.place.start..topic.place.end)?;
    Some(Operation::Help(Some(Arc::from(topic))).into())
}

pub(super) fn status(sentence: &Sentence<'_>) -> Option<Heard> {
    let state = STATUS | STATE | UPDATE | FATE | FINE | DETAILS | SUMMARY;
    if !sentence.only(LOOKING | state | SYSTEM | PERIOD) {
        return None;
    }
    let asked_whether = sentence.opens(BE) && !sentence.opens(ANY);
    let plain = sentence.has(STATUS) && !asked_whether && !sentence.row(&[MY, STATUS]);
    let asked = sentence.has(HOW | WHAT | SHOW | SEND | ANY)
        || sentence.bare(STATE | SYSTEM | SUMMARY | THIS);
    // `how is everything going` is small talk.
    let small_talk = sentence.opens(HOW)
        && !sentence.terms.iter().any(|term| term.is(SYSTEM) && !term.is(AFFAIRS))
        && sentence.bare(HOW | AFFAIRS | STATE)
        && !sentence.has(FINE);
    let system = sentence.has(SYSTEM) && !small_talk && sentence.has(STATE | HOW | UPDATE | FATE);
    (plain || (system && asked && !sentence.has(YOU))).then(|| Operation::Status.into())
}

pub(super) fn health(sentence: &Sentence<'_>) -> Option<Heard> {
    let state =
        HEALTH | FINE | STATUS | STATE | BUSY | UPDATE | DETAILS | FATE | STANDING | SUMMARY;
    let doing = START | CREATE | SET | USE | MORE | LESS | TOKENS | SPENT | LAST;
    let when = WHERE | UNIT;
    if !sentence.only(LOOKING | state | doing | when | COMPONENT | SYSTEM | WRONG) {
        return None;
    }
    let counted = sentence.has(LASTING) || sentence.row(&[MANY, UNIT]);
    // `how long does it take?` is asked of anything.
    let taken = sentence.terms.iter().any(|term| term.is(START) && term.is(LESS));
    let on = sentence.has(FINE) || (sentence.has(START) && sentence.has(SYSTEM | YOU));
    let lasting = counted && on && !taken && sentence.has(SYSTEM | YOU | IT);
    // `when did the gateway start?`
    let begun = sentence.opens(WHERE) && sentence.has(START) && sentence.has(SYSTEM);
    if (lasting || begun) && !sentence.has(A) {
        return Some(Operation::Health(Some(Component::Uptime)).into());
    }
    // `is anything wrong with the gateway?`
    if sentence.has(WRONG)
        && sentence.has(SYSTEM)
        && !sentence.has(MY | YOU | COMPONENT)
        && sentence.opens(WHAT | BE | ANY | SHOW | SEND)
    {
        return Some(Operation::Health(None).into());
    }
    if sentence.has(WRONG) && !sentence.has(COMPONENT) {
        return None;
    }
    if let Some(component) = sentence.component() {
        return asks_for_component(sentence, component)
            .then(|| Operation::Health(Some(component)).into());
    }
    let of_people = sentence.opens(BE) && sentence.row(&[HEALTH, SYSTEM]);
    let checked =
        sentence.has(HEALTH) && !of_people && !sentence.has(SPENT) && !sentence.row(&[MY, HEALTH]);
    let asked = sentence.opens(BE | DO) || sentence.begins(&[HOW, FINE]);
    let told = sentence.has(SYSTEM) && !sentence.opens(HOW);
    let alive =
        sentence.has(FINE) && sentence.has(SYSTEM | YOU) && (asked || told || sentence.has(SHOW));
    let there = sentence.begins(&[YOU, FINE]) && sentence.core().len() <= 3;
    let alive = alive && !of_people && !sentence.core().last().is_some_and(|last| last.is(IN));
    ((checked && !sentence.opens(WHY)) || alive || there).then(|| Operation::Health(None).into())
}

fn asks_for_component(sentence: &Sentence<'_>, component: Component) -> bool {
    let state = STATUS | STATE | BUSY | HEALTH | FINE | TOKENS | SPENT;
    // What they are is another question than how they stand.
    if component == Component::Settings {
        return sentence.has(HEALTH | FINE | STATUS) && !sentence.has(MY | A);
    }
    let asked = sentence.has(LOOKING | state) || sentence.opens(BE | DO);
    // A word of these says enough.
    let own = !matches!(component, Component::Database | Component::Network);
    // `how much memory do I need?`, `how much is a token?`
    let needed = sentence.row(&[I, WISH]) && !sentence.opens(I);
    let somebodys = needed || sentence.row(&[A | MY, COMPONENT]) && !sentence.has(OUR);
    (asked || own) && !somebodys && !sentence.row(&[TO, THE, COMPONENT])
}

pub(super) fn usage(sentence: &Sentence<'_>) -> Option<Heard> {
    let state = STATUS | DETAILS | STATE | UPDATE | BUSY | FATE | SUMMARY;
    let allowed =
        LOOKING | state | TOKENS | COST | SPENT | PERIOD | UNIT | EVERY | CHAT | SYSTEM | LAST;
    if sentence.has(COMPONENT) || !sentence.only(allowed) {
        return None;
    }
    let owned = sentence.has(I | CHAT | PERIOD);
    let any = sentence.row(&[A, TOKENS]) && sentence.opens(WHAT | HOW | MANY);
    let tokens = sentence.has(TOKENS) && !any;
    // `how much i've spent` is asked of a bank.
    let foretold = sentence.row(&[CAN, IT]);
    let banked = sentence.row(&[MANY, I, SPENT]);
    let spent =
        sentence.has(SPENT) && owned && !banked && !foretold && sentence.has(WHAT | MANY | HOW);
    let said = sentence.has(THIS | SHOW) && sentence.core().len() > 1;
    let cost = sentence.has(COST) && (owned || said) && !sentence.has(IT);
    (tokens || spent || cost).then(|| Operation::Usage(period(sentence)).into())
}

/// `weekly usage` is that of this week.
fn period(sentence: &Sentence<'_>) -> Option<Period> {
    let unit = || sentence.seconds().last().and_then(values::unit);
    sentence.period().or_else(|| match unit()? {
        Unit::Day => Some(Period::Today),
        Unit::Minute => None,
        unit => Some(Period::This(unit)),
    })
}

pub(super) fn providers(sentence: &Sentence<'_>) -> Option<Heard> {
    let state = STATUS | STATE | BUSY | FINE | HEALTH | STANDING | DETAILS | FATE;
    let using =
        USE | START | SPENT | HANDLE | TALK | PICK | CHAT | MESSAGE | SYSTEM | ABOUT | LINKED | OR;
    if !sentence.has(PROVIDER | VENDOR)
        || !sentence.only(LOOKING | state | using | PROVIDER | VENDOR)
    {
        return None;
    }
    if sentence.has(VENDOR) {
        return names_vendor(sentence).then(|| Operation::Providers.into());
    }
    let asked =
        sentence.has(WHAT | SHOW | MANY | ALL | ANY | STATUS | STATE) || sentence.opens(BE | DO);
    let several = sentence.several(PROVIDER);
    let which = asked && (several || sentence.has(WHAT));
    let states = STATUS | HEALTH;
    let state_of = sentence.bare(PROVIDER | states) && sentence.has(states) && !sentence.has(A | I);
    let yours = sentence.has(SHOW) && sentence.has(YOU) && sentence.has(USE);
    (which || state_of || yours || (several && sentence.bare(PROVIDER)))
        .then(|| Operation::Providers.into())
}

/// `is openai connected?`, `are you using GPT or Claude?`; whether one is good is chat.
fn names_vendor(sentence: &Sentence<'_>) -> bool {
    let linked = sentence.has(LINKED) && sentence.opens(BE | DO | WHAT | SHOW);
    let used =
        sentence.has(USE | START | STANDING | PROVIDER) && sentence.has(YOU | I | THIS | SYSTEM);
    let stands = sentence.has(PROVIDER) && sentence.has(FINE | STATUS | HEALTH);
    linked || stands || (used && sentence.opens(BE | DO | WHAT | HOW) && !sentence.has(CAN | WISH))
}
