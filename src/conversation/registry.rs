//! Which conversations are in memory, and the way to each.
//!
//! Invariant: a conversation has at most one writer. It leaves memory only while nobody but the
//! registry holds its handle, which is decided under the lock of its place in the map.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use dashmap::DashMap;
use futures_util::FutureExt;
use tokio::sync::{OnceCell, mpsc, oneshot};

use super::{
    Workshop,
    command::{Ask, Change, Command, Done, Ended, Executed, Refusal, Reply, Sent},
    feed::Feed,
    held::Held,
    keys::Keys,
    recovery::recover,
    writer::{Exit, Phase, Writer},
};
use crate::{
    auth::Granted,
    limits,
    model::{
        Conversation, ConversationId, MessageId, PoolName, Specialist, Standing, TraceParent,
        TurnId, TurnRef, UserId,
    },
    store::{Batch, Expect, Page, StoreError},
};

/// The way to a conversation that is in memory. While it is held, the conversation stays there.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    commands: mpsc::Sender<Command>,
    feed: Arc<Feed>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.feed().conversation()).finish()
    }
}

impl Handle {
    /// What it shows.
    pub fn feed(&self) -> &Arc<Feed> {
        &self.0.feed
    }

    /// Has a message answered. The outcome comes once the message is durable.
    pub fn ask(&self, ask: Ask) -> Outcome<Sent> {
        self.command(|reply| Command::Ask(Box::new(ask), reply))
    }

    /// Notes an operator command that was carried out.
    pub fn note(&self, executed: Executed) -> Outcome<Sent> {
        self.command(|reply| Command::Note(executed, reply))
    }

    /// Has a turn's message answered a second time, below what was done by whoever wants that.
    pub fn retry(&self, turn: TurnId, parent: Option<TraceParent>) -> Outcome<Sent> {
        self.command(|reply| Command::Retry(turn, parent, reply))
    }

    /// Stops a turn.
    pub fn cancel(&self, turn: TurnId) -> Outcome<Ended> {
        self.command(|reply| Command::Cancel(turn, reply))
    }

    /// Changes title, pool or branch.
    pub fn change(&self, change: Change) -> Outcome<Conversation> {
        self.command(|reply| Command::Change(change, reply))
    }

    /// Forgets everything.
    pub fn delete(&self) -> Outcome<Done> {
        self.command(Command::Delete)
    }

    fn create(&self) -> Outcome<Conversation> {
        self.command(Command::Create)
    }

    /// Hands the command over at once, in order; never waits for room.
    fn command<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Outcome<T> {
        let (reply, outcome) = oneshot::channel();
        match self.0.commands.try_send(command(reply)) {
            Ok(()) => Outcome(Ok(outcome)),
            Err(mpsc::error::TrySendError::Full(_)) => Outcome(Err(Refusal::Overloaded)),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                let deleted = self.0.feed.is_gone();
                let lost = Refusal::Store(StoreError::Stale);
                Outcome(Err(if deleted { Refusal::NotFound } else { lost }))
            }
        }
    }
}

/// What will become of a command.
pub struct Outcome<T>(Result<oneshot::Receiver<Result<T, Refusal>>, Refusal>);

impl<T> Outcome<T> {
    /// Waits for it.
    pub async fn known(self) -> Result<T, Refusal> {
        self.0?.await.map_err(|_| Refusal::Lost)?
    }
}

/// All conversations that are in memory.
#[derive(Clone)]
pub struct Registry {
    workshop: Workshop,
    pub(super) keys: Keys,
    live: Arc<DashMap<ConversationId, Place>>,
    count: Arc<AtomicUsize>,
    held: Held,
}

type Place = Arc<OnceCell<Handle>>;

/// A channel of tokio's has room for so many from the start.
const COMMANDS_BLOCK: usize = 32;

impl Registry {
    /// A registry with nothing in it.
    pub fn new(workshop: Workshop) -> Self {
        let (keys, held) = (Keys::default(), Held::default());
        Self { workshop, keys, live: Arc::default(), count: Arc::default(), held }
    }

