//! The one who decides about tasks: what is asked of them, what is due, what becomes of it.
//!
//! Invariants: about a task one thing is under way at a time, be it an attempt, a change or the
//! telling of its outcome; what is asked meanwhile waits for that. The owner itself waits for
//! nothing but single records.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    Counts,
    attempt::{self, Bench, Step},
    command::{Command, Invalid, Refusal, Reply, Submitted, answer_to},
    keeping::Keeper,
    outcome,
    schedule::Schedule,
    seats::{Seats, Stage},
    telling,
};
use crate::{
    config::TaskSettings,
    conversation::Registry,
    limits,
    model::{Fault, OpenTask, Task, TaskId, TaskStatus, UserId},
    store::{StoreError, Write},
};

/// The owner of all tasks.
pub(super) struct Owner {
    pub(super) registry: Registry,
    pub(super) keeper: Keeper,
    pub(super) settings: TaskSettings,
    told: watch::Receiver<TaskSettings>,
    pub(super) counts: Arc<Counts>,
    pub(super) schedule: Schedule,
    pub(super) under_way: HashMap<TaskId, UnderWay>,
    pub(super) seats: Seats,
    pub(super) work: FuturesUnordered<BoxFuture<'static, Done>>,
    /// Keys of tasks that are just being kept, and who handed the same in again meanwhile.
    pub(super) keys: HashMap<(UserId, Arc<str>), Vec<Reply<Submitted>>>,
    pub(super) next_number: u64,
    telling: Arc<Semaphore>,
}

/// What is under way about a task, and what was asked of it meanwhile.
pub(super) struct UnderWay {
    pub(super) what: What,
    held: Vec<Command>,
}

pub(super) enum What {
    Attempt { stop: CancellationToken, stage: Stage },
    Change,
    Telling,
}

/// Something that was under way has come to its end.
pub(super) enum Done {
    /// A part of an attempt.
    Step(Step),
    /// A new task was kept, or not.
    Submitted(Box<New>, Result<(), StoreError>),
    /// A change was kept, or not; then it stands as it did.
    Changed {
        was: Option<OpenTask>,
        task: Box<Task>,
        kept: Result<(), StoreError>,
        reply: Reply<Task>,
    },
    /// A task was ended that waited in vain.
    Doomed(Box<Task>),
    /// An outcome was told, or the gateway goes down.
    Told(Box<Task>),
}

/// A new task on its way into the store.
pub(super) struct New {
    pub(super) task: Task,
    pub(super) key: Option<Arc<str>>,
    pub(super) reply: Reply<Submitted>,
}

/// Everything that can happen to the owner.
enum Wake {
    Draining,
    Done(Done),
    Command(Command),
    Settings,
    Due,
}

