//! What runs next: tasks by their time, and those whose time has come in the order of a pool's queue,
//! so that priority, fairness and ageing mean the same wherever something waits.
//!
//! Invariants: no I/O and no clock: time is passed in, so the same calls give the same order; a
//! task is in one place at a time; each call but a look for circles takes O(log n).

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::{
    model::{OpenTask, TaskId, Timestamp, UserId},
    pool::{Asker, Queue, Ticket},
};

/// Every task that waits or is under way, in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    tasks: HashMap<TaskId, Entry>,
    /// Those whose time has not come.
    later: BTreeSet<(Timestamp, TaskId)>,
    /// Those that could run now.
    ready: Queue<TaskId>,
    /// The same, by when they could.
    since: BTreeSet<(Timestamp, TaskId)>,
    /// Who waits for a task.
    dependents: HashMap<TaskId, BTreeSet<TaskId>>,
    open_of: HashMap<UserId, usize>,
}

#[derive(Debug)]
struct Entry {
    task: OpenTask,
    place: Place,
    /// Tasks that it waits for still.
    unmet: usize,
    /// When it could run, where it is ready.
    since: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind other tasks.
    Blocked,
    Later,
    Ready(Ticket),
    /// Somebody is at it.
    Out,
}

/// What a task takes here: its entry, its place in two orders, and in the queue of what is ready.
pub(super) const TASK_BYTES: usize = size_of::<(TaskId, Entry)>()
    + 2 * size_of::<(Timestamp, TaskId)>()
    + size_of::<(Ticket, TaskId)>();

impl Schedule {
    /// Tasks that have not ended.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Those of one user.
    pub(super) fn len_of(&self, user: UserId) -> usize {
        self.open_of.get(&user).copied().unwrap_or(0)
    }

    /// The task, where it has not ended.
    pub(super) fn get(&self, id: TaskId) -> Option<&OpenTask> {
        self.tasks.get(&id).map(|entry| &entry.task)
    }

    /// A task waits from now on, or waits again, or waits as it was changed. `unmet` are those of
    /// its dependencies that have not succeeded.
    pub(super) fn put(&mut self, task: OpenTask, unmet: &[TaskId], now: Timestamp) {
        self.ripen(now);
        let id = task.id;
        let waiting = self.remove(id).unwrap_or_default();
        self.dependents.extend((!waiting.is_empty()).then_some((id, waiting)));
        *self.open_of.entry(task.user).or_default() += 1;
        let unmet: BTreeSet<TaskId> = unmet.iter().copied().collect();
        for other in &unmet {
            self.dependents.entry(*other).or_default().insert(id);
        }
        let entry = Entry { task, place: Place::Blocked, unmet: unmet.len(), since: now };
        self.tasks.insert(id, entry);
        self.settle(id, now);
    }

    /// Takes a task out of the order, as it is about to be, until it is put back or removed.
    pub(super) fn hold(&mut self, task: OpenTask) {
        let id = task.id;
        self.put(task, &[], Timestamp(i64::MIN));
        self.lift(id);
    }

    /// Who waits for a task.
    pub(super) fn dependents(&self, id: TaskId) -> Vec<TaskId> {
        self.dependents.get(&id).into_iter().flatten().copied().collect()
    }

    /// The next task that is due. It is out of the order until it is put back or removed.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<TaskId> {
        self.ripen(now);
        let id = self.ready.pop()?;
        let entry = self.tasks.get_mut(&id)?;
        entry.place = Place::Out;
        self.since.remove(&(entry.since, id));
        Some(id)
    }

    /// When the next task becomes due, where one waits for its time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Since when the one that could run longest could.
    pub(super) fn overdue_since(&self) -> Option<Timestamp> {
        self.since.first().map(|(at, _)| *at)
    }

    /// The task is known no more. Gives those that wait for it, which wait on.
    pub(super) fn remove(&mut self, id: TaskId) -> Option<BTreeSet<TaskId>> {
        self.lift(id);
        let Entry { task, .. } = self.tasks.remove(&id)?;
        for other in task.after.iter() {
            if let Some(waiting) = self.dependents.get_mut(other) {
                waiting.remove(&id);
                if waiting.is_empty() {
                    self.dependents.remove(other);
                }
            }
        }
        if let Some(open) = self.open_of.get_mut(&task.user) {
            *open -= 1;
            if *open == 0 {
                self.open_of.remove(&task.user);
            }
        }
        Some(self.dependents.remove(&id).unwrap_or_default())
    }

    /// Takes a task out of the order.
    fn lift(&mut self, id: TaskId) {
        let Some(entry) = self.tasks.get_mut(&id) else { return };
        match std::mem::replace(&mut entry.place, Place::Out) {
            Place::Blocked | Place::Out => {}
            Place::Later => {
                self.later.remove(&(entry.task.run_at.unwrap_or_default(), id));
            }
            Place::Ready(ticket) => {
                self.since.remove(&(entry.since, id));
                self.ready.remove(ticket);
            }
        }
    }

    /// The task has succeeded: those that waited for it alone may run.
    pub(super) fn succeeded(&mut self, id: TaskId, now: Timestamp) {
        for dependent in self.remove(id).unwrap_or_default() {
            if let Some(entry) = self.tasks.get_mut(&dependent) {
                entry.unmet = entry.unmet.saturating_sub(1);
                if entry.place == Place::Blocked {
                    self.settle(dependent, now);
                }
            }
        }
    }

    /// Whether the task would wait for itself, if it waited for `after`.
    pub(super) fn would_circle(&self, id: TaskId, after: &[TaskId]) -> bool {
        let mut seen = HashSet::new();
        let mut to_look_at = after.to_vec();
        while let Some(next) = to_look_at.pop() {
            if next == id {
                return true;
            }
            if seen.insert(next)
                && let Some(entry) = self.tasks.get(&next)
            {
                to_look_at.extend(entry.task.after.iter());
            }
        }
        false
    }

    /// Those whose time has come join those that could run.
    fn ripen(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.remove(&(at, id));
            self.settle(id, at);
        }
    }

    /// Puts a task that is nowhere to where it belongs.
    fn settle(&mut self, id: TaskId, now: Timestamp) {
        let Some(entry) = self.tasks.get_mut(&id) else { return };
        let OpenTask { run_at, priority, user, .. } = entry.task;
        match run_at {
            _ if entry.unmet > 0 => entry.place = Place::Blocked,
            Some(at) if at > now => {
                entry.place = Place::Later;
                self.later.insert((at, id));
            }
            _ => {
                entry.place = Place::Ready(self.ready.push(Asker::task(user, priority), id));
                entry.since = now;
                self.since.insert((now, id));
            }
        }
    }
}
