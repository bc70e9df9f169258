//! The wire protocol of OperatorOS: frames, ids, error and close codes, and a client that resumes.
//!
//! `SPEC.md` beside this crate says what the frames mean; its tables, the JSON Schemas and the
//! AsyncAPI document are generated from the types here.
//!
//! Invariant: nothing here knows the gateway; a client needs this crate alone.

mod bad_frame;
pub mod client;
mod client_frame;
mod codes;
pub mod documents;
mod event;
mod ids;
mod objects;
mod results;
mod server_frame;
mod time;
mod topics;

pub use bad_frame::{BadFrame, FRAME_ID_BYTES_MAX, Problem};
pub use client_frame::{
    As, ClientFrame, ConversationCreate, ConversationDelete, ConversationFollow, ConversationFork,
    ConversationGet, ConversationHistory, ConversationList, ConversationUnfollow,
    ConversationUpdate, Hello, IfBusy, MessageSend, Ping, Request, Resume, Software, Subscribe,
    TaskCancel, TaskGet, TaskList, TaskRetry, TaskSubmit, TaskUpdate, TurnCancel, TurnRetry,
    Unsubscribe,
};
pub use codes::{CloseCode, ErrorCode, may_reconnect};
pub use event::{ConversationEvent, Event, SPECIALIST, ToolPhase};
pub use ids::{ConversationId, MessageId, ROOT, SessionId, TaskId, TurnId, UserId};
pub use objects::{
    AnswerStatus, Conversation, Failure, FinishReason, Limits, Message, Priority, Role, Routing,
    Specialist, Task, TaskStatus, Timing, TurnRef, Usage,
};
pub use results::{
    ConversationPage, Done, Following, Gone, MessagePage, Outcome, SendResult, SendState, TaskPage,
    TaskResult, TopicResult, TurnResult,
};
pub use server_frame::{
    Delta, DeltaRef, ErrorFrame, Execution, GoAway, GrowingTurn, Pong, Reply, Resumed, ServerFrame,
    Snapshot, Welcome,
};
pub use time::Moment;
pub use topics::{
    Alert, AlertChange, Breaker, CheckState, FirstToken, Health, HealthCheck, ModelStatus,
    PoolStatus, Pools, Queued, Severity, Status, TaskChange, Topic,
};

/// The version of the protocol, as `welcome.protocol` says it.
pub const PROTOCOL: &str = "operatoros.v1";
/// The WebSocket subprotocol for programs: one JSON object per text message, both ways.
pub const SUBPROTOCOL_JSON: &str = "operatoros.v1.json";
/// The WebSocket subprotocol for people: one line in, readable lines out.
pub const SUBPROTOCOL_TEXT: &str = "operatoros.v1.text";
/// A subprotocol entry that starts so carries the credentials and is never echoed back.
pub const SUBPROTOCOL_BEARER: &str = "bearer.";
