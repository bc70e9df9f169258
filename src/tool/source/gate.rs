//! How often a source may be asked: what its plan allows, and what it has said itself.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::limits;

/// So many requests within any time of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tool) struct Allowance {
    pub(in crate::tool) requests: u32,
    pub(in crate::tool) within: Duration,
}

impl Allowance {
    /// Those that settings name for a minute and a day, where 0 is as often as one likes.
    pub(in crate::tool) fn of(per_minute: u32, per_day: u32) -> Vec<Self> {
        let minute = Self { requests: per_minute, within: Duration::from_secs(60) };
        let day = Self { requests: per_day, within: Duration::from_secs(24 * 60 * 60) };
        [minute, day].into_iter().filter(|allowance| allowance.requests > 0).collect()
    }
}

/// Lets requests pass.
pub(super) struct Gate {
    allows: Vec<Allowance>,
    /// As many requests as the longest memory of an allowance.
    remembers: usize,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// When requests have passed, oldest first.
    passed: VecDeque<Instant>,
    /// It has said that it is not to be asked before.
    rests_until: Option<Instant>,
}

impl Gate {
    pub(super) fn new(allows: &[Allowance]) -> Self {
        let allows: Vec<_> = allows.iter().copied().filter(|one| one.requests > 0).collect();
        let remembers = allows.iter().map(|one| one.requests as usize).max().unwrap_or(0);
        Self { allows, remembers, now: Mutex::default() }
    }

    /// Waits for its turn where that is near; else says how far it is.
    pub(super) async fn pass(&self) -> Result<(), Duration> {
        let patience = Instant::now() + limits::SOURCE_TURN_WITHIN;
        while let Some(next) = self.pass_now() {
            if next > patience {
                return Err(next.saturating_duration_since(Instant::now()));
            }
            sleep_until(next).await;
        }
        Ok(())
    }

    /// Passes, or says when that may be tried again. Nothing is set aside for who waits, so that who gives
    /// up takes nothing along.
    fn pass_now(&self) -> Option<Instant> {
        let (mut now, moment) = (self.lock(), Instant::now());
        let full = self.allows.iter().filter_map(|allowance| {
            let at = now.passed.len().checked_sub(allowance.requests as usize)?;
            Some(*now.passed.get(at)? + allowance.within)
        });
        let next = full.chain(now.rests_until).max().filter(|next| *next > moment);
        if next.is_none() {
            now.passed.push_back(moment);
            if now.passed.len() > self.remembers {
                now.passed.pop_front();
            }
        }
        next
    }

    /// It is not asked for so long, or for as long as it was to rest already.
    pub(super) fn rest(&self, pause: Duration) -> Duration {
        let (mut now, moment) = (self.lock(), Instant::now());
        let until = now.rests_until.max(Some(moment + pause.min(limits::SOURCE_REST_MAX)));
        now.rests_until = until;
        until.map_or(Duration::ZERO, |until| until - moment)
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
