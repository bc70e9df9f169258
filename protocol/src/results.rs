//! What a `reply` carries, by the request that it answers.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    ids::{ConversationId, MessageId, TurnId},
    objects::{Conversation, Message, Task},
    topics::Topic,
};

/// The result of a request, by what was asked.
// A server writes one of the typed ones; a client, who knows what it asked for, always reads
// `Other` and turns it into that with `read`. The line above is published, so it says less.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Outcome {
    /// Of `message.send` and `turn.retry`.
    Sent(SendResult),
    /// Of `turn.cancel`.
    Turn(TurnResult),
    /// Of `conversation.create`, `.get`, `.update` and `.fork`.
    Conversation(Conversation),
    /// Of `conversation.list`.
    Conversations(ConversationPage),
    /// Of `conversation.history`.
    Messages(MessagePage),
    /// Of `conversation.follow`.
    Following(Following),
    /// Of `conversation.delete` and `.unfollow`.
    Gone(Gone),
    /// Of `subscribe` and `unsubscribe`.
    Topic(TopicResult),
    /// Of `task.submit`, `.get`, `.update`, `.cancel` and `.retry`.
    Task(Box<TaskResult>),
    /// Of `task.list`.
    Tasks(TaskPage),
    /// Of `hello` and `ping`: nothing beyond "done".
    Done(Done),
    /// Anything at all.
    #[schemars(skip)]
    Other(Value),
}

impl Outcome {
    /// The result as what the request's answer is documented to be.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        match self {
            Self::Other(value) => T::deserialize(value),
            typed => T::deserialize(serde_json::to_value(typed)?),
        }
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::Other)
    }
}

/// Whether an accepted message is being answered already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// Its turn runs.
    Running,
    /// Its turn waits.
    Queued,
}

/// A message was kept and will be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SendResult {
    /// The conversation; new where the frame named none.
    pub conversation: ConversationId,
    /// The user's message.
    pub message: MessageId,
    /// The turn that answers it.
    pub turn: TurnId,
    /// Whether it runs.
    pub state: SendState,
    /// Where it stands in the queue, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// True where the `key` had been seen before, so that nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
}

/// A turn is being stopped; its end comes as an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnResult {
    /// The turn.
    pub turn: TurnId,
}

/// Some conversations, the latest changed first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConversationPage {
    /// The rows.
    pub conversations: Vec<Conversation>,
    /// What to send as `cursor` for the next page; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Some messages of the current branch, in the order of the conversation; the last page first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MessagePage {
    /// The rows.
    pub messages: Vec<Message>,
    /// What to send as `before` for the page before this; absent: this was the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A task as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskResult {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// Of `task.submit`: true where the `key` had been seen before, so that nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
}

/// Some tasks, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TaskPage {
    /// The rows.
    pub tasks: Vec<Task>,
    /// What to send as `cursor` for the next page; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The connection follows a conversation from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Following {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its epoch.
    pub epoch: u64,
    /// The number of its newest event.
    pub seq: u64,
}

/// The conversation is deleted, or followed no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gone {
    /// The conversation.
    pub conversation: ConversationId,
}

/// The topic whose subscription changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicResult {
    /// The topic.
    pub topic: Topic,
}

/// Done; there is nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Done {}
