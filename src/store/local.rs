//! The store over an engine: reads of its own, writes through its one writer.

use std::{
    fmt, io,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use futures_util::future::{BoxFuture, ready};
use tokio::sync::oneshot;

use super::{
    Batch, Commit, Health, Page, Read, Store, StoreError, TaskPage, Turn, alerts,
    directory::{self, OpenError},
    drafts::Drafts,
    keys::{self, KEY},
    kv::{Kv, View},
    memory::Memory,
    paper::Paper,
    reads, tasks,
    writer::{Desk, Job},
};
use crate::{
    limits::STORE_CACHE_BYTES,
    model::{
        Accepted, Account, Conversation, ConversationId, Day, Incident, Message, MessageId,
        OpenTask, Sequenced, Session, Spend, Task, TaskFilter, TaskId, Timestamp, TurnId, User,
        UserId, Watch,
    },
};

/// A store in this process: on disk, or in memory alone.
///
/// A read may see a batch a moment before its commit resolves. After `StoreError::Unwritable` it
/// is not known whether a batch was kept: reading tells. Dropped without `close`, what waits for
/// the writer is lost and what was acknowledged stays, as with a crash.
pub struct LocalStore {
    kv: Arc<dyn Kv>,
    desk: Arc<Desk>,
    drafts: Arc<Mutex<Drafts>>,
    writer: Mutex<Option<thread::JoinHandle<()>>>,
}

impl LocalStore {
    /// Opens the data directory, or makes it. Blocks for as long as the disk takes.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let free = |dir: &Path| {
            let stat = rustix::fs::statvfs(dir)?;
            Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
        };
        Self::open_with(dir, Box::new(free))
    }

    /// `open` under a disk with another opinion on how much is free.
    pub(super) fn open_with(
        dir: &Path,
        free: super::embedded::FreeSpace,
    ) -> Result<Self, OpenError> {
        let kv = directory::open(dir, free)?;
        let paper = Paper::in_dir(dir).unwrap_or_else(|error| {
            tracing::warn!(%error, "answers that still grow will not be kept for a crash");
            Paper::Memory(Vec::new())
        });
        Self::over(Arc::new(kv), paper)
            .map_err(|source| OpenError::Io { dir: dir.to_path_buf(), source })
    }

    /// A store that forgets everything with the process. Fails only where no thread can be made.
    pub fn in_memory() -> io::Result<Self> {
        Self::over(Arc::new(Memory::new()), Paper::Memory(Vec::new()))
    }

    pub(super) fn over(kv: Arc<dyn Kv>, paper: Paper) -> io::Result<Self> {
        let drafts = match look(&*kv, |view| reads::open_ids(view, None)) {
            Ok(open) => Drafts::open(paper, open),
            Err(error) => {
                // What was written is left for a start that can tell whose it is.
                tracing::warn!(%error, "it is not known which answers were growing");
                Drafts::open(Paper::Memory(Vec::new()), Vec::new())
            }
        };
        let drafts = Arc::new(Mutex::new(drafts));
        let (desk, writer) = Desk::open(Arc::clone(&kv), Arc::clone(&drafts))?;
        Ok(Self { kv, desk, drafts, writer: Mutex::new(Some(writer)) })
    }

    /// The text of open turns.
    pub(super) fn drafts(&self) -> MutexGuard<'_, Drafts> {
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads at once: a record or two, from the page cache or by one access to the disk.
    pub(super) fn look<T>(
        &self,
        read: impl FnOnce(&dyn View) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        look(&*self.kv, read)
    }

    fn point<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn View) -> Result<T, StoreError> + Send + 'static,
    ) -> Read<'_, T> {
        // Not before it is polled: what was committed in between must be seen.
        Box::pin(async move { self.look(read) })
    }

    /// Reads many records, where the async workers are not held up.
    fn scan<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn View) -> Result<T, StoreError> + Send + 'static,
    ) -> Read<'_, T> {
        let kv = Arc::clone(&self.kv);
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || look(&*kv, read)).await;
            // It is neither aborted nor panics; a runtime that ends takes it away.
            read.unwrap_or(Err(StoreError::Closed))
        })
    }
}

fn look<T>(
    kv: &dyn Kv,
    read: impl FnOnce(&dyn View) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(|| read(&*kv.view()?)))
        .unwrap_or(Err(StoreError::Damaged("the database")))
}

impl Store for LocalStore {
    fn room(&self) -> Result<(), StoreError> {
        self.desk.room()
    }

    fn commit(&self, batch: Batch) -> Commit {
        let (answer, answered) = oneshot::channel();
        if let Err(error) = self.desk.hand_over(Job::Commit(batch, answer)) {
            return Box::pin(ready(Err(error)));
        }
        Box::pin(async move {
            answered.await.unwrap_or_else(|_| {
                // Only a panic in the middle of a batch drops its answer.
                let error = io::Error::other("the database gave up while writing");
                Err(StoreError::Unwritable(Arc::new(error)))
            })
        })
    }

    fn checkpoint(&self, turn: TurnId, offset: u64, slice: &str) -> bool {
        self.desk.hand_over(Job::Checkpoint(turn, offset, slice.into())).is_ok()
    }

