//! What a client tells the program that uses it.

use std::{io::ErrorKind, time::Duration};

use tokio_tungstenite::tungstenite;

use crate::{
    codes::CloseCode,
    event::ConversationEvent,
    ids::{ConversationId, TurnId},
    objects::{AnswerStatus, Role},
    server_frame::{ErrorFrame, ServerFrame, Snapshot},
};

/// Something new. Frames that were doubled or replayed never show here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// An answer grew by this text.
    Text {
        /// The conversation.
        conversation: ConversationId,
        /// The turn.
        turn: TurnId,
        /// What came.
        text: String,
    },
    /// What was shown of an answer beyond `to` is void.
    Rewound {
        /// The conversation.
        conversation: ConversationId,
        /// The turn.
        turn: TurnId,
        /// The bytes that stay.
        to: u64,
    },
    /// Something happened in a conversation.
    Event(Box<ConversationEvent>),
    /// Forget what is known of a conversation: this is its state.
    Snapshot(Box<Snapshot>),
    /// A conversation is up to date again; what follows is live.
    Resumed {
        /// The conversation.
        conversation: ConversationId,
    },
    /// The newest value of a subscribed topic: `status`, `pools`, `task` or `alert`.
    Topic(Box<ServerFrame>),
    /// The server refused something that was not waited for, or says why it will close.
    Refused(Box<ErrorFrame>),
    /// The connection is lost. The client reconnects by itself, first after `retry_in`.
    Disconnected {
        /// Why.
        because: String,
        /// When it tries again.
        retry_in: Duration,
    },
    /// The connection stands again; what was missed follows.
    Reconnected,
    /// A frame that breaks the protocol was passed over.
    Unreadable {
        /// What is wrong with it.
        because: String,
    },
    /// It is over: the server said not to come back. Nothing follows.
    Closed(Closed),
}

impl Update {
    /// Whether this tells that the turn has ended: by its last event, or by a snapshot in which
    /// its answer runs no more.
    pub fn ends(&self, turn: &str) -> bool {
        match self {
            Self::Event(of) => of.event.ends().is_some_and(|(ended, _)| ended == turn),
            Self::Snapshot(snapshot) => snapshot.messages.iter().any(|message| {
                message.turn == turn
                    && message.role == Role::Assistant
                    && message.status != Some(AnswerStatus::Running)
            }),
            _ => false,
        }
    }

    /// Takes a later update in, where the two are one: text that continues text. So updates that
    /// wait for a slow program are few, whatever the number of pieces that came.
    pub(crate) fn absorb(&mut self, later: Self) -> Option<Self> {
        match (self, later) {
            (
                Self::Text { conversation, turn, text },
                Self::Text { conversation: same, turn: also, text: more },
            ) if *conversation == same && *turn == also => {
                text.push_str(&more);
                None
            }
            (_, later) => Some(later),
        }
    }
}

/// Why a client will not come back by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("closed for good ({}): {reason}", code.map_or_else(|| "by the client".to_owned(), |c| c.to_string()))]
pub struct Closed {
    /// The server's code; none where the client closed.
    pub code: Option<u16>,
    /// The server's reason.
    pub reason: String,
}

impl Closed {
    /// The close with this code.
    pub(crate) fn with(code: CloseCode) -> Self {
        Self { code: Some(code.number()), reason: code.reason().to_owned() }
    }
}

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address or the token cannot be sent in an HTTP request.
    #[error("the address or the token is malformed: {0}")]
    Malformed(#[source] tungstenite::Error),
    /// The first connection could not be made.
    #[error("cannot connect: {}; {}", .0, hint(.0))]
    Connect(#[source] tungstenite::Error),
    /// The connection broke before the welcome.
    #[error("the connection broke before the welcome: {because}")]
    NoWelcome {
        /// How.
        because: String,
    },
    /// The server said not to come back.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The server refused the request.
    #[error("{}: {}", .0.code, .0.message)]
    Refused(Box<ErrorFrame>),
    /// The connection broke while a request was under way that must not be repeated blindly.
    #[error(
        "the connection broke; the request may have been carried out: look before you repeat it"
    )]
    Uncertain,
    /// Too many updates wait to be read.
    #[error("too many updates wait: call `next`, then send again with the same key")]
    Unread,
    /// The result is not what the protocol promises.
    #[error("the result cannot be read: {0}")]
    Result(#[from] serde_json::Error),
}

impl ClientError {
    /// Somebody answers, and TLS did not come about: the certificate is not trusted, or for
    /// another name.
    pub fn is_of_tls(&self) -> bool {
        matches!(self, Self::Connect(error) if is_of_tls(error))
    }
}

/// What to do about a connection that could not be made.
fn hint(error: &tungstenite::Error) -> &'static str {
    if is_of_tls(error) {
        "name the server as its certificate does, and have its signer in SSL_CERT_FILE where the \
         system does not know it"
    } else {
        "is the server running at this address?"
    }
}

fn is_of_tls(error: &tungstenite::Error) -> bool {
    match error {
        tungstenite::Error::Tls(_) => true,
        tungstenite::Error::Io(error) => error.kind() == ErrorKind::InvalidData,
        _ => false,
    }
}
