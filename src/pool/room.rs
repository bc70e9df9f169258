//! The room at a provider: how many answers it may be asked for at the same time.
//!
//! Invariant: who is inside stays there when the room becomes smaller; as many of those who leave
//! then give no place back as are too many.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room at one provider.
#[derive(Debug)]
pub(super) struct Room {
    /// Places that are free.
    free: Arc<Semaphore>,
    size: Mutex<Option<u32>>,
    /// Places that are to go as soon as they are left.
    too_many: AtomicUsize,
}

/// A place in the room; given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: Arc<Room>,
    place: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// For so many, or for any number.
    pub(super) fn new(size: Option<u32>) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(places(size)));
        Arc::new(Self { free, size: Mutex::new(size), too_many: AtomicUsize::new(0) })
    }

    /// A place, where one is free.
    pub(super) fn try_enter(self: &Arc<Self>) -> Option<Held> {
        let place = self.free.clone().try_acquire_owned().ok();
        place.map(|place| Held { room: self.clone(), place: Some(place) })
    }

    /// A place, as soon as one is free.
    pub(super) async fn enter(self: &Arc<Self>) -> Held {
        let place = self.free.clone().acquire_owned().await;
        Held { room: self.clone(), place: Some(place.expect("the semaphore is never closed")) }
    }

    /// Room for so many from now on.
    pub(super) fn resize(&self, size: Option<u32>) {
        let mut was = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, after) = (places(*was), places(size));
        *was = size;
        if let Some(more) = after.checked_sub(before) {
            let owed = |owed: usize| Some(owed.saturating_sub(more));
            let paid = self.too_many.fetch_update(Ordering::AcqRel, Ordering::Acquire, owed);
            self.free.add_permits(more.saturating_sub(paid.unwrap_or_default()));
        } else {
            let fewer = before - after;
            let gone = self.free.forget_permits(fewer);
            self.too_many.fetch_add(fewer - gone, Ordering::AcqRel);
        }
    }
}

/// Half of what a semaphore can hold is as good as no limit.
fn places(size: Option<u32>) -> usize {
    size.map_or(Semaphore::MAX_PERMITS / 2, |size| size as usize)
}

impl Drop for Held {
    fn drop(&mut self) {
        let one_less = |too_many: usize| too_many.checked_sub(1);
        let owed = &self.room.too_many;
        if owed.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok()
            && let Some(place) = self.place.take()
        {
            place.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `e` enters where it can, `l` leaves, `1` to `9` resizes, `*` takes the limit
    /// away. Then so many are inside, and so many more may come.
    #[track_caller]
    fn check(steps: &str, expected: (usize, usize)) {
        let room = Room::new(Some(2));
        let mut inside = Vec::new();
        for step in steps.chars() {
            match step {
                'e' => inside.extend(room.try_enter()),
                'l' => drop(inside.pop()),
                '*' => room.resize(None),
                size => room.resize(size.to_digit(10)),
            }
        }
        let free = room.free.available_permits().min(99);
        assert_eq!((inside.len(), free), expected, "{steps}");
    }

    #[test]
    fn a_room_grows_and_shrinks_around_those_inside() {
        check("eee", (2, 0));
        check("e3", (1, 2));
        check("ee1", (2, 0));
        check("ee1l", (1, 0));
        check("ee1ll", (0, 1));
        check("ee1l2", (1, 1));
        check("ee13l", (1, 2));
        check("*eee1", (3, 0));
        check("*eee1lll", (0, 1));
        check("ee*ee", (4, 99));
    }
}
