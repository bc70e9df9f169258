//! A store whose commits a test lets through by hand, or refuses.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;

use crate::{
    model::{
        Accepted, Account, Conversation, ConversationId, Day, Incident, Message, MessageId,
        OpenTask, Sequenced, Session, Spend, Task, TaskFilter, TaskId, Timestamp, TurnId, User,
        UserId, Watch,
    },
    store::{
        Batch, Commit, Expect, Health, LocalStore, Page, Read, Store, StoreError, TaskPage, Turn,
    },
};

/// The store in memory behind a gate, which is open at first.
pub(crate) struct Gate {
    store: Arc<LocalStore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: bool,
    refusal: Option<StoreError>,
    full: bool,
    waiting: VecDeque<Job>,
    checkpoints: Vec<(u64, String)>,
}

enum Job {
    Commit(Batch, oneshot::Sender<Result<(), StoreError>>),
    Checkpoint(TurnId, u64, String),
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { store: Arc::new(LocalStore::in_memory().unwrap()), state: Mutex::default() }
    }

    /// Lets nothing more through; what was kept goes on behind another gate.
    pub(crate) fn crash(&self) -> Self {
        self.hold();
        Self { store: self.store.clone(), state: Mutex::default() }
    }

    /// From now on every job waits.
    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    /// Lets jobs through up to and with the oldest commit that waits.
    pub(crate) fn let_one_through(&self) {
        loop {
            let job = self.state().waiting.pop_front();
            match job {
                Some(job @ Job::Checkpoint(..)) => self.apply(job),
                Some(job) => return self.apply(job),
                None => return,
            }
        }
    }

    /// Lets everything through from now on.
    pub(crate) fn open(&self) {
        self.state().held = false;
        self.let_all_through();
    }

    /// Every commit fails from now on; with `None` no more.
    pub(crate) fn refuse(&self, refusal: Option<StoreError>) {
        self.state().refusal = refusal;
    }

    /// Too much waits to be written, until it is told otherwise.
    pub(crate) fn fill(&self, full: bool) {
        self.state().full = full;
    }

    /// The checkpoints that were made: where, and of what.
    pub(crate) fn checkpoints(&self) -> Vec<(u64, String)> {
        self.state().checkpoints.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn take(&self, job: Job) {
        let held = {
            let mut state = self.state();
            state.waiting.push_back(job);
            state.held
        };
        if !held {
            self.let_all_through();
        }
    }

    fn let_all_through(&self) {
        while !self.state().waiting.is_empty() {
            self.let_one_through();
        }
    }

    fn apply(&self, job: Job) {
        match job {
            Job::Checkpoint(turn, offset, slice) => {
                assert!(self.store.checkpoint(turn, offset, &slice));
                // An empty batch is through once what came before it is.
                let nothing = Batch { expect: Expect::Nothing, writes: Vec::new() };
                at_once(self.store.commit(nothing)).unwrap();
            }
            Job::Commit(batch, answer) => {
                let refusal = self.state().refusal.clone();
                let done = refusal.map_or_else(|| at_once(self.store.commit(batch)), Err);
                drop(answer.send(done));
            }
        }
    }
}

/// Paused time would run away while another thread works.
pub(crate) fn at_once<T>(mut future: BoxFuture<'_, T>) -> T {
    loop {
        match (&mut future).now_or_never() {
            Some(done) => return done,
            None => std::thread::yield_now(),
        }
    }
}

impl Store for Gate {
    fn commit(&self, batch: Batch) -> Commit {
        let (answer, answered) = oneshot::channel();
        self.take(Job::Commit(batch, answer));
        Box::pin(async move { answered.await.unwrap_or(Err(StoreError::Closed)) })
    }

    fn room(&self) -> Result<(), StoreError> {
        if self.state().full { Err(StoreError::Busy) } else { self.store.room() }
    }

