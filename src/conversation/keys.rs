//! Idempotency keys of messages that are just being kept.
//!
//! Invariant: between a claim and its settlement nobody else can use the key; afterwards the store
//! knows it. A claim that is dropped is settled as failed.

use std::sync::Arc;

use dashmap::{DashMap, Entry};
use tokio::sync::oneshot;

use crate::model::{Accepted, UserId};

/// Settles with what the first message was answered, or closes where that was not kept.
pub(super) type Pending = oneshot::Receiver<Accepted>;

type Waiting = DashMap<(UserId, Arc<str>), Vec<oneshot::Sender<Accepted>>>;

/// The keys that are being used right now.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(Arc<Waiting>);

/// The outcome of wanting to use a key.
pub(super) enum Claimed {
    /// Nobody else is using it.
    Mine(Claim),
    /// Somebody is; this is how it will turn out.
    Theirs(Pending),
}

/// The right to use a key.
#[derive(Debug)]
pub(super) struct Claim {
    keys: Keys,
    of: Option<(UserId, Arc<str>)>,
}

impl Keys {
    /// Claims the key.
    pub(super) fn claim(&self, user: UserId, key: &Arc<str>) -> Claimed {
        match self.0.entry((user, key.clone())) {
            Entry::Vacant(vacant) => {
                vacant.insert(Vec::new());
                Claimed::Mine(Claim { keys: self.clone(), of: Some((user, key.clone())) })
            }
            Entry::Occupied(mut taken) => {
                let (sender, pending) = oneshot::channel();
                taken.get_mut().push(sender);
                Claimed::Theirs(pending)
            }
        }
    }
}

impl Claim {
    /// The message is kept; whoever sent it again is told.
    pub(super) fn settle(mut self, accepted: &Accepted) {
        for waiting in self.release() {
            // Whoever asked may have left.
            let _left = waiting.send(accepted.clone());
        }
    }

    fn release(&mut self) -> Vec<oneshot::Sender<Accepted>> {
        let Some(of) = self.of.take() else { return Vec::new() };
        self.keys.0.remove(&of).map_or_else(Vec::new, |(_, waiting)| waiting)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Dropping the senders tells those who wait that it was not kept.
        self.release();
    }
}
