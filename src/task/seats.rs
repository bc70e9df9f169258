//! Which tasks look for a worker, which wait for one, and which run.
//!
//! Invariants: `tasks.workers` attempts run at the most, and a task that waits for a worker of its
//! pool is none of them, so a pool that is stuck keeps nobody else's tasks from running; of one pool
//! only so many wait in its queue, and the others behind them, in the order of the schedule, for as
//! long as somebody does; a worker that comes while nothing more may run is given back at once.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::{
    Counts,
    attempt::{self, Seated, Step, Unseated},
    command::Command,
    owner::{Done, LOOK_EVERY, Owner, UnderWay, What},
    schedule::Schedule,
};
use crate::{
    limits,
    model::{PoolName, Task, TaskId},
};

/// Where the tasks are that are on their way to an answer.
#[derive(Debug, Default)]
pub(super) struct Seats {
    /// Those that look for a worker. That takes as long as it takes to read a record, so each of
    /// them has its place among those that run before it does.
    seeking: usize,
    /// Those that wait in the queue of a pool.
    waiting: HashMap<PoolName, usize>,
    /// How many of those were called back and have not left it yet. Until they have, a worker that
    /// is free goes from one to the next, so nobody else looks for one.
    called_back: usize,
}

/// How far an attempt is.
#[derive(Debug)]
pub(super) enum Stage {
    Seeking,
    Waiting(PoolName),
    CalledBack(PoolName),
    Begun,
}

/// The right to run, of one attempt; given back when dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<Counts>);