    /// What conversations work with.
    pub fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// Conversations in memory.
    pub fn live(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Bytes that they take, with what their feeds hold.
    pub fn memory_bytes(&self) -> usize {
        self.held.bytes()
    }

    /// The way to a conversation, which is read from the store where it is not in memory.
    pub async fn open(&self, id: Granted<ConversationId>) -> Result<Handle, Refusal> {
        let id = id.get();
        let place = self.live.entry(id).or_default().clone();
        let opened = place.get_or_try_init(|| self.load(id)).await.cloned();
        if opened.is_err() {
            drop(place);
            self.live
                .remove_if(&id, |_, place| Arc::strong_count(place) == 1 && !place.initialized());
        }
        opened
    }

    /// A conversation that nobody has yet. The store will know it with its first message.
    pub fn begin(
        &self,
        user: UserId,
        title: Option<Arc<str>>,
        pool: Option<PoolName>,
    ) -> Result<(ConversationId, Handle), Refusal> {
        let record = self.fresh(ConversationId::new(), user, title, pool);
        Ok((record.id, self.enter(record)?))
    }

    /// The conversation in which a specialist answers for a turn of another.
    pub(super) fn part(
        &self,
        user: UserId,
        part_of: TurnRef,
        of: &Specialist,
        title: Option<Arc<str>>,
    ) -> Result<Handle, Refusal> {
        let record = self.fresh(of.conversation, user, title, Some(of.pool.clone()));
        self.enter(Conversation { part_of: Some(part_of), ..record })
    }

    /// The way to a conversation, where it is in memory.
    pub(super) fn living(&self, id: ConversationId) -> Option<Handle> {
        self.live.get(&id)?.get().cloned()
    }

    fn fresh(
        &self,
        id: ConversationId,
        user: UserId,
        title: Option<Arc<str>>,
        pool: Option<PoolName>,
    ) -> Conversation {
        let now = self.workshop.clock.now();
        Conversation {
            id,
            user,
            title,
            pool,
            asked: None,
            agent: None,
            asked_agent: None,
            created_at: now,
            updated_at: now,
            epoch: 1,
            seq: 0,
            head: None,
            messages: 0,
            remote: None,
            standing: Standing::default(),
            part_of: None,
        }
    }

    fn enter(&self, record: Conversation) -> Result<Handle, Refusal> {
        let id = record.id;
        let handle = self.spawn(record, false)?;
        self.live.insert(id, Arc::new(OnceCell::from(handle.clone())));
        Ok(handle)
    }

    /// A conversation that exists before anything was said in it.
    pub async fn create(
        &self,
        user: UserId,
        title: Option<Arc<str>>,
        pool: Option<PoolName>,
    ) -> Result<(Conversation, Handle), Refusal> {
        if let Some(pool) = &pool
            && self.workshop.pools.get(pool.as_str()).is_none()
        {
            return Err(Refusal::UnknownPool(self.workshop.pools.names()));
        }
        let (_, handle) = self.begin(user, title, pool)?;
        let record = handle.create().known().await?;
        Ok((record, handle))
    }

    /// A new conversation with the branch of another up to `at`, or all of its current one.
    pub async fn fork(
        &self,
        source: Granted<ConversationId>,
        at: Option<MessageId>,
        title: Option<Arc<str>>,
    ) -> Result<Conversation, Refusal> {
        if self.workshop.lifecycle.draining().is_reached() {
            return Err(Refusal::Draining);
        }
        let store = &self.workshop.store;
        let source = store.conversation(source.get()).await?.ok_or(Refusal::NotFound)?;
        let page = Page { rows: limits::CONTEXT_MESSAGES_MAX, bytes: limits::FORK_BYTES_MAX };
        let branch = match at.or(source.head) {
            Some(leaf) => store.branch(source.id, leaf, page).await?,
            None => Vec::new(),
        };
        if branch.is_empty() && at.is_some() {
            return Err(Refusal::NotFound);
        }
        let (fork, writes) = super::fork::copy(&self.workshop.clock, &source, branch, title);
        store.room()?;
        store.commit(Batch { expect: Expect::New(fork.id), writes }).await?;
        Ok(fork)
    }

    async fn load(&self, id: ConversationId) -> Result<Handle, Refusal> {
        let store = &*self.workshop.store;
        let record = store.conversation(id).await?.ok_or(Refusal::NotFound)?;
        let record = recover(&self.workshop, record).await?;
        self.spawn(record, true)
    }

    /// Starts the writer of a conversation.
    fn spawn(&self, record: Conversation, exists: bool) -> Result<Handle, Refusal> {
        if self.count.fetch_add(1, Ordering::Relaxed) >= limits::CONVERSATIONS_LIVE_MAX {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return Err(Refusal::Overloaded);
        }
        let id = record.id;
        let share = self.held.share(size_of::<Feed>());
        let feed = Arc::new(Feed::new(id, (record.epoch, record.seq), share));
        feed.stand(record.standing.clone());
        let (commands, inbox) = mpsc::channel(limits::COMMANDS_WAITING_MAX);
        let writer = Writer {
            workshop: self.workshop.clone(),
            registry: self.clone(),
            feed: feed.clone(),
            record,
            exists,
            phase: Phase::Idle,
            queue: std::collections::VecDeque::new(),
            in_flight: std::collections::VecDeque::new(),
            afterglow: None,
            deleted: false,
        };
        let registry = self.clone();
        let shown = feed.clone();
        let task = async move {
            let run = writer.run(inbox, || registry.retire(id));
            let exit = AssertUnwindSafe(run).catch_unwind().await;
            registry.ended(id, &shown, exit.ok()).await;
        };
        let own = size_of_val(&task) + COMMANDS_BLOCK * size_of::<Command>();
        let share = self.held.share(own + size_of::<(ConversationId, Place, Inner)>());
        self.workshop.lifecycle.spawn(task.map(move |()| drop(share)));
        Ok(Handle(Arc::new(Inner { commands, feed })))
    }

    /// Lets go of a conversation that nobody else holds.
    fn retire(&self, id: ConversationId) -> bool {
        // Who let go of it a moment ago may have left a command behind.
        let unheld = |_: &ConversationId, place: &Place| {
            Arc::strong_count(place) == 1
                && place.get().is_none_or(|Handle(inner)| {
                    let commands = &inner.commands;
                    Arc::strong_count(inner) == 1 && commands.capacity() == commands.max_capacity()
                })
        };
        self.live.remove_if(&id, unheld).is_some()
    }

    /// The writer has ended; `None` where it panicked.
    async fn ended(&self, id: ConversationId, feed: &Arc<Feed>, exit: Option<Exit>) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.live.remove_if(&id, |_, place| {
            place.get().is_some_and(|handle| Arc::ptr_eq(handle.feed(), feed))
        });
        if matches!(exit, Some(Exit::Retired | Exit::Deleted)) {
            return;
        }
        // Turns that it left open end now; where that cannot be kept, the next opening tries.
        if exit.is_none()
            && let Err(error) = self.clear_up(id).await
        {
            tracing::error!(conversation = %id, %error, "its turns cannot be ended yet");
        }
        feed.lose();
    }

    async fn clear_up(&self, id: ConversationId) -> Result<(), StoreError> {
        tracing::error!(conversation = %id, "a conversation's writer panicked");
        let store = &*self.workshop.store;
        if let Some(record) = store.conversation(id).await? {
            recover(&self.workshop, record).await?;
        }
        Ok(())
    }
}
