//! The rules: which row of meanings is which command.
//!
//! A rule looks for a verb, an object and slots in any order, and wants every other word to be
//! explained. Invariant: a word that a rule did not expect makes its sentence chat.

mod conversations;
mod demos;
mod gateway;
mod pools;
mod tasks;

use super::{
    free, guards,
    reading::{Heard, Situation},
    sentence::Sentence,
};

/// One rule; the first one that fits wins.
type Rule = fn(&Sentence<'_>) -> Option<Heard>;

/// What is more special comes first.
const RULES: &[Rule] = &[
    gateway::help,
    demos::stop,
    demos::start,
    demos::list,
    pools::scale,
    tasks::cancel,
    tasks::prioritise,
    tasks::show,
    pools::why,
    conversations::summary,
    conversations::delete,
    conversations::new,
    pools::switch,
    gateway::subscribe,
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
    if sentence.terms.is_empty() {
        return None;
    }
    if let Some(heard) = free::submit(sentence).or_else(|| free::search(sentence)) {
        return Some(heard);
    }
    if let Some(heard) = gateway::unsubscribe(sentence) {
        return Some(heard);
    }
    if guards::is_chat(sentence) {
        return None;
    }
    if situation.demo_running
        && let Some(heard) = demos::running(sentence)
    {
        return Some(heard);
    }
    RULES.iter().find_map(|rule| rule(sentence))
}
