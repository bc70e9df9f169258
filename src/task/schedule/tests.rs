//! The order of tasks, row by row and against a queue that is fed with what is due.

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::{
    limits::POOL_AGEING_TAKES,
    model::{Priority, TaskStatus},
};

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
        ("an an an bn cn bn", 0, &[5, 4, 1, 6, 2, 3]),
        ("an an bh", 0, &[3, 1, 2]),
        ("an@5 an an@9", 0, &[2]),
        ("an@9 an an@5", 9, &[2, 3, 1]),
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

/// What a schedule must do, said without any cleverness: the queue gives the order of what is due.
#[derive(Default)]
struct Plain {
    waiting: Vec<OpenTask>,
    due: HashMap<TaskId, Ticket>,
    queue: Queue<TaskId>,
}

impl Plain {
    fn refresh(&mut self, now: Timestamp) {
        let is_new =
            |t: &&OpenTask| t.run_at.unwrap_or_default() <= now && !self.due.contains_key(&t.id);
        let mut new: Vec<_> = self.waiting.iter().filter(is_new).cloned().collect();
        new.sort_by_key(|t| (t.run_at, t.id));
        for task in new {
            let ticket = self.queue.push(Asker::task(task.user, task.priority), task.id);
            self.due.insert(task.id, ticket);
        }
    }

    fn take(&mut self, now: Timestamp) -> Option<TaskId> {
        self.refresh(now);
        let id = self.queue.pop()?;
        self.waiting.retain(|t| t.id != id);
        Some(id)
    }

