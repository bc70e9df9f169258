//! Who is there: one session for each user, kept in the store, and how many connections there are.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    auth::Identity,
    limits,
    model::{Clock, Session, SessionId, User, UserId},
    store::{Batch, Expect, Store, StoreError, Write},
};

/// Counts the open connections of the gateway.
#[derive(Debug, Clone, Default)]
pub struct Seats(Arc<AtomicUsize>);

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Seats);

impl Seats {
    /// Open connections.
    pub fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A place for one more connection; `None` when the house is full.
    pub(super) fn take(&self) -> Option<Seat> {
        let seat = Seat(self.clone());
        (self.0.fetch_add(1, Ordering::Relaxed) < limits::CONNECTIONS_MAX).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The session of this user, which begins with their first connection ever.
pub(super) async fn session(
    store: &dyn Store,
    clock: &Clock,
    identity: &Identity,
) -> Result<Session, StoreError> {
    let user = identity.user;
    if let Some(session) = store.session(user).await? {
        return Ok(session);
    }
    let now = clock.now();
    let session = Session { id: id(user), user, created_at: now };
    let new = User { id: user, name: identity.name.clone(), created_at: now };
    let writes = vec![Write::User(new), Write::Session(session.clone())];
    store.commit(Batch { expect: Expect::Nothing, writes }).await?;
    Ok(session)
}

/// Made of the user's id, so that two first connections at once begin the same session.
pub(super) fn id(user: UserId) -> SessionId {
    SessionId::from_bytes(*user.bytes())
}
