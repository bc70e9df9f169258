//! The meanings that words of commands have, as sets.
//!
//! A word may mean several things; the grammar takes the one that makes a command whole.

use std::ops::{BitOr, BitOrAssign};

use super::slots::{Component, Period, Priority, TaskStatus};

/// A set of meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Concepts(u128);

impl Concepts {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Concepts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl BitOrAssign for Concepts {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.or(other);
    }
}

macro_rules! concepts {
    (@ $bit:expr;) => {};
    (@ $bit:expr; $name:ident $($rest:ident)*) => {
        pub(super) const $name: Concepts = Concepts(1 << ($bit));
        concepts!(@ $bit + 1; $($rest)*);
    };
    ($($name:ident)+) => { concepts!(@ 0; $($name)+); };
}

concepts! {
    SHOW SEND CANCEL STOP DELETE DONE_AWAY CREATE START NEW MORE LESS SET SCALE SWITCH TALK USE
    HANDLE SEARCH SUMMARY SUBSCRIBE UNSUBSCRIBE WHY PICK NEXT ASKED SPENT
    TASK JOB POOL CREW WORKER CHAT HISTORY MESSAGE DEMO PROVIDER TOKENS COST STATUS STATE UPDATE
    HEALTH FINE COMPONENT SYSTEM COMMANDS PRIORITY DETAILS HELP QUEUE ROUTING BUSY FATE
    NUMBER NAMED URGENCY STANDING PERIOD UNIT EVERY LAST THIS ALL AUTO PLURAL
    START_OVER WELCOME BACKGROUND CALLED SEARCHING PLEASE WHAT HOW MANY WHERE I YOU IT NOT A THE TO BY ABOUT WITH FOR OF BE DO CAN WISH ANY GLUE
}

/// What a word stands for beside what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Value {
    #[default]
    None,
    Number(u32),
    /// Seconds of a unit of time.
    Seconds(u32),
    Status(TaskStatus),
    Priority(Priority),
    Component(Component),
    Period(Period),
}
