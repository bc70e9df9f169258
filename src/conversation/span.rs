//! The spans of turns and of operator commands: from what was said to its end. Every line of the log
//! about it stands in its span, and a trace begins with it.

use tracing::field::Empty;

use crate::model::{TraceParent, Traced};

/// A turn whose message has just come, below what its sender was doing, where that is known.
pub fn turn_span(parent: Option<TraceParent>) -> Traced {
    // An error's level, so that lines of any level stand in it.
    Traced::begin(parent, |trace, above| {
        tracing::error_span!(
            "turn",
            %trace,
            above,
            conversation = Empty,
            turn = Empty,
            pool = Empty,
            outcome = Empty,
            error.type = Empty,
        )
    })
}

/// A command that was just given, below what its sender was doing, where that is known.
pub fn command_span(parent: Option<TraceParent>) -> Traced {
    Traced::begin(parent, |trace, above| {
        tracing::error_span!(
            "operatoros.command",
            %trace,
            above,
            conversation = Empty,
            turn = Empty,
            intent = Empty,
            outcome = Empty,
        )
    })
}

/// A turn inside of whatever has it asked: the turn of a specialist, or of what a command asks.
pub fn part_span(whole: &Traced) -> Traced {
    whole.below(tracing::error_span!(
        parent: whole.id(),
        "turn",
        conversation = Empty,
        turn = Empty,
        pool = Empty,
        outcome = Empty,
        error.type = Empty,
    ))
}
