//! What a source has said, for a while, and what it is being asked.

use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::time::Instant;

use super::{super::Trouble, Asked};
use crate::limits;

/// An answer as it was read; `None` where nothing is known of what was asked.
pub(super) type Answer = Option<Arc<dyn Any + Send + Sync>>;

/// A request that is under way, for all who wait for it.
pub(super) type Flight = Shared<BoxFuture<'static, Result<Answer, Trouble>>>;

/// Answers by what was asked.
#[derive(Default)]
pub(super) struct Answers(Mutex<HashMap<Asked, Slot>>);

enum Slot {
    /// Only those who wait hold it, so that it ends with the last of them.
    Asked(WeakShared<BoxFuture<'static, Result<Answer, Trouble>>>),
    Known(Known),
}

struct Known {
    answer: Answer,
    bytes: usize,
    until: Instant,
}

/// What there is for a question.
pub(super) enum Looked {
    Known(Answer),
    Asked(Flight),
}

impl Answers {
    /// The answer, or the request for it, which is begun where there is none.
    pub(super) fn look(&self, asked: &Asked, begin: impl FnOnce() -> Flight) -> Looked {
        let mut slots = self.lock();
        match slots.get(asked) {
            Some(Slot::Known(known)) if known.until > Instant::now() => {
                return Looked::Known(known.answer.clone());
            }
            Some(Slot::Asked(flight)) => {
                if let Some(flight) = flight.upgrade() {
                    return Looked::Asked(flight);
                }
            }
            Some(Slot::Known(_)) | None => {}
        }
        let flight = begin();
        // It has not been polled, so there is something to point at.
        if let Some(weak) = flight.downgrade() {
            slots.insert(asked.clone(), Slot::Asked(weak));
        }
        make_room(&mut slots);
        Looked::Asked(flight)
    }

    /// Keeps an answer of so many bytes.
    pub(super) fn keep(&self, asked: Asked, (answer, bytes): (Answer, usize), keeps: Duration) {
        let mut slots = self.lock();
        let until = Instant::now() + keeps;
        slots.insert(asked, Slot::Known(Known { answer, bytes, until }));
        make_room(&mut slots);
    }

    /// It has failed, so there is nothing to tell again.
    pub(super) fn forget(&self, asked: &Asked) {
        self.lock().remove(asked);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asked, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is out of date goes, then what would be next.
fn make_room(slots: &mut HashMap<Asked, Slot>) {
    let now = Instant::now();
    slots.retain(|_, slot| match slot {
        Slot::Asked(flight) => flight.upgrade().is_some(),
        Slot::Known(known) => known.until > now,
    });
    loop {
        let known = slots.iter().filter_map(|(asked, slot)| match slot {
            Slot::Asked(_) => None,
            Slot::Known(known) => Some((known.until, known.bytes, asked)),
        });
        let known: Vec<_> = known.collect();
        let bytes: usize = known.iter().map(|(_, bytes, _)| bytes).sum();
        let fits =
            known.len() <= limits::SOURCE_ANSWERS_MAX && bytes <= limits::SOURCE_ANSWERS_BYTES_MAX;
        let oldest = known.into_iter().min_by_key(|(until, ..)| *until);
        let Some((_, _, oldest)) = oldest.filter(|_| !fits) else { return };
        let oldest = oldest.clone();
        slots.remove(&oldest);
    }
}
