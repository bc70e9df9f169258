//! Keeps tasks in the store, and shows how they stand once that is durable.

use std::sync::Arc;

use super::board::Board;
use crate::{
    model::{Clock, Task, Timestamp},
    store::{Batch, Commit, Expect, Store, StoreError, Write},
};

/// Keeps tasks, and shows them.
#[derive(Clone)]
pub(super) struct Keeper {
    store: Arc<dyn Store>,
    clock: Clock,
    board: Board,
}

impl Keeper {
    pub(super) fn new(store: Arc<dyn Store>, clock: Clock, board: Board) -> Self {
        Self { store, clock, board }
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Keeps the task as it is, and shows it.
    pub(super) async fn keep(&self, task: &mut Task) -> Result<(), StoreError> {
        self.keep_with(task, &[]).await
    }

    /// The same in one batch with something else.
    pub(super) async fn keep_with(
        &self,
        task: &mut Task,
        also: &[Write],
    ) -> Result<(), StoreError> {
        task.updated_at = self.now();
        let kept = Write::Task(task.clone());
        self.write(also.iter().cloned().chain([kept]).collect()).await?;
        self.board.show(task);
        Ok(())
    }

    /// Keeps several writes, as one. Handed over at once.
    pub(super) fn write(&self, writes: Vec<Write>) -> Commit {
        self.store.commit(Batch { expect: Expect::Nothing, writes })
    }
}
