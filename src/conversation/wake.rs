//! One per connection: which of its feeds have news, and a notification.
//!
//! Invariant: a feed is listed at most once, however often it is marked, so the list is bounded
//! by what the connection follows and marking never blocks a writer.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use futures_util::task::AtomicWaker;

/// Wakes one connection.
#[derive(Debug, Default)]
pub struct Wake {
    ready: Mutex<Vec<u32>>,
    news: AtomicBool,
    /// The one task that waits; it looks for every token, so it must not cost a lock.
    waker: AtomicWaker,
}

impl Wake {
    /// Resolves when at least one feed has news. Cancel-safe.
    pub async fn arrived(&self) {
        let taken = || self.news.swap(false, Ordering::AcqRel).then_some(());
        poll_fn(|context| {
            if let Some(()) = taken() {
                return Poll::Ready(());
            }
            self.waker.register(context.waker());
            // What came in between woke nobody.
            taken().map_or(Poll::Pending, Poll::Ready)
        })
        .await;
    }

    /// Moves the slots of the feeds with news into `slots`.
    pub fn take(&self, slots: &mut Vec<u32>) {
        slots.clear();
        std::mem::swap(slots, &mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// One feed as one connection watches it.
#[derive(Debug)]
pub struct Watch {
    slot: u32,
    pending: AtomicBool,
    wake: Arc<Wake>,
}

impl Watch {
    /// Watches on behalf of `wake`, which knows the feed as `slot`.
    pub fn new(slot: u32, wake: Arc<Wake>) -> Self {
        Self { slot, pending: AtomicBool::new(false), wake }
    }

    /// There is news. Cheap when the connection already knows.
    pub fn mark(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.wake.ready.lock().unwrap_or_else(PoisonError::into_inner).push(self.slot);
            self.wake.news.store(true, Ordering::Release);
            self.wake.waker.wake();
        }
    }

    /// The connection is about to read: whatever comes from here on is news again.
    pub fn clear(&self) {
        self.pending.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn many_marks_are_one_wake_until_it_is_read() {
        let wake = Arc::new(Wake::default());
        let watch = Watch::new(7, wake.clone());
        let mut slots = Vec::new();
        watch.mark();
        watch.mark();
        assert!(wake.arrived().now_or_never().is_some());
        wake.take(&mut slots);
        assert_eq!(slots, [7]);
        watch.mark();
        wake.take(&mut slots);
        assert!(slots.is_empty(), "not news before it was cleared");
        watch.clear();
        watch.mark();
        wake.take(&mut slots);
        assert_eq!(slots, [7]);
    }
}
