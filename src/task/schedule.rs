//! What runs next: tasks by their time, their priority, fairness between users, and arrival.
//!
//! Invariants: no I/O and no clock: time is passed in, so the same calls give the same order; a
//! task is in one place at a time; each call but a look for circles takes O(log n).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::{OpenTask, Priority, TaskId, Timestamp, UserId};

/// Every task that waits or is under way, in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    tasks: HashMap<TaskId, Entry>,
    /// Those whose time has not come.
    later: BTreeSet<(Timestamp, TaskId)>,
    /// Those that could run now.
    ready: BTreeMap<Priority, Class>,
    /// The same, by when they could.
    since: BTreeSet<(Timestamp, TaskId)>,
    /// Who waits for a task.
    dependents: HashMap<TaskId, BTreeSet<TaskId>>,
    open_of: HashMap<UserId, usize>,
    /// Rises with every turn that a user is given in a class.
    turns: u64,
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
    Ready,
    /// Somebody is at it.
    Out,
}

/// What a task takes here: its entry, its place in two orders, and its id in the line of its user.
pub(super) const TASK_BYTES: usize =
    size_of::<(TaskId, Entry)>() + 2 * size_of::<(Timestamp, TaskId)>() + size_of::<TaskId>();

/// The tasks of one priority: the users take turns, the tasks of each come as they arrived.
#[derive(Debug, Default)]
struct Class {
    lines: HashMap<UserId, Line>,
    turns: BTreeMap<u64, UserId>,
}

#[derive(Debug)]
struct Line {
    turn: u64,
    tasks: BTreeSet<TaskId>,
}

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
        let priority = *self.ready.keys().next_back()?;
        let class = self.ready.get_mut(&priority)?;
        self.turns += 1;
        let id = class.take(self.turns)?;
        if class.turns.is_empty() {
            self.ready.remove(&priority);
        }
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
        let OpenTask { run_at, priority, user, .. } = entry.task;
        match std::mem::replace(&mut entry.place, Place::Out) {
            Place::Blocked | Place::Out => {}
            Place::Later => {
                self.later.remove(&(run_at.unwrap_or_default(), id));
            }
            Place::Ready => {
                self.since.remove(&(entry.since, id));
                if let Some(class) = self.ready.get_mut(&priority) {
                    class.remove(user, id);
                    if class.turns.is_empty() {
                        self.ready.remove(&priority);
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
        let OpenTask { run_at, priority, user, .. } = entry.task;
        match run_at {
            _ if entry.unmet > 0 => entry.place = Place::Blocked,
            Some(at) if at > now => {
                entry.place = Place::Later;
                self.later.insert((at, id));
            }
            _ => {
                entry.place = Place::Ready;
                entry.since = now;
                self.since.insert((now, id));
                self.turns += 1;
                self.ready.entry(priority).or_default().add(user, id, self.turns);
            }
        }
    }
}

impl Class {
    /// Who is new in it comes after those who wait already.
    fn add(&mut self, user: UserId, id: TaskId, turn: u64) {
        let line = self.lines.entry(user).or_insert_with(|| {
            self.turns.insert(turn, user);
            Line { turn, tasks: BTreeSet::new() }
        });
        line.tasks.insert(id);
    }

    /// The next task; its user comes last from then on.
    fn take(&mut self, turn: u64) -> Option<TaskId> {
        let (_, user) = self.turns.pop_first()?;
        let line = self.lines.get_mut(&user)?;
        let id = line.tasks.pop_first();
        if line.tasks.is_empty() {
            self.lines.remove(&user);
        } else {
            line.turn = turn;
            self.turns.insert(turn, user);
        }
        id
    }

    fn remove(&mut self, user: UserId, id: TaskId) {
        let Some(line) = self.lines.get_mut(&user) else { return };
        line.tasks.remove(&id);
        if line.tasks.is_empty() {
            self.turns.remove(&line.turn);
            self.lines.remove(&user);
        }
    }
}
