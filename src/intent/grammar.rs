//! The rules: which row of meanings is which command.
//!
//! A rule looks for a verb, an object and slots in any order, and wants every other word to be
//! explained. Invariant: a word that a rule did not expect makes its sentence chat.

mod ask;
mod charts;
mod conversations;
mod demos;
mod gateway;
mod it;
mod pools;
mod search;
mod submit;
mod tasks;
mod timed;
mod tools;
mod updates;

use serde_json::json;

use super::{
    concepts::{EVERY, UNIT},
    guards,
    operation::Operation,
    reading::{Heard, Situation},
    sentence::Sentence,
};
use crate::model::Subject;

/// One rule; the first one that fits wins.
type Rule = fn(&Sentence<'_>) -> Option<Heard>;

/// Rules for sentences that may be questions of how and why, or say `no`.
const OUTSPOKEN: &[Rule] = &[
    timed::submit,
    ask::ask,
    submit::plain,
    timed::reschedule,
    timed::repeat_no_more,
    search::search,
    updates::unsubscribe,
    pools::why,
    pools::leave,
    gateway::usage_of_it,
    submit::asked,
];

/// Rules for what is left; what is more special comes first.
const PLAIN: &[Rule] = &[
    gateway::reload,
    gateway::help,
    demos::stop,
    demos::start,
    demos::list,
    pools::scale,
    tasks::cancel,
    tasks::retry,
    tasks::prioritise,
    tasks::show,
    conversations::summary,
    conversations::delete,
    conversations::new,
    tools::tools,
    pools::agent,
    pools::switch,
    updates::subscribe,
    charts::chart,
    pools::watch,
    gateway::usage,
    gateway::health,
    tasks::list,
    conversations::list,
    pools::show,
    pools::list,
    gateway::providers,
    gateway::status,
];

/// The command that the sentence is, if it is one.
pub(super) fn parse(sentence: &Sentence<'_>, situation: Situation) -> Option<Heard> {
    let meant = match situation.subject {
        Some(Subject::Task(number)) if !situation.demo_running => it::task(sentence, number),
        Some(Subject::Answer) => pools::why_that(sentence),
        _ => None,
    };
    if meant.is_some() {
        return meant;
    }
    if let Some(heard) = OUTSPOKEN.iter().find_map(|rule| rule(sentence)) {
        return Some(heard);
    }
    if sentence.is_open() || guards::is_chat(sentence) {
        return None;
    }
    let running = situation.demo_running.then(|| demos::running(sentence)).flatten();
    running
        .or_else(|| PLAIN.iter().find_map(|rule| rule(sentence)).map(|it| promised(sentence, it)))
}

/// Who wants to be told later, or again and again, is not told now and once; it is said what can be.
fn promised(sentence: &Sentence<'_>, heard: Heard) -> Heard {
    let Heard::Command(
        Operation::Health(_) | Operation::Pool(_) | Operation::Pools | Operation::Providers,
    ) = heard
    else {
        return heard;
    };
    if sentence.waits_for() {
        let question = "That I cannot watch. Of what is measured I can tell you, for example: tell \
                        me when the queue is longer than 50. /help alerts says what that is.";
        return Heard::ask(question, ("alert.set", json!({})));
    }
    if sentence.has(EVERY) && sentence.has(UNIT) {
        let question = "Only the status comes again and again. Say /subscribe SECONDS for it.";
        return Heard::ask(question, ("subscribe.status", json!({})));
    }
    heard
}
