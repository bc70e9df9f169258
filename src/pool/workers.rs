//! The workers of a pool, and those who wait for one.
//!
//! Invariants: a worker comes back by its drop, whatever became of the answer, and goes to whoever
//! is next; nobody overtakes those who wait; the lock is held for a step of the queue, never across
//! an `.await`.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};

use super::queue::{Asker, Origin, Queue, Ticket};
use crate::{
    limits,
    model::{Priority, UserId},
};

/// The workers of one pool.
pub(super) struct Workers(Mutex<State>);

struct State {
    /// How long a person's turn waits at the most.
    patience: Duration,
    size: u32,
    running: u32,
    /// How many of those work for a turn.
    for_turns: u32,
    queue: Queue<Caller>,
    /// Places that are held for those who will wait later, by user.
    held: HashMap<UserId, usize>,
    held_by_all: usize,
    /// How long a worker is busy, on average.
    service: Duration,
}

/// One who waits.
struct Caller {
    called: oneshot::Sender<Worker>,
    origin: Origin,
    since: Instant,
}

/// The right to one answer; given back when dropped.
#[derive(Debug)]
pub struct Worker {
    workers: Arc<Workers>,
    origin: Origin,
    since: Instant,
}

/// No worker can be had in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pool is busy; there may be room in {} s", .retry_after.as_secs())]
pub struct Busy {
    /// When it is worth coming back, judged by how long workers are busy.
    pub retry_after: Duration,
}

/// How the workers of a pool are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) size: u32,
    pub(super) running: u32,
    pub(super) for_turns: u32,
    pub(super) queued: [usize; Priority::ALL.len()],
}

impl Workers {
    /// So many workers, for whom a person's turn waits so long at the most.
    pub(super) fn new(size: u32, patience: Duration) -> Arc<Self> {
        let state = State {
            patience,
            size,
            running: 0,
            for_turns: 0,
            queue: Queue::default(),
            held: HashMap::new(),
            held_by_all: 0,
            service: limits::POOL_SERVICE_ASSUMED,
        };
        Arc::new(Self(Mutex::new(state)))
    }

    /// A worker, where one is free and nobody waits for it.
    pub(super) fn try_take(self: &Arc<Self>, origin: Origin) -> Option<Worker> {
        let mut state = self.lock();
        if !state.has_free() || !state.queue.is_empty() {
            return None;
        }
        state.lend(origin);
        drop(state);
        Some(self.worker(origin))
    }

    /// A place among those who wait.
    pub(super) fn queue_up(self: &Arc<Self>, asker: Asker) -> Result<Queued, Busy> {
        let state = self.lock();
        state.admits(asker.user)?;
        Ok(self.push(state, asker))
    }

    /// A place for one who will wait later.
    pub(super) fn hold(self: &Arc<Self>, user: UserId) -> Result<Place, Busy> {
        let mut state = self.lock();
        state.admits(user)?;
        *state.held.entry(user).or_default() += 1;
        state.held_by_all += 1;
        drop(state);
        Ok(Place { workers: self.clone(), user })
    }

    fn push(self: &Arc<Self>, mut state: MutexGuard<'_, State>, asker: Asker) -> Queued {
        let (caller, called) = oneshot::channel();
        let now = Instant::now();
        let caller = Caller { called: caller, origin: asker.origin, since: now };
        let (ticket, patience) = (state.queue.push(asker, caller), state.patience);
        drop(state);
        self.call();
        let expires = (asker.origin == Origin::Turn).then(|| now + patience);
        Queued { workers: self.clone(), ticket, called, position: 1, looks: now, expires }
    }

    /// Changes how many there are. More are given out at once; where there are fewer, those that
    /// are busy finish. Says how many there were.
    pub(super) fn scale(self: &Arc<Self>, size: u32) -> u32 {
        let before = std::mem::replace(&mut self.lock().size, size);
        self.call();
        before
    }

    /// From now on a turn waits so long, and there are so many, where a number is given.
    pub(super) fn adopt(self: &Arc<Self>, size: Option<u32>, patience: Duration) {
        let mut state = self.lock();
        state.patience = patience;
        state.size = size.unwrap_or(state.size);
        drop(state);
        self.call();
    }

    /// How they are used.
    pub(super) fn usage(&self) -> Usage {
        let state = self.lock();
        Usage {
            size: state.size,
            running: state.running,
            for_turns: state.for_turns,
            queued: state.queue.by_class(),
        }
    }

    /// What those take in memory who wait here.
    pub(super) fn queue_bytes(&self) -> usize {
        let waiting: usize = self.lock().queue.by_class().iter().sum();
        waiting * Queue::<Caller>::WAITER_BYTES
    }

    /// How long the turn that came first has waited; none where no turn waits. A task has no
    /// patience that could end, so how long one waits says nothing about the pool.
    pub(super) fn oldest_turn(&self) -> Option<Duration> {
        let state = self.lock();
        let oldest = state.queue.oldest(|caller| caller.origin == Origin::Turn);
        oldest.map(|caller| caller.since.elapsed())
    }