    fn checkpoint(&self, turn: TurnId, offset: u64, slice: &str) -> bool {
        if self.state().full && !slice.is_empty() {
            return false;
        }
        self.state().checkpoints.push((offset, slice.to_owned()));
        self.take(Job::Checkpoint(turn, offset, slice.to_owned()));
        true
    }

    fn user(&self, id: UserId) -> Read<'_, Option<User>> {
        self.store.user(id)
    }

    fn session(&self, user: UserId) -> Read<'_, Option<Session>> {
        self.store.session(user)
    }

    fn conversation(&self, id: ConversationId) -> Read<'_, Option<Conversation>> {
        self.store.conversation(id)
    }

    fn conversations(
        &self,
        user: UserId,
        before: Option<ConversationId>,
        rows: usize,
    ) -> Read<'_, Vec<Conversation>> {
        self.store.conversations(user, before, rows)
    }

    fn parts(&self, of: ConversationId) -> Read<'_, Vec<ConversationId>> {
        self.store.parts(of)
    }

    fn message(&self, conversation: ConversationId, id: MessageId) -> Read<'_, Option<Message>> {
        self.store.message(conversation, id)
    }

    fn branch(
        &self,
        conversation: ConversationId,
        leaf: MessageId,
        page: Page,
    ) -> Read<'_, Vec<Message>> {
        self.store.branch(conversation, leaf, page)
    }

    fn messages(
        &self,
        conversation: ConversationId,
        after: Option<MessageId>,
        rows: usize,
    ) -> Read<'_, Vec<Message>> {
        self.store.messages(conversation, after, rows)
    }

    fn events(
        &self,
        conversation: ConversationId,
        after: u64,
        rows: usize,
    ) -> Read<'_, Vec<Arc<Sequenced>>> {
        self.store.events(conversation, after, rows)
    }

    fn turn(&self, id: TurnId) -> Read<'_, Option<Turn>> {
        self.store.turn(id)
    }

    fn open_turns(&self, of: Option<ConversationId>) -> Read<'_, Vec<Turn>> {
        self.store.open_turns(of)
    }

    fn checkpointed(&self, turn: TurnId) -> Read<'_, String> {
        self.store.checkpointed(turn)
    }

    fn keyed(&self, user: UserId, key: &str, now: Timestamp) -> Read<'_, Option<Accepted>> {
        self.store.keyed(user, key, now)
    }

    fn task(&self, id: TaskId) -> Read<'_, Option<Task>> {
        self.store.task(id)
    }

    fn task_numbered(&self, number: u64) -> Read<'_, Option<Task>> {
        self.store.task_numbered(number)
    }

    fn tasks(
        &self,
        user: UserId,
        filter: &TaskFilter,
        before: Option<TaskId>,
        rows: usize,
    ) -> Read<'_, TaskPage> {
        self.store.tasks(user, filter, before, rows)
    }

    fn open_tasks(&self) -> Read<'_, Vec<OpenTask>> {
        self.store.open_tasks()
    }

    fn highest_task_number(&self) -> Read<'_, u64> {
        self.store.highest_task_number()
    }

    fn keyed_task(&self, user: UserId, key: &str, now: Timestamp) -> Read<'_, Option<TaskId>> {
        self.store.keyed_task(user, key, now)
    }

    fn watches(&self) -> Read<'_, Vec<Watch>> {
        self.store.watches()
    }

    fn unsettled_incidents(&self) -> Read<'_, Vec<Incident>> {
        self.store.unsettled_incidents()
    }

    fn incidents(&self, owner: Option<UserId>, rows: usize) -> Read<'_, Vec<Incident>> {
        self.store.incidents(owner, rows)
    }

    fn spent(&self, user: Option<UserId>, days: Range<Day>) -> Read<'_, Vec<(Account, Spend)>> {
        self.store.spent(user, days)
    }

    fn health(&self) -> Health {
        self.store.health()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.store.close()
    }
}
