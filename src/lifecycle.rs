//! The one door for spawning, and the order in which everything stops.
//!
//! Invariant: every task starts here, can be told to stop and is awaited at the drain.

use std::{future::Future, time::Duration};

use tokio::time::timeout;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use crate::limits;

/// How far the gateway is on its way down. Each stage includes those before it.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// New work is refused, clients are told to go elsewhere.
    draining: CancellationToken,
    /// Running turns end now, with what they have.
    interrupting: CancellationToken,
    /// Everybody says goodbye and ends.
    closing: CancellationToken,
    tasks: TaskTracker,
    turns: TaskTracker,
}

/// Held while a turn runs: a drain waits for it.
pub type Working = TaskTrackerToken;

/// Whether a drain left anything behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every task has ended.
    Clean,
    /// Some did not end in time and are dropped with the runtime.
    Left(usize),
}

impl Lifecycle {
    /// Starts a task that the drain will wait for.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// Counts a task that somebody else spawns, until the token is dropped.
    pub fn count(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Counts a running turn, until the token is dropped.
    pub fn working(&self) -> Working {
        self.turns.token()
    }

    /// Turns that run now.
    pub fn turns_running(&self) -> usize {
        self.turns.len()
    }

    /// Cancelled when new work is refused.
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Cancelled when running turns must end.
    pub fn interrupting(&self) -> &CancellationToken {
        &self.interrupting
    }

    /// Cancelled when everybody says goodbye.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Refuses new work, lets running turns finish for `patience`, interrupts the rest, then
    /// closes whatever is open.
    pub async fn drain(&self, patience: Duration) -> Drained {
        self.draining.cancel();
        self.turns.close();
        if timeout(patience, self.turns.wait()).await.is_err() {
            self.interrupting.cancel();
            let _left = timeout(limits::FAREWELL_WITHIN, self.turns.wait()).await;
        }
        self.closing.cancel();
        self.tasks.close();
        match timeout(limits::FAREWELL_WITHIN, self.tasks.wait()).await {
            Ok(()) => Drained::Clean,
            Err(_) => Drained::Left(self.tasks.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_turns_then_interrupts_then_closes() {
        let lifecycle = Lifecycle::default();
        let inside = lifecycle.clone();
        let turn = lifecycle.working();
        lifecycle.spawn(async move {
            inside.draining().cancelled().await;
            assert!(!inside.interrupting().is_cancelled());
            inside.interrupting().cancelled().await;
            drop(turn);
            inside.closing().cancelled().await;
        });
        assert_eq!(lifecycle.drain(Duration::from_secs(20)).await, Drained::Clean);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_left_behind() {
        let lifecycle = Lifecycle::default();
        lifecycle.spawn(std::future::pending());
        assert_eq!(lifecycle.drain(Duration::ZERO).await, Drained::Left(1));
    }
}
