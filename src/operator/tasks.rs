//! Background tasks by word of mouth: handing in and telling; changing them is below.

mod changes;

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Caller, Operator, Said, conversations::ago, report::Report, table::table};
use crate::{
    conversation::Refusal,
    intent::{self, Operation, TaskNumbers},
    limits::{LISTED_ROWS, TASK_TOLD_BYTES_MAX},
    model::{
        Offer, Priority, Subject, Task, TaskAnswer, TaskFilter, TaskId, TaskStatus, Timestamp,
        Usage,
    },
    task::{self, NewTask, Unreadable, When},
    wire,
};

impl Operator {
    pub(super) async fn list_tasks(
        &self,
        caller: &Caller,
        asked: &intent::TaskFilter,
    ) -> Result<Report, Refusal> {
        if let Some(pool) = asked
            .pool
            .as_ref()
            .filter(|pool| self.registry.workshop().pools.get(pool.as_str()).is_none())
        {
            return Ok(self.no_pool(pool));
        }
        let filter = known(asked);
        let before = match asked.before.map(u64::from) {
            Some(number) => match self.tasks.numbered(caller.user(), number).await? {
                Some(task) => Some(task.id),
                None => return Ok(none_such(number)),
            },
            None => None,
        };
        let page = self.tasks.list(caller.user(), &filter, before, LISTED_ROWS).await?;
        let now = self.registry.workshop().clock.now();
        let rows: Vec<_> = page.tasks.iter().map(|task| row(task, now)).collect();
        let mut text = match rows.as_slice() {
            [] if filter == TaskFilter::default() => "You have no tasks yet.".to_owned(),
            [] => "No task of yours is like that.".to_owned(),
            rows => table(["#", "status", "priority", "pool", "when", "task"], rows),
        };
        let mut offers = Vec::new();
        if let (Some(_), Some(last)) = (page.more, page.tasks.last()) {
            text.push_str("\nand older ones: say “more”, or name a status, a priority or a pool");
            let before = u32::try_from(last.number).ok();
            let older = Operation::Tasks(intent::TaskFilter { before, ..asked.clone() }).to_slash();
            let offer = |say: &&str| Offer { say: (*say).into(), run: Some(older.as_str().into()) };
            offers = MORE.iter().map(offer).collect();
        }
        let tasks: Vec<Value> = page.tasks.iter().map(wire::task_value).collect();
        let cursor = page.more.map(|id| id.to_string());
        let data = json!({ "tasks": tasks, "cursor": cursor });
        Ok(Report { offers: offers.into(), ..Report::new(text, data) })
    }

    pub(super) async fn submit_task(
        &self,
        caller: &Caller,
        new: intent::NewTask,
        said: &Said,
    ) -> Result<Report, Refusal> {
        let mut wanted = NewTask {
            text: new.description,
            conversation: Some(caller.conversation()),
            // The command is not noted yet: were it said again after a crash, it is the same task.
            key: said.key.as_ref().map(|key| format!("command {key}").into()),
            pool: new.pool,
            priority: new.priority.map(soon).unwrap_or_default(),
            trace: said.span.trace(),
            ..NewTask::default()
        };
        if let Some(at) = &new.at {
            match task::when(at, self.now(), self.tasks.zone()) {
                Ok(When::At(at)) => wanted.run_at = Some(at),
                Ok(When::Every(every)) => wanted.every = Some(every),
                Ok(When::After(numbers)) => match self.ids(caller, &numbers).await? {
                    Ok(after) => wanted.after = after,
                    Err(missing) => return Ok(none_such(missing)),
                },
                // There is nothing yet that could be put off.
                Ok(When::Later(_) | When::Earlier(_) | When::Once) => {
                    return Ok(unread(at, Unreadable::Words));
                }
                Err(unreadable) => return Ok(unread(at, unreadable)),
            }
        }
        let submitted = match self.tasks.submit(caller.user(), wanted).await {
            Ok(submitted) => submitted,
            Err(refusal) => return refused(refusal),
        };
        let task = &submitted.task;
        let text = format!("Task {} is handed in: {}.", task.number, self.outlook(task));
        let subject = u32::try_from(task.number).ok().map(Subject::Task);
        Ok(Report { subject, ..Report::new(text, wire::task_value(task)) })
    }

    pub(super) async fn show_tasks(
        &self,
        caller: &Caller,
        numbers: &TaskNumbers,
    ) -> Result<Report, Refusal> {
        let (mut text, mut data) = (String::new(), Vec::new());
        for number in numbers.as_slice() {
            let number = u64::from(*number);
            let separator = if text.is_empty() { "" } else { "\n" };
            let _infallible = match self.tasks.numbered(caller.user(), number).await? {
                Some(task) => {
                    data.push(wire::task_value(&task));
                    write!(text, "{separator}{}", self.tell_of(&task))
                }
                None => write!(text, "{separator}There is no task {number}."),
            };
        }
        Ok(Report::new(text, json!({ "tasks": data })))
    }

    /// The tasks of these numbers, or the first number that is nobody's.
    async fn ids(
        &self,
        caller: &Caller,
        numbers: &[u64],
    ) -> Result<Result<Vec<TaskId>, u64>, Refusal> {
        let mut ids = Vec::new();
        for number in numbers {
            match self.tasks.numbered(caller.user(), *number).await? {
                Some(task) => ids.push(task.id),
                None => return Ok(Err(*number)),
            }
        }
        Ok(Ok(ids))
    }

    fn now(&self) -> Timestamp {
        self.registry.workshop().clock.now()
    }

