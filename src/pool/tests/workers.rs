//! Tests of workers: who gets one, who waits, and what happens to those who leave.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use crate::{
    limits,
    model::{Priority, UserId},
    pool::{
        queue::{Asker, Origin},
        workers::{Busy, Queued, Waited, Worker, Workers},
    },
};

const PATIENCE: Duration = Duration::from_secs(120);

fn workers(size: u32) -> Arc<Workers> {
    Workers::new(size, PATIENCE)
}

fn turn(number: u8) -> Asker {
    Asker::turn(UserId::from_bytes([number; 16]))
}

fn queue_up(workers: &Arc<Workers>, user: u8) -> Queued {
    workers.queue_up(turn(user)).expect("there is room")
}

/// The worker, where it is there already.
fn called(queued: &mut Queued) -> Option<Worker> {
    match queued.next().now_or_never()? {
        Waited::Served(worker) => Some(worker),
        Waited::Moved(_) => None,
        Waited::Expired(busy) => panic!("{busy}"),
    }
}

#[tokio::test(start_paused = true)]
async fn workers_are_given_to_who_is_next() {
    let workers = workers(2);
    let first = workers.try_take(Origin::Turn).expect("one of two");
    let second = workers.try_take(Origin::Turn).expect("two of two");
    assert!(workers.try_take(Origin::Turn).is_none());
    let (mut third, mut fourth) = (queue_up(&workers, 3), queue_up(&workers, 4));
    assert!(called(&mut third).is_none());
    assert_eq!((third.look(), fourth.look()), (1, 2));
    drop(first);
    assert!(workers.try_take(Origin::Turn).is_none(), "nobody overtakes those who wait");
    let third = called(&mut third).expect("it was first");
    assert!(called(&mut fourth).is_none());
    drop((second, third));
    drop(called(&mut fourth).expect("it is next"));
    assert_eq!(workers.usage().running, 0);
    assert!(called(&mut queue_up(&workers, 5)).is_some(), "a free one is given at once");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_no_worker_along() {
    let workers = workers(1);
    let only = workers.try_take(Origin::Turn).unwrap();
    let (left, mut stays) = (queue_up(&workers, 1), queue_up(&workers, 2));
    drop(left);
    assert_eq!(stays.look(), 1);
    let called_and_gone = queue_up(&workers, 3);
    drop(only);
    drop(called(&mut stays).unwrap());
    // The worker has been sent to it by now.
    assert_eq!(workers.usage().running, 1);
    let mut behind = queue_up(&workers, 4);
    drop(called_and_gone);
    assert!(called(&mut behind).is_some());
}

#[tokio::test(start_paused = true)]
async fn scaling_drops_nobody() {
    let workers = workers(1);
    let mut waiting: Vec<_> = (0..6).map(|user| queue_up(&workers, user)).collect();
    let mut served: Vec<_> = waiting.iter_mut().filter_map(called).collect();
    assert_eq!(served.len(), 1);
    assert_eq!(workers.scale(4), 1);
    served.extend(waiting.iter_mut().skip(1).filter_map(called));
    assert_eq!(served.len(), 4, "more are given out at once");
    assert_eq!(workers.scale(2), 4);
    assert_eq!(workers.usage().running, 4, "those that are busy finish");
    served.truncate(2);
    assert!(waiting.iter_mut().skip(4).all(|queued| called(queued).is_none()));
    served.truncate(1);
    assert!(called(&mut waiting[4]).is_some());
    assert_eq!(workers.usage().size, 2);
}

#[tokio::test(start_paused = true)]
async fn a_turn_waits_only_so_long_and_a_task_as_long_as_it_takes() {
    let workers = workers(1);
    let held = workers.try_take(Origin::Turn).unwrap();
    let task = Asker::task(turn(2).user, Priority::Urgent);
    let task = workers.queue_up(task).unwrap();
    let began = Instant::now();
    let busy = queue_up(&workers, 1).worker().await.unwrap_err();
    assert_eq!(began.elapsed(), PATIENCE);
    assert_eq!(busy.retry_after, limits::POOL_SERVICE_ASSUMED * 3);
    let release = async {
        sleep(PATIENCE * 10).await;
        drop(held);
    };
    let (task, ()) = tokio::join!(task.worker(), release);
    assert!(task.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_works_for_a_task_and_what_waits_for_one_is_told_from_turns() {
    let workers = workers(2);
    let both = [Origin::Task, Origin::Turn].map(|origin| workers.try_take(origin).unwrap());
    let stands = || {
        let usage = workers.usage();
        (usage.running, usage.for_turns, workers.oldest_turn().map(|waits| waits.as_secs()))
    };
    let mut task = workers.queue_up(Asker::task(turn(1).user, Priority::Urgent)).unwrap();
    sleep(Duration::from_secs(50)).await;
    assert_eq!(stands(), (2, 1, None), "a task waits as long as it takes");
    let mut turn = queue_up(&workers, 2);
    sleep(Duration::from_secs(7)).await;
    assert_eq!(stands(), (2, 1, Some(7)));
    drop(both);
    let called = [called(&mut task), called(&mut turn)];
    assert_eq!(stands(), (2, 1, None));
    drop(called);
    assert_eq!(stands(), (0, 0, None));
}

#[tokio::test(start_paused = true)]
async fn who_waits_sees_its_position() {
    let workers = workers(1);
    let mut held = workers.try_take(Origin::Turn);
    let mut before: Vec<_> = (0..20).map(|user| queue_up(&workers, user)).collect();
    let mut last = queue_up(&workers, 99);
    let began = Instant::now();
    assert_eq!(last.look(), 21);
    for (serve, after_ms, position) in [(1, 1_125, 20), (4, 2_219, 16), (15, 3_219, 1)] {
        for queued in before.drain(..serve) {
            drop(held.take());
            held = queued.worker().await.ok();
        }
        let Waited::Moved(moved) = last.next().await else { panic!("it waits") };
        assert_eq!((moved, began.elapsed().as_millis()), (position, after_ms));
        assert_eq!(last.position(), position);
    }
    drop(held.take());
    assert!(called(&mut last).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_when_to_come_back() {
    let workers = workers(100);
    let running: Vec<_> = (0..100).filter_map(|_| workers.try_take(Origin::Turn)).collect();
    let queue_up = |user, times| {
        let places = (0..times).map(|_| workers.queue_up(turn(user)));
        places.collect::<Result<Vec<_>, Busy>>()
    };
    let mut waiting = queue_up(1, limits::POOL_QUEUE_USER_MAX).unwrap();
    assert_eq!(queue_up(1, 1).err(), workers.hold(turn(1).user).err());
    waiting.extend(queue_up(2, limits::POOL_QUEUE_MAX - limits::POOL_QUEUE_USER_MAX).unwrap());
    let refused = |user| workers.hold(turn(user).user).map(drop).map_err(|busy| busy.retry_after);
    assert_eq!(refused(3), Err(limits::POOL_RETRY_AFTER_MAX));
    // Those called leave at once, so by now a worker is known to be busy for no time at all.
    waiting.truncate(0);
    drop(running);
    let running: Vec<_> = (0..100).filter_map(|_| workers.try_take(Origin::Turn)).collect();
    waiting.extend(queue_up(1, limits::POOL_QUEUE_USER_MAX).unwrap());
    waiting.extend(queue_up(2, limits::POOL_QUEUE_USER_MAX).unwrap());
    assert_eq!(refused(3), Err(limits::BACKOFF_FIRST));
    drop(waiting);
    drop(running);
    assert_eq!(workers.usage().queued, [0; 4]);
    assert!(queue_up(1, 1).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_held_counts_and_is_kept() {
    let workers = workers(1);
    let busy = workers.try_take(Origin::Turn).unwrap();
    let user = turn(1).user;
    let mut places: Vec<_> = std::iter::from_fn(|| workers.hold(user).ok()).collect();
    assert_eq!(places.len(), limits::POOL_QUEUE_USER_MAX);
    assert_eq!(workers.usage().queued, [0; 4], "they do not wait for a worker yet");
    assert!(workers.queue_up(turn(1)).is_err());
    let others = limits::POOL_QUEUE_MAX - limits::POOL_QUEUE_USER_MAX;
    let _waiting: Vec<_> = (0..others).map(|_| queue_up(&workers, 2)).collect();
    assert!(workers.queue_up(turn(3)).is_err(), "the queue is full");
    let mut first = places.pop().unwrap().queue_up(turn(1));
    assert_eq!(first.look(), 1, "but there is room for those who held a place");
    drop(busy);
    assert!(called(&mut first).is_some());
    drop(places);
    assert!(workers.queue_up(turn(3)).is_ok());
}

/// Fifty users with twenty turns each keep four workers busy for four minutes. One user who sends
/// a turn now and then waits for the next worker that is free, each time.
#[tokio::test(start_paused = true)]
async fn one_light_user_beside_fifty_heavy_ones() {
    let workers = Workers::new(4, PATIENCE * 10);
    let work = |queued: Queued| async {
        let worker = queued.worker().await.expect("it is patient");
        sleep(Duration::from_secs(1)).await;
        drop(worker);
        Instant::now()
    };
    let heavy = (0..50).flat_map(|user| (0..20).map(move |_| user));
    let heavy: Vec<_> = heavy.map(|user| work(queue_up(&workers, user))).collect();
    let light = async {
        for _ in 0..20 {
            sleep(Duration::from_millis(9_300)).await;
            let asked = Instant::now();
            let took = work(queue_up(&workers, 99)).await - asked;
            assert!(took <= Duration::from_secs(2), "more than a round of workers: {took:?}");
        }
    };
    tokio::join!(join_all(heavy), light);
}

/// `q` queues up, `t` takes, `d` gives a running one back, `l` leaves, `s` scales.
fn every_worker_comes_back(steps: Vec<(char, usize)>) {
    let workers = workers(2);
    let (mut size, mut running, mut waiting) = (2, Vec::new(), Vec::new());
    for (step, at) in steps {
        match step {
            'q' => waiting.push(queue_up(&workers, u8::try_from(at).unwrap())),
            't' => running.extend(workers.try_take(Origin::Turn)),
            'd' if at < running.len() => drop(running.swap_remove(at)),
            'l' if at < waiting.len() => drop(waiting.swap_remove(at)),
            's' => {
                size = u32::try_from(at).unwrap() + 1;
                workers.scale(size);
            }
            _ => {}
        }
        for mut queued in std::mem::take(&mut waiting) {
            match called(&mut queued) {
                Some(worker) => running.push(worker),
                None => waiting.push(queued),
            }
        }
        let usage = workers.usage();
        assert_eq!(usage.running as usize, running.len());
        assert_eq!(usage.queued.iter().sum::<usize>(), waiting.len());
        assert!(waiting.is_empty() || usage.running >= size, "nobody waits for nothing");
    }
    drop((running, waiting));
    assert_eq!(workers.usage().running, 0);
}

proptest! {
    #[test]
    fn whatever_happens_every_worker_comes_back(
        steps in prop::collection::vec(
            (prop::sample::select("qqtddls".chars().collect::<Vec<_>>()), 0..6_usize),
            0..80,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _time = runtime.enter();
        every_worker_comes_back(steps);
    }
}
