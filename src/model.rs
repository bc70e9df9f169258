//! The nouns of the domain: users, conversations, turns, messages, events, tasks, alerts.
//!
//! Invariant: no I/O, no wire format that a client sees; the serde derives are the store's format.

mod alert;
mod certificate;
mod check;
mod clock;
mod conversation;
mod event;
mod id;
mod memory;
mod metric;
mod pool_vitals;
mod priority;
mod spend;
mod task;
mod tool;
mod trace;
mod usage;
mod vitals;

pub use alert::{Condition, Incident, Severity, Side, Watch, amount, in_bytes, lasting};
pub use certificate::Certificate;
pub use check::{Check, Part, State};
pub use clock::{Clock, Timestamp, retry_after};
pub use conversation::{
    Accepted, AnswerStatus, Conversation, Cursor, DemoStep, Message, Offer, OpenTurn, Role,
    Session, Specialist, Standing, Subject, TurnRef, User,
};
pub use event::{Event, Reason, Routing, SPECIALIST, Sequenced, ToolPhase, TurnError};
pub use id::{
    AgentName, ConversationId, IncidentId, MessageId, PoolName, ProviderName, SessionId, TaskId,
    TurnId, UserId,
};
pub use memory::{MemoryPart, MemoryParts};
pub use metric::{Metric, Unit};
pub use pool_vitals::{BreakerState, LegLoad, PoolHealth, PoolVitals};
pub use priority::Priority;
pub use spend::{Account, Day, NanoUsd, Spend};
pub use task::{Every, Fault, OpenTask, Task, TaskAnswer, TaskFilter, TaskStatus};
pub use tool::ToolSpec;
pub use trace::{NoTraceParent, TraceId, TraceParent, Traced};
pub use usage::{BYTES_PER_TOKEN_LEAST, FinishReason, Timing, Usage, Usd};
pub use vitals::{Gauges, Health, Pace, Vitals, counted};