    /// What will become of a task that waits.
    fn outlook(&self, task: &Task) -> String {
        let mut says = match task.run_at {
            Some(at) => format!("it runs on {}", self.on_the_clock(at)),
            None if !task.after.is_empty() => "it runs once those before it are done".to_owned(),
            None => "it runs as soon as it is its turn".to_owned(),
        };
        if let Some(every) = &task.every {
            let _infallible = write!(says, ", and again {} ({})", every.rule, every.zone);
        }
        says
    }

    fn on_the_clock(&self, at: Timestamp) -> String {
        let local = at.to_utc().with_timezone(&self.tasks.zone());
        local.format("%a %-d %b %Y at %H:%M %Z").to_string()
    }

    fn tell_of(&self, task: &Task) -> String {
        let Task { number, attempts, max_attempts, .. } = task;
        let first = task.text.lines().next().unwrap_or_default();
        let mut text = format!("Task {number}: {first}\n{}", standing(task.status));
        if let Some(pool) = &task.pool {
            let agent = task.agent.as_ref().map_or_else(String::new, |of| format!(" ({of})"));
            let _infallible = write!(text, " in {pool}{agent}");
        }
        let _infallible = write!(text, ", {} priority", soonness(task.priority));
        let _infallible = write!(text, ", {attempts} of {max_attempts} attempts");
        if task.status == TaskStatus::Queued {
            let _infallible = write!(text, "; {}", self.outlook(task));
        }
        if let Some(progress) = &task.progress {
            let _infallible = write!(text, "; {progress}");
        }
        if let Some(fault) = task.fault {
            let _infallible = write!(text, "\nIts newest attempt failed: {}", task::reason(fault));
        }
        if let Some(TaskAnswer { provider, model, usage, .. }) = &task.answer {
            let Usage { input, output, .. } = usage;
            let asked = format!("{provider}/{model}, {input} + {output} tokens");
            let _infallible = write!(text, "\nIts newest attempt asked {asked}.");
        }
        if let Some(result) = &task.result {
            let (told, _) = result.split_at(result.floor_char_boundary(TASK_TOLD_BYTES_MAX));
            let _infallible = write!(text, "\n{told}");
        }
        text
    }
}

/// How people ask for the next page.
const MORE: &[&str] = &["more", "show more", "show me more", "next page", "older ones", "the rest"];

/// What the gateway itself does about a refusal goes on; what the user can do about it is told.
fn told<T>(outcome: Result<T, task::Refusal>) -> Result<Result<T, task::Refusal>, Refusal> {
    match outcome {
        Err(task::Refusal::Draining) => Err(Refusal::Draining),
        Err(task::Refusal::Store(error)) => Err(Refusal::Store(error)),
        Err(task::Refusal::Busy) => Err(Refusal::Overloaded),
        Err(task::Refusal::Lost) => Err(Refusal::Lost),
        outcome => Ok(outcome),
    }
}

fn refused(refusal: task::Refusal) -> Result<Report, Refusal> {
    match told::<()>(Err(refusal))? {
        Ok(()) => Ok(Report::default()),
        Err(refusal) => {
            let text = refusal.to_string();
            Ok(Report::new(text, json!({ "refused": true })))
        }
    }
}

/// The words say no time.
fn unread(at: &str, unreadable: Unreadable) -> Report {
    let text = format!("When shall it run? “{at}” names no such time. {unreadable}");
    Report::new(text, json!({ "field": "at", "said": at }))
}

fn none_such(number: u64) -> Report {
    Report::new(format!("There is no task {number}."), json!({ "unknown": number }))
}

fn row(task: &Task, now: Timestamp) -> [String; 6] {
    let when = match (task.status, task.run_at, task.ended_at) {
        (TaskStatus::Queued, Some(at), _) if at > now => ahead(at, now),
        (TaskStatus::Queued, ..) if !task.after.is_empty() => "after others".to_owned(),
        (TaskStatus::Queued, ..) => "next".to_owned(),
        (TaskStatus::Running, ..) => "now".to_owned(),
        (_, _, Some(ended)) => ago(ended, now),
        (_, _, None) => String::new(),
    };
    [
        task.number.to_string(),
        standing(task.status).to_owned(),
        soonness(task.priority).to_owned(),
        task.pool.as_ref().map_or_else(String::new, ToString::to_string),
        when,
        task.text.to_string(),
    ]
}

/// How long until then, roughly.
fn ahead(at: Timestamp, now: Timestamp) -> String {
    match at.since(now).as_secs() {
        ..60 => "in a moment".to_owned(),
        seconds @ 60..3_600 => format!("in {} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("in {} h", seconds / 3_600),
        seconds => format!("in {} d", seconds / 86_400),
    }
}

/// How a task stands, in a word.
fn standing(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Queued => "queued",
        TaskStatus::Running => "running",
        TaskStatus::Succeeded => "succeeded",
        TaskStatus::Failed => "failed",
        TaskStatus::Cancelled => "cancelled",
    }
}

fn soonness(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    }
}

fn soon(priority: intent::Priority) -> Priority {
    match priority {
        intent::Priority::Low => Priority::Low,
        intent::Priority::Normal => Priority::Normal,
        intent::Priority::High => Priority::High,
        intent::Priority::Urgent => Priority::Urgent,
    }
}

fn known(filter: &intent::TaskFilter) -> TaskFilter {
    TaskFilter {
        status: filter.status.map(|status| match status {
            intent::TaskStatus::Queued => TaskStatus::Queued,
            intent::TaskStatus::Running => TaskStatus::Running,
            intent::TaskStatus::Completed => TaskStatus::Succeeded,
            intent::TaskStatus::Failed => TaskStatus::Failed,
            intent::TaskStatus::Cancelled => TaskStatus::Cancelled,
        }),
        priority: filter.priority.map(soon),
        pool: filter.pool.clone(),
    }
}