    fn user(&self, id: UserId) -> Read<'_, Option<User>> {
        self.point(move |view| keys::record(view, &keys::user(id), "a user"))
    }

    fn session(&self, user: UserId) -> Read<'_, Option<Session>> {
        self.point(move |view| keys::record(view, &keys::session(user), "a session"))
    }

    fn conversation(&self, id: ConversationId) -> Read<'_, Option<Conversation>> {
        self.point(move |view| keys::record(view, &keys::conversation(id), "a conversation"))
    }

    fn conversations(
        &self,
        user: UserId,
        before: Option<ConversationId>,
        rows: usize,
    ) -> Read<'_, Vec<Conversation>> {
        self.scan(move |view| reads::conversations(view, user, before, rows))
    }

    fn parts(&self, of: ConversationId) -> Read<'_, Vec<ConversationId>> {
        self.scan(move |view| reads::parts(view, of))
    }

    fn message(&self, conversation: ConversationId, id: MessageId) -> Read<'_, Option<Message>> {
        self.point(move |view| keys::record(view, &keys::message(conversation, id), "a message"))
    }

    fn branch(
        &self,
        conversation: ConversationId,
        leaf: MessageId,
        page: Page,
    ) -> Read<'_, Vec<Message>> {
        self.scan(move |view| reads::branch(view, conversation, leaf, page))
    }

    fn messages(
        &self,
        conversation: ConversationId,
        after: Option<MessageId>,
        rows: usize,
    ) -> Read<'_, Vec<Message>> {
        self.scan(move |view| reads::messages(view, conversation, after, rows))
    }

    fn events(
        &self,
        conversation: ConversationId,
        after: u64,
        rows: usize,
    ) -> Read<'_, Vec<Arc<Sequenced>>> {
        self.scan(move |view| reads::events(view, conversation, after, rows))
    }

    fn turn(&self, id: TurnId) -> Read<'_, Option<Turn>> {
        self.point(move |view| keys::record(view, &keys::turn(id), "a turn"))
    }

    fn open_turns(&self, of: Option<ConversationId>) -> Read<'_, Vec<Turn>> {
        self.scan(move |view| reads::open_turns(view, of))
    }

    fn checkpointed(&self, turn: TurnId) -> Read<'_, String> {
        let (kv, desk) = (Arc::clone(&self.kv), Arc::clone(&self.desk));
        let drafts = Arc::clone(&self.drafts);
        let read = move || {
            let (pass, passed) = oneshot::channel();
            if desk.hand_over(Job::Pass(pass)).is_ok() {
                // What was handed over before is part of it. Where the writer gives up, what is
                // there already is the answer.
                drop(passed.blocking_recv());
            }
            look(&*kv, |_| Ok(()))?;
            let drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(drafts.slices(turn).into_iter().map(|(_, text)| text).collect())
        };
        Box::pin(async move {
            tokio::task::spawn_blocking(read).await.unwrap_or(Err(StoreError::Closed))
        })
    }

    fn keyed(&self, user: UserId, key: &str, now: Timestamp) -> Read<'_, Option<Accepted>> {
        self.desk.tell_time(now);
        let key = keys::idempotency(KEY, user, key);
        self.point(move |view| reads::keyed(view, &key, now))
    }

    fn task(&self, id: TaskId) -> Read<'_, Option<Task>> {
        self.point(move |view| tasks::task(view, id))
    }

    fn task_numbered(&self, number: u64) -> Read<'_, Option<Task>> {
        self.point(move |view| tasks::numbered(view, number))
    }

    fn tasks(
        &self,
        user: UserId,
        filter: &TaskFilter,
        before: Option<TaskId>,
        rows: usize,
    ) -> Read<'_, TaskPage> {
        let filter = filter.clone();
        self.scan(move |view| tasks::tasks(view, user, &filter, before, rows))
    }

    fn open_tasks(&self) -> Read<'_, Vec<OpenTask>> {
        self.scan(tasks::open)
    }

    fn highest_task_number(&self) -> Read<'_, u64> {
        self.point(tasks::highest_number)
    }

    fn keyed_task(&self, user: UserId, key: &str, now: Timestamp) -> Read<'_, Option<TaskId>> {
        self.desk.tell_time(now);
        let key: Box<str> = key.into();
        self.point(move |view| tasks::keyed(view, user, &key, now))
    }

    fn watches(&self) -> Read<'_, Vec<Watch>> {
        self.scan(alerts::watches)
    }

    fn unsettled_incidents(&self) -> Read<'_, Vec<Incident>> {
        self.scan(alerts::unsettled)
    }

    fn incidents(&self, owner: Option<UserId>, rows: usize) -> Read<'_, Vec<Incident>> {
        self.scan(move |view| alerts::incidents(view, owner, rows))
    }

    fn spent(&self, user: Option<UserId>, days: Range<Day>) -> Read<'_, Vec<(Account, Spend)>> {
        self.scan(move |view| reads::spent(view, user, &days))
    }

    fn health(&self) -> Health {
        Health {
            writable: self.desk.writable(),
            bytes: self.kv.bytes(),
            free_bytes: self.kv.free(),
            commit: self.desk.commit_took(),
            waiting_bytes: self.desk.waiting_bytes(),
            cache_bytes: self.kv.bytes().unwrap_or_default().min(STORE_CACHE_BYTES),
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let (closed, done) = oneshot::channel();
        // Refused only where it is closed already.
        let asked = self.desk.hand_over(Job::Close(closed));
        Box::pin(async move {
            if asked.is_ok() {
                drop(done.await);
            }
        })
    }
}

impl Drop for LocalStore {
    fn drop(&mut self) {
        self.desk.abandon();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // At most one group is under way; after it the directory is free for the next owner.
            drop(writer.join());
        }
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStore").field("health", &self.health()).finish_non_exhaustive()
    }
}
