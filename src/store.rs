//! The truth: what must outlive the process, behind one trait.
//!
//! Invariants: a batch is applied whole or not at all; `commit` resolves only once the batch would
//! survive a power cut; an append under a stale epoch is refused; batches of one caller are
//! applied in the order in which they were handed over.

mod alerts;
#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
mod damage;
mod directory;
mod drafts;
mod embedded;
mod export;
mod import;
mod keys;
mod kv;
#[cfg(test)]
mod lives;
mod local;
mod memory;
mod paper;
mod plan;
mod quiet;
mod reads;
mod reserve;
mod seal;
mod tasks;
mod watermark;
mod writer;

use std::{ops::Range, sync::Arc, time::Duration};

pub use directory::OpenError;
pub use export::{Counts, export};
pub use import::{ImportError, import};
pub use local::LocalStore;

use futures_util::future::BoxFuture;

use crate::model::{
    Accepted, Account, Conversation, ConversationId, Day, Incident, IncidentId, Message, MessageId,
    OpenTask, Sequenced, Session, Spend, Task, TaskFilter, TaskId, Timestamp, TurnId, User, UserId,
    Watch,
};

/// What can go wrong once the store is open.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody else owns the conversation by now, or it was deleted.
    #[error("the conversation has another owner or is gone")]
    Stale,
    /// As many jobs wait as `limits::STORE_JOBS_MAX`.
    #[error("the store is busy")]
    Busy,
    /// Nothing can be written: the disk is full or broken. Reading may go on.
    #[error("the store cannot write: {0}")]
    Unwritable(Arc<std::io::Error>),
    /// A record cannot be read.
    #[error("a stored record is damaged: {0}")]
    Damaged(&'static str),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The future of one read.
pub type Read<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The future of one commit: resolves when the batch is durable. Dropping it undoes nothing.
pub type Commit = BoxFuture<'static, Result<(), StoreError>>;

/// What must be true of a conversation for a batch to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No conversation is concerned.
    Nothing,
    /// It does not exist yet; where it is to be part of another, that one does.
    New(ConversationId),
    /// It exists under this epoch, and the batch's events continue its numbers.
    Epoch(ConversationId, u64),
}

/// Writes that are applied together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The precondition; `StoreError::Stale` where it does not hold.
    pub expect: Expect,
    /// The writes, in order.
    pub writes: Vec<Write>,
}

/// One write.
#[derive(Debug, Clone)]
pub enum Write {
    /// Makes or replaces a user.
    User(User),
    /// Makes or replaces a user's session.
    Session(Session),
    /// Makes or replaces a conversation's record.
    Conversation(Conversation),
    /// Makes or replaces a message.
    Message(Message),
    /// Adds to the event log of a conversation.
    Event(Arc<Sequenced>),
    /// Remembers a turn for ever, and that it is open.
    OpenTurn(Turn),
    /// The turn has ended: it is no longer open and its checkpoints go.
    CloseTurn(TurnId),
    /// Remembers what a `message.send` with this key was answered, until `expires_at`.
    Key {
        /// Whose key.
        user: UserId,
        /// The key.
        key: Arc<str>,
        /// What was answered.
        accepted: Accepted,
        /// When it may be forgotten.
        expires_at: Timestamp,
    },
    /// Makes or replaces a task.
    Task(Task),
    /// A task's outcome was told; nothing where it had none to tell.
    TaskTold(TaskId),
    /// Remembers which task was handed in under this key, until `expires_at`.
    TaskKey {
        /// Whose key.
        user: UserId,
        /// The key.
        key: Arc<str>,
        /// The task.
        task: TaskId,
        /// When it may be forgotten.
        expires_at: Timestamp,
    },
    /// Makes or replaces a watch.
    Watch(Watch),
    /// Forgets the user's watch of this number; what there was of it stays known.
    ForgetWatch(UserId, u64),
    /// Makes or replaces an incident. What was told or delivered of it never becomes less; of each
    /// owner the newest `limits::INCIDENTS_KEPT_MAX` are kept, and those that are unsettled.
    Incident(Incident),
    /// So much of an incident was told to its user; nothing where it is gone.
    IncidentTold(UserId, IncidentId, u32),
    /// So much of an incident of the system was delivered; nothing where it is gone.
    IncidentDelivered(IncidentId, u32),
    /// Adds to what an account has spent so far.
    Spend(Account, Spend),
    /// Forgets a conversation with all its messages, events, turns and parts; what it cost stays
    /// known.
    Delete(ConversationId),
}

pub use crate::model::OpenTurn as Turn;

/// How much of a branch to read.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Messages at the most.
    pub rows: usize,
    /// Bytes of text at the most; the first message is given whatever its size.
    pub bytes: usize,
}

/// Some of a user's tasks, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// What to read on from, where there may be more.
    pub more: Option<TaskId>,
}

