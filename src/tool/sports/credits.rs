//! What is left of the credits of a month: the source says so with each answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits::ODDS_CREDITS_LOW;

/// The credits, as they were told last.
#[derive(Default)]
pub(super) struct Credits(Mutex<Option<u64>>);

impl Credits {
    /// So many are left. Once they run low, somebody who can buy some should know.
    pub(super) fn note(&self, left: u64) {
        let before = self.lock().replace(left);
        let is_low = |credits: u64| credits < ODDS_CREDITS_LOW;
        if is_low(left) && !before.is_some_and(is_low) {
            tracing::warn!(left, "the credits of The Odds API run low");
        }
    }

    /// How many are left, where that is known.
    fn left(&self) -> Option<u64> {
        *self.lock()
    }

    /// What has to be said of them when they run low.
    pub(super) fn told(&self) -> Option<String> {
        let low = self.left().filter(|left| *left < ODDS_CREDITS_LOW);
        low.map(|left| format!("{left} credits left this month"))
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
