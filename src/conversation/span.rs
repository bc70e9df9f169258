//! The span of a turn: from its message to its end. Every line of the log about the turn stands in it,
//! and a trace begins with it.

use tracing::{Span, field::Empty};

use crate::model::{TraceId, TraceParent};

/// A turn whose message has just come, below what its sender was doing, where that is known.
pub fn turn_span(parent: Option<TraceParent>) -> Span {
    let trace = parent.map_or_else(TraceId::new, |parent| parent.trace);
    let above = parent.map(|parent| parent.above());
    // An error's level, so that lines of any level stand in it.
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
}

/// The turn of a specialist, inside of the turn that asks it.
pub(super) fn part_span(whole: &Span) -> Span {
    tracing::error_span!(
        parent: whole,
        "turn",
        conversation = Empty,
        turn = Empty,
        pool = Empty,
        outcome = Empty,
        error.type = Empty,
    )
}
