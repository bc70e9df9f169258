//! Conversations, their messages and where a reader stands in them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AgentName, ConversationId, FinishReason, MessageId, PoolName, ProviderName, SessionId,
    Timestamp, TurnId, Usage, UserId,
};

/// Somebody who holds conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Derived from the name.
    pub id: UserId,
    /// How the credentials name them.
    pub name: Arc<str>,
    /// First seen.
    pub created_at: Timestamp,
}

/// A user's presence, kept across connections and restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is; one each.
    pub user: UserId,
    /// First seen.
    pub created_at: Timestamp,
}

/// A tree of messages with one current branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Whose it is.
    pub user: UserId,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// The pool that the user pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolName>,
    /// The pool that was asked last: what follows is likely to be for it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<PoolName>,
    /// The agent of the pinned pool that the user pinned with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// The agent that was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_agent: Option<AgentName>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Changes when continuity was lost; the store refuses appends under an older one.
    pub epoch: u64,
    /// The number of its newest event.
    pub seq: u64,
    /// The newest message of the current branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<MessageId>,
    /// Messages in all branches.
    pub messages: u64,
    /// OpenAI's conversation that mirrors this branch, and the message up to which it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<(Arc<str>, MessageId)>,
    /// What is left open between the user and the operator.
    #[serde(default, skip_serializing_if = "Standing::is_empty")]
    pub standing: Standing,
    /// The turn that a specialist answers here: the conversation is a part of that one, and goes
    /// with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<TurnRef>,
}

/// A turn as another conversation names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnRef {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its id.
    pub turn: TurnId,
}

/// One of several pools that are asked the same, and where it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specialist {
    /// Who.
    pub pool: PoolName,
    /// The conversation that holds its answer.
    pub conversation: ConversationId,
    /// The turn of that.
    pub turn: TurnId,
}

/// What is left open between a user and the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// The answers to what the operator asked back last; none where it asked nothing.
    #[serde(skip_serializing_if = "<[Offer]>::is_empty")]
    pub offers: Arc<[Offer]>,
    /// The demonstration that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoStep>,
    /// What was spoken of last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

impl Standing {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was spoken of in a conversation, so that `it` and `that` can mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// What a pool answers.
    Answer,
    /// The background task of this number.
    Task(u32),
}

/// An answer to something that the operator asked back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What to say.
    pub say: Arc<str>,
    /// The slash command that it stands for; nothing is done where there is none.
    pub run: Option<Arc<str>>,
}

/// How far a demonstration is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoStep {
    /// Which one.
    pub demo: Arc<str>,
    /// The step that is being shown, from 0.
    pub step: u32,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The gateway's specialist.
    Assistant,
}

/// How an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerStatus {
    /// It waits or grows.
    Running,
    /// It is whole.
    Completed,
    /// It could not be had.
    Failed,
    /// The user stopped it.
    Cancelled,
    /// The gateway went down under it.
    Interrupted,
}

/// One message, asked or answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose it is.
    pub conversation: ConversationId,
    /// The turn it came with. A retry's turn has its own answer to the first turn's message.
    pub turn: TurnId,
    /// Who wrote it.
    pub role: Role,
    /// What it says.
    pub text: Arc<str>,
    /// When it was written; an answer's, when it ended.
    pub at: Timestamp,
    /// The message it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    /// Of an answer: how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AnswerStatus>,
    /// Of an answer: who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolName>,
    /// Of an answer: which agent of that pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// Of an answer: the provider that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    /// Of an answer: the model that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// Of an answer: its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Of an answer: why it ended there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// Of an answer: the model's reasoning, where it showed any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Arc<str>>,
    /// The client's own notes on its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
    /// Of an answer: the specialists that it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specialists: Vec<Specialist>,
}

impl Message {
    /// What somebody says, with nothing more known of it.
    pub fn new(
        conversation: ConversationId,
        turn: TurnId,
        role: Role,
        text: Arc<str>,
        at: Timestamp,
    ) -> Self {
        Self {
            id: MessageId::new(),
            conversation,
            turn,
            role,
            text,
            at,
            parent: None,
            status: None,
            pool: None,
            agent: None,
            provider: None,
            model: None,
            usage: None,
            finish_reason: None,
            reasoning: None,
            metadata: None,
            specialists: Vec::new(),
        }
    }
}

/// A turn that has not ended. The store lists them, so that a start finds what a crash left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTurn {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its id.
    pub turn: TurnId,
    /// The user's message.
    pub message: MessageId,
    /// The answer that grows.
    pub answer: MessageId,
}

/// What `message.send` answers; kept under the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The conversation.
    pub conversation: ConversationId,
    /// The user's message.
    pub message: MessageId,
    /// The turn that answers it.
    pub turn: TurnId,
    /// Where it stood in the queue; none when it ran at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// Where a reader stands: everything up to here has been shown to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The epoch of `seq`.
    pub epoch: u64,
    /// The last event seen.
    pub seq: u64,
    /// The answer it was reading, and how many bytes of it it has.
    pub reading: Option<(TurnId, u64)>,
}
