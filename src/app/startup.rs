//! The phases of a start, and how long each of them took.

use std::time::Duration;

use tokio::time::Instant;

/// A start that goes on. Tells of each phase as it ends.
pub struct Startup {
    began: Instant,
    last: Instant,
}

impl Default for Startup {
    fn default() -> Self {
        let now = Instant::now();
        Self { began: now, last: now }
    }
}

impl Startup {
    /// A phase is over, and the next one begins.
    pub fn phase(&mut self, phase: &'static str) {
        tracing::info!(phase, ms = ms(self.next()), "starting");
    }

    /// The same, and what there is to say of it.
    pub(super) fn phase_of(&mut self, phase: &'static str, count: usize) {
        tracing::info!(phase, count, ms = ms(self.next()), "starting");
    }

    /// The last phase is over.
    pub(super) fn finish(mut self, address: std::net::SocketAddr, scheme: &str) {
        self.phase("listening");
        tracing::info!(%address, scheme, ms = ms(self.began.elapsed()), "started");
    }

    fn next(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.last, now)
    }
}

/// Milliseconds with one digit behind the point: most phases are shorter than one.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}
