//! How much one connection may ask: a token bucket for frames, and a count of bad ones.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

const MINUTE: Duration = Duration::from_secs(60);

/// What a connection has left.
pub(super) struct Limiter {
    tokens: f64,
    filled: Instant,
    refusals: u32,
    strikes: u32,
    strikes_since: Instant,
}

impl Limiter {
    /// A full bucket and a clean record.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            tokens: f64::from(limits::FRAMES_BURST_MAX),
            filled: now,
            refusals: 0,
            strikes: 0,
            strikes_since: now,
        }
    }

    /// Takes one frame from the bucket, or says how long to wait for the next.
    pub(super) fn admit(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        let rate = f64::from(limits::FRAMES_PER_SECOND_MAX);
        let gained = now.duration_since(self.filled).as_secs_f64() * rate;
        self.tokens = (self.tokens + gained).min(f64::from(limits::FRAMES_BURST_MAX));
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            // One for one: a flood gets a frame in now and then, and must not be forgiven for it.
            self.refusals = self.refusals.saturating_sub(1);
            return Ok(());
        }
        self.refusals += 1;
        Err(Duration::from_secs_f64((1.0 - self.tokens) / rate))
    }

    /// It goes on in spite of being refused.
    pub(super) fn abused(&self) -> bool {
        self.refusals > limits::RATE_REFUSALS_MAX
    }

    /// Notes a frame that could not be read. True when that is more than a minute may hold.
    pub(super) fn strike(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(self.strikes_since) >= MINUTE {
            self.strikes_since = now;
            self.strikes = 0;
        }
        self.strikes += 1;
        self.strikes > limits::BAD_FRAMES_PER_MINUTE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_then_only_the_rate() {
        let mut limiter = Limiter::new();
        for _ in 0..limits::FRAMES_BURST_MAX {
            assert_eq!(limiter.admit(), Ok(()));
        }
        let pause = limiter.admit().unwrap_err();
        tokio::time::advance(pause).await;
        assert_eq!(limiter.admit(), Ok(()));
        assert!(limiter.admit().is_err());
        assert!(!limiter.abused());
        for _ in 0..=limits::RATE_REFUSALS_MAX {
            assert!(limiter.admit().is_err());
        }
        assert!(limiter.abused());
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_abuse_although_some_of_it_gets_in() {
        let mut limiter = Limiter::new();
        let mut frames = 0;
        while !limiter.abused() {
            tokio::time::advance(Duration::from_micros(250)).await;
            let _admitted_or_not = limiter.admit();
            frames += 1;
            assert!(
                frames < limits::FRAMES_BURST_MAX + 4 * limits::RATE_REFUSALS_MAX,
                "eight times the rate goes on for ever"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_holds_only_so_many_bad_frames() {
        let mut limiter = Limiter::new();
        for _ in 0..limits::BAD_FRAMES_PER_MINUTE_MAX {
            assert!(!limiter.strike());
        }
        assert!(limiter.strike());
        tokio::time::advance(MINUTE).await;
        assert!(!limiter.strike());
    }
}
