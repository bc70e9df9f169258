//! Wall-clock time, passed in so that a test can own it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment as a calendar date; what no calendar can hold becomes 1970.
    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How much later this is than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// How long an answer asks to be left alone, by its `Retry-After`: so many seconds, or until a date, which
/// counts from the `Date` of the answer, so that no clock of ours matters.
pub fn retry_after(said: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = said.trim().parse() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let moment = |date: &str| DateTime::parse_from_rfc2822(date.trim()).ok();
    (moment(said)? - moment(date?)?).to_std().ok()
}

/// Tells the time of day; a test sets it.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is moved.
    pub fn at(now: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now.0))))
    }

    /// Moves a standing clock; the machine's own cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Some(now) = &self.0 {
            now.store(Timestamp(now.load(Ordering::Relaxed)).plus(by).0, Ordering::Relaxed);
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(now) => Timestamp(now.load(Ordering::Relaxed)),
            None => Timestamp(Utc::now().timestamp_millis()),
        }
    }
}
