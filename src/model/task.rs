//! Background tasks: what is to be done, how far it is, and what came of it.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    AgentName, ConversationId, FinishReason, PoolName, Priority, ProviderName, Reason, TaskId,
    Timestamp, TraceId, Usage, UserId,
};

/// A piece of background work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What people call it; no two tasks have the same.
    pub number: u64,
    /// Whose it is.
    pub user: UserId,
    /// Where it was asked for, and its outcome is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// What is to be done.
    pub text: Arc<str>,
    /// Who does it; routed when it first runs, where nobody was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolName>,
    /// Which agent of that pool; picked when it first runs, where nobody was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// How soon it is wanted.
    #[serde(default)]
    pub priority: Priority,
    /// How it stands.
    pub status: TaskStatus,
    /// Attempts that were begun, of this run where it recurs.
    pub attempts: u32,
    /// Attempts that it may take.
    pub max_attempts: u32,
    /// How long one attempt may take.
    pub time_limit_ms: u64,
    /// When it was handed in.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    /// When its run was to begin, where an attempt has moved `run_at`; a rule counts from this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_at: Option<Timestamp>,
    /// When its newest attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended, or its newest run where it recurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it is done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Every>,
    /// Runs that have ended, where it recurs.
    #[serde(default)]
    pub runs: u64,
    /// The tasks that must have succeeded before.
    #[serde(default, skip_serializing_if = "<[TaskId]>::is_empty")]
    pub after: Arc<[TaskId]>,
    /// What came of it; of its newest run, where it recurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Arc<str>>,
    /// What is known of the answer of the newest attempt that has ended; nothing where nobody was
    /// asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<TaskAnswer>,
    /// Why its newest attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// How far the newest attempt is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Arc<str>>,
    /// Its outcome has still to be told where it was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untold: bool,
    /// The trace of the command or the connection that handed it in, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
}

/// Who answered an attempt, and what that took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAnswer {
    /// The provider that was asked last.
    pub provider: ProviderName,
    /// The model, by the most exact name that is known.
    pub model: Arc<str>,
    /// Its tokens, counted or reckoned.
    pub usage: Usage,
    /// Why it ended there, where it was whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<FinishReason>,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It waits: for its time, for other tasks, for a worker.
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

impl TaskStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// Something is still to be done.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// When something is done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Every {
    /// As it was said: `every day at 9`, or a cron expression.
    pub rule: Arc<str>,
    /// The time zone in which it was meant, by its name in the IANA database.
    pub zone: Arc<str>,
}

/// Why an attempt, or the whole task, failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The attempt had no answer, for this reason.
    Attempt {
        /// Why.
        reason: Reason,
        /// The same may do better later.
        retryable: bool,
    },
    /// The gateway went down under the last attempt that it had.
    Interrupted,
    /// A task that it waited for did not succeed.
    Dependency {
        /// Which.
        number: u64,
    },
}

/// What the order of work must know of a task that is not settled: open, or with an outcome that
/// is still to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTask {
    /// Its id.
    pub id: TaskId,
    /// What people call it.
    pub number: u64,
    /// Whose it is.
    pub user: UserId,
    /// How it stands.
    pub status: TaskStatus,
    /// How soon it is wanted.
    pub priority: Priority,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<Timestamp>,
    /// The tasks that must have succeeded before.
    #[serde(default, skip_serializing_if = "<[TaskId]>::is_empty")]
    pub after: Arc<[TaskId]>,
    /// Its outcome has still to be told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untold: bool,
}

/// Which tasks: those that fit all that is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Those that stand so.
    pub status: Option<TaskStatus>,
    /// Those that are wanted so soon.
    pub priority: Option<Priority>,
    /// Those of that pool.
    pub pool: Option<PoolName>,
}

impl Task {
    /// What the order of work must know of it.
    pub fn open(&self) -> OpenTask {
        OpenTask {
            id: self.id,
            number: self.number,
            user: self.user,
            status: self.status,
            priority: self.priority,
            run_at: self.run_at,
            after: self.after.clone(),
            untold: self.untold,
        }
    }

    /// Somebody has still to do something about it.
    pub fn is_unsettled(&self) -> bool {
        self.status.is_open() || self.untold
    }

    /// How long one attempt may take.
    pub fn time_limit(&self) -> Duration {
        Duration::from_millis(self.time_limit_ms)
    }
}
