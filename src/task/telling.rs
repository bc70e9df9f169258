//! Tells what came of a task where it was asked for.
//!
//! Invariant: the words and the fact that they were told are one commit of the conversation, so an
//! outcome is told exactly once, whenever the process ends.

use std::{fmt::Write as _, sync::Arc};

use serde_json::json;
use tokio::time::sleep;

use super::keeping::Keeper;
use crate::{
    auth::Identity,
    conversation::{Executed, Refusal, Registry, Told, Tour},
    limits::{TASK_RETRY_EVERY, TASK_TOLD_BYTES_MAX},
    model::{Fault, Task, TaskStatus},
    store::{StoreError, Write},
    wire,
};

/// The name of the turn that tells an outcome.
const INTENT: &str = "task.result";
/// Characters of a task's text in the heading of its outcome.
const HEADING_CHARS_MAX: usize = 80;

/// Tells the task's outcome, as soon as that is possible. The task comes back as it is then: with
/// an outcome to tell where the gateway goes down first.
pub(super) async fn tell(registry: Registry, keeper: Keeper, mut task: Task) -> Task {
    loop {
        match tell_now(&registry, &keeper, &task).await {
            Ok(()) => {
                task.untold = false;
                return task;
            }
            Err(Refusal::Draining | Refusal::Store(StoreError::Closed)) => return task,
            Err(refusal) => {
                tracing::debug!(task = %task.id, %refusal, "an outcome cannot be told yet");
                sleep(TASK_RETRY_EVERY).await;
            }
        }
        // Of one that was lost on the way it is not known whether it was told; the record knows.
        if let Ok(Some(kept)) = keeper.store().task(task.id).await
            && !kept.untold
        {
            return kept;
        }
    }
}

async fn tell_now(registry: &Registry, keeper: &Keeper, task: &Task) -> Result<(), Refusal> {
    let record = match task.conversation {
        Some(conversation) => keeper.store().conversation(conversation).await?,
        None => None,
    };
    let granted = record.and_then(|record| Identity::absent(task.user).grant(&record));
    let told = match granted {
        Some(granted) => registry.open(granted).await?.note(words(task)).known().await.map(drop),
        None => Err(Refusal::NotFound),
    };
    match told {
        // Nobody is there to hear it any more.
        Err(Refusal::NotFound) => Ok(keeper.write(vec![Write::TaskTold(task.id)]).await?),
        told => told,
    }
}

fn words(task: &Task) -> Executed {
    Executed {
        asked: heading(task).into(),
        key: None,
        intent: INTENT.into(),
        slots: json!({ "task_id": task.number }),
        text: text(task).into(),
        data: wire::task_value(&Task { result: shortened(task), untold: false, ..task.clone() }),
        offers: None,
        tour: Tour::AsItWas,
        subject: None,
        tells: Some(Told::Task(task.id)),
    }
}

fn heading(task: &Task) -> String {
    let line = task.text.lines().next().unwrap_or_default();
    let mut chars = line.chars();
    let mut short: String = chars.by_ref().take(HEADING_CHARS_MAX).collect();
    if chars.next().is_some() || line.len() < task.text.len() {
        short.push('…');
    }
    format!("Task {}: {short}", task.number)
}

fn text(task: &Task) -> String {
    let number = task.number;
    let mut text = match (&task.result, task.fault) {
        (Some(result), None) => {
            let told = shortened(task).unwrap_or_default();
            let rest = if told.len() < result.len() { "\n… (shortened)" } else { "" };
            let by = match (&task.agent, &task.pool) {
                (Some(agent), Some(pool)) => format!("\nAnswered by {agent} of {pool}."),
                _ => String::new(),
            };
            format!("Task {number} is done: {told}{rest}{by}")
        }
        (_, Some(fault)) => format!("Task {number} failed: {}", reason(fault)),
        (None, None) => format!("Task {number} has ended."),
    };
    match task.run_at {
        Some(at) if task.status == TaskStatus::Queued => {
            let next = at.to_utc().format("%Y-%m-%d at %H:%M UTC");
            let _infallible = write!(text, "\nIt runs again on {next}.");
        }
        _ if task.status == TaskStatus::Failed && task.attempts > 0 => {
            let _infallible = write!(text, "\nIt was tried {} times.", task.attempts);
        }
        _ => {}
    }
    text
}

/// Why a task failed, for people.
pub fn reason(fault: Fault) -> String {
    match fault {
        Fault::Dependency { number } => {
            format!("task {number}, for which it waited, did not succeed.")
        }
        fault => wire::fault_meaning(fault).to_owned(),
    }
}

fn shortened(task: &Task) -> Option<Arc<str>> {
    let result = task.result.as_ref()?;
    let (told, _) = result.split_at(result.floor_char_boundary(TASK_TOLD_BYTES_MAX));
    Some(if told.len() < result.len() { told.into() } else { result.clone() })
}
