//! Tasks in the store: where they lie, what a write does to them, and how they are found.
//!
//! Invariant: a task stands in the list of its user under the status that its record has, and is
//! marked as open exactly while it is not settled.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    StoreError, TaskPage,
    keys::{self, key},
    kv::{Order, View},
    plan::Plan,
};
use crate::{
    limits::{PAGE_BYTES_MAX, STORE_SCAN_ROWS, TASKS_LOOKED_AT_MAX},
    model::{
        OpenTask, PoolName, Priority, Task, TaskFilter, TaskId, TaskStatus, Timestamp, UserId,
    },
};

/// Kinds of record.
pub(super) const TASK: u8 = b'a';
pub(super) const TASK_KEY: u8 = b'K';
/// That an idempotency key of a task may be forgotten at a time.
pub(super) const TASK_EXPIRY: u8 = b'X';
const NUMBERED: u8 = b'n';
const LISTED: u8 = b'w';
const OPEN: u8 = b'p';

fn record_key(id: TaskId) -> Vec<u8> {
    key(TASK, &[id.bytes()])
}

fn numbered_key(number: u64) -> Vec<u8> {
    key(NUMBERED, &[&number.to_be_bytes()])
}

fn open_key(id: TaskId) -> Vec<u8> {
    key(OPEN, &[id.bytes()])
}

/// That a user has a task which stands so.
fn listed_key(user: UserId, status: TaskStatus, id: TaskId) -> Vec<u8> {
    key(LISTED, &[user.bytes(), &[letter(status)], id.bytes()])
}

fn letter(status: TaskStatus) -> u8 {
    match status {
        TaskStatus::Queued => b'q',
        TaskStatus::Running => b'r',
        TaskStatus::Succeeded => b's',
        TaskStatus::Failed => b'f',
        TaskStatus::Cancelled => b'c',
    }
}

/// What a filter looks at without reading the task.
#[derive(Serialize, Deserialize)]
struct Row {
    priority: Priority,
    pool: Option<PoolName>,
}

/// What is kept under a task's idempotency key.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyedTask {
    pub(super) task: TaskId,
    pub(super) expires_at: Timestamp,
}

impl Plan<'_> {
    pub(super) fn put_task(&mut self, task: &Task) -> Result<(), StoreError> {
        let key = record_key(task.id);
        let old = keys::record::<Task>(self, &key, "a task")?;
        match &old {
            Some(old) if (old.user, old.status) != (task.user, task.status) => {
                self.remove(&listed_key(old.user, old.status, old.id))?;
            }
            Some(_) => {}
            None => self.put(&numbered_key(task.number), task.id.bytes())?,
        }
        let row = Row { priority: task.priority, pool: task.pool.clone() };
        self.put(&listed_key(task.user, task.status, task.id), &keys::encode(&row))?;
        if task.is_unsettled() {
            self.put(&open_key(task.id), &keys::encode(&task.open()))?;
        } else {
            self.remove(&open_key(task.id))?;
        }
        self.put(&key, &keys::encode(task))
    }

    /// The task's outcome was told; one that is gone, or had nothing to tell, stays as it is.
    pub(super) fn tell_task(&mut self, id: TaskId) -> Result<(), StoreError> {
        match keys::record::<Task>(self, &record_key(id), "a task")? {
            Some(task) if task.untold => self.put_task(&Task { untold: false, ..task }),
            _ => Ok(()),
        }
    }

    pub(super) fn put_task_key(
        &mut self,
        user: UserId,
        given: &str,
        keyed: &KeyedTask,
    ) -> Result<(), StoreError> {
        let at = keys::idempotency(TASK_KEY, user, given);
        if let Some(old) = keys::record::<KeyedTask>(self, &at, "a task's key")? {
            self.remove(&keys::expiry(TASK_EXPIRY, old.expires_at, user, given))?;
        }
        self.put(&keys::expiry(TASK_EXPIRY, keyed.expires_at, user, given), &[])?;
        self.put(&at, &keys::encode(keyed))
    }
}

pub(super) fn task(view: &dyn View, id: TaskId) -> Result<Option<Task>, StoreError> {
    keys::record(view, &record_key(id), "a task")
}

pub(super) fn numbered(view: &dyn View, number: u64) -> Result<Option<Task>, StoreError> {
    match keys::load(view, &numbered_key(number))? {
        Some(id) => task(view, TaskId::from_bytes(keys::last_id(&id)?)),
        None => Ok(None),
    }
}

/// The highest number that a task has; 0 where there is none.
pub(super) fn highest_number(view: &dyn View) -> Result<u64, StoreError> {
    let range = keys::under(vec![NUMBERED]);
    let last = view.page(&range.start..&range.end, Order::Falling, 1)?;
    last.first().map_or(Ok(0), |(key, _)| keys::last_number(key))
}

