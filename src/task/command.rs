//! What can be asked about tasks, and the answers.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::recurrence::{NoRule, Recurrence};
use crate::{
    limits,
    model::{
        AgentName, ConversationId, Every, PoolName, Priority, Task, TaskId, Timestamp, TraceId,
        UserId,
    },
    store::StoreError,
};

/// Where the answer to a command goes; the one who asked may have left.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Answers whoever asked; they may have left.
pub(super) fn answer_to<T>(reply: Reply<T>, answer: Result<T, Refusal>) {
    drop(reply.send(answer));
}

/// Everything that can be asked of the owner of the tasks.
pub(super) enum Command {
    Submit(UserId, Box<NewTask>, Reply<Submitted>),
    Cancel(UserId, TaskId, Reply<Task>),
    Update(UserId, TaskId, Box<Change>, Reply<Task>),
    Retry(UserId, TaskId, Reply<Task>),
}

impl Command {
    /// The task that it is about, where that exists already.
    pub(super) fn about(&self) -> Option<TaskId> {
        match self {
            Self::Submit(..) => None,
            Self::Cancel(_, id, _) | Self::Update(_, id, _, _) | Self::Retry(_, id, _) => Some(*id),
        }
    }

    /// Who asks.
    pub(super) fn by(&self) -> UserId {
        match self {
            Self::Submit(by, ..)
            | Self::Cancel(by, ..)
            | Self::Update(by, ..)
            | Self::Retry(by, ..) => *by,
        }
    }

    /// Answers whoever asked, where nothing is done about it.
    pub(super) fn refuse(self, refusal: Refusal) {
        match self {
            Self::Submit(_, _, reply) => answer_to(reply, Err(refusal)),
            Self::Cancel(_, _, reply) | Self::Update(_, _, _, reply) | Self::Retry(_, _, reply) => {
                answer_to(reply, Err(refusal));
            }
        }
    }
}

/// A task to be handed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done.
    pub text: Arc<str>,
    /// Where its outcome is told; the caller has the right to it.
    pub conversation: Option<ConversationId>,
    /// The client's idempotency key.
    pub key: Option<Arc<str>>,
    /// Who shall do it; routed where nobody is named.
    pub pool: Option<PoolName>,
    /// Which of its agents; picked where nobody is named.
    pub agent: Option<AgentName>,
    /// How soon it is wanted.
    pub priority: Priority,
    /// Not before this.
    pub run_at: Option<Timestamp>,
    /// When it is done again.
    pub every: Option<Every>,
    /// The tasks that must have succeeded before.
    pub after: Vec<TaskId>,
    /// Attempts that it may take; as the settings say where nothing is said.
    pub max_attempts: Option<u32>,
    /// How long one attempt may take; as the settings say where nothing is said.
    pub time_limit: Option<Duration>,
    /// The trace of what hands it in, where there is one.
    pub trace: Option<TraceId>,
}

/// What to change; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// How soon it is wanted.
    pub priority: Option<Priority>,
    /// Not before this.
    pub run_at: Option<Timestamp>,
    /// Who shall do it; another pool picks its agent anew.
    pub pool: Option<PoolName>,
    /// Which agent shall.
    pub agent: Option<AgentName>,
    /// The tasks that must have succeeded before.
    pub after: Option<Vec<TaskId>>,
    /// Whether and when it is done again.
    pub again: Option<Again>,
}

/// Whether and when a task is done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// By this rule.
    By(Every),
    /// It runs once more, and then no more.
    Never,
}

/// A task was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The task.
    pub task: Task,
    /// It had been handed in before, under the same key.
    pub duplicate: bool,
}

