//! Which operator command a text is: exact in slash form, understood in plain language.
//!
//! Invariant: what is not wholly explained by the grammar of commands is chat.

mod alerts;
mod concepts;
mod grammar;
mod guards;
mod lexicon;
mod meanings;
mod metrics;
mod moments;
mod operation;
mod reading;
mod sentence;
mod slash;
mod slots;
#[cfg(test)]
mod tests;
mod times;
mod typos;
mod values;
mod vocabulary;
mod words;
mod zones;

pub use alerts::{AlertWish, NewAlert, WhichAlerts};
pub use metrics::measured_names;
pub use moments::{ENDED, PUT_OFF, PUT_ON};
pub use operation::{A_NUMBER, Operation};
pub use reading::{Reading, Situation, Unsure, understand};
pub use slash::{FORMS, Misused, Slash, slash};
pub use slots::{
    Component, NewTask, NotAValue, Period, Priority, Targets, TaskFilter, TaskNumbers, TaskStatus,
    Unit, Which, Whom, Workers,
};
pub use values::{month_called, number_called};
pub use vocabulary::Vocabulary;
pub use zones::{zone_at, zone_called};
