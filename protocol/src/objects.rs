//! The things that frames speak of: conversations, messages, tasks, and what they cost.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    codes::ErrorCode,
    ids::{ConversationId, MessageId, TaskId, TurnId},
    time::Moment,
};

/// A tree of messages with one current branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Its id.
    pub conversation: ConversationId,
    /// What it is called; `null`: it has no title.
    pub title: Option<Arc<str>>,
    /// The pool that the user pinned; `null`: each message is routed by itself.
    pub pool: Option<String>,
    /// The agent of that pool that the user pinned with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// When it began.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// How many messages it has, in all branches.
    pub messages: u64,
    /// The newest message of the current branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<MessageId>,
    /// The turn for which a specialist answers here. Such a conversation is in no list, and is
    /// deleted with the one that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<TurnRef>,
}

/// A turn, with its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnRef {
    /// Its conversation.
    pub conversation: ConversationId,
    /// The turn.
    pub turn: TurnId,
}

/// One of several pools that are asked the same, and where it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Specialist {
    /// The pool.
    pub pool: String,
    /// The conversation that holds its answer.
    pub conversation: ConversationId,
    /// The turn of that conversation.
    pub turn: TurnId,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The gateway's specialist.
    Assistant,
}

/// How an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub message: MessageId,
    /// The turn it came with.
    pub turn: TurnId,
    /// Who wrote it.
    pub role: Role,
    /// What it says. Of a running answer: what has come so far.
    pub text: Arc<str>,
    /// When it was written; an answer's, when it ended.
    pub at: Moment,
    /// The message it follows; absent for a first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    /// Of an answer: how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AnswerStatus>,
    /// Of an answer: the pool that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Of an answer: which agent of that pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Of an answer: the provider that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Of an answer: the model that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// Of an answer: its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Of a completed answer: why it ended there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// The client's own notes on its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Of an answer: the specialists that it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specialists: Vec<Specialist>,
}

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Those of `input` that came from the provider's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// True where the provider did not count, so that these are reckoned from the text's length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated: Option<bool>,
}

/// Milliseconds that a turn took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// From the message's arrival to its turn's start.
    pub queued: u64,
    /// From the turn's start to the first piece of text.
    pub first_token: u64,
    /// From the message's arrival to the end.
    pub total: u64,
}

/// Why an answer ended where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model had said what it had to say.
    Stop,
    /// The limit of output tokens was reached.
    Length,
    /// The model wants a tool's result that it will not get.
    ToolCalls,
    /// The provider's filter cut it.
    ContentFilter,
    /// The model declined; what it said to that is the text.
    Refusal,
    /// An operator command was carried out.
    Command,
    /// A reason of a newer server. Never sent.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Why a pool was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Routing {
    /// The rule that decided, such as `message`, `pinned`, `scored`, `sticky`, `elliptic` or `default`.
    pub by: Arc<str>,
    /// How sure, from 0 to 1, where it was a judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// In words.
    pub because: Arc<str>,
    /// The likeliest pools with their probabilities, where it was a judgement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, f32>,
    /// The words of the message that spoke most for the likeliest pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Arc<str>>,
    /// Another pool that the message is about as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

/// Why a turn or a task failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason, for people. Never a provider's own words: they can hold keys.
    pub message: String,
    /// Whether the same may do better later.
    pub retryable: bool,
    /// How long to wait before that, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// How soon a task is wanted.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nothing else waits.
    Low,
    /// In its turn.
    #[default]
    Normal,
    /// Before what is normal.
    High,
    /// Before everything.
    Urgent,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It waits for its time or for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It has a result.
    Succeeded,
    /// All its attempts failed.
    Failed,
    /// Somebody took it back.
    Cancelled,
}

/// A piece of background work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its id.
    pub task: TaskId,
    /// What people call it: `task 12`.
    #[serde(default)]
    pub number: u64,
    /// What is to be done.
    pub text: Arc<str>,
    /// The pool it was routed or pinned to; `null` until then.
    pub pool: Option<String>,
    /// The agent of that pool it was routed or pinned to; absent where the pool has none for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// How soon it is wanted.
    pub priority: Priority,
    /// How it stands.
    pub status: TaskStatus,
    /// Attempts begun so far.
    pub attempts: u32,
    /// Attempts it may take.
    pub max_attempts: u32,
    /// When it was submitted.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Moment>,
    /// When its latest attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Moment>,
    /// Of one that succeeded: the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Arc<str>>,
    /// The provider that its newest attempt asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that its newest attempt asked last, by the most exact name that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    /// The tokens of its newest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Of an answer that came to its end: why it ended there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
    /// Of one that failed, or will try again: why its latest attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Where its outcome is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it is done again, as it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Arc<str>>,
    /// The time zone that `every` is meant in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Arc<str>>,
    /// Of one that recurs: how often it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<u64>,
    /// The tasks that must have succeeded before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<TaskId>,
    /// Milliseconds that one attempt may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_ms: Option<u64>,
    /// How far one is that runs, or what budget one waits for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Arc<str>>,
}

/// What a client must stay within; a breach gets an `error` that names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// Bytes of one client frame.
    pub frame_bytes: u64,
    /// Bytes of a message's or a task's text.
    pub text_bytes: u64,
    /// Bytes of a frame's `id`.
    pub frame_id_bytes: u64,
    /// Bytes of an idempotency `key`.
    pub key_bytes: u64,
    /// Bytes of a conversation's title.
    pub title_bytes: u64,
    /// Bytes of a message's `metadata`, written as JSON.
    pub metadata_bytes: u64,
    /// Bytes of one answer.
    pub answer_bytes: u64,
    /// Bytes of text in one `turn.delta`.
    pub delta_bytes: u64,
    /// Conversations that one connection may follow.
    pub followed_conversations: u64,
    /// Entries of `hello.resume`; what is beyond is resumed by `conversation.follow`. Zero: not said.
    pub resume_entries: u64,
    /// Turns that may wait behind the running one in a conversation.
    pub queued_turns: u64,
    /// Rows of a page.
    pub page_rows: u64,
    /// Frames a connection may send in one burst.
    pub frames_burst: u64,
    /// Frames a second that a connection may send for ever.
    pub frames_per_second: u64,
    /// Frames a minute that cannot be understood before the connection is closed with 4500.
    pub bad_frames_per_minute: u64,
    /// Pools that one message may ask.
    #[serde(default)]
    pub specialists: u64,
}
