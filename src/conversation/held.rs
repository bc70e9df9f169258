//! How much memory many things take together: each tells its share where that changes, so that the
//! sum is read without looking at any of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The sum. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<AtomicUsize>);

/// What one thing adds to it, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: Held,
    bytes: usize,
}

impl Held {
    /// All shares together.
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A share of so many bytes.
    pub(super) fn share(&self, bytes: usize) -> Share {
        let mut share = Share { of: self.clone(), bytes: 0 };
        share.is(bytes);
        share
    }
}

impl Share {
    /// It has become that large.
    pub(super) fn is(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.of.0.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else if bytes < self.bytes {
            self.of.0.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.is(0);
    }
}
