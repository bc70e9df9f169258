//! What runs next: tasks by their time, their priority, fairness between users, and arrival.
//!
//! Invariants: no I/O and no clock: time is passed in, so the same calls give the same order; a
//! task is in one place at a time; each call but a look for circles takes O(log n).

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
        let entry = Entry { task, place: Place::Blocked, unmet: unmet.len() };
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
        self.tasks.get_mut(&id)?.place = Place::Out;
        Some(id)
    }

    /// When the next task becomes due, where one waits for its time.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.later.first().map(|(at, _)| *at)
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
            self.settle(id, now);
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::model::TaskStatus;

    fn task(n: u8, user: u8, priority: Priority, run_at: Option<i64>) -> OpenTask {
        OpenTask {
            id: TaskId::from_bytes([n; 16]),
            number: n.into(),
            user: UserId::from_bytes([user; 16]),
            status: TaskStatus::Queued,
            priority,
            run_at: run_at.map(Timestamp),
            after: [].into(),
            untold: false,
        }
    }

    fn id(n: u8) -> TaskId {
        TaskId::from_bytes([n; 16])
    }

    fn drain(schedule: &mut Schedule, now: i64) -> Vec<u8> {
        let taken = std::iter::from_fn(|| schedule.take(Timestamp(now)));
        taken.map(|id| id.bytes()[0]).collect()
    }

    /// Tasks as `user priority@time` in their order of arrival, and the order in which they run.
    fn check(tasks: &str, now: i64, expect: &[u8]) {
        let mut schedule = Schedule::default();
        for (n, written) in (1..).zip(tasks.split_whitespace()) {
            let (what, at) = written.split_once('@').unwrap_or((written, ""));
            let (user, priority) = what.split_at(1);
            let priority = match priority {
                "u" => Priority::Urgent,
                "h" => Priority::High,
                "n" => Priority::Normal,
                _ => Priority::Low,
            };
            let task = task(n, user.as_bytes()[0], priority, at.parse().ok());
            schedule.put(task, &[], Timestamp(0));
        }
        assert_eq!(drain(&mut schedule, now), expect, "{tasks}");
    }

    #[test]
    fn the_order_is_priority_then_fairness_then_arrival() {
        for (tasks, now, expect) in [
            ("an al ah au", 0, &[4, 3, 1, 2][..]),
            ("an an an bn cn bn", 0, &[1, 4, 5, 2, 6, 3]),
            ("an an bh", 0, &[3, 1, 2]),
            ("an@5 an an@9", 0, &[2]),
            ("an@5 an an@9", 9, &[1, 2, 3]),
            ("al au@5", 5, &[2, 1]),
        ] {
            check(tasks, now, expect);
        }
    }

    #[test]
    fn what_waits_for_others_comes_after_them() {
        let mut schedule = Schedule::default();
        let now = Timestamp(0);
        schedule.put(task(1, 1, Priority::Low, None), &[], now);
        schedule.put(task(2, 1, Priority::Low, None), &[], now);
        let third = OpenTask { after: [id(1), id(2)].into(), ..task(3, 1, Priority::Urgent, None) };
        schedule.put(third, &[id(1), id(2)], now);
        assert_eq!(drain(&mut schedule, 0), [1, 2]);
        schedule.succeeded(id(1), now);
        assert!(drain(&mut schedule, 0).is_empty());
        // It runs again, and those that wait for it still do.
        schedule.put(task(2, 1, Priority::Low, None), &[], now);
        assert_eq!(drain(&mut schedule, 0), [2]);
        schedule.succeeded(id(2), now);
        assert_eq!(drain(&mut schedule, 0), [3]);
        assert_eq!(schedule.remove(id(3)), Some(BTreeSet::new()));
        assert_eq!(schedule.len(), 0);
    }

    #[test]
    fn a_circle_is_seen() {
        let mut schedule = Schedule::default();
        for (n, after) in [(1, vec![]), (2, vec![id(1)]), (3, vec![id(2), id(1)])] {
            let waits =
                OpenTask { after: after.as_slice().into(), ..task(n, 1, Priority::Low, None) };
            schedule.put(waits, &after, Timestamp(0));
        }
        for (of, after, circle) in [
            (1, vec![id(3)], true),
            (1, vec![id(1)], true),
            (2, vec![id(3)], true),
            (3, vec![id(1)], false),
            (4, vec![id(3)], false),
            (1, vec![id(9)], false),
        ] {
            assert_eq!(schedule.would_circle(id(of), &after), circle, "{of} after {after:?}");
        }
    }

    /// What a schedule must do, said without any cleverness.
    #[derive(Default)]
    struct Plain {
        waiting: Vec<OpenTask>,
        users: HashMap<Priority, VecDeque<UserId>>,
    }

    fn join(users: &mut VecDeque<UserId>, user: UserId) {
        if !users.contains(&user) {
            users.push_back(user);
        }
    }

    impl Plain {
        /// Users of a class who have something to run, in the order of their turns.
        fn refresh(&mut self, now: Timestamp) {
            for priority in Priority::ALL {
                let users = self.users.entry(priority).or_default();
                let due =
                    |t: &&OpenTask| t.priority == priority && t.run_at.unwrap_or_default() <= now;
                let mut due: Vec<_> = self.waiting.iter().filter(due).collect();
                due.sort_by_key(|t| (t.run_at, t.id));
                users.retain(|user| due.iter().any(|t| t.user == *user));
                for user in due.into_iter().map(|task| task.user) {
                    join(users, user);
                }
            }
        }

        fn take(&mut self, now: Timestamp) -> Option<TaskId> {
            self.refresh(now);
            let mut priorities = Priority::ALL.into_iter();
            let priority = priorities.find(|priority| !self.users[priority].is_empty())?;
            let user = self.users.get_mut(&priority)?.pop_front()?;
            let of = |t: &&OpenTask| {
                t.user == user && t.priority == priority && t.run_at.unwrap_or_default() <= now
            };
            let id = self.waiting.iter().filter(of).map(|t| t.id).min()?;
            self.waiting.retain(|t| t.id != id);
            self.refresh(now);
            // Who still has something to run comes last.
            let users = self.users.get_mut(&priority)?;
            if let Some(at) = users.iter().position(|other| *other == user) {
                users.remove(at);
                users.push_back(user);
            }
            Some(id)
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Put { user: u8, priority: usize, in_ms: Option<i64> },
        Take,
        Remove(usize),
        Wait(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let put = (0..4_u8, 0..4_usize, proptest::option::of(0..20_i64))
            .prop_map(|(user, priority, in_ms)| Step::Put { user, priority, in_ms });
        let step = prop_oneof![
            5 => put,
            4 => Just(Step::Take),
            1 => any::<usize>().prop_map(Step::Remove),
            2 => (1..10_i64).prop_map(Step::Wait),
        ];
        proptest::collection::vec(step, 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_order_is_that_of_a_plain_list(steps in steps()) {
            let (mut schedule, mut plain) = (Schedule::default(), Plain::default());
            let (mut now, mut made) = (0, 0_u8);
            for step in steps {
                match step {
                    Step::Put { user, priority, in_ms } => {
                        made += 1;
                        let at = in_ms.map(|ms| now + ms);
                        let task = task(made, user, Priority::ALL[priority], at);
                        schedule.put(task.clone(), &[], Timestamp(now));
                        plain.refresh(Timestamp(now));
                        plain.waiting.push(task);
                        plain.refresh(Timestamp(now));
                    }
                    Step::Take => {
                        let taken = schedule.take(Timestamp(now));
                        prop_assert_eq!(taken, plain.take(Timestamp(now)));
                        taken.and_then(|id| schedule.remove(id));
                    }
                    Step::Remove(at) => {
                        if !plain.waiting.is_empty() {
                            let gone = plain.waiting.remove(at % plain.waiting.len());
                            schedule.remove(gone.id);
                            plain.refresh(Timestamp(now));
                        }
                    }
                    Step::Wait(ms) => {
                        now += ms;
                        schedule.ripen(Timestamp(now));
                        plain.refresh(Timestamp(now));
                    }
                }
                prop_assert_eq!(schedule.len(), plain.waiting.len());
            }
        }

        #[test]
        fn nothing_runs_before_what_it_waits_for(
            edges in proptest::collection::vec((0..24_u8, 0..24_u8), 0..60),
            priorities in proptest::collection::vec(0..4_usize, 24),
        ) {
            let mut schedule = Schedule::default();
            let mut after: HashMap<u8, Vec<TaskId>> = HashMap::new();
            for (early, late) in edges {
                if early < late {
                    after.entry(late).or_default().push(id(early));
                }
            }
            for n in 0..24_u8 {
                let unmet = after.get(&n).cloned().unwrap_or_default();
                let priority = Priority::ALL[priorities[usize::from(n)]];
                let waits = OpenTask { after: unmet.as_slice().into(), ..task(n, n % 3, priority, None) };
                schedule.put(waits, &unmet, Timestamp(0));
            }
            let mut done = Vec::new();
            while let Some(next) = schedule.take(Timestamp(0)) {
                let n = next.bytes()[0];
                for other in after.get(&n).into_iter().flatten() {
                    prop_assert!(done.contains(other), "{n} before {other:?}");
                }
                done.push(next);
                schedule.succeeded(next, Timestamp(0));
            }
            prop_assert_eq!((done.len(), schedule.len()), (24, 0));
        }
    }
}
