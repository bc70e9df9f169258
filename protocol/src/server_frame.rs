//! What a server says to a client.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::{
    codes::ErrorCode,
    event::{ConversationEvent, Event},
    ids::{ConversationId, SessionId, TurnId, UserId},
    objects::{Limits, Message},
    results::Outcome,
    topics::{AlertChange, Pools, Status, TaskChange},
};

/// One frame from the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum ServerFrame {
    /// The connection is authenticated.
    #[serde(rename = "welcome")]
    Welcome(Box<Welcome>),
    /// A request was carried out.
    #[serde(rename = "reply")]
    Reply(Reply),
    /// A request was refused, or the connection is about to be closed.
    #[serde(rename = "error")]
    Error(ErrorFrame),
    /// An answer grew.
    #[serde(rename = "turn.delta")]
    Delta(Delta),
    /// State instead of a replay.
    #[serde(rename = "snapshot")]
    Snapshot(Snapshot),
    /// The replay of one conversation is over.
    #[serde(rename = "resumed")]
    Resumed(Resumed),
    /// How the gateway fares.
    #[serde(rename = "status")]
    Status(Box<Status>),
    /// How each pool fares.
    #[serde(rename = "pools")]
    Pools(Pools),
    /// A task of the user changed.
    #[serde(rename = "task")]
    Task(Box<TaskChange>),
    /// Something began or ceased to need attention.
    #[serde(rename = "alert")]
    Alert(Box<AlertChange>),
    /// The server will close soon: reconnect elsewhere or later.
    #[serde(rename = "goaway")]
    GoAway(GoAway),
    /// The answer to a `ping`.
    #[serde(rename = "pong")]
    Pong(Pong),
    /// Something happened in a conversation.
    #[serde(untagged)]
    Event(Box<ConversationEvent>),
    /// A frame of a newer server, `type` included; a client passes over it.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(Map<String, Value>),
}

impl ServerFrame {
    /// The `type` of every frame that a server sends, conversation events aside.
    pub const TYPES: [&str; 12] = [
        "welcome",
        "reply",
        "error",
        "turn.delta",
        "snapshot",
        "resumed",
        "status",
        "pools",
        "task",
        "alert",
        "goaway",
        "pong",
    ];

    /// Reads a frame. An unknown `type` is no error; a known one with the wrong shape is.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
        }
        let kind = serde_json::from_str::<Head<'_>>(text)?.kind;
        if kind == "turn.delta" {
            // By far the most frequent: read without the detour that a tagged enum takes.
            return serde_json::from_str(text).map(Self::Delta);
        }
        let frame = serde_json::from_str(text)?;
        let understood = match &frame {
            Self::Event(of) => !matches!(of.event, Event::Other(_)),
            Self::Unknown(_) => false,
            _ => true,
        };
        if !understood && (Self::TYPES.contains(&&*kind) || Event::TYPES.contains(&&*kind)) {
            return Err(serde_json::Error::custom(format_args!("`{kind}` has the wrong shape")));
        }
        Ok(frame)
    }

    /// The frame as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("every field is a string, a number or a map by string")
    }
}

/// Once, right after a connection is authenticated; before every other frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Welcome {
    /// The protocol spoken: `operatoros.v1`.
    pub protocol: String,
    /// The user's session.
    pub session: SessionId,
    /// The user.
    pub user: UserId,
    /// The server's name and version: `operatoros/0.1.0`.
    pub server: String,
    /// What the client must stay within.
    pub limits: Limits,
    /// The server pings after this much silence, in milliseconds.
    pub heartbeat_ms: u64,
    /// True where nobody had to say who they are.
    pub anonymous: bool,
}

/// The answer to a frame that had an `id`, where it was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// The frame's `id`.
    pub re: String,
    /// What came of it.
    pub result: Outcome,
}

/// What a refused or failed request may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// Nothing was done: send it again at will.
    NotStarted,
    /// Nobody knows: send it again with the same `key`, or look first.
    MayHaveExecuted,
    /// It was done; only the answer is lost.
    Committed,
    /// A word of a newer server. Never sent.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The answer to a frame that was refused, or the reason for a close.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorFrame {
    /// The `id` of the frame it answers, where that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<String>,
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason and what to do next, for people.
    pub message: String,
    /// Whether the same frame may succeed later.
    pub retryable: bool,
    /// How long to wait before that, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What was done all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Execution>,
    /// More about it, by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// A piece of an answer, unsequenced and idempotent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delta {
    /// The conversation.
    pub conversation: ConversationId,
    /// The turn whose answer grows.
    pub turn: TurnId,
    /// Where `text` belongs, in UTF-8 bytes; below the reader's end, it replaces from there.
    pub offset: u64,
    /// `offset` and the bytes of `text`.
    pub end: u64,
    /// The piece.
    pub text: String,
}

/// A [`Delta`] that borrows, for a server that writes many.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type", rename = "turn.delta")]
pub struct DeltaRef<'a> {
    /// The conversation.
    pub conversation: &'a str,
    /// The turn whose answer grows.
    pub turn: &'a str,
    /// Where `text` belongs, in UTF-8 bytes.
    pub offset: u64,
    /// `offset` and the bytes of `text`.
    pub end: u64,
    /// The piece.
    pub text: &'a str,
}

/// The state of a conversation, where the log no longer reaches back to the client's position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its epoch now.
    pub epoch: u64,
    /// The number of the newest event that this state includes.
    pub seq: u64,
    /// The newest messages of the current branch, in order.
    pub messages: Vec<Message>,
    /// The answer that is still growing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<GrowingTurn>,
}

/// An answer that is still growing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GrowingTurn {
    /// The turn.
    pub turn: TurnId,
    /// What has come so far.
    pub text: String,
    /// Its length in UTF-8 bytes.
    pub end: u64,
}

/// The replay of one conversation is over; what follows is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resumed {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its epoch.
    pub epoch: u64,
    /// The number of the last event replayed.
    pub seq: u64,
}

/// The server will close soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoAway {
    /// Why, in words.
    pub reason: String,
    /// How long to wait before reconnecting, in milliseconds.
    pub reconnect_after_ms: u64,
}

/// The answer to a `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Pong {
    /// The ping's `id`, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<String>,
}
