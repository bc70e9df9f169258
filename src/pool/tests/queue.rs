//! Tests of the queue's order: rows, and what holds for any pushes and pops.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::{
    limits::POOL_AGEING_TAKES,
    model::{Priority, UserId},
    pool::queue::{Asker, Origin, Queue, Ticket},
};

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

/// A user's letter and a class: `U`, `H`, `N`, `L` for turns, `u`, `h`, `n`, `l` for tasks.
fn asker(who: char, class: char) -> Asker {
    let priority = match class.to_ascii_uppercase() {
        'U' => Priority::Urgent,
        'H' => Priority::High,
        'N' => Priority::Normal,
        _ => Priority::Low,
    };
    let origin = if class.is_ascii_uppercase() { Origin::Turn } else { Origin::Task };
    Asker { user: user(u8::try_from(who).unwrap()), priority, origin }
}

/// Plays words: `aN` pushes, named by its number from 1; `-3` removes the third, `.` takes one. In
/// the end all that is left is taken.
fn check(play: &str, expected: &str) {
    let (mut queue, mut tickets, mut taken) = (Queue::default(), Vec::new(), Vec::new());
    for word in play.split_whitespace() {
        let mut letters = word.chars();
        match (letters.next().unwrap(), letters.as_str()) {
            ('-', number) => {
                let ticket = tickets[number.parse::<usize>().unwrap() - 1];
                queue.remove(ticket).expect("it waits");
            }
            ('.', _) => taken.extend(queue.pop()),
            (who, class) => {
                let asker = asker(who, class.chars().next().unwrap());
                tickets.push(queue.push(asker, tickets.len() + 1));
            }
        }
    }
    taken.extend(std::iter::from_fn(|| queue.pop()));
    let taken: Vec<_> = taken.iter().map(ToString::to_string).collect();
    assert_eq!(taken.join(" "), expected, "{play}");
}

#[test]
fn the_class_comes_first_and_turns_come_before_tasks() {
    check("aL bN cH dU", "4 3 2 1");
    check("al aL an aN ah aH au aU", "8 7 6 5 4 3 2 1");
    check("aN aN aN", "1 2 3");
}

#[test]
fn users_of_a_class_take_turns() {
    // Somebody's one message is not behind another's many, whoever came first.
    check("aN aN aN bN", "4 1 2 3");
    check("aN aN aN . bN . .", "1 4 2 3");
    check("aN aN aN bN bN bN", "1 4 2 5 3 6");
    check("aN aN aN bN bN cN", "6 4 1 5 2 3");
    // Who sends one after the other is not behind what another has sent at once.
    check("aN aN aN bN . bN . . .", "4 5 1 2 3");
    // Having something waiting in another class changes nothing.
    check("aU aN aN aN bN", "1 5 2 3 4");
    check("aN aN bN -3 bN", "4 1 2");
    check("aN aN aN -1 -2", "3");
}

/// Two of each class are always there, of different users. Says what is taken, by its letter.
fn flood(classes: &str, takes: usize) -> String {
    let mut queue = Queue::default();
    for class in classes.chars().chain(classes.chars()) {
        queue.push(asker(class, class), class);
    }
    let mut take = || {
        let class = queue.pop()?;
        queue.push(asker(class, class), class);
        Some(class)
    };
    (0..takes).filter_map(|_| take()).collect()
}

#[test]
fn a_lane_that_is_passed_over_ages() {
    // A step makes a task as good as a turn, two lift a class.
    assert_eq!(flood("Nn", 18), "NNNNNNNNnNNNNNNNNn");
    assert_eq!(flood("HN", 34), "HHHHHHHHHHHHHHHHNHHHHHHHHHHHHHHHHN");
    assert_eq!(flood("Ul", 57), format!("{}l", "U".repeat(56)));
    assert_eq!(flood("UHN", 20), "UUUUUUUUUUUUUUUUHUUU");
    // Where nothing else waits a lane does not age.
    assert_eq!(flood("N", 3), "NNN");
}

