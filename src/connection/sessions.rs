//! Who is there: one session for each user, kept in the store, and how many connections there are.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    auth::Identity,
    limits,
    model::{Clock, Session, SessionId, User, UserId},
    store::{Batch, Expect, Store, StoreError, Write},
};

/// Counts the open connections of the gateway, and the users behind them.
#[derive(Debug, Clone, Default)]
pub struct Seats(Arc<Taken>);

#[derive(Debug, Default)]
struct Taken {
    seats: AtomicUsize,
    /// How many connections each user has.
    users: Mutex<HashMap<UserId, usize>>,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Seats);

/// A user who counts as connected until it is dropped.
#[derive(Debug)]
pub(super) struct Present(Seats, UserId);

impl Seats {
    /// Open connections.
    pub fn taken(&self) -> usize {
        self.0.seats.load(Ordering::Relaxed)
    }

    /// Users who are connected.
    pub fn users(&self) -> usize {
        self.0.users().len()
    }

    /// That user is connected once more.
    pub(super) fn greet(&self, user: UserId) -> Present {
        *self.0.users().entry(user).or_default() += 1;
        Present(self.clone(), user)
    }

    /// A place for one more connection; `None` when the house is full.
    pub(super) fn take(&self) -> Option<Seat> {
        let seat = Seat(self.clone());
        (self.0.seats.fetch_add(1, Ordering::Relaxed) < limits::CONNECTIONS_MAX).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.seats.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Taken {
    fn users(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let Self(seats, user) = self;
        let mut users = seats.0.users();
        let left = users.get(user).map_or(0, |connections| connections - 1);
        if left == 0 {
            users.remove(user);
        } else {
            users.insert(*user, left);
        }
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
    store.room()?;
    store.commit(Batch { expect: Expect::Nothing, writes }).await?;
    Ok(session)
}

/// Made of the user's id, so that two first connections at once begin the same session.
pub(super) fn id(user: UserId) -> SessionId {
    SessionId::from_bytes(*user.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_with_two_connections_counts_once() {
        let seats = Seats::default();
        let [alice, bob] = [1, 2].map(|n| UserId::from_bytes([n; 16]));
        let (first, second) = (seats.greet(alice), seats.greet(alice));
        let third = seats.greet(bob);
        assert_eq!(seats.users(), 2);
        drop(first);
        assert_eq!(seats.users(), 2);
        drop((second, third));
        assert_eq!(seats.users(), 0);
    }
}
