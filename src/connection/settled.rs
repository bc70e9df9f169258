//! What comes of something that a connection has asked for and waits for.

use tokio::sync::oneshot;

use super::{asks::Re, messages::Wanted};
use crate::{
    conversation::Part,
    model::ConversationId,
    operator::Here,
    wire::{Complaint, Frame},
};

/// Something that was waited for came to its end: what to say, and what follows.
pub(super) struct Settled {
    pub(super) says: Says,
    pub(super) then: Then,
    /// The conversation that was changed, or not, by it.
    pub(super) changed: Option<ConversationId>,
}

/// What there is to say of an outcome.
pub(super) enum Says {
    Nothing,
    Frame(Frame),
    /// Why not, put as whoever listens by then reads it.
    Refused(Re, Complaint),
}

impl Settled {
    /// There is this to say.
    pub(super) fn say(says: impl Into<Says>) -> Self {
        Self::with(says, Then::Nothing)
    }

    /// And this follows from it.
    pub(super) fn with(says: impl Into<Says>, then: Then) -> Self {
        Self { says: says.into(), then, changed: None }
    }
}

impl From<Option<Frame>> for Says {
    fn from(frame: Option<Frame>) -> Self {
        frame.map_or(Self::Nothing, Self::Frame)
    }
}

/// What follows from the end of something.
pub(super) enum Then {
    Nothing,
    /// The operator is done: the next frame may be heard.
    Obeyed(Box<(Then, Wanted)>),
    /// The operator wants something of the connection; nothing more where it is `None`.
    Heed(Box<(Option<Here>, Wanted)>),
    /// The conversation came to nothing: follow it no more.
    Drop(ConversationId),
    /// Specialists will be asked: they are followed once they are.
    Await(oneshot::Receiver<Vec<Part>>),
    /// They are.
    Attend(Vec<Part>),
    /// The message had been sent before, and this connection may not have seen what came of it:
    /// follow the conversation that keeps it, instead of one begun in vain, and show how it stands.
    Adopt {
        begun: ConversationId,
        kept: ConversationId,
    },
}