#[test]
fn a_round_does_not_stay_open_for_ever() {
    // `a` and `b` have much waiting, so newcomers go before them; after six takes no longer.
    let (mut queue, mut order) = (Queue::default(), String::new());
    for who in "aaabbb".chars() {
        queue.push(asker(who, 'N'), who);
    }
    for newcomer in 'c'..='k' {
        queue.push(asker(newcomer, 'N'), newcomer);
        order.extend(queue.pop());
    }
    assert_eq!(order, "cdefghabi");
}

// ---- what always holds ------------------------------------------------------------------------

#[derive(Debug, Clone)]
enum Op {
    Push(Asker),
    Pop,
    Remove(prop::sample::Index),
}

fn askers() -> impl Strategy<Value = Asker> {
    let priority = prop::sample::select(Priority::ALL.to_vec());
    let origin = prop::sample::select(vec![Origin::Turn, Origin::Task]);
    (0..6_u8, priority, origin).prop_map(|(who, priority, origin)| Asker {
        user: user(who),
        priority,
        origin,
    })
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        5 => askers().prop_map(Op::Push),
        3 => Just(Op::Pop),
        1 => any::<prop::sample::Index>().prop_map(Op::Remove),
    ];
    prop::collection::vec(op, 0..120)
}

/// A queue that has lived through `ops`, and what still waits in it.
fn lived(ops: &[Op]) -> (Queue<u64>, BTreeMap<Ticket, Asker>) {
    let (mut queue, mut waiting) = (Queue::default(), BTreeMap::new());
    let mut pushed = 0;
    for op in ops {
        match op {
            Op::Push(asker) => {
                waiting.insert(queue.push(*asker, pushed), *asker);
                pushed += 1;
            }
            Op::Pop => {
                let popped = queue.pop();
                assert_eq!(popped.is_some(), !waiting.is_empty());
                assert!(popped.is_none_or(|ticket| waiting.remove(&ticket).is_some()));
            }
            Op::Remove(index) if !waiting.is_empty() => {
                let ticket = *index.get(&waiting.keys().copied().collect::<Vec<_>>());
                assert_eq!(queue.remove(ticket), Some(ticket));
                assert_eq!((queue.remove(ticket), queue.position(ticket)), (None, None));
                waiting.remove(&ticket);
            }
            Op::Remove(_) => {}
        }
        assert_eq!((queue.len(), queue.is_empty()), (waiting.len(), waiting.is_empty()));
        assert_eq!(queue.by_class().iter().sum::<usize>(), waiting.len());
        let own = waiting.values().filter(|asker| asker.user == user(0)).count();
        assert_eq!(queue.waiting_of(user(0)), own);
    }
    (queue, waiting)
}

