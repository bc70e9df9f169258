//! What a client says to a server.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    ids::{ConversationId, MessageId, TaskId, TurnId},
    objects::{Priority, TaskStatus},
    time::Moment,
    topics::Topic,
};

/// One frame from a client.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ClientFrame {
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
    /// Comes back as `re` of exactly one `reply` or `error`; at most 64 bytes. Absent: no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub id: Option<String>,
}

impl ClientFrame {
    /// The frame as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("every field is a string, a number or a map by string")
    }
}

macro_rules! requests {
    ($($(#[doc = $doc:literal])* $variant:ident($fields:ident) $name:literal,)*) => {
        /// What a client asks for.
        #[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
        #[serde(tag = "type")]
        pub enum Request {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant($fields),)*
        }

        impl Request {
            /// Every `type`, each with what it is for.
            pub const TYPES: &[(&str, &str)] = &[$(($name, concat!($($doc,)*)),)*];

            /// The `type` as it travels.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            /// Reads the fields of the named type; `None` where there is no such type.
            pub(crate) fn read<'de, D: Deserializer<'de>>(
                name: &str,
                fields: D,
            ) -> Option<Result<Self, D::Error>> {
                Some(match name {
                    $($name => $fields::deserialize(fields).map(Self::$variant),)*
                    _ => return None,
                })
            }
        }
    };
}

requests! {
    /// Says who it is, and takes up where an earlier connection left off.
    Hello(Hello) "hello",
    /// Sends a message; an answer begins.
    MessageSend(MessageSend) "message.send",
    /// Stops a turn, running or queued.
    TurnCancel(TurnCancel) "turn.cancel",
    /// Asks for a second answer to the same message, as a sibling branch.
    TurnRetry(TurnRetry) "turn.retry",
    /// Begins an empty conversation.
    ConversationCreate(ConversationCreate) "conversation.create",
    /// Reads one conversation.
    ConversationGet(ConversationGet) "conversation.get",
    /// Lists the user's conversations, the latest changed first.
    ConversationList(ConversationList) "conversation.list",
    /// Changes title, pinned pool or current branch.
    ConversationUpdate(ConversationUpdate) "conversation.update",
    /// Copies a branch into a new conversation.
    ConversationFork(ConversationFork) "conversation.fork",
    /// Deletes a conversation for good.
    ConversationDelete(ConversationDelete) "conversation.delete",
    /// Reads the messages of the current branch, the newest page first.
    ConversationHistory(ConversationHistory) "conversation.history",
    /// Follows a conversation's events, from a position or from now on.
    ConversationFollow(ConversationFollow) "conversation.follow",
    /// Follows it no more.
    ConversationUnfollow(ConversationUnfollow) "conversation.unfollow",
    /// Asks for a topic's values.
    Subscribe(Subscribe) "subscribe",
    /// Asks for them no more.
    Unsubscribe(Unsubscribe) "unsubscribe",
    /// Hands in a background task.
    TaskSubmit(TaskSubmit) "task.submit",
    /// Reads one task.
    TaskGet(TaskGet) "task.get",
    /// Lists the user's tasks, the newest first.
    TaskList(TaskList) "task.list",
    /// Takes a task back.
    TaskCancel(TaskCancel) "task.cancel",
    /// Changes a task that has not begun.
    TaskUpdate(TaskUpdate) "task.update",
    /// Has a task that failed or was cancelled done after all.
    TaskRetry(TaskRetry) "task.retry",
    /// Asks for a `pong`.
    Ping(Ping) "ping",
}

/// `null` means absent, for a list too.
fn null_is_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        pub struct $name { $($(#[$meta])* pub $field: $kind,)* }
    )*};
}

fields! {
    /// Says who it is, and takes up where an earlier connection left off.
    Hello {
        /// The credentials, where the upgrade carried none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The program that speaks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<Software>,
        /// Where the client stands in the conversations it was following.
        #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
        resume: Vec<Resume>,
    }

    /// A program and its version.
    Software {
        /// Its name.
        name: String,
        /// Its version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    }

    /// Where a client stands in a conversation: it has everything up to here.
    Resume {
        /// The conversation.
        conversation: ConversationId,
        /// The epoch of `seq`.
        epoch: u64,
        /// The last event seen.
        seq: u64,
        /// The turn whose answer it was reading.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<TurnId>,
        /// How many UTF-8 bytes of that answer it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
    }

    /// Sends a message; an answer begins.
    MessageSend {
        /// What the person says.
        text: String,
        /// Where; absent: in a new conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
        /// Sent again with the same key within 24 hours, the message is not doubled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The pool that shall answer this one; absent: the pinned one, else it is routed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// Pools that are all asked, each for an answer of its own; `pool`, else the pinned one,
        /// else `general`, then makes one answer of theirs. One alone is the same as `pool`.
        #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
        pools: Vec<String>,
        /// The agent that shall answer, of `pool` where that is given; absent: the pool picks one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The message to continue from, or `root` for a new first message; absent: the current
        /// branch's newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<MessageId>,
        /// What to do where a turn runs already; absent: `queue`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_busy: Option<IfBusy>,
        /// How to understand the text; absent: `auto`.
        #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
        understood_as: Option<As>,
        /// The client's own notes, kept with the message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
        /// What the client was doing when it sent this, as W3C's Trace Context writes it: the turn's
        /// trace goes on from there; absent: from the `traceparent` of the connection's upgrade. One that
        /// cannot be read is ignored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traceparent: Option<String>,
    }

    /// Stops a turn, running or queued.
    TurnCancel {
        /// The turn.
        turn: TurnId,
    }

    /// Asks for a second answer to the same message.
    TurnRetry {
        /// A turn of that message.
        turn: TurnId,
    }

    /// Begins an empty conversation.
    ConversationCreate {
        /// What to call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The pool to pin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
    }

    /// Reads one conversation.
    ConversationGet {
        /// The conversation.
        conversation: ConversationId,
    }

    /// Lists the user's conversations.
    ConversationList {
        /// Where the page before ended; absent: the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
        /// Rows at the most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    }

    /// Changes a conversation. What is absent stays as it is.
    ConversationUpdate {
        /// The conversation.
        conversation: ConversationId,
        /// The new title; empty: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The pool to pin; empty: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// The agent of the pinned pool to pin; empty: none. Another pool unpins it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// A message of the branch that shall be the current one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<MessageId>,
    }

    /// Copies a branch into a new conversation.
    ConversationFork {
        /// The conversation.
        conversation: ConversationId,
        /// The last message to copy; absent: the current branch's newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<MessageId>,
        /// What to call the new one; absent: as the old one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    }

    /// Deletes a conversation for good.
    ConversationDelete {
        /// The conversation.
        conversation: ConversationId,
    }

    /// Reads the messages of the current branch.
    ConversationHistory {
        /// The conversation.
        conversation: ConversationId,
        /// A message id or a page's `cursor`: the page ends before it; absent: the newest page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// Rows at the most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    }

    /// Follows a conversation's events. Without a position: from now on, after a `snapshot`.
    ConversationFollow {
        /// The conversation.
        conversation: ConversationId,
        /// The epoch of `seq`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<u64>,
        /// The last event seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// The turn whose answer it was reading.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<TurnId>,
        /// How many UTF-8 bytes of that answer it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
    }

    /// Follows a conversation no more.
    ConversationUnfollow {
        /// The conversation.
        conversation: ConversationId,
    }

    /// Hands in a background task.
    TaskSubmit {
        /// What is to be done.
        text: String,
        /// Who shall do it; absent: it is routed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// The agent that shall do it, of `pool` where that is given; absent: the pool picks one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// How soon; absent: `normal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
        /// Not before this; absent: at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_at: Option<Moment>,
        /// Sent again with the same key within 24 hours, the task is not doubled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Attempts it may take.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_attempts: Option<u32>,
        /// When it is done again: `every day at 9`, or a cron expression of five fields.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<String>,
        /// The time zone that `every` is meant in, such as `Europe/Berlin`; absent: the server's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_zone: Option<String>,
        /// The tasks that must have succeeded before.
        #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        after: Vec<TaskId>,
        /// Milliseconds that one attempt may take; absent: as the server is set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_limit_ms: Option<u64>,
        /// The conversation in which its outcome is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
    }

    /// Reads one task.
    TaskGet {
        /// The task.
        task: TaskId,
    }

    /// Lists the user's tasks.
    TaskList {
        /// Only those that stand so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<TaskStatus>,
        /// Only those that are wanted so soon.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
        /// Only those of that pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// Where the page before ended; absent: the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
        /// Rows at the most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    }

    /// Takes a task back.
    TaskCancel {
        /// The task.
        task: TaskId,
    }

    /// Changes a task that has not begun. What is absent stays as it is.
    TaskUpdate {
        /// The task.
        task: TaskId,
        /// How soon it is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
        /// Not before this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_at: Option<Moment>,
        /// Who shall do it. Another pool picks its agent anew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<String>,
        /// The agent that shall do it, of `pool` where that is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The tasks that must have succeeded before; an empty list: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Vec<TaskId>>,
        /// When it is done again, as in `task.submit`; an empty text: no more after its next run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<String>,
        /// The time zone that `every` is meant in; absent: the server's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_zone: Option<String>,
    }

    /// Has a task that failed or was cancelled done after all, with all its attempts.
    TaskRetry {
        /// The task.
        task: TaskId,
    }

    /// Asks for a `pong`.
    Ping {}
}

/// Asks for a topic's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subscribe {
    /// The topic.
    pub topic: Topic,
    /// Of `status`: milliseconds between two frames, at the least. A change of a state is told at once,
    /// and nothing is told more often than it is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
}

/// Asks for a topic's values no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unsubscribe {
    /// The topic.
    pub topic: Topic,
}

/// What `message.send` does where a turn of the conversation runs already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfBusy {
    /// Wait behind it.
    #[default]
    Queue,
    /// Stop it and go first.
    Interrupt,
    /// Be refused with `busy`.
    Reject,
}

/// How `message.send` understands its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum As {
    /// As an operator command where it clearly is one, else as chat.
    #[default]
    Auto,
    /// As chat, whatever it says.
    Chat,
    /// As an operator command.
    Command,
}
