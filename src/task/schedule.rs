//! What runs next: tasks by their time, and those whose time has come in the order of a pool's queue,
//! so that priority, fairness and ageing mean the same wherever something waits.
//!
//! Invariants: no I/O and no clock: time is passed in, so the same calls give the same order; a
//! task is in one place at a time; each call but a look for circles takes O(log n).

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::{
    model::{OpenTask, PoolName, Priority, TaskId, Timestamp, UserId},
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
    /// Those that could run, were it not for others that wait for the same pool. They have tickets
    /// of the queue before.
    parked: HashMap<PoolName, Queue<TaskId>>,
    /// All that could run and have not begun, by when they could.
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
    /// When it could run, where it could.
    since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Behind other tasks.
    Blocked,
    Later,
    Ready(Ticket),
    /// It was taken, and has not begun.
    Taken(Ticket),
    Parked(Ticket, PoolName),
    /// Somebody is at it.
    Out,
}

impl Entry {
    fn asker(&self) -> Asker {
        Asker::task(self.task.user, self.task.priority)
    }
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
        self.enter(task, unmet);
        self.settle(id, now);
    }

    /// Takes a task out of the order, as it is about to be, until it is put back or removed.
    pub(super) fn hold(&mut self, task: OpenTask) {
        self.enter(task, &[]);
    }

    /// The task is known from now on, as it is now, and stands nowhere yet.
    fn enter(&mut self, task: OpenTask, unmet: &[TaskId]) {
        let id = task.id;
        let waiting = self.remove(id).unwrap_or_default();
        self.dependents.extend((!waiting.is_empty()).then_some((id, waiting)));
        *self.open_of.entry(task.user).or_default() += 1;
        let unmet: BTreeSet<TaskId> = unmet.iter().copied().collect();
        for other in &unmet {
            self.dependents.entry(*other).or_default().insert(id);
        }
        let since = Timestamp::default();
        self.tasks.insert(id, Entry { task, place: Place::Out, unmet: unmet.len(), since });
    }

    /// Who waits for a task.
    pub(super) fn dependents(&self, id: TaskId) -> Vec<TaskId> {
        self.dependents.get(&id).into_iter().flatten().copied().collect()
    }

    /// The next task that is due. It is out of the order until it is put back or removed, and as
    /// overdue as it was until it begins.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<TaskId> {
        self.ripen(now);
        let id = self.ready.pop()?;
        let entry = self.tasks.get_mut(&id)?;
        if let Place::Ready(ticket) = entry.place {
            entry.place = Place::Taken(ticket);
        }
        Some(id)
    }

    /// A task that was taken begins.
    pub(super) fn begun(&mut self, id: TaskId) {
        self.lift(id);
    }

    /// A task that was taken, and has not begun, stands again where it stood. Says whether it was.
    pub(super) fn give_back(&mut self, id: TaskId) -> bool {
        let Some(entry) = self.tasks.get_mut(&id) else { return false };
        let Place::Taken(ticket) = entry.place else { return false };
        entry.place = Place::Ready(ticket);
        self.ready.put_back(entry.asker(), ticket, id);
        true
    }

    /// A task that was taken waits behind others of its pool.
    pub(super) fn park(&mut self, id: TaskId, pool: PoolName) {
        if let Some(entry) = self.tasks.get_mut(&id)
            && let Place::Taken(ticket) = entry.place
        {
            entry.place = Place::Parked(ticket, pool.clone());
            self.parked.entry(pool).or_default().put_back(entry.asker(), ticket, id);
        }
    }

    /// Pools for which tasks wait behind others.
    pub(super) fn parked(&self) -> impl Iterator<Item = &PoolName> {
        self.parked.keys()
    }

    /// The next of those that wait behind others of this pool stands again where it stood.
    pub(super) fn unpark(&mut self, pool: &PoolName) {
        let Some(parked) = self.parked.get_mut(pool) else { return };
        let next = parked.pop();
        if parked.is_empty() {
            self.parked.remove(pool);
        }
        if let Some(id) = next
            && let Some(entry) = self.tasks.get_mut(&id)
            && let Place::Parked(ticket, _) = entry.place
        {
            entry.place = Place::Ready(ticket);
            self.ready.put_back(entry.asker(), ticket, id);
        }
    }

    /// Something that could run now is wanted sooner than this.
    pub(super) fn has_sooner(&self, than: Priority) -> bool {
        let mut classes = Priority::ALL.into_iter().zip(self.ready.by_class());
        classes.any(|(class, waiting)| class > than && waiting > 0)
    }

    /// When the next task becomes due, where one waits for its time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Since when the one could run that could longest and has not begun.
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
            Place::Taken(_) => {
                self.since.remove(&(entry.since, id));
            }
            Place::Parked(ticket, pool) => {
                self.since.remove(&(entry.since, id));
                if let Some(parked) = self.parked.get_mut(&pool) {
                    parked.remove(ticket);
                    if parked.is_empty() {
                        self.parked.remove(&pool);
                    }
                }
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
        match entry.task.run_at {
            _ if entry.unmet > 0 => entry.place = Place::Blocked,
            Some(at) if at > now => {
                entry.place = Place::Later;
                self.later.insert((at, id));
            }
            _ => {
                entry.place = Place::Ready(self.ready.push(entry.asker(), id));
                entry.since = now;
                self.since.insert((now, id));
            }
        }
    }
}
