//! Changing background tasks by word of mouth: taking back, trying again, putting first or later.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{known, none_such, soon, standing, told, unread};
use crate::{
    conversation::Refusal,
    intent::{self, Operation, Targets, TaskNumbers},
    limits::{PAGE_ROWS_MAX, TASKS_CANCELLED_AT_ONCE, TASKS_CANCELLED_MAX},
    model::{Task, TaskFilter, TaskId, TaskStatus, Timestamp},
    operator::{Caller, Operator, report::Report},
    task::{self, Again, Change, When},
    wire,
};

impl Operator {
    /// Takes tasks back; asks back first as `consent_to_cancel` says, unless that was agreed to.
    pub(in crate::operator) async fn cancel_tasks(
        &self,
        caller: &Caller,
        targets: Targets,
        agreed: bool,
    ) -> Result<Report, Refusal> {
        let open = [TaskStatus::Running, TaskStatus::Queued];
        let (tasks, missing, more) = self.targets(caller, &targets, &open).await?;
        if let Some(question) = consent_to_cancel(&targets, &tasks).filter(|_| !agreed) {
            return Ok(Report::consent(&question, &Operation::CancelTasks(targets)));
        }
        let (open, over): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| task.status.is_open());
        let cancelled = stream::iter(open)
            .map(|task| async move { (task.number, self.cancel_task(caller, task.id).await) })
            .buffered(TASKS_CANCELLED_AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut done = Vec::new();
        let mut says: Vec<String> = over.iter().map(over_already).collect();
        for (number, outcome) in cancelled {
            match outcome? {
                Ok(task) if task.status == TaskStatus::Cancelled => done.push(number),
                Ok(task) => says.push(over_already(&task)),
                Err(refusal) => says.push(refusal.to_string()),
            }
        }
        says.extend(missing.iter().map(|number| format!("There is no task {number}.")));
        let told = match done.as_slice() {
            [] if says.is_empty() => "No task of yours is like that.".to_owned(),
            [] => String::new(),
            [one] => format!("Task {one} is cancelled."),
            many => format!("{} tasks are cancelled.", many.len()),
        };
        says.insert(0, told);
        if more {
            says.push("There are more; say it again to go on.".to_owned());
        }
        let text = says.join("\n").trim().to_owned();
        Ok(Report::new(text, json!({ "cancelled": done, "more": more })))
    }

    pub(in crate::operator) async fn prioritise_tasks(
        &self,
        caller: &Caller,
        numbers: &TaskNumbers,
        priority: intent::Priority,
    ) -> Result<Report, Refusal> {
        let change = |_: &Task| Change { priority: Some(soon(priority)), ..Change::default() };
        let say = |task: &Task| format!("Task {} has {priority} priority now.", task.number);
        self.change_tasks(caller, numbers, change, say).await
    }

    async fn cancel_task(
        &self,
        caller: &Caller,
        id: TaskId,
    ) -> Result<Result<Task, task::Refusal>, Refusal> {
        told(self.tasks.cancel(caller.user(), id).await)
    }