    fn remove(&mut self, at: usize) -> TaskId {
        let gone = self.waiting.remove(at);
        self.due.get(&gone.id).and_then(|ticket| self.queue.remove(*ticket));
        gone.id
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
    fn the_order_is_that_of_a_queue_of_what_is_due(steps in steps()) {
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
                        let gone = plain.remove(at % plain.waiting.len());
                        schedule.remove(gone);
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
    assert_eq!(schedule.overdue_since(), Some(Timestamp(9)), "it was taken, but has not begun");
    schedule.begun(id(2));
    assert_eq!(schedule.overdue_since(), None);
}

// ---- nobody waits for ever -----------------------------------------------------------------------

/// Task `n` of that user, wanted so soon.
fn one_of_many(n: u128, user: u8, priority: Priority) -> OpenTask {
    OpenTask { id: TaskId::from_bytes(n.to_be_bytes()), ..task(0, user, priority, None) }
}

/// The lowest of the four lanes of tasks ages six steps, past the lanes of turns as well, and then
/// those before it come every other time.
const TAKES_MAX: usize = 6 * POOL_AGEING_TAKES + 2 * Priority::ALL.len();

/// How somebody's one task of a class came, behind fifty heavy users.
struct Wait {
    /// What was taken before it.
    before: Vec<Priority>,
    /// The fewest that a heavy user had waiting in its class, of those that had any.
    fewest: Option<usize>,
}

/// Fifty users with ten tasks each of these classes hand another one in whenever one is taken. After so
/// many takes somebody comes with one task of this class.
fn wait_of_a_light_user(mix: &[Priority], class: Priority, taken_before: usize) -> Wait {
    let (mut schedule, mut waiting) = (Schedule::default(), HashMap::new());
    let mut made = 0;
    let mut hand_in = |schedule: &mut Schedule, waiting: &mut HashMap<_, usize>, user: u8| {
        let priority = mix[(usize::from(user) + made / 50) % mix.len()];
        made += 1;
        *waiting.entry((user, priority)).or_default() += 1;
        schedule.put(one_of_many(made as u128, user, priority), &[], Timestamp(0));
    };
    for user in (1..=50).cycle().take(50 * 10) {
        hand_in(&mut schedule, &mut waiting, user);
    }
    let mut take = |schedule: &mut Schedule, waiting: &mut HashMap<_, usize>| {
        let taken = schedule.take(Timestamp(0)).expect("there is always one");
        let task = schedule.get(taken).expect("it is out");
        let (user, priority) = (task.user.bytes()[0], task.priority);
        schedule.remove(taken);
        if user != 99 {
            waiting.entry((user, priority)).and_modify(|tasks| *tasks -= 1);
            hand_in(schedule, waiting, user);
        }
        (user, priority)
    };
    for _ in 0..taken_before {
        take(&mut schedule, &mut waiting);
    }
    let of_class = waiting.iter().filter(|((_, of), tasks)| *of == class && **tasks > 0);
    let fewest = of_class.map(|(_, tasks)| *tasks).min();
    schedule.put(one_of_many(u128::MAX, 99, class), &[], Timestamp(0));
    let mut before = Vec::new();
    loop {
        let (user, priority) = take(&mut schedule, &mut waiting);
        if user == 99 {
            return Wait { before, fewest };
        }
        before.push(priority);
        assert!(before.len() < TAKES_MAX, "{class:?} in {mix:?}: {before:?}");
    }
}

#[test]
fn a_light_user_comes_soon_whatever_the_mix_of_classes() {
    let (mut worst, mut next, mut second) = (0, 0, 0);
    for mix in 1..16_usize {
        let of_mix = |(n, _): &(usize, Priority)| mix & (1 << n) != 0;
        let mix: Vec<_> =
            Priority::ALL.into_iter().enumerate().filter(of_mix).map(|(_, class)| class).collect();
        let times = || (0..100).step_by(5);
        for (class, taken_before) in
            Priority::ALL.into_iter().flat_map(|class| times().map(move |takes| (class, takes)))
        {
            let Wait { before, fewest } = wait_of_a_light_user(&mix, class, taken_before);
            let row = format!("{class:?} in {mix:?} after {taken_before}: {before:?}");
            worst = worst.max(before.len() + 1);
            if let Some(highest) = mix.iter().find(|of| **of > class) {
                // Its lane ages past theirs. Each other one may have aged more, and is followed by one
                // of the highest, for never two in a row come out of turn.
                let steps = 2 * (*highest as usize - class as usize);
                let others = mix.iter().filter(|of| *of != highest && **of != class).count();
                assert!(before.len() <= steps * POOL_AGEING_TAKES + 2 * others, "{row}");
            } else if fewest.is_none_or(|fewest| fewest >= 2) {
                // It is the very next, but where a lower lane has aged so far that this take is its own.
                assert!(before.len() <= 1 && before.iter().all(|of| *of < class), "{row}");
                next += usize::from(before.is_empty());
                second += before.len();
            }
        }
    }
    assert!(next > 20 * second && second > 0, "{next} came next, {second} as the second");
    println!("the worst wait is {worst} takes");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_waits_runs_in_bounded_time(
        class in 0..4_usize,
        flood in proptest::collection::vec(0..4_usize, 1..20),
        later in 0..50_i64,
    ) {
        let mut schedule = Schedule::default();
        let mut made = 0;
        // Each take is followed by two that come anew: there is more than can ever be done.
        let mut flood = flood.into_iter().cycle();
        let mut pour = |schedule: &mut Schedule, tasks, now| {
            for class in flood.by_ref().take(tasks) {
                made += 1;
                schedule.put(one_of_many(made, 1, Priority::ALL[class]), &[], Timestamp(now));
            }
        };
        pour(&mut schedule, 500, 0);
        let patient = OpenTask {
            run_at: Some(Timestamp(later)),
            ..one_of_many(u128::MAX, 2, Priority::ALL[class])
        };
        schedule.put(patient.clone(), &[], Timestamp(0));
        let mut take = |now| {
            pour(&mut schedule, 2, now);
            schedule.take(Timestamp(now))
        };
        let before = (0..later).filter(|now| take(*now) == Some(patient.id)).count();
        prop_assert_eq!(before, 0, "its time has not come");
        let waits = (later..).take(1_000).take_while(|now| take(*now) != Some(patient.id)).count();
        prop_assert!(waits <= TAKES_MAX, "{waits} takes");
    }
}

/// What a task costs that comes while so many wait, and one that is taken: the best of many, since
/// others use the machine as well.
fn nanoseconds(waiting: u128) -> u128 {
    const AT_ONCE: u128 = 50;
    let mut schedule = Schedule::default();
    let made = |n: u128| one_of_many(n, (n % 251) as u8, Priority::ALL[n as usize % 4]);
    for n in 0..waiting {
        schedule.put(made(n), &[], Timestamp(0));
    }
    let rounds = (0..40).map(|round| {
        let new: Vec<_> = (0..AT_ONCE).map(|n| made(waiting + round * AT_ONCE + n)).collect();
        let begun = Instant::now();
        for task in new {
            schedule.put(task, &[], Timestamp(0));
            let taken = schedule.take(Timestamp(0)).expect("many wait");
            schedule.remove(taken);
        }
        begun.elapsed().as_nanos() / AT_ONCE
    });
    rounds.min().unwrap_or_default()
}

#[test]
fn what_a_task_costs_grows_like_the_logarithm_of_those_that_wait() {
    let costs = [1_000, 10_000, 100_000].map(nanoseconds);
    println!("nanoseconds with 1,000, 10,000 and 100,000 waiting: {costs:?}");
    // A hundred times as many: a look at each would cost a hundred times as much.
    assert!(costs[2] < 10 * costs[0].max(1), "{costs:?}");
}
