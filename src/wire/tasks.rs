//! Tasks and topics: what is asked about them, and how they are told.

use std::{sync::Arc, time::Duration};

use operatoros_protocol::{
    self as protocol, ErrorCode, Outcome, ServerFrame, TaskChange, TaskPage, TaskResult,
};

use super::{
    Asked, Complaint, Frame, complaint, inbound, objects,
    outbound::{frame, reply},
};
use crate::{
    limits,
    model::{
        AgentName, ConversationId, Fault, PoolName, Priority, Task, TaskFilter, TaskId, TaskStatus,
        Timestamp,
    },
};

/// A task to be handed in, as a client wants it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol, where they are described")]
pub struct TaskAsked {
    pub text: Arc<str>,
    pub conversation: Option<ConversationId>,
    pub key: Option<Arc<str>>,
    pub pool: Option<PoolName>,
    pub agent: Option<AgentName>,
    pub priority: Priority,
    pub run_at: Option<Timestamp>,
    pub every: Option<Arc<str>>,
    pub time_zone: Option<Arc<str>>,
    pub after: Vec<TaskId>,
    pub max_attempts: Option<u32>,
    pub time_limit: Option<Duration>,
}

/// What to change of a task.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol, where they are described")]
pub struct TaskChangeAsked {
    pub priority: Option<Priority>,
    pub run_at: Option<Timestamp>,
    pub pool: Option<PoolName>,
    pub agent: Option<AgentName>,
    pub after: Option<Vec<TaskId>>,
    pub every: Option<Arc<str>>,
    pub time_zone: Option<Arc<str>>,
}

// ---- in ---------------------------------------------------------------------------------------

pub(super) fn submit(new: protocol::TaskSubmit) -> Result<Asked, Complaint> {
    inbound::check_text(&new.text)?;
    inbound::check_key(new.key.as_deref())?;
    if let Some(every) = &new.every {
        inbound::within("every", every.len(), limits::TASK_RULE_BYTES_MAX)?;
    }
    Ok(Asked::SubmitTask(Box::new(TaskAsked {
        text: new.text.into(),
        conversation: new.conversation.map(|of| inbound::id("conversation", &of)).transpose()?,
        key: new.key.map(Into::into),
        pool: inbound::pool(new.pool.as_deref()),
        agent: inbound::agent(new.agent.as_deref()),
        priority: new.priority.map(priority).unwrap_or_default(),
        run_at: new.run_at.map(moment),
        every: new.every.map(Into::into),
        time_zone: new.time_zone.map(Into::into),
        after: ids(&new.after)?,
        max_attempts: new.max_attempts,
        time_limit: new.time_limit_ms.map(Duration::from_millis),
    })))
}

pub(super) fn list(list: protocol::TaskList) -> Result<Asked, Complaint> {
    Ok(Asked::Tasks {
        filter: TaskFilter {
            status: list.status.map(status),
            priority: list.priority.map(priority),
            pool: inbound::pool(list.pool.as_deref()),
        },
        before: list.cursor.map(|cursor| inbound::page_cursor(&cursor)).transpose()?,
        rows: inbound::rows(list.limit)?,
    })
}

pub(super) fn update(of: protocol::TaskUpdate) -> Result<Asked, Complaint> {
    if let Some(every) = &of.every {
        inbound::within("every", every.len(), limits::TASK_RULE_BYTES_MAX)?;
    }
    Ok(Asked::UpdateTask {
        task: inbound::id("task", &of.task)?,
        to: Box::new(TaskChangeAsked {
            priority: of.priority.map(priority),
            run_at: of.run_at.map(moment),
            pool: inbound::pool(of.pool.as_deref()),
            agent: inbound::agent(of.agent.as_deref()),
            after: of.after.map(|after| ids(&after)).transpose()?,
            every: of.every.map(Into::into),
            time_zone: of.time_zone.map(Into::into),
        }),
    })
}

fn ids(after: &[String]) -> Result<Vec<TaskId>, Complaint> {
    after.iter().map(|id| inbound::id("task", id)).collect()
}

fn moment(at: protocol::Moment) -> Timestamp {
    Timestamp(at.0.timestamp_millis())
}

fn priority(of: protocol::Priority) -> Priority {
    match of {
        protocol::Priority::Low => Priority::Low,
        protocol::Priority::Normal => Priority::Normal,
        protocol::Priority::High => Priority::High,
        protocol::Priority::Urgent => Priority::Urgent,
    }
}

