//! Which operator command a text is: exact in slash form, understood in plain language.
//!
//! Invariant: what is not wholly explained by the grammar of commands is chat.

mod operation;
mod slash;
mod slots;

pub use operation::Operation;
pub use slash::{FORMS, Misused, Slash, slash};
pub use slots::{
    Component, NewTask, NotAValue, Period, Priority, Targets, TaskFilter, TaskNumbers, TaskStatus,
    Unit, Which, Workers,
};