/// Keeps everything. One conformance suite holds for every implementation.
pub trait Store: Send + Sync + 'static {
    /// Whether anything new may begin: `StoreError::Busy` while too much waits to be written. What
    /// has begun need not ask, so that it can always end.
    fn room(&self) -> Result<(), StoreError>;

    /// Hands a batch over at once, in order; the future resolves when it is durable.
    fn commit(&self, batch: Batch) -> Commit;

    /// Keeps `slice` of a growing answer from byte `offset` on, without a flush of its own: after
    /// a crash the newest slices may be missing, a hole never appears. `offset` 0 starts over. Says
    /// whether it was taken, as one without text always is; one that was not has to come again, with
    /// what has joined it since.
    #[must_use]
    fn checkpoint(&self, turn: TurnId, offset: u64, slice: &str) -> bool;

    /// The user with this id.
    fn user(&self, id: UserId) -> Read<'_, Option<User>>;

    /// The user's session.
    fn session(&self, user: UserId) -> Read<'_, Option<Session>>;

    /// A conversation's record.
    fn conversation(&self, id: ConversationId) -> Read<'_, Option<Conversation>>;

    /// The user's conversations, newest first, those made before `before`.
    fn conversations(
        &self,
        user: UserId,
        before: Option<ConversationId>,
        rows: usize,
    ) -> Read<'_, Vec<Conversation>>;

    /// The conversations that are part of this one, in the order in which they were made. No list
    /// has them, and they are deleted with it.
    fn parts(&self, of: ConversationId) -> Read<'_, Vec<ConversationId>>;

    /// One message.
    fn message(&self, conversation: ConversationId, id: MessageId) -> Read<'_, Option<Message>>;

    /// `leaf` and what it follows, newest first.
    fn branch(
        &self,
        conversation: ConversationId,
        leaf: MessageId,
        page: Page,
    ) -> Read<'_, Vec<Message>>;

    /// Every message of every branch, oldest first, those made after `after`. For forks.
    fn messages(
        &self,
        conversation: ConversationId,
        after: Option<MessageId>,
        rows: usize,
    ) -> Read<'_, Vec<Message>>;

    /// Events after `seq`, in order.
    fn events(
        &self,
        conversation: ConversationId,
        after: u64,
        rows: usize,
    ) -> Read<'_, Vec<Arc<Sequenced>>>;

    /// The turn with this id, open or ended.
    fn turn(&self, id: TurnId) -> Read<'_, Option<Turn>>;

    /// Turns that have not ended; those of one conversation, or of all.
    fn open_turns(&self, of: Option<ConversationId>) -> Read<'_, Vec<Turn>>;

    /// The text of an open turn up to its last checkpoint; those handed over before are seen.
    fn checkpointed(&self, turn: TurnId) -> Read<'_, String>;

    /// What a `message.send` with this key was answered, unless that has expired by `now`.
    fn keyed(&self, user: UserId, key: &str, now: Timestamp) -> Read<'_, Option<Accepted>>;

    /// The task with this id.
    fn task(&self, id: TaskId) -> Read<'_, Option<Task>>;

    /// The task with this number.
    fn task_numbered(&self, number: u64) -> Read<'_, Option<Task>>;

    /// The user's tasks that fit, newest first, those handed in before `before`. A page may end
    /// before it has so many rows, and says where to go on.
    fn tasks(
        &self,
        user: UserId,
        filter: &TaskFilter,
        before: Option<TaskId>,
        rows: usize,
    ) -> Read<'_, TaskPage>;

    /// Every task that is open or has an outcome to tell, in the order in which they were made.
    fn open_tasks(&self) -> Read<'_, Vec<OpenTask>>;

    /// The highest number that a task has; 0 where there is none.
    fn highest_task_number(&self) -> Read<'_, u64>;

    /// The task that was handed in under this key, unless that has expired by `now`.
    fn keyed_task(&self, user: UserId, key: &str, now: Timestamp) -> Read<'_, Option<TaskId>>;

    /// All watches, by user and number.
    fn watches(&self) -> Read<'_, Vec<Watch>>;

    /// Every incident that is open, or has something to tell or to deliver.
    fn unsettled_incidents(&self) -> Read<'_, Vec<Incident>>;

    /// The newest incidents of a user's watches, or of the system, newest first.
    fn incidents(&self, owner: Option<UserId>, rows: usize) -> Read<'_, Vec<Incident>>;

    /// What was spent on these days, by this user or by everybody: by user, then by day.
    fn spent(&self, user: Option<UserId>, days: Range<Day>) -> Read<'_, Vec<(Account, Spend)>>;

    /// Whether the last write succeeded, and how much there is.
    fn health(&self) -> Health;

    /// Commits what waits, flushes and closes. Later calls answer `StoreError::Closed`.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// How the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// The newest write went through.
    pub writable: bool,
    /// Bytes on disk, where that can be told.
    pub bytes: Option<u64>,
    /// Bytes free on its disk, where that can be told.
    pub free_bytes: Option<u64>,
    /// How long the newest commits took: the middle one, and the slowest but for a twentieth.
    pub commit: Option<[Duration; 2]>,
    /// Bytes in memory that wait to be written.
    pub waiting_bytes: usize,
    /// Bytes of its cache at the most.
    pub cache_bytes: u64,
}