fn status(of: protocol::TaskStatus) -> TaskStatus {
    match of {
        protocol::TaskStatus::Queued => TaskStatus::Queued,
        protocol::TaskStatus::Running => TaskStatus::Running,
        protocol::TaskStatus::Succeeded => TaskStatus::Succeeded,
        protocol::TaskStatus::Failed => TaskStatus::Failed,
        protocol::TaskStatus::Cancelled => TaskStatus::Cancelled,
    }
}

// ---- out --------------------------------------------------------------------------------------

/// The answer to `task.submit`, `.get`, `.update`, `.cancel` and `.retry`.
pub fn task_reply(re: String, task: &Task, duplicate: bool) -> Frame {
    let duplicate = duplicate.then_some(true);
    reply(re, Outcome::Task(Box::new(TaskResult { task: object(task), duplicate })))
}

/// The answer to `task.list`.
pub fn tasks_reply(re: String, page: &[Task], more: Option<TaskId>) -> Frame {
    let tasks = page.iter().map(object).collect();
    reply(re, Outcome::Tasks(TaskPage { tasks, cursor: more.map(|id| id.to_string()) }))
}

/// How a task stands now, for those who subscribed to it.
pub fn task_change(rev: u64, task: &Task) -> Frame {
    frame(&ServerFrame::Task(Box::new(TaskChange { rev, task: object(task) })))
}

/// A task as the protocol's object, for data of a command.
pub fn task_value(task: &Task) -> serde_json::Value {
    serde_json::to_value(object(task)).unwrap_or_default()
}

/// What a fault means, in one line.
pub fn fault_meaning(fault: Fault) -> &'static str {
    code(fault).meaning()
}

fn code(fault: Fault) -> ErrorCode {
    match fault {
        Fault::Attempt { reason, .. } => complaint::code(reason),
        Fault::Interrupted => ErrorCode::Interrupted,
        Fault::Dependency { .. } => ErrorCode::DependencyFailed,
    }
}

fn object(of: &Task) -> protocol::Task {
    let moment = |at: Timestamp| protocol::Moment::from(at.to_utc());
    protocol::Task {
        task: of.id.to_string(),
        number: of.number,
        text: of.text.clone(),
        pool: of.pool.as_ref().map(ToString::to_string),
        agent: of.agent.as_ref().map(ToString::to_string),
        priority: match of.priority {
            Priority::Low => protocol::Priority::Low,
            Priority::Normal => protocol::Priority::Normal,
            Priority::High => protocol::Priority::High,
            Priority::Urgent => protocol::Priority::Urgent,
        },
        status: match of.status {
            TaskStatus::Queued => protocol::TaskStatus::Queued,
            TaskStatus::Running => protocol::TaskStatus::Running,
            TaskStatus::Succeeded => protocol::TaskStatus::Succeeded,
            TaskStatus::Failed => protocol::TaskStatus::Failed,
            TaskStatus::Cancelled => protocol::TaskStatus::Cancelled,
        },
        attempts: of.attempts,
        max_attempts: of.max_attempts,
        created_at: moment(of.created_at),
        updated_at: moment(of.updated_at),
        run_at: of.run_at.map(moment),
        started_at: of.started_at.map(moment),
        finished_at: of.ended_at.map(moment),
        result: of.result.clone(),
        provider: of.answer.as_ref().map(|answer| answer.provider.to_string()),
        model: of.answer.as_ref().map(|answer| answer.model.clone()),
        usage: of.answer.as_ref().map(|answer| objects::usage(answer.usage)),
        finish_reason: of.answer.as_ref().and_then(|a| a.finish_reason.map(objects::finish_reason)),
        error: of.fault.map(failure),
        conversation: of.conversation.map(|id| id.to_string()),
        every: of.every.as_ref().map(|every| every.rule.clone()),
        time_zone: of.every.as_ref().map(|every| every.zone.clone()),
        runs: of.every.is_some().then_some(of.runs),
        after: of.after.iter().map(ToString::to_string).collect(),
        time_limit_ms: Some(of.time_limit_ms),
        progress: of.progress.clone(),
    }
}

fn failure(fault: Fault) -> protocol::Failure {
    let code = code(fault);
    let retryable = match fault {
        Fault::Attempt { retryable, .. } => retryable,
        Fault::Interrupted => true,
        Fault::Dependency { .. } => false,
    };
    protocol::Failure { code, message: code.meaning().to_owned(), retryable, retry_after_ms: None }
}
