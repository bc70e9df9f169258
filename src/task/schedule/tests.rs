//! The order of tasks, row by row and against a plain list.

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
        let waits = OpenTask { after: after.as_slice().into(), ..task(n, 1, Priority::Low, None) };
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
            let due = |t: &&OpenTask| t.priority == priority && t.run_at.unwrap_or_default() <= now;
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

#[test]
fn the_most_overdue_is_the_one_that_could_have_run_first() {
    let mut schedule = Schedule::default();
    assert_eq!(schedule.overdue_since(), None);
    schedule.put(task(1, 1, Priority::Low, Some(5)), &[], Timestamp(0));
    assert_eq!(schedule.overdue_since(), None, "its time has not come");
    schedule.put(task(2, 1, Priority::High, None), &[], Timestamp(9));
    assert_eq!(
        schedule.overdue_since(),
        Some(Timestamp(5)),
        "since its time, not since it was seen"
    );
    assert_eq!(schedule.take(Timestamp(9)), Some(id(2)));
    assert_eq!(schedule.overdue_since(), Some(Timestamp(5)));
    schedule.remove(id(1));
    assert_eq!(schedule.overdue_since(), None);
}
