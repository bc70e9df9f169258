//! Tasks from outside: what is asked, what the provider says, how the tasks stand then.

mod agents;
mod cost;
mod life;
mod order;
mod play;

use crate::model::{Priority, Task, TaskId, TaskStatus, Timestamp, UserId};

/// A task that waits.
pub(super) fn task(number: u64) -> Task {
    Task {
        id: TaskId::new(),
        number,
        user: UserId::named("ada"),
        conversation: Some(crate::model::ConversationId::new()),
        text: format!("t{number}").into(),
        pool: None,
        agent: None,
        priority: Priority::Normal,
        status: TaskStatus::Queued,
        attempts: 0,
        max_attempts: 3,
        time_limit_ms: 60_000,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        run_at: None,
        planned_at: None,
        started_at: None,
        ended_at: None,
        every: None,
        runs: 0,
        after: [].into(),
        result: None,
        answer: None,
        fault: None,
        progress: None,
        untold: false,
        trace: None,
    }
}
