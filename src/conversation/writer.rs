//! The one writer of a conversation: a loop that wakes on a closed list of happenings.
//!
//! Invariant: what was handed to the store is shown in the same order, once it is durable, and
//! never before. When the store refuses, the writer gives up everything that is not durable and
//! ends; the conversation is opened anew from what the store holds.

use std::{
    collections::VecDeque,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use futures_util::future::{BoxFuture, OptionFuture};
use tokio::{
    sync::mpsc,
    task::consume_budget,
    time::{Instant, Sleep, sleep},
};

use super::{
    Workshop,
    command::{Command, Refusal},
    feed::{Feed, Shown},
    registry::Registry,
    running::{Running, Step, Waiting},
    spending::Bill,
};
use crate::{
    lifecycle::Working,
    limits, meter,
    model::{Conversation, Event, MessageId, Sequenced, Timestamp, TurnId},
    pool::{Place, Pool, Queued, Waited},
    store::{Batch, Commit, Expect, StoreError, Write},
};

/// Puts the turns of one conversation in order.
pub(super) struct Writer {
    pub(super) workshop: Workshop,
    /// Knows the other conversations, and the keys of messages.
    pub(super) registry: Registry,
    pub(super) feed: Arc<Feed>,
    /// As it will be when everything in flight is durable.
    pub(super) record: Conversation,
    /// The store knows it, or will before anything that follows.
    pub(super) exists: bool,
    pub(super) phase: Phase,
    /// Turns that wait behind the one of `phase`, each with its place in its pool.
    pub(super) queue: VecDeque<(Waiting, Place)>,
    pub(super) in_flight: VecDeque<InFlight>,
    pub(super) afterglow: Option<Afterglow>,
    pub(super) deleted: bool,
}

/// A finished answer whose provider may still be keeping it, and what it was given.
pub(super) type Afterglow = (MessageId, BoxFuture<'static, Option<Arc<str>>>);

/// What the conversation is doing.
pub(super) enum Phase {
    /// Nothing.
    Idle,
    /// The next turn waits for a worker of its pool.
    Waiting(Box<Waiting>, Queued),
    /// A turn is being answered.
    Running(Box<Running>),
    /// The end of this turn is on the way to the store.
    Ending(TurnId),
}

/// What to do when a batch is durable, or was refused.
pub(super) type Settle = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A batch on its way to the store.
pub(super) struct InFlight {
    commit: Commit,
    shows: Vec<Shown>,
    settle: Option<Settle>,
    /// Of a turn that it ends.
    closing: Option<Closing>,
}

/// What is kept of a turn until its end is durable.
pub(super) struct Closing {
    /// A drain waits until readers have been shown the end.
    pub(super) working: Working,
    /// What it cost.
    pub(super) bill: Option<Bill>,
    /// What it counts as.
    pub(super) tally: Tally,
}

/// What a turn counts as.
pub(super) struct Tally {
    pub(super) pool: Arc<Pool>,
    pub(super) how: meter::Ended,
    pub(super) took: Duration,
}

impl Closing {
    fn settle(self) -> Working {
        let Tally { pool, how, took } = self.tally;
        pool.meter().ended(how, Some(took));
        if let Some(bill) = self.bill {
            bill.settle(pool.meter());
        }
        self.working
    }
}

/// Everything that can happen to a conversation.
enum Wake {
    Durable(Result<(), StoreError>),
    Command(Option<Command>),
    Step(Step),
    Waited(Waited),
    Kept(Option<Arc<str>>),
    Alarm,
    Interrupt,
    Close,
}

/// Why the writer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exit {
    /// Nothing was left to do.
    Retired,
    /// The conversation was deleted.
    Deleted,
    /// The store refused, so what is in memory is no longer the truth.
    Lost,
}

impl Writer {
    /// Works until there is nothing left to do and `retire` agrees.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        retire: impl Fn() -> bool,
    ) -> Exit {
        let lifecycle = self.workshop.lifecycle.clone();
        let mut interrupted = lifecycle.interrupting().reached();
        let mut closed = lifecycle.closing().reached();
        let mut alarm = pin!(sleep(limits::CONVERSATION_IDLE));
        let mut interrupting = false;
        let mut last_active = Instant::now();
        loop {
            let wake = tokio::select! { biased;
                () = &mut interrupted, if !interrupting => Wake::Interrupt,
                Some(durable) = front(&mut self.in_flight) => Wake::Durable(durable),
                command = commands.recv() => Wake::Command(command),
                Some(wake) = progress(&mut self.phase, &self.feed) => wake,
                Some(kept) = kept(&mut self.afterglow) => Wake::Kept(kept),
                () = &mut alarm => Wake::Alarm,
                () = &mut closed, if self.is_settled() => Wake::Close,
            };
            match wake {
                Wake::Step(step) => {
                    self.stepped(step);
                    // A provider that is always ready must leave room for the readers.
                    consume_budget().await;
                }
                Wake::Durable(Ok(())) => self.durable(),
                Wake::Durable(Err(error)) => return self.give_up(&error, commands),
                Wake::Command(Some(command)) => self.obey(command).await,
                Wake::Waited(waited) => self.waited(waited),
                Wake::Kept(remote) => self.keep_remote(remote),
                Wake::Interrupt => {
                    interrupting = true;
                    self.interrupt();
                }
                Wake::Alarm
                    if self.is_idle() && last_active.elapsed() >= limits::CONVERSATION_IDLE =>
                {
                    if retire() {
                        return Exit::Retired;
                    }
                    last_active = Instant::now();
                }
                Wake::Alarm => {}
                Wake::Command(None) | Wake::Close => return Exit::Retired,
            }
            if self.deleted && self.in_flight.is_empty() {
                refuse_the_rest(commands, &Refusal::NotFound);
                return Exit::Deleted;
            }
            if !self.is_idle() {
                last_active = Instant::now();
            }
            self.arm(alarm.as_mut(), last_active);
        }
    }

    /// Nothing runs, waits or is on its way.
    fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Idle) && self.in_flight.is_empty()
    }

    /// A turn runs or waits.
    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle) || !self.queue.is_empty()
    }

    fn is_idle(&self) -> bool {
        self.is_settled() && self.afterglow.is_none()
    }

    /// Sets the alarm to whatever is due next.
    fn arm(&mut self, alarm: Pin<&mut Sleep>, last_active: Instant) {
        let mut due = last_active + limits::CONVERSATION_IDLE;
        if let Phase::Running(running) = &mut self.phase {
            due = tend(&self.workshop, &self.feed, running).unwrap_or(due);
        }
        // Moving the alarm costs more than looking at it, and most tokens need not move it.
        if alarm.is_elapsed() || alarm.deadline() > due {
            alarm.reset(due);
        }
    }

    // ---- to the store and back ------------------------------------------------------------

    /// Gives the event the next number.
    pub(super) fn number(&mut self, event: Event) -> Arc<Sequenced> {
        self.record.seq += 1;
        Arc::new(Sequenced {
            conversation: self.record.id,
            epoch: self.record.epoch,
            seq: self.record.seq,
            at: self.now(),
            event,
        })
    }

    /// Hands a batch to the store; what it shows will be shown when it is durable.
    pub(super) fn commit(
        &mut self,
        mut writes: Vec<Write>,
        shows: Vec<Shown>,
        settle: Option<Settle>,
    ) {
        let id = self.record.id;
        let expect =
            if self.exists { Expect::Epoch(id, self.record.epoch) } else { Expect::New(id) };
        self.exists = true;
        if !self.deleted {
            self.record.updated_at = self.now();
            writes.push(Write::Conversation(self.record.clone()));
            writes.extend(shows.iter().map(|shown| Write::Event(shown.event.clone())));
        }
        let commit = self.workshop.store.commit(Batch { expect, writes });
        self.in_flight.push_back(InFlight { commit, shows, settle, closing: None });
    }

    /// Hands over the end of a turn; until it is shown, the turn counts as running.
    pub(super) fn commit_end(
        &mut self,
        writes: Vec<Write>,
        shows: Vec<Shown>,
        settle: Option<Settle>,
        closing: Closing,
    ) {
        self.commit(writes, shows, settle);
        if let Some(handed_over) = self.in_flight.back_mut() {
            handed_over.closing = Some(closing);
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.workshop.clock.now()
    }

    /// The oldest batch in flight is durable: readers may see it, the one who asked is answered.
    fn durable(&mut self) {
        let Some(done) = self.in_flight.pop_front() else { return };
        let _working = done.closing.map(Closing::settle);
        if let Some(settle) = done.settle {
            settle(Ok(()));
        }
        for shown in done.shows {
            let began = match &shown.event.event {
                Event::TurnStarted { turn, .. } | Event::TurnReset { turn, .. } => Some(*turn),
                _ => None,
            };
            let ended = shown.event.event.ends().map(|(turn, _)| turn);
            self.feed.show(shown);
            if matches!(self.phase, Phase::Ending(turn) if Some(turn) == ended) {
                self.phase = Phase::Idle;
            }
            if let Some(turn) = began {
                self.reveal(turn);
            }
        }
        if self.is_settled() {
            self.start_next();
        }
        if self.in_flight.is_empty() {
            self.show_positions();
        }
    }

    /// The start of the running turn is durable: what arrived early may be seen.
    fn reveal(&mut self, turn: TurnId) {
        if let Phase::Running(running) = &mut self.phase
            && running.turn.turn == turn
        {
            let early = running.reveal();
            running.panel.show_parts();
            if !early.is_empty() {
                self.feed.grow(&early, true);
            }
        }
    }

    /// The store refused: nothing that is not durable has happened.
    fn give_up(mut self, error: &StoreError, commands: mpsc::Receiver<Command>) -> Exit {
        tracing::error!(conversation = %self.record.id, %error, "the store refused; giving up");
        let settles = self.in_flight.drain(..).filter_map(|refused| refused.settle);
        for settle in settles {
            settle(Err(error.clone()));
        }
        refuse_the_rest(commands, &Refusal::Store(error.clone()));
        Exit::Lost
    }
}

