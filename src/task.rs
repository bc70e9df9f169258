//! Background tasks: durable work that runs when its time comes, and tells its outcome once.
//!
//! Invariants: one owner decides about all tasks, and a task's record has one writer at a time; an
//! attempt is durable before its request leaves, so that a crash can cost an attempt and never give
//! one away; an outcome and the fact that it was told are one commit.
//!
//! The owner is the lease: a process has its store to itself, so whatever is found running at a
//! start was left by one that is gone.

mod attempt;
mod board;
mod clock;
mod command;
mod cost;
mod keeping;
mod outcome;
mod owner;
mod recurrence;
mod requests;
mod schedule;
mod seats;
mod stretch;
mod telling;
#[cfg(test)]
mod tests;
mod times;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono_tz::Tz;
use tokio::sync::{mpsc, oneshot, watch};

pub use board::{Subscription, Taken};
pub use command::{Again, Change, Invalid, NewTask, Refusal, Submitted};
pub use recurrence::{NoRule, Recurrence};
pub use telling::reason;
pub use times::{Unreadable, When, when};

use crate::{
    config::TaskSettings,
    conversation::Registry,
    limits,
    model::{Every, Task, TaskFilter, TaskId, Timestamp, UserId},
    store::{Store, StoreError, TaskPage},
};
use board::Board;
use command::{Command, Reply};
use keeping::Keeper;
use owner::Owner;

/// The way to the tasks. Whatever is somebody else's does not exist.
#[derive(Clone)]
pub struct Tasks {
    commands: mpsc::Sender<Command>,
    keeper: Keeper,
    counts: Arc<Counts>,
    settings: watch::Sender<TaskSettings>,
}

/// How many there are.
#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    running: AtomicUsize,
    /// Since when the most overdue could run, in milliseconds; 0 where none is.
    overdue_since: AtomicI64,
}

/// How many tasks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Those that wait.
    pub queued: usize,
    /// Those that are under way.
    pub running: usize,
    /// How late the most overdue of those that could run is, in milliseconds.
    pub late_ms: u64,
    /// Bytes that all of them take in memory, reckoned by their number.
    pub bytes: usize,
}

impl Tasks {
    /// Takes up what the last run left, and works from then on until the drain.
    pub async fn start(registry: Registry, settings: &TaskSettings) -> Result<Self, StoreError> {
        let workshop = registry.workshop().clone();
        let board = Board::default();
        let keeper = Keeper::new(workshop.store.clone(), workshop.clock.clone(), board);
        let (commands, inbox) = mpsc::channel(limits::TASK_COMMANDS_WAITING_MAX);
        let counts = Arc::new(Counts::default());
        let settings = watch::Sender::new(settings.clone());
        let told = settings.subscribe();
        let owner = Owner::take_up(registry, keeper.clone(), told, counts.clone()).await?;
        workshop.lifecycle.spawn(owner.run(inbox));
        Ok(Self { commands, keeper, counts, settings })
    }

    /// These settings hold from now on: for what begins, and for what is handed in.
    pub fn adopt(&self, settings: &TaskSettings) {
        self.settings.send_if_modified(|now| {
            let changed = now != settings;
            now.clone_from(settings);
            changed
        });
    }

    /// The time zone that is meant where none is named.
    pub fn zone(&self) -> Tz {
        times::zone(&self.settings.borrow().time_zone).unwrap_or(Tz::UTC)
    }

    /// A rule, meant in the named time zone, else in the one that it names itself, else in the usual.
    pub fn every(&self, rule: &str, zone: Option<&str>) -> Result<Every, Invalid> {
        let zone = match zone {
            Some(name) => times::zone(name).ok_or(NoRule::Zone)?,
            None => self.zone(),
        };
        let (rule, zone) = Recurrence::split(rule, zone);
        Recurrence::read(rule, zone)?;
        Ok(Every { rule: rule.into(), zone: zone.name().into() })
    }

    /// How many there are.
    pub fn load(&self) -> Load {
        let running = self.counts.running.load(Ordering::Relaxed);
        let open = self.counts.open.load(Ordering::Relaxed);
        let since = Timestamp(self.counts.overdue_since.load(Ordering::Relaxed));
        let late = if since.0 == 0 { Duration::ZERO } else { self.keeper.now().since(since) };
        let late_ms = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        let bytes = open * schedule::TASK_BYTES;
        Load { queued: open.saturating_sub(running), running, late_ms, bytes }
    }

    /// Hands a task in. It is durable once this resolves.
    pub async fn submit(&self, user: UserId, new: NewTask) -> Result<Submitted, Refusal> {
        self.ask(|reply| Command::Submit(user, Box::new(new), reply)).await
    }

    /// Takes a task back, waiting or running; one that has ended stays as it is.
    pub async fn cancel(&self, user: UserId, id: TaskId) -> Result<Task, Refusal> {
        self.ask(|reply| Command::Cancel(user, id, reply)).await
    }

    /// Changes a task that has not begun.
    pub async fn update(&self, user: UserId, id: TaskId, to: Change) -> Result<Task, Refusal> {
        self.ask(|reply| Command::Update(user, id, Box::new(to), reply)).await
    }

    /// Has a task that failed or was cancelled done after all, with all its attempts.
    pub async fn retry(&self, user: UserId, id: TaskId) -> Result<Task, Refusal> {
        self.ask(|reply| Command::Retry(user, id, reply)).await
    }

    /// One of the user's own tasks.
    pub async fn get(&self, user: UserId, id: TaskId) -> Result<Option<Task>, StoreError> {
        let task = self.keeper.store().task(id).await?;
        Ok(task.filter(|task| task.user == user))
    }

    /// One of the user's own tasks, by the number that people call it.
    pub async fn numbered(&self, user: UserId, number: u64) -> Result<Option<Task>, StoreError> {
        let task = self.keeper.store().task_numbered(number).await?;
        Ok(task.filter(|task| task.user == user))
    }

    /// Some of the user's own tasks, newest first.
    pub async fn list(
        &self,
        user: UserId,
        filter: &TaskFilter,
        before: Option<TaskId>,
        rows: usize,
    ) -> Result<TaskPage, StoreError> {
        self.keeper.store().tasks(user, filter, before, rows).await
    }

    /// The user's own tasks as they change from now on.
    pub fn subscribe(&self, user: UserId) -> Subscription {
        self.keeper.board().subscribe(user)
    }

    /// The store in which they are.
    pub fn store(&self) -> &Arc<dyn Store> {
        self.keeper.store()
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Refusal::Busy,
            mpsc::error::TrySendError::Closed(_) => Refusal::Draining,
        })?;
        answer.await.unwrap_or(Err(Refusal::Lost))
    }
}