/// Why nothing was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// There is no such task, or it is somebody else's.
    #[error("There is no such task.")]
    NotFound,
    /// No pool has this name.
    #[error("No pool has that name. There are: {0}.")]
    UnknownPool(String),
    /// The pool has no agent of this name.
    #[error("No agent has that name there. There are: {0}.")]
    UnknownAgent(String),
    /// A value makes no sense.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// It has begun, so that it cannot be changed.
    #[error("Task {0} has begun already. Cancel it, or wait for its end.")]
    Begun(u64),
    /// It has ended, so that it cannot be changed.
    #[error("Task {0} has ended already.")]
    Ended(u64),
    /// It has not come to nothing, so that there is nothing to try again.
    #[error("Task {0} has neither failed nor been cancelled, so there is nothing to try again.")]
    NotFailed(u64),
    /// The user has as many open tasks as one may have.
    #[error("You have {0} open tasks, as many as one may have. Wait for some, or cancel some.")]
    TooMany(usize),
    /// The gateway has as many open tasks as it takes.
    #[error("Too many tasks wait already. Hand it in again when some are done.")]
    Full,
    /// Too much is asked at a time.
    #[error("Too much is asked of the tasks at the moment. Try again a little later.")]
    Busy,
    /// The gateway is going down.
    #[error("The gateway is going down.")]
    Draining,
    /// It could not be kept, so it was not done.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The owner of the tasks ended before it answered; whether it was done is unknown.
    #[error("It is not known whether that was done. Look at the tasks.")]
    Lost,
}

/// A value that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// When it is done again.
    #[error("{0}")]
    Every(#[from] NoRule),
    /// Not before what.
    #[error("That is too far ahead. Ten years are the most.")]
    RunAt,
    /// How often it is tried.
    #[error("A task may take from 1 to {} attempts.", limits::TASK_ATTEMPTS_MAX)]
    MaxAttempts,
    /// How long one attempt may take.
    #[error("An attempt may take from 1 s to {} s.", limits::TASK_TIME_LIMIT_SECONDS_MAX)]
    TimeLimit,
    /// It waits for more tasks than `limits::TASK_DEPENDENCIES_MAX`.
    #[error("A task waits for at most {} others.", limits::TASK_DEPENDENCIES_MAX)]
    ManyDependencies,
    /// It waits for a task that is not there.
    #[error("One of the tasks that it shall wait for does not exist.")]
    NoDependency,
    /// It waits for a task that will never succeed.
    #[error("Task {0} has failed or was cancelled, so nothing can wait for its success.")]
    Hopeless(u64),
    /// It waits for a task that is never done.
    #[error("Task {0} recurs, so it is never done.")]
    Endless(u64),
    /// Others wait for it, so that it cannot go on for ever.
    #[error("Other tasks wait for task {0} to be done, so it cannot recur.")]
    Awaited(u64),
    /// It would wait for itself.
    #[error("The tasks would wait for each other in a circle.")]
    Circle,
}

impl Invalid {
    /// The field that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Every(NoRule::Zone) => "time_zone",
            Self::Every(_) | Self::Awaited(_) => "every",
            Self::RunAt => "run_at",
            Self::MaxAttempts => "max_attempts",
            Self::TimeLimit => "time_limit_ms",
            Self::ManyDependencies
            | Self::NoDependency
            | Self::Hopeless(_)
            | Self::Endless(_)
            | Self::Circle => "after",
        }
    }
}

impl NewTask {
    /// Whether its values are within the limits; those of other tasks are looked at by the owner.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Invalid> {
        if let Some(every) = &self.every {
            Recurrence::of(every)?;
        }
        if self.max_attempts.is_some_and(|n| !(1..=limits::TASK_ATTEMPTS_MAX).contains(&n)) {
            return Err(Invalid::MaxAttempts);
        }
        let most = Duration::from_secs(limits::TASK_TIME_LIMIT_SECONDS_MAX.into());
        let limits = Duration::from_secs(1)..=most;
        if self.time_limit.is_some_and(|limit| !limits.contains(&limit)) {
            return Err(Invalid::TimeLimit);
        }
        check_run_at(self.run_at, now)?;
        check_after(&self.after)
    }
}

impl Change {
    /// Whether its values are within the limits.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Invalid> {
        if let Some(Again::By(every)) = &self.again {
            Recurrence::of(every)?;
        }
        check_run_at(self.run_at, now)?;
        check_after(self.after.as_deref().unwrap_or_default())
    }
}

fn check_run_at(run_at: Option<Timestamp>, now: Timestamp) -> Result<(), Invalid> {
    match run_at {
        Some(at) if at.since(now) > limits::TASK_AHEAD_MAX => Err(Invalid::RunAt),
        _ => Ok(()),
    }
}

fn check_after(after: &[TaskId]) -> Result<(), Invalid> {
    if after.len() > limits::TASK_DEPENDENCIES_MAX {
        return Err(Invalid::ManyDependencies);
    }
    Ok(())
}
