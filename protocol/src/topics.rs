//! Topics: what the whole system looks like. Each carries its last value only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{objects::Task, time::Moment};

/// Something to subscribe to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// How the gateway fares: `status` frames.
    Status,
    /// How each pool fares: `pools` frames.
    Pools,
    /// The user's own tasks as they change: `task` frames.
    Tasks,
    /// What needs somebody's attention: `alert` frames.
    Alerts,
}

/// How well something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should.
    Ok,
    /// Works, with something missing.
    Degraded,
    /// Does not work.
    Down,
    /// Finishes what it has and takes nothing new.
    Draining,
    /// A state of a newer server. Never sent.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// How well a part works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should.
    Ok,
    /// It works, and somebody should look.
    Degraded,
    /// It does not work.
    Failing,
    /// A state of a newer server. Never sent.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// How one part of the gateway is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    /// The part: `store`, `disk`, `memory`, `files`, `providers`, `queue`, `tasks`, `loop`, `clock`,
    /// `settings`, and `certificate` where the server speaks TLS; newer servers may check more.
    pub check: String,
    /// How well it works.
    pub state: CheckState,
    /// What was seen, where it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// How the gateway fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Rises with every new value of the topic.
    pub rev: u64,
    /// When this was so.
    pub at: Moment,
    /// In one word.
    pub health: Health,
    /// Milliseconds since the process began.
    pub uptime_ms: u64,
    /// Open connections.
    pub connections: u64,
    /// Conversations in memory.
    pub conversations: u64,
    /// Turns that run.
    pub turns_running: u64,
    /// Turns that wait.
    pub turns_queued: u64,
    /// Tasks that run.
    pub tasks_running: u64,
    /// Tasks that wait.
    pub tasks_queued: u64,
    /// Processor time of the process, in percent of one core.
    pub cpu_percent: f32,
    /// Resident memory of the process, in bytes.
    pub memory_bytes: u64,
    /// Where that goes, as far as it is known: `program`, `conversations`, `connections`,
    /// `store_cache`, `store_waiting`, `tasks`, `queues`, `routing`, `history`; newer servers may know
    /// more. What is in none of them is `other`. Connections, the store's cache, tasks and queues are
    /// estimated.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memory_by_part: BTreeMap<String, u64>,
    /// How each part is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<HealthCheck>,
    /// What else the server measures.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// How each pool fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pools {
    /// Rises with every new value of the topic.
    pub rev: u64,
    /// When this was so.
    pub at: Moment,
    /// Every pool, by name.
    pub pools: Vec<PoolStatus>,
}

/// How one pool fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolStatus {
    /// Its name.
    pub pool: String,
    /// In one word.
    pub health: Health,
    /// Answers that may be given at once.
    pub workers: u64,
    /// Answers that are given now. More than `workers` while a pool that was made smaller ends what
    /// it had begun.
    pub running: u64,
    /// What waits for a worker, turns and tasks, by priority.
    pub queued: Queued,
    /// All of them together.
    pub waiting: u64,
    /// Milliseconds to the first text of an answer, over the last five minutes; absent where there was
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<FirstToken>,
    /// Tokens that were written in the last minute, by the length of the text.
    pub tokens_per_second: f64,
    /// The share of turns that failed in the last five minutes, 0 to 1; absent where none ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// Dollars that were spent today, UTC, on models whose price is known.
    pub cost_today_usd: f64,
    /// The models of its route, in order, and those that only its agents ask.
    pub models: Vec<ModelStatus>,
    /// What else the server measures.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What waits, by priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// Before all else.
    pub urgent: u64,
    /// Before what is usual.
    pub high: u64,
    /// As usual.
    pub normal: u64,
    /// When there is time.
    pub low: u64,
}

/// How long a first text takes, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirstToken {
    /// Half of the answers began within this time.
    pub p50: u64,
    /// Nineteen of twenty did.
    pub p95: u64,
}

/// How one model of a route fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelStatus {
    /// Who offers it.
    pub provider: String,
    /// Its name.
    pub model: String,
    /// Whether requests are let through.
    pub breaker: Breaker,
    /// Whether the next request may go there: it is neither ill nor has asked for a rest.
    pub asked: bool,
    /// Milliseconds to the first piece of an answer, on average; absent where it has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    /// What else the server knows of it.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Whether requests are let through to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// All are.
    Closed,
    /// None is: it failed too often, and is left alone for a while.
    Open,
    /// One is, to see how it fares.
    HalfOpen,
    /// A state of a newer server. Never sent.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// A task of the user changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskChange {
    /// Rises with every new value of the topic.
    pub rev: u64,
    /// The task as it is now.
    #[serde(flatten)]
    pub task: Task,
}

/// How much an alert matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Critical,
}

/// Something began or ceased to need attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertChange {
    /// Rises with every new value of the topic.
    pub rev: u64,
    /// When this was so.
    pub at: Moment,
    /// What changed last.
    #[serde(flatten)]
    pub alert: Alert,
    /// Everything that changed with this value, where it is more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Alert>,
    /// Everything that needs attention now, so that a reader who missed a change misses nothing.
    #[serde(default)]
    pub active: Vec<Alert>,
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// Its stable name, such as `memory`.
    pub alert: String,
    /// How much it matters.
    pub severity: Severity,
    /// In words.
    pub text: String,
    /// When it began.
    pub since: Moment,
    /// True once it is over.
    #[serde(default)]
    pub resolved: bool,
    /// What is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Its newest value, in the unit that the metric's name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it is above or below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How often it came back soon after it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<u32>,
    /// The id of this time in which it needed attention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}
