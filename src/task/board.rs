//! The topic `tasks`: for each user who looks, which of their tasks changed, and how they are now.
//!
//! Invariants: a task stands here once, at its newest change, so a slow subscriber costs a place
//! and never a queue; nothing is kept for a user to whom nobody listens; a change is encoded once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use dashmap::DashMap;
use tokio::sync::watch;

use crate::{
    limits,
    model::{Task, TaskId, UserId},
    store::{Store, StoreError},
    wire::{self, Frame},
};

/// What every subscriber may see.
#[derive(Debug, Clone, Default)]
pub(super) struct Board(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    shelves: DashMap<UserId, Arc<Shelf>>,
    rev: AtomicU64,
}

/// The changes of one user's tasks.
#[derive(Debug)]
struct Shelf {
    changes: Mutex<Changes>,
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Changes {
    by_rev: BTreeMap<u64, (TaskId, Option<Frame>)>,
    rev_of: HashMap<TaskId, u64>,
    /// Of the frames that are kept.
    bytes: usize,
    /// No frame of a change up to this one is kept.
    bare: u64,
    /// Changes up to this one may be missing.
    dropped: u64,
    subscribers: usize,
}

impl Board {
    /// Shows how a task stands now, to those who look.
    pub(super) fn show(&self, task: &Task) {
        let Some(shelf) = self.0.shelves.get(&task.user) else { return };
        let mut changes = shelf.lock();
        // Under the lock, so that numbers rise on each shelf.
        let rev = self.0.rev.fetch_add(1, Ordering::Relaxed) + 1;
        changes.put(rev, task);
        drop(changes);
        shelf.news.send_replace(rev);
    }

    /// The user's changes from here on.
    pub(super) fn subscribe(&self, user: UserId) -> Subscription {
        let shelf = self.0.shelves.entry(user).or_insert_with(|| {
            let (news, _) = watch::channel(0);
            Arc::new(Shelf { changes: Mutex::default(), news })
        });
        let mut changes = shelf.lock();
        changes.subscribers += 1;
        let seen = self.0.rev.load(Ordering::Relaxed);
        drop(changes);
        Subscription { board: self.clone(), user, shelf: shelf.clone(), seen }
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changes {
    fn put(&mut self, rev: u64, task: &Task) {
        if let Some(old) = self.rev_of.insert(task.id, rev) {
            self.forget(old);
        }
        let frame = wire::task_change(rev, task);
        self.bytes += frame.len();
        self.by_rev.insert(rev, (task.id, Some(frame)));
        while self.by_rev.len() > limits::TASK_CHANGES_MAX {
            if let Some((rev, (id, frame))) = self.by_rev.pop_first() {
                self.bytes -= frame.map_or(0, |frame| frame.len());
                self.rev_of.remove(&id);
                self.dropped = rev;
            }
        }
        // The newest frames are kept; the others are read and encoded again by who is behind.
        while self.bytes > limits::TASK_CHANGES_BYTES_MAX
            && let Some((rev, (_, frame))) = self.by_rev.range_mut(self.bare + 1..).next()
        {
            self.bare = *rev;
            self.bytes -= frame.take().map_or(0, |frame| frame.len());
        }
    }

    fn forget(&mut self, rev: u64) {
        let old = self.by_rev.remove(&rev).and_then(|(_, frame)| frame);
        self.bytes -= old.map_or(0, |frame| frame.len());
    }
}

/// One subscriber's place in the changes of a user's tasks.
#[derive(Debug)]
pub struct Subscription {
    board: Board,
    user: UserId,
    shelf: Arc<Shelf>,
    seen: u64,
}

/// Whether a subscriber has all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It has.
    All,
    /// There is more.
    More,
    /// It fell so far behind that something was dropped; it begins anew.
    Behind,
}

impl Subscription {
    /// The number of the newest change that was taken, or that came before.
    pub fn rev(&self) -> u64 {
        self.seen
    }

    /// Changes whenever there is news.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.shelf.news.subscribe()
    }

    /// Takes the next changes, up to `limits::DELIVERY_BYTES`.
    pub async fn take(
        &mut self,
        store: &dyn Store,
        frames: &mut Vec<Frame>,
    ) -> Result<Taken, StoreError> {
        let mut bytes = 0;
        while bytes < limits::DELIVERY_BYTES {
            let (rev, id, frame) = match self.next() {
                Next::Change(rev, id, frame) => (rev, id, frame),
                Next::None => return Ok(Taken::All),
                Next::Dropped => return Ok(Taken::Behind),
            };
            self.seen = rev;
            let frame = match frame {
                Some(frame) => Some(frame),
                None => store.task(id).await?.map(|task| wire::task_change(rev, &task)),
            };
            bytes += frame.as_ref().map_or(0, |frame| frame.len());
            frames.extend(frame);
        }
        Ok(Taken::More)
    }

    fn next(&self) -> Next {
        let changes = self.shelf.lock();
        if self.seen < changes.dropped {
            return Next::Dropped;
        }
        match changes.by_rev.range(self.seen + 1..).next() {
            Some((rev, (id, frame))) => Next::Change(*rev, *id, frame.clone()),
            None => Next::None,
        }
    }
}

enum Next {
    Change(u64, TaskId, Option<Frame>),
    None,
    Dropped,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.board.0.shelves.remove_if(&self.user, |_, shelf| {
            let mut changes = shelf.lock();
            changes.subscribers -= 1;
            changes.subscribers == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::LocalStore, task::tests::task};

    #[tokio::test]
    async fn who_falls_too_far_behind_is_told_so() {
        let (board, store) = (Board::default(), LocalStore::in_memory().unwrap());
        let shown = task(1);
        let (mut slow, mut quick) = (board.subscribe(shown.user), board.subscribe(shown.user));
        let mut frames = Vec::new();
        for _ in 0..=limits::TASK_CHANGES_MAX {
            board.show(&task(1));
            assert_eq!(quick.take(&store, &mut frames).await.unwrap(), Taken::All);
        }
        assert_eq!(frames.len(), limits::TASK_CHANGES_MAX + 1);
        assert_eq!(slow.take(&store, &mut frames).await.unwrap(), Taken::Behind);
    }

    #[tokio::test]
    async fn nothing_is_kept_for_whom_nobody_listens() {
        let board = Board::default();
        let shown = task(1);
        board.show(&shown);
        assert!(board.0.shelves.is_empty());
        let (one, two) = (board.subscribe(shown.user), board.subscribe(shown.user));
        board.show(&shown);
        drop(one);
        assert_eq!(board.0.shelves.len(), 1);
        drop(two);
        assert!(board.0.shelves.is_empty());
    }

    #[test]
    fn the_frames_that_are_kept_are_bounded() {
        let board = Board::default();
        let shown = Task { text: "x".repeat(limits::TEXT_BYTES_MAX).into(), ..task(1) };
        let place = board.subscribe(shown.user);
        for _ in 0..100 {
            board.show(&Task { id: TaskId::new(), ..shown.clone() });
        }
        let changes = place.shelf.lock();
        let kept: usize =
            changes.by_rev.values().flat_map(|(_, frame)| frame).map(|f| f.len()).sum();
        assert_eq!((kept, changes.by_rev.len()), (changes.bytes, 100));
        assert!(kept <= limits::TASK_CHANGES_BYTES_MAX);
    }
}