    /// Gives free workers to those who are next.
    fn call(self: &Arc<Self>) {
        while let Some(Caller { called, origin, .. }) = self.next() {
            // Whoever left in this moment drops the worker, which then calls the one behind.
            drop(called.send(self.worker(origin)));
        }
    }

    fn next(&self) -> Option<Caller> {
        let mut state = self.lock();
        if !state.has_free() {
            return None;
        }
        let next = state.queue.pop()?;
        state.lend(next.origin);
        Some(next)
    }

    fn worker(self: &Arc<Self>, origin: Origin) -> Worker {
        Worker { workers: self.clone(), origin, since: Instant::now() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.usage().fmt(f)
    }
}

impl State {
    fn has_free(&self) -> bool {
        self.running < self.size
    }

    fn lend(&mut self, origin: Origin) {
        self.running += 1;
        self.for_turns += u32::from(origin == Origin::Turn);
    }

    fn take_back(&mut self, origin: Origin) {
        self.running -= 1;
        self.for_turns -= u32::from(origin == Origin::Turn);
    }

    fn admits(&self, user: UserId) -> Result<(), Busy> {
        let held = |user| self.held.get(user).copied().unwrap_or(0);
        let full = self.queue.len() + self.held_by_all >= limits::POOL_QUEUE_MAX
            || self.queue.waiting_of(user) + held(&user) >= limits::POOL_QUEUE_USER_MAX;
        if full { Err(self.busy()) } else { Ok(()) }
    }

    /// When all that waits now will have been served, within reason.
    fn busy(&self) -> Busy {
        let ahead = u32::try_from(self.queue.len() + 1).unwrap_or(u32::MAX);
        let served = self.service.saturating_mul(ahead) / self.size.max(1);
        let retry_after = served.clamp(limits::BACKOFF_FIRST, limits::POOL_RETRY_AFTER_MAX);
        Busy { retry_after }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.workers.lock();
        state.take_back(self.origin);
        state.service = (state.service * 7 + self.since.elapsed()) / 8;
        drop(state);
        self.workers.call();
    }
}

/// A place for one who will wait for a worker later, as it has to wait for something else before;
/// given up when dropped.
#[derive(Debug)]
pub struct Place {
    workers: Arc<Workers>,
    user: UserId,
}

impl Place {
    /// Now it waits for a worker.
    pub fn queue_up(self, asker: Asker) -> Queued {
        self.workers.push(self.workers.lock(), asker)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.workers.lock();
        state.held_by_all -= 1;
        if let Some(held) = state.held.get_mut(&self.user) {
            *held -= 1;
            if *held == 0 {
                state.held.remove(&self.user);
            }
        }
    }
}

/// A place among those who wait for a worker; given up when dropped.
#[derive(Debug)]
pub struct Queued {
    workers: Arc<Workers>,
    ticket: Ticket,
    called: oneshot::Receiver<Worker>,
    /// As it was when it last looked.
    position: u64,
    /// When it looks again.
    looks: Instant,
    expires: Option<Instant>,
}

/// What becomes of waiting.
#[derive(Debug)]
pub enum Waited {
    /// It is its turn. Nothing follows.
    Served(Worker),
    /// Its position is another one now.
    Moved(u64),
    /// It has waited as long as a turn may. Nothing follows.
    Expired(Busy),
}

impl Queued {
    /// Where it stands now, counted from 1.
    pub fn look(&mut self) -> u64 {
        self.position = self.workers.lock().queue.position(self.ticket).unwrap_or(1);
        // In eighths, so that those who came together do not look together.
        let root = u32::try_from((self.position * 64).isqrt()).unwrap_or(u32::MAX);
        self.looks = Instant::now() + limits::POSITION_EVERY.saturating_mul(root) / 8;
        self.position
    }

    /// Where it stood when it last looked.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Waits for the next thing to happen. Cancel-safe.
    ///
    /// Nobody tells those who wait that somebody was served: each looks by itself, the less often
    /// the further back it stands, so that a worker that changes hands wakes one task and not all.
    pub async fn next(&mut self) -> Waited {
        loop {
            let wakes = self.expires.map_or(self.looks, |expires| expires.min(self.looks));
            tokio::select! { biased;
                worker = &mut self.called => {
                    return Waited::Served(worker.expect("who is in the queue is called from it"));
                }
                () = sleep_until(wakes) => {}
            }
            if self.expires.is_some_and(|expires| expires <= Instant::now()) {
                return Waited::Expired(self.workers.lock().busy());
            }
            let before = self.position;
            if self.look() != before {
                return Waited::Moved(self.position);
            }
        }
    }

    /// Waits for the worker alone.
    pub async fn worker(mut self) -> Result<Worker, Busy> {
        loop {
            match self.next().await {
                Waited::Served(worker) => return Ok(worker),
                Waited::Moved(_) => {}
                Waited::Expired(busy) => return Err(busy),
            }
        }
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        let left = self.workers.lock().queue.remove(self.ticket);
        // Not under the lock: nothing that is dropped may want it.
        drop(left);
    }
}