impl Slot {
    fn take(counts: &Arc<Counts>, most: usize) -> Option<Self> {
        // The owner alone takes, so nobody comes in between.
        if counts.running.load(Ordering::Relaxed) >= most {
            return None;
        }
        counts.running.fetch_add(1, Ordering::Relaxed);
        Some(Self(counts.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Owner {
    /// Tasks whose time has come look for a worker, as many as may run.
    pub(super) fn begin_due(&mut self) {
        self.come_forward();
        while self.may_begin()
            && let Some(id) = self.schedule.take(self.keeper.now())
        {
            self.seats.seeking += 1;
            let stop = CancellationToken::new();
            self.work.push(attempt::seat(self.bench(), id, stop.clone()).map(Done::Step).boxed());
            self.begin(id, What::Attempt { stop, stage: Stage::Seeking }, Vec::new());
            self.come_forward();
        }
    }

    /// Of a pool in whose queue no task waits any more, one of those that were behind comes forward:
    /// nobody else would call it.
    fn come_forward(&mut self) {
        let waits = |pool: &PoolName| self.seats.waiting.contains_key(pool);
        let left: Vec<_> = self.schedule.parked().filter(|pool| !waits(pool)).cloned().collect();
        for pool in left {
            self.schedule.unpark(&pool);
        }
    }

    /// How long nothing becomes due.
    pub(super) fn until_due(&self) -> Duration {
        let due = self.schedule.next_due().filter(|_| self.may_begin());
        due.map_or(LOOK_EVERY, |at| at.since(self.keeper.now()).min(LOOK_EVERY))
    }

    fn may_begin(&self) -> bool {
        let running = self.counts.running.load(Ordering::Relaxed);
        self.seats.called_back == 0 && running + self.seats.seeking < self.settings.workers as usize
    }

    /// A part of an attempt has come to its end.
    pub(super) async fn step(&mut self, step: Step) {
        match step {
            Step::Unseated(unseated) => self.wait(*unseated).await,
            Step::Seated(seated) => self.run_attempt(*seated).await,
            Step::Back(id, pause) => {
                let held = self.leave(id);
                let stands = pause.is_zero() && self.schedule.give_back(id);
                if let Some(mut task) = self.schedule.get(id).cloned().filter(|_| !stands) {
                    let not_before = self.keeper.now().plus(pause);
                    task.run_at = task.run_at.max((!pause.is_zero()).then_some(not_before));
                    self.put(task).await;
                }
                self.heed_all(held).await;
            }
            Step::HandedBack(task) | Step::Over(task) => {
                self.seats.left(self.under_way.get(&task.id), &mut self.schedule);
                self.settle(*task).await;
            }
        }
    }

    /// No worker of its pool is free: it waits for one, or behind those that do.
    async fn wait(&mut self, unseated: Unseated) {
        let (id, pool) = (unseated.task.id, unseated.pool.name.clone());
        let Some(UnderWay { what: What::Attempt { stop, stage }, .. }) =
            self.under_way.get_mut(&id)
        else {
            return;
        };
        let waiting = self.seats.waiting.entry(pool.clone()).or_default();
        if *waiting < limits::TASKS_IN_QUEUE_OF_POOL_MAX {
            *waiting += 1;
            self.seats.seeking -= 1;
            *stage = Stage::Waiting(pool);
            let waits = attempt::wait(unseated, stop.clone());
            self.work.push(waits.map(Done::Step).boxed());
            return;
        }
        let held = self.leave(id);
        self.schedule.park(id, pool);
        self.heed_all(held).await;
    }

    /// There is a worker: it runs, where one more may.
    async fn run_attempt(&mut self, seated: Seated) {
        let id = seated.task.id;
        let Some(slot) = self.slot(&seated.task) else {
            self.call_back(&seated.pool.name);
            drop(seated);
            let held = self.leave(id);
            self.schedule.give_back(id);
            return self.heed_all(held).await;
        };
        self.seats.left(self.under_way.get(&id), &mut self.schedule);
        let bench = self.bench();
        let Some(UnderWay { what: What::Attempt { stop, stage }, .. }) =
            self.under_way.get_mut(&id)
        else {
            return;
        };
        *stage = Stage::Begun;
        self.schedule.begun(id);
        let run = attempt::run(bench, seated, slot, stop.clone());
        self.work.push(run.map(Done::Step).boxed());
    }

    /// The right to run, where one more may. What has waited for its pool takes it neither from those
    /// that look for a worker nor from what is wanted sooner.
    fn slot(&self, task: &Task) -> Option<Slot> {
        let what = self.under_way.get(&task.id).map(|under_way| &under_way.what);
        let sought = matches!(what, Some(What::Attempt { stage: Stage::Seeking, .. }));
        if !sought && (!self.may_begin() || self.schedule.has_sooner(task.priority)) {
            return None;
        }
        Slot::take(&self.counts, self.settings.workers as usize)
    }

    /// Those that wait in the queue of this pool stand in the schedule again, which knows what comes
    /// first.
    fn call_back(&mut self, pool: &PoolName) {
        for under_way in self.under_way.values_mut() {
            if let What::Attempt { stop, stage } = &mut under_way.what
                && matches!(stage, Stage::Waiting(of) if of == pool)
            {
                *stage = Stage::CalledBack(pool.clone());
                self.seats.called_back += 1;
                stop.cancel();
            }
        }
    }

    /// It looks and waits no more. Gives what was asked of it meanwhile.
    fn leave(&mut self, id: TaskId) -> Vec<Command> {
        self.seats.left(self.under_way.get(&id), &mut self.schedule);
        self.end(id)
    }
}

impl Seats {
    /// A task is not any more where it was. Where it waited, one of those behind it comes forward.
    fn left(&mut self, under_way: Option<&UnderWay>, schedule: &mut Schedule) {
        let Some(UnderWay { what: What::Attempt { stage, .. }, .. }) = under_way else { return };
        match stage {
            Stage::Begun => {}
            Stage::Seeking => self.seeking -= 1,
            Stage::Waiting(pool) | Stage::CalledBack(pool) => {
                self.called_back -= usize::from(matches!(stage, Stage::CalledBack(_)));
                let Some(waiting) = self.waiting.get_mut(pool) else { return };
                *waiting -= 1;
                if *waiting == 0 {
                    self.waiting.remove(pool);
                }
                schedule.unpark(pool);
            }
        }
    }
}
