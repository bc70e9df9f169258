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
    // Verbs: looking, making, ending, choosing a pool, telling now and then.
    SHOW SEND SEARCH SEARCHING ASKED SUMMARY POINTS WHY
    CREATE START START_OVER NEW MORE LESS SET SCALE LET ORDER
    CANCEL STOP HOLD DELETE DONE_AWAY RETRY LATER REPEAT
    SWITCH TALK USE HANDLE PICK CHOSEN ROUTING AUTO NEXT
    SUBSCRIBE WATCH UNSUBSCRIBE SPENT RELOAD
    // Objects.
    TASK JOB BACKGROUND QUEUE POOL CREW AGENT ROLE FOLK WORKER CHAT HISTORY MESSAGE DEMO PROVIDER VENDOR LINKED TOOL
    METRIC CHART WRONG
    TOKENS COST STATUS STATE UPDATE HEALTH FINE BUSY FATE DETAILS DEPTH COMPONENT SYSTEM AFFAIRS
    COMMANDS HELP PRIORITY PLURAL
    // What fills a slot.
    NUMBER NAMED URGENCY STANDING PERIOD UNIT EVERY LAST THIS ALL PART
    // What binds the others.
    WHAT WHO HOW MANY LASTING WHERE I MY OUR YOU IT NOT OR A THE TO BY ABOUT WITH FOR IN OF BE DO CAN WISH ANY
    CALLED PLEASE HAIL GLUE
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
