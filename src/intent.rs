//! Which operator command a text is: exact in slash form, understood in plain language.
//!
//! Invariant: what is not wholly explained by the grammar of commands is chat.

mod concepts;
mod free;
mod grammar;
mod guards;
mod lexicon;
mod meanings;
mod operation;
mod reading;
mod sentence;
mod slash;
mod slots;
mod times;
mod typos;
mod vocabulary;
mod words;

pub use operation::Operation;
pub use reading::{Reading, Situation, Unsure, understand};
pub use slash::{FORMS, Misused, Slash, slash};
pub use slots::{
    Component, NewTask, NotAValue, Period, Priority, Targets, TaskFilter, TaskNumbers, TaskStatus,
    Unit, Which, Workers,
};
pub use vocabulary::Vocabulary;
#[doc(hidden)]
pub fn near(w: &str) -> Option<String> {
    if lexicon::COMMANDS.phrases.contains_key(w) {
        return None;
    }
    lexicon::COMMANDS.meant(w).map(str::to_owned)
}