/// Nobody will look at the commands that still wait, nor at any that would follow.
fn refuse_the_rest(mut commands: mpsc::Receiver<Command>, refusal: &Refusal) {
    commands.close();
    while let Ok(command) = commands.try_recv() {
        command.refuse(refusal.clone());
    }
}

/// Saves and tells what is due of a growing answer, and says when the next is.
fn tend(workshop: &Workshop, feed: &Feed, running: &mut Running) -> Option<Instant> {
    let now = Instant::now();
    let save = running.unsaved_since.map(|since| {
        let due = since + limits::CHECKPOINT_EVERY;
        if running.unsaved.len() < limits::CHECKPOINT_BYTES && due > now {
            return due;
        }
        checkpoint(workshop, running, now);
        now + limits::CHECKPOINT_EVERY
    });
    let tell = match running.pace.due() {
        Some(due) if due <= now => {
            running.pace.tell(now);
            feed.announce();
            None
        }
        due => due,
    };
    save.into_iter().chain(tell).min()
}

/// Hands the text that no checkpoint holds yet to the store. What is not taken goes with the next.
fn checkpoint(workshop: &Workshop, running: &mut Running, now: Instant) {
    let offset = running.length - running.unsaved.len() as u64;
    running.unsaved_since = Some(now);
    if workshop.store.checkpoint(running.turn.turn, offset, &running.unsaved) {
        running.pool.meter().wrote(running.unsaved.len() as u64);
        running.unsaved.clear();
        running.unsaved_since = None;
    }
}

/// The outcome of the oldest batch in flight; nothing while there is none.
async fn front(in_flight: &mut VecDeque<InFlight>) -> Option<Result<(), StoreError>> {
    OptionFuture::from(in_flight.front_mut().map(|oldest| &mut oldest.commit)).await
}

/// The next step of what the conversation is doing; nothing while it does nothing.
async fn progress(phase: &mut Phase, feed: &Feed) -> Option<Wake> {
    match phase {
        Phase::Running(running) if running.hungry() => {
            Some(Wake::Step(running.step(|text, announced| feed.grow(text, announced)).await))
        }
        Phase::Waiting(_, queued) => Some(Wake::Waited(queued.next().await)),
        Phase::Running(_) | Phase::Idle | Phase::Ending(_) => None,
    }
}

/// Where the provider keeps the last answer, once it does.
async fn kept(afterglow: &mut Option<Afterglow>) -> Option<Option<Arc<str>>> {
    OptionFuture::from(afterglow.as_mut().map(|(_, remote)| remote)).await
}
