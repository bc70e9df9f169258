//! The one door for spawning, and the order in which everything stops.
//!
//! Invariant: every task starts here, can be told to stop and is awaited at the drain.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::time::timeout;
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use crate::limits;

/// How far the gateway is on its way down. Each stage includes those before it.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// New work is refused, clients are told to go elsewhere.
    draining: Stage,
    /// Running turns end now, with what they have.
    interrupting: Stage,
    /// Everybody says goodbye and ends.
    closing: Stage,
    tasks: TaskTracker,
    turns: TaskTracker,
}

/// One step on the way down.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    reached: Arc<AtomicBool>,
    token: CancellationToken,
}

impl Stage {
    /// Whether it has come to this.
    pub fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Acquire)
    }

    /// Resolves when it comes to this.
    pub fn reached(&self) -> Reached {
        Reached {
            stage: self.reached.clone(),
            wait: Box::pin(self.token.clone().cancelled_owned()),
            waker: None,
        }
    }

    /// Runs `work` until it comes to this; `None` where that came first.
    pub async fn or<F: Future>(&self, work: F) -> Option<F::Output> {
        self.token.run_until_cancelled(work).await
    }

    /// It has come to this.
    pub fn reach(&self) {
        self.reached.store(true, Ordering::Release);
        self.token.cancel();
    }
}

/// Waits for a stage. A loop polls this for every token that passes, so it asks for the lock that
/// all tasks share only when the task's waker is new.
pub struct Reached {
    stage: Arc<AtomicBool>,
    wait: Pin<Box<WaitForCancellationFutureOwned>>,
    waker: Option<Waker>,
}

impl Future for Reached {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.stage.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if self.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        ready!(self.wait.as_mut().poll(cx));
        Poll::Ready(())
    }
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

    /// Reached when new work is refused.
    pub fn draining(&self) -> &Stage {
        &self.draining
    }

    /// Reached when running turns must end.
    pub fn interrupting(&self) -> &Stage {
        &self.interrupting
    }

    /// Reached when everybody says goodbye.
    pub fn closing(&self) -> &Stage {
        &self.closing
    }

    /// Refuses new work, lets running turns finish for `patience`, interrupts the rest, then
    /// closes whatever is open.
    pub async fn drain(&self, patience: Duration) -> Drained {
        self.draining.reach();
        self.turns.close();
        let _left = timeout(patience, self.turns.wait()).await;
        // Also where none is left: one that was let in at the last moment may only begin to count.
        self.interrupting.reach();
        let _left = timeout(limits::FAREWELL_WITHIN, self.turns.wait()).await;
        self.closing.reach();
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
            inside.draining().reached().await;
            assert!(!inside.interrupting().is_reached());
            inside.interrupting().reached().await;
            drop(turn);
            inside.closing().reached().await;
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
