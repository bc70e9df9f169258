//! Frames to model and back: the one place that knows how things look on the wire.
//!
//! Invariant: no type of the protocol crate leaves here, but for close codes, which are data.

mod complaint;
mod inbound;
mod objects;
mod outbound;
mod tasks;
#[cfg(test)]
mod tests;
mod text;
mod topics;

pub use complaint::{Complaint, reason_code};
pub use inbound::{Asked, Inbound, Resume, SendAsked, Topic, Understand, read};
pub use outbound::{
    Greeting, conversation_reply, conversations_reply, delta, done_reply, ended_reply, error,
    event, following_reply, goaway, gone_reply, messages_reply, pong, position, resumed,
    sent_reply, snapshot, ticket, welcome,
};
pub use tasks::{
    TaskAsked, TaskChangeAsked, fault_meaning, task_change, task_reply, task_value, tasks_reply,
};
pub use text::{answer, at_paragraph_end, at_sentence_end, line, note, voice, warning};
pub use topics::{alert_value, alerts, pools, status, topic_reply};

pub use operatoros_protocol::{CloseCode, SUBPROTOCOL_BEARER, SUBPROTOCOL_JSON, SUBPROTOCOL_TEXT};

/// One text message, encoded once and shared by all who get it.
pub type Frame = axum::extract::ws::Utf8Bytes;