/// The clock may be set; so it is looked at now and then.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Owner {
    /// Takes up what the last run left: whatever was running then is over.
    pub(super) async fn take_up(
        registry: Registry,
        keeper: Keeper,
        told: watch::Receiver<TaskSettings>,
        counts: Arc<Counts>,
    ) -> Result<Self, StoreError> {
        let settings = told.borrow().clone();
        let next_number = keeper.store().highest_task_number().await? + 1;
        let mut owner = Self {
            registry,
            keeper,
            settings,
            told,
            counts,
            schedule: Schedule::default(),
            under_way: HashMap::new(),
            seats: Seats::default(),
            work: FuturesUnordered::new(),
            keys: HashMap::new(),
            next_number,
            telling: Arc::new(Semaphore::new(limits::TASKS_TOLD_AT_ONCE_MAX)),
        };
        let open = owner.keeper.store().open_tasks().await?;
        let (waiting, left): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|task| task.status == TaskStatus::Queued && !task.untold);
        let mut unsettled = Vec::new();
        for task in left {
            let task = owner.keeper.store().task(task.id).await?;
            unsettled.push(task.ok_or(StoreError::Damaged("an open task"))?);
        }
        owner.end_attempts(&mut unsettled).await?;
        // What waits for another must find it, so those that wait for nobody come first.
        let (later, first): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|task| !task.after.is_empty());
        for task in first.into_iter().chain(later) {
            owner.put(task).await;
        }
        for task in unsettled {
            owner.settle(task).await;
        }
        owner.count();
        Ok(owner)
    }

    /// The attempts that a crash broke off have failed, and count.
    async fn end_attempts(&mut self, tasks: &mut [Task]) -> Result<(), StoreError> {
        let now = self.keeper.now();
        let mut writes = Vec::new();
        for task in tasks.iter_mut().filter(|task| task.status == TaskStatus::Running) {
            outcome::fail(task, Fault::Interrupted, None, now);
            task.updated_at = now;
            writes.push(Write::Task(task.clone()));
        }
        if writes.is_empty() {
            return Ok(());
        }
        tracing::info!(tasks = writes.len(), "tasks that the last run left running are taken up");
        self.keeper.write(writes).await
    }

    /// Works until the drain, and hands back what is under way then.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let draining = self.registry.workshop().lifecycle.draining().clone();
        let mut told = draining.reached();
        let mut drains = false;
        while !(drains && self.work.is_empty()) {
            if !drains {
                self.begin_due();
            }
            self.count();
            let pause = if drains { LOOK_EVERY } else { self.until_due() };
            let wake = tokio::select! {
                () = &mut told, if !drains => Wake::Draining,
                Some(done) = self.work.next() => Wake::Done(done),
                Some(command) = inbox.recv() => Wake::Command(command),
                Ok(()) = self.told.changed() => Wake::Settings,
                () = sleep(pause) => Wake::Due,
            };
            match wake {
                Wake::Draining => {
                    drains = true;
                    self.stop_attempts();
                }
                Wake::Done(done) => self.done(done).await,
                Wake::Command(command) => self.heed(command).await,
                Wake::Settings => self.settings = self.told.borrow_and_update().clone(),
                Wake::Due => {}
            }
        }
    }

    fn count(&self) {
        self.counts.open.store(self.schedule.len(), Ordering::Relaxed);
        let since = self.schedule.overdue_since().map_or(0, |since| since.0);
        self.counts.overdue_since.store(since, Ordering::Relaxed);
    }

    // ---- attempts -------------------------------------------------------------------------

    fn stop_attempts(&self) {
        for under_way in self.under_way.values() {
            if let What::Attempt { stop, .. } = &under_way.what {
                stop.cancel();
            }
        }
    }

    pub(super) fn bench(&self) -> Bench {
        Bench { workshop: self.registry.workshop().clone(), keeper: self.keeper.clone() }
    }

    // ---- what comes to its end ------------------------------------------------------------

    async fn done(&mut self, done: Done) {
        match done {
            Done::Step(step) => self.step(step).await,
            Done::Submitted(new, kept) => self.submitted(*new, kept).await,
            Done::Changed { was, task, kept, reply } => match kept {
                Ok(()) => {
                    answer_to(reply, Ok((*task).clone()));
                    self.settle(*task).await;
                }
                Err(error) => {
                    answer_to(reply, Err(error.into()));
                    let held = self.end(task.id);
                    match was {
                        Some(was) => self.put(was).await,
                        None => drop(self.schedule.remove(task.id)),
                    }
                    self.heed_all(held).await;
                }
            },
            Done::Doomed(task) | Done::Told(task) => self.settle(*task).await,
        }
    }

    /// Nothing is under way about the task any more: it waits again, is told of, or is over.
    pub(super) async fn settle(&mut self, task: Task) {
        let held = self.end(task.id);
        match task.status {
            TaskStatus::Queued | TaskStatus::Running => self.schedule.hold(task.open()),
            TaskStatus::Succeeded => self.schedule.succeeded(task.id, self.keeper.now()),
            TaskStatus::Failed | TaskStatus::Cancelled => {
                let dependents = self.schedule.dependents(task.id);
                self.schedule.remove(task.id);
                for dependent in dependents {
                    self.doom(dependent, task.number);
                }
            }
        }
        if task.untold && !self.registry.workshop().lifecycle.draining().is_reached() {
            return self.tell(task, held);
        }
        if task.status.is_open() {
            self.put(task.open()).await;
        }
        self.heed_all(held).await;
    }

    /// Tells the outcome where it was asked for. Until then a task that recurs does not run.
    fn tell(&mut self, task: Task, held: Vec<Command>) {
        self.begin(task.id, What::Telling, held);
        let (registry, keeper) = (self.registry.clone(), self.keeper.clone());
        let telling = self.telling.clone();
        let told = async move {
            let _turn = telling.acquire().await;
            Done::Told(Box::new(telling::tell(registry, keeper, task).await))
        };
        self.work.push(told.boxed());
    }

    /// What waits for a task that did not succeed fails.
    fn doom(&mut self, id: TaskId, number: u64) {
        // Where something is under way about it, that will find out.
        if self.under_way.contains_key(&id) {
            return;
        }
        let Some(task) = self.schedule.get(id).cloned() else { return };
        self.schedule.hold(task);
        self.begin(id, What::Change, Vec::new());
        let keeper = self.keeper.clone();
        let doomed = async move {
            loop {
                match keeper.store().task(id).await {
                    Ok(Some(mut task)) => {
                        let fault = Fault::Dependency { number };
                        outcome::fail(&mut task, fault, None, keeper.now());
                        attempt::keep_surely(&keeper, &mut task, &[]).await;
                        return Done::Doomed(Box::new(task));
                    }
                    read => {
                        tracing::error!(task = %id, ?read, "a task cannot be read");
                        sleep(limits::TASK_RETRY_EVERY).await;
                    }
                }
            }
        };
        self.work.push(doomed.boxed());
    }

    /// The task waits, behind those that it depends on.
    pub(super) async fn put(&mut self, task: OpenTask) {
        match self.unmet(task.user, &task.after).await {
            Ok(unmet) => self.schedule.put(task, &unmet, self.keeper.now()),
            Err(Refusal::Invalid(Invalid::Hopeless(number))) => {
                let id = task.id;
                self.schedule.hold(task);
                self.doom(id, number);
            }
            Err(error) => {
                // It waits for those of them of which something can be known.
                tracing::warn!(task = %task.id, %error, "what a task waits for cannot be told");
                let known = |id: &&TaskId| self.schedule.get(**id).is_some();
                let unmet: Vec<TaskId> = task.after.iter().filter(known).copied().collect();
                self.schedule.put(task, &unmet, self.keeper.now());
            }
        }
    }

    /// Those of the tasks that have not succeeded yet, where there is hope for all of them.
    pub(super) async fn unmet(
        &mut self,
        user: UserId,
        after: &[TaskId],
    ) -> Result<Vec<TaskId>, Refusal> {
        let mut unmet = Vec::new();
        for id in after {
            let task = self.keeper.store().task(*id).await?.filter(|task| task.user == user);
            let task = task.ok_or(Invalid::NoDependency)?;
            match task.status {
                _ if task.every.is_some() => return Err(Invalid::Endless(task.number).into()),
                TaskStatus::Queued | TaskStatus::Running => unmet.push(*id),
                TaskStatus::Succeeded => {}
                TaskStatus::Failed | TaskStatus::Cancelled => {
                    return Err(Invalid::Hopeless(task.number).into());
                }
            }
        }
        Ok(unmet)
    }

    // ---- what is under way ----------------------------------------------------------------

    pub(super) fn begin(&mut self, id: TaskId, what: What, held: Vec<Command>) {
        self.under_way.insert(id, UnderWay { what, held });
    }

    pub(super) fn end(&mut self, id: TaskId) -> Vec<Command> {
        self.under_way.remove(&id).map(|under_way| under_way.held).unwrap_or_default()
    }

    /// Keeps a change of a task, and answers whoever asked for it.
    pub(super) fn change(&mut self, was: Option<OpenTask>, mut task: Task, reply: Reply<Task>) {
        // One that ends stays known until that is durable.
        let meanwhile = was.clone().filter(|_| !task.status.is_open());
        self.schedule.hold(meanwhile.unwrap_or_else(|| task.open()));
        self.begin(task.id, What::Change, Vec::new());
        let keeper = self.keeper.clone();
        let changed = async move {
            let kept = keeper.keep(&mut task).await;
            Done::Changed { was, task: Box::new(task), kept, reply }
        };
        self.work.push(changed.boxed());
    }

    /// Keeps a new task.
    pub(super) fn keep_new(&mut self, new: New, writes: Vec<Write>) {
        let keeper = self.keeper.clone();
        let commit = keeper.write(writes);
        let submitted = async move {
            let kept = commit.await;
            if kept.is_ok() {
                keeper.board().show(&new.task);
            }
            Done::Submitted(Box::new(new), kept)
        };
        self.work.push(submitted.boxed());
    }

    /// All that is under way; new tasks that are not durable yet are in nothing else.
    pub(super) fn in_flight(&self) -> usize {
        self.work.len()
    }

    /// Holds a command until what is under way about its task has ended; a cancellation ends it.
    /// Gives back what need not wait.
    pub(super) fn hold(&mut self, command: Command) -> Option<Command> {
        let Some(id) = command.about() else { return Some(command) };
        let known = self.schedule.get(id).map(|task| (task.user, task.number));
        let Some(under_way) = self.under_way.get_mut(&id) else { return Some(command) };
        let refusal = match (&under_way.what, &command, known) {
            (_, _, Some((user, _))) if user != command.by() => Some(Refusal::NotFound),
            (What::Attempt { stage: Stage::Begun, .. }, Command::Update(..), Some((_, number))) => {
                Some(Refusal::Begun(number))
            }
            (What::Attempt { .. }, Command::Retry(..), Some((_, number))) => {
                Some(Refusal::NotFailed(number))
            }
            _ if under_way.held.len() >= limits::TASK_COMMANDS_HELD_MAX => Some(Refusal::Busy),
            _ => None,
        };
        if let Some(refusal) = refusal {
            command.refuse(refusal);
            return None;
        }
        if let What::Attempt { stop, .. } = &under_way.what {
            stop.cancel();
        }
        under_way.held.push(command);
        None
    }

    pub(super) async fn heed_all(&mut self, held: Vec<Command>) {
        for command in held {
            self.heed(command).await;
        }
    }
}