/// The same where only fairness decides.
fn in_one_lane(op: &Op) -> Op {
    match op {
        Op::Push(asker) => Op::Push(Asker::turn(asker.user)),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_doubled(ops in ops()) {
        let (mut queue, waiting) = lived(&ops);
        let left: BTreeSet<_> = std::iter::from_fn(|| queue.pop()).collect();
        prop_assert_eq!(left, waiting.keys().copied().collect());
    }

    #[test]
    fn positions_are_true(ops in ops(), alike: bool) {
        let in_one_lane = |op| if alike { in_one_lane(op) } else { op.clone() };
        let ops: Vec<_> = ops.iter().map(in_one_lane).collect();
        let (mut queue, waiting) = lived(&ops);
        let said: BTreeMap<_, _> = waiting.keys().map(|t| (queue.position(*t), *t)).collect();
        let order: BTreeMap<_, _> =
            (1..).map(Some).zip(std::iter::from_fn(|| queue.pop())).collect();
        prop_assert_eq!(said, order);
    }

    #[test]
    fn users_who_wait_together_are_served_alike(ops in ops()) {
        let ops: Vec<_> = ops.iter().map(in_one_lane).collect();
        let mut queue = Queue::default();
        let mut waiting: BTreeMap<UserId, usize> = BTreeMap::new();
        // How often the second was served since the first was, while both had something waiting;
        // and how many takes there were.
        let mut passed: BTreeMap<(UserId, UserId), usize> = BTreeMap::new();
        let mut takes: BTreeMap<UserId, usize> = BTreeMap::new();
        let mut users = 0;
        for op in ops.iter().chain(std::iter::repeat_n(&Op::Pop, ops.len())) {
            match op {
                Op::Push(asker) => {
                    queue.push(*asker, asker.user);
                    *waiting.entry(asker.user).or_default() += 1;
                    users = users.max(waiting.len());
                }
                Op::Pop => {
                    let Some(served) = queue.pop() else { continue };
                    waiting.entry(served).and_modify(|count| *count -= 1);
                    waiting.retain(|_, count| *count > 0);
                    takes.remove(&served);
                    passed.retain(|(patient, other), _| {
                        *patient != served && waiting.contains_key(other)
                    });
                    for patient in waiting.keys().filter(|patient| **patient != served) {
                        *takes.entry(*patient).or_default() += 1;
                        let times = passed.entry((*patient, served)).or_default();
                        *times += usize::from(waiting.contains_key(&served));
                        prop_assert!(*times <= 2, "{patient:?} was passed by {served:?}");
                    }
                    prop_assert!(takes.values().all(|takes| *takes <= 6 * users));
                }
                Op::Remove(_) => {}
            }
        }
    }

    /// Fifty users with forty messages each, of any classes, and one with one. Of its own class
    /// nobody who has more waiting is served before it, and of lower ones only what has aged: never
    /// two in a row.
    #[test]
    fn a_light_user_waits_for_no_heavy_one(
        mix in prop::collection::vec(0..4_usize, 1..40),
        pops in 0..1_900_usize,
        class in 0..4_usize,
    ) {
        let mut queue = Queue::default();
        let mut left: BTreeMap<(u8, Priority), usize> = BTreeMap::new();
        for message in 0..40 {
            for heavy in 1..=50 {
                let priority = Priority::ALL[mix[(message * 7 + usize::from(heavy)) % mix.len()]];
                let asker = Asker { priority, ..Asker::turn(user(heavy)) };
                queue.push(asker, (heavy, priority));
                *left.entry((heavy, priority)).or_default() += 1;
            }
        }
        for _ in 0..pops {
            let popped = queue.pop().unwrap();
            left.entry(popped).and_modify(|count| *count -= 1);
        }
        let priority = Priority::ALL[class];
        let above: usize = queue.by_class().iter().take(class).sum();
        let as_light = left.iter().filter(|((_, of), count)| *of == priority && **count == 1);
        let bound = (above + as_light.count() + 1) as u64;
        let asker = Asker { priority, ..Asker::turn(user(99)) };
        let light = queue.push(asker, (99, priority));
        prop_assert!(queue.position(light).unwrap() <= 2 * bound);
    }

    #[test]
    fn whatever_waits_is_served_in_bounded_time(
        first in askers(),
        flood in prop::collection::vec(askers(), 1..20),
    ) {
        let mut queue = Queue::default();
        // Each take is followed by two that come anew: there is more than can ever be served.
        for asker in flood.iter().cycle().take(500) {
            queue.push(Asker { user: user(10), ..*asker }, "flood");
        }
        queue.push(Asker { user: user(11), ..first }, "first");
        let mut flood = flood.iter().cycle();
        let mut take = || {
            for asker in flood.by_ref().take(2) {
                queue.push(Asker { user: user(10), ..*asker }, "flood");
            }
            queue.pop()
        };
        let takes = std::iter::from_fn(&mut take).take_while(|taken| *taken != "first");
        // The lowest of eight lanes ages seven steps, and then those before it come every other time.
        prop_assert!(takes.take(1_000).count() <= 7 * POOL_AGEING_TAKES + 2 * 8);
    }
}