/// Every task that is not settled, in the order in which they were handed in.
pub(super) fn open(view: &dyn View) -> Result<Vec<OpenTask>, StoreError> {
    let mut range = keys::under(vec![OPEN]);
    let mut open = Vec::new();
    loop {
        let page = view.page(&range.start..&range.end, Order::Rising, STORE_SCAN_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(open) };
        range.start = keys::next(last);
        for (key, first) in page {
            open.push(keys::decode(&keys::join(view, &key, first)?, "an open task")?);
        }
    }
}

/// The task that was handed in under this key, unless that has expired.
pub(super) fn keyed(
    view: &dyn View,
    user: UserId,
    given: &str,
    now: Timestamp,
) -> Result<Option<TaskId>, StoreError> {
    let at = keys::idempotency(TASK_KEY, user, given);
    let keyed = keys::record::<KeyedTask>(view, &at, "a task's key")?;
    Ok(keyed.filter(|keyed| keyed.expires_at > now).map(|keyed| keyed.task))
}

/// The user's tasks that fit, newest first, those handed in before `before`. A page ends early
/// where `PAGE_BYTES_MAX` is full, or where too much that does not fit lies between.
pub(super) fn tasks(
    view: &dyn View,
    user: UserId,
    filter: &TaskFilter,
    before: Option<TaskId>,
    rows: usize,
) -> Result<TaskPage, StoreError> {
    let mut fitting = Vec::new();
    // Below this id some status was not looked at.
    let mut floor = None;
    for status in TaskStatus::ALL {
        if filter.status.is_none_or(|wanted| wanted == status) {
            let found = Found::look(view, (user, status), filter, before, rows)?;
            fitting.extend(found.ids);
            floor = floor.max(found.stopped_at);
        }
    }
    fitting.sort_unstable_by(|a, b| b.cmp(a));
    fitting.retain(|id| floor.is_none_or(|floor| *id >= floor));
    let beyond = fitting.get(rows).is_some();
    fitting.truncate(rows);
    let mut page = TaskPage { tasks: Vec::new(), more: None };
    let mut room = PAGE_BYTES_MAX;
    for id in fitting {
        let task = task(view, id)?.ok_or(StoreError::Damaged("a list of tasks"))?;
        let size = task.text.len() + task.result.as_ref().map_or(0, |result| result.len());
        if size > room && !page.tasks.is_empty() {
            page.more = page.tasks.last().map(|last| last.id);
            return Ok(page);
        }
        room = room.saturating_sub(size);
        page.tasks.push(task);
    }
    page.more = if beyond { page.tasks.last().map(|last| last.id) } else { floor };
    Ok(page)
}

/// The newest tasks of one status that fit.
struct Found {
    ids: Vec<TaskId>,
    /// The oldest that was looked at, where there are more beyond it.
    stopped_at: Option<TaskId>,
}

impl Found {
    fn look(
        view: &dyn View,
        (user, status): (UserId, TaskStatus),
        filter: &TaskFilter,
        before: Option<TaskId>,
        rows: usize,
    ) -> Result<Self, StoreError> {
        let mut range: Range<Vec<u8>> =
            keys::under(key(LISTED, &[user.bytes(), &[letter(status)]]));
        if let Some(before) = before {
            range.end = listed_key(user, status, before);
        }
        let narrow = filter.priority.is_some() || filter.pool.is_some();
        // One more than is wanted shows whether there are more.
        let step = if narrow { STORE_SCAN_ROWS } else { rows + 1 };
        let mut found = Self { ids: Vec::new(), stopped_at: None };
        let mut looked_at = 0;
        while found.ids.len() <= rows {
            let page = view.page(&range.start..&range.end, Order::Falling, step)?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            range.end.clone_from(last);
            looked_at += page.len();
            for (key, first) in page {
                if !narrow || filter.takes(&keys::decode(&keys::join(view, &key, first)?, "a row")?)
                {
                    found.ids.push(TaskId::from_bytes(keys::last_id(&key)?));
                }
            }
            if looked_at >= TASKS_LOOKED_AT_MAX && found.ids.len() <= rows {
                found.stopped_at = Some(TaskId::from_bytes(keys::last_id(&range.end)?));
                return Ok(found);
            }
        }
        Ok(found)
    }
}

impl TaskFilter {
    fn takes(&self, row: &Row) -> bool {
        self.priority.is_none_or(|priority| priority == row.priority)
            && (self.pool.is_none() || self.pool == row.pool)
    }
}
