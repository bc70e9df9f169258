//! Conversation events: what happened, in order, with its place in the conversation.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    codes::ErrorCode,
    ids::{ConversationId, MessageId, TurnId},
    objects::{Failure, FinishReason, Routing, Specialist, Timing, TurnRef, Usage},
    time::Moment,
};

/// The `tool` of a `turn.tool` that tells of a specialist.
pub const SPECIALIST: &str = "specialist";

/// An event with its place. On the wire its fields and the event's lie side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationEvent {
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Whose event it is.
    pub conversation: ConversationId,
    /// Changes when continuity was lost.
    pub epoch: u64,
    /// Rises by exactly one. Absent only where a `turn.queued` tells a new position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When it happened.
    pub at: Moment,
}

/// Something that happened in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum Event {
    /// A user's message is kept and will be answered.
    #[serde(rename = "message.accepted")]
    MessageAccepted {
        /// The message.
        message: MessageId,
        /// The turn that answers it.
        turn: TurnId,
        /// What the user wrote.
        text: Arc<str>,
        /// The client's idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Arc<str>>,
    },
    /// The turn waits. Sent again, without `seq`, whenever the position changes.
    #[serde(rename = "turn.queued")]
    TurnQueued {
        /// The turn.
        turn: TurnId,
        /// Where it stands, counted from 1.
        position: u64,
    },
    /// The turn runs.
    #[serde(rename = "turn.started")]
    TurnStarted {
        /// The turn.
        turn: TurnId,
        /// The pool that answers.
        pool: String,
        /// Which agent of the pool; absent where the pool has none for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The provider asked first.
        provider: String,
        /// The model asked first.
        model: Arc<str>,
        /// Why this pool.
        routing: Routing,
        /// The specialists that are asked first, where the answer is made of several.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        specialists: Vec<Specialist>,
        /// Of a specialist's answer: the turn that it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<TurnRef>,
    },
    /// A tool was called, or a specialist asked: then `tool` is `specialist`.
    #[serde(rename = "turn.tool")]
    TurnTool {
        /// The turn.
        turn: TurnId,
        /// The tool's name.
        tool: Arc<str>,
        /// How far the call is.
        phase: ToolPhase,
        /// Which call; of a specialist: its turn.
        call: Arc<str>,
        /// One line about it; of a specialist: its pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Arc<str>>,
        /// Why it failed, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// The text so far is void: another provider took over and the answer starts again at offset 0.
    #[serde(rename = "turn.reset")]
    TurnReset {
        /// The turn.
        turn: TurnId,
        /// Why.
        because: ErrorCode,
    },
    /// The answer is whole.
    #[serde(rename = "turn.completed")]
    TurnCompleted {
        /// The turn.
        turn: TurnId,
        /// Why it ended there.
        finish_reason: FinishReason,
        /// Tokens.
        usage: Usage,
        /// US dollars, where the model's price is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost_usd: Option<f64>,
        /// Bytes of the answer in UTF-8.
        length: u64,
        /// Milliseconds it took.
        timing_ms: Timing,
        /// The provider that really answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        /// The model that really answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Arc<str>>,
    },
    /// The answer could not be had; what came of it stays.
    #[serde(rename = "turn.failed")]
    TurnFailed {
        /// The turn.
        turn: TurnId,
        /// Why.
        error: Failure,
        /// Bytes of the answer in UTF-8.
        length: u64,
    },
    /// The user stopped it; what came of the answer stays.
    #[serde(rename = "turn.cancelled")]
    TurnCancelled {
        /// The turn.
        turn: TurnId,
        /// Bytes of the answer in UTF-8.
        length: u64,
    },
    /// The gateway went down under it; what came of the answer stays.
    #[serde(rename = "turn.interrupted")]
    TurnInterrupted {
        /// The turn.
        turn: TurnId,
        /// Bytes of the answer in UTF-8.
        length: u64,
    },
    /// An operator command was carried out, or asks for confirmation.
    #[serde(rename = "command.result")]
    CommandResult {
        /// The turn.
        turn: TurnId,
        /// Which command.
        intent: Arc<str>,
        /// Its parameters.
        slots: Value,
        /// The result for a person.
        text: Arc<str>,
        /// The result for a program.
        data: Value,
    },
    /// Title or pool changed, or another branch became current. Only what changed is there.
    #[serde(rename = "conversation.updated")]
    ConversationUpdated {
        /// The new title; empty: it has none now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Arc<str>>,
        /// The newly pinned pool; empty: none is pinned now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// The newly pinned agent of that pool; empty: none is pinned now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The newest message of the branch that is current now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<MessageId>,
    },
    /// The conversation is gone.
    #[serde(rename = "conversation.deleted")]
    ConversationDeleted {},
    /// An event of a newer server, `type` included. It has its place in the order all the same.
    #[serde(untagged)]
    #[schemars(skip)]
    Other(Map<String, Value>),
}

impl Event {
    /// The `type` of every event that a server sends.
    pub const TYPES: [&str; 12] = [
        "message.accepted",
        "turn.queued",
        "turn.started",
        "turn.tool",
        "turn.reset",
        "turn.completed",
        "turn.failed",
        "turn.cancelled",
        "turn.interrupted",
        "command.result",
        "conversation.updated",
        "conversation.deleted",
    ];

    /// The turn this event is about.
    pub fn turn(&self) -> Option<&TurnId> {
        match self {
            Self::MessageAccepted { turn, .. }
            | Self::TurnQueued { turn, .. }
            | Self::TurnStarted { turn, .. }
            | Self::TurnTool { turn, .. }
            | Self::TurnReset { turn, .. }
            | Self::TurnCompleted { turn, .. }
            | Self::TurnFailed { turn, .. }
            | Self::TurnCancelled { turn, .. }
            | Self::TurnInterrupted { turn, .. }
            | Self::CommandResult { turn, .. } => Some(turn),
            Self::ConversationUpdated { .. } | Self::ConversationDeleted {} | Self::Other(_) => {
                None
            }
        }
    }

    /// The turn that this event ends, and the length of its answer in bytes.
    pub fn ends(&self) -> Option<(&TurnId, u64)> {
        match self {
            Self::TurnCompleted { turn, length, .. }
            | Self::TurnFailed { turn, length, .. }
            | Self::TurnCancelled { turn, length }
            | Self::TurnInterrupted { turn, length } => Some((turn, *length)),
            _ => None,
        }
    }
}

/// How far a tool call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolPhase {
    /// It was called.
    Started,
    /// It answered.
    Finished,
    /// It failed.
    Failed,
}