    /// Tries tasks again that failed or were cancelled; asks back first where that may be many, unless
    /// that was agreed to.
    pub(in crate::operator) async fn retry_tasks(
        &self,
        caller: &Caller,
        targets: Targets,
        agreed: bool,
    ) -> Result<Report, Refusal> {
        let (tasks, missing, more) = self.targets(caller, &targets, &[TaskStatus::Failed]).await?;
        if !agreed && !tasks.is_empty() && matches!(targets, Targets::All(_)) {
            let (count, them) = match tasks.as_slice() {
                [_] => ("One task".to_owned(), "it"),
                many => (format!("{} tasks", many.len()), "them"),
            };
            let question = format!("{count} came to nothing. Try {them} again?");
            return Ok(Report::consent(&question, &Operation::RetryTasks(targets)));
        }
        let tried = stream::iter(tasks)
            .map(|task| async move { told(self.tasks.retry(caller.user(), task.id).await) })
            .buffered(TASKS_CANCELLED_AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let (mut again, mut says) = (Vec::new(), Vec::new());
        for outcome in tried {
            match outcome? {
                Ok(task) => again.push(task),
                Err(refusal) => says.push(refusal.to_string()),
            }
        }
        says.extend(missing.iter().map(|number| format!("There is no task {number}.")));
        let told = match again.as_slice() {
            [] if says.is_empty() => "No task of yours is like that.".to_owned(),
            [] => String::new(),
            [one] => format!("Task {} is tried again: {}.", one.number, self.outlook(one)),
            many => format!("{} tasks are tried again.", many.len()),
        };
        says.insert(0, told);
        if more {
            says.push("There are more; say it again to go on.".to_owned());
        }
        let rows: Vec<Value> = again.iter().map(wire::task_value).collect();
        let text = says.join("\n").trim().to_owned();
        Ok(Report::new(text, json!({ "tasks": rows, "more": more })))
    }

    /// Has tasks that wait run at another time, by a rule, or behind other tasks.
    pub(in crate::operator) async fn reschedule_tasks(
        &self,
        caller: &Caller,
        numbers: &TaskNumbers,
        at: &str,
    ) -> Result<Report, Refusal> {
        let now = self.now();
        let when = match task::when(at, now, self.tasks.zone()) {
            Ok(when) => when,
            Err(unreadable) => return Ok(unread(at, unreadable)),
        };
        let after = match &when {
            When::After(before) => match self.ids(caller, before).await? {
                Ok(after) => Some(after),
                Err(missing) => return Ok(none_such(missing)),
            },
            _ => None,
        };
        let change = |task: &Task| Change { after: after.clone(), ..change_of(task, &when, now) };
        let say = |task: &Task| match when {
            When::Once => format!(
                "Task {}: {}, and not again. “cancel task {}” takes it back.",
                task.number,
                self.outlook(task),
                task.number
            ),
            _ => format!("Task {}: {}.", task.number, self.outlook(task)),
        };
        self.change_tasks(caller, numbers, change, say).await
    }

    /// Changes each of these tasks, and says what became of it.
    async fn change_tasks(
        &self,
        caller: &Caller,
        numbers: &TaskNumbers,
        change: impl Fn(&Task) -> Change,
        say: impl Fn(&Task) -> String,
    ) -> Result<Report, Refusal> {
        let (mut says, mut changed) = (Vec::new(), Vec::new());
        for number in numbers.as_slice() {
            let Some(task) = self.tasks.numbered(caller.user(), u64::from(*number)).await? else {
                says.push(format!("There is no task {number}."));
                continue;
            };
            match told(self.tasks.update(caller.user(), task.id, change(&task)).await)? {
                Ok(task) => {
                    says.push(say(&task));
                    changed.push(wire::task_value(&task));
                }
                Err(refusal) => says.push(refusal.to_string()),
            }
        }
        Ok(Report::new(says.join("\n"), json!({ "tasks": changed })))
    }

    /// The tasks that are meant, the numbers that are nobody's, and whether there are more. Where no
    /// status is said it is one of `usual`.
    async fn targets(
        &self,
        caller: &Caller,
        targets: &Targets,
        usual: &[TaskStatus],
    ) -> Result<(Vec<Task>, Vec<u64>, bool), Refusal> {
        let (mut tasks, mut missing) = (Vec::new(), Vec::new());
        let filter = match targets {
            Targets::Numbered(numbers) => {
                for number in numbers.as_slice().iter().copied().map(u64::from) {
                    match self.tasks.numbered(caller.user(), number).await? {
                        Some(task) => tasks.push(task),
                        None => missing.push(number),
                    }
                }
                return Ok((tasks, missing, false));
            }
            Targets::All(filter) => known(filter),
        };
        let statuses = filter.status.as_ref().map_or(usual, std::slice::from_ref);
        for status in statuses.iter().copied() {
            let filter = TaskFilter { status: Some(status), ..filter.clone() };
            let mut before = None;
            loop {
                let page = self.tasks.list(caller.user(), &filter, before, PAGE_ROWS_MAX).await?;
                tasks.extend(page.tasks);
                if tasks.len() > TASKS_CANCELLED_MAX {
                    tasks.truncate(TASKS_CANCELLED_MAX);
                    return Ok((tasks, missing, true));
                }
                before = page.more;
                if before.is_none() {
                    break;
                }
            }
        }
        Ok((tasks, missing, false))
    }
}

/// What is asked before these tasks are taken back: nothing where it is one that was named, that waits,
/// and that runs only once.
fn consent_to_cancel(targets: &Targets, tasks: &[Task]) -> Option<String> {
    let open = || tasks.iter().filter(|task| task.status.is_open());
    let count = |of: fn(&Task) -> bool| open().filter(|task| of(task)).count();
    let running = count(|task| task.status == TaskStatus::Running);
    let recurring = count(|task| task.every.is_some());
    if let (Some(task), None) = (open().next(), open().nth(1)) {
        let number = task.number;
        return match (running, &task.every, targets) {
            (1, ..) => Some(format!("Task {number} is running. Cancel it?")),
            (_, Some(every), _) => Some(format!("Task {number} recurs {}. Cancel it?", every.rule)),
            (_, None, Targets::All(_)) => Some(format!("Cancel task {number}?")),
            (_, None, Targets::Numbered(_)) => None,
        };
    }
    let some = |count: usize, how| (count > 0).then(|| format!(", {count} of them {how}"));
    let told = [some(running, "running"), some(recurring, "recurring")];
    let told: String = told.into_iter().flatten().collect();
    (open().count() > 1).then(|| format!("Cancel {} tasks{told}?", open().count()))
}

/// What changes of a task that shall run then, but for the tasks that it waits for.
fn change_of(task: &Task, when: &When, now: Timestamp) -> Change {
    match when {
        When::At(run_at) => Change { run_at: Some(*run_at), ..Change::default() },
        When::Later(by) => {
            let planned = task.run_at.filter(|at| *at > now).unwrap_or(now);
            Change { run_at: Some(planned.plus(*by)), ..Change::default() }
        }
        When::Earlier(by) => {
            let ahead = task.run_at.map_or(Duration::ZERO, |at| at.since(now));
            Change { run_at: Some(now.plus(ahead.saturating_sub(*by))), ..Change::default() }
        }
        When::Every(every) => Change { again: Some(Again::By(every.clone())), ..Change::default() },
        When::Once => Change { again: Some(Again::Never), ..Change::default() },
        When::After(_) => Change::default(),
    }
}

fn over_already(task: &Task) -> String {
    format!("Task {} has ended already: {}.", task.number, standing(task.status))
}
