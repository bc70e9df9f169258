//! The pauses between attempts to reconnect: they double, and no two clients keep step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// How many attempts failed in a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    failed: u32,
}

impl Backoff {
    /// The next pause: between half of the doubled time and all of it, so that the clients of a
    /// server that went down do not all come back in the same moment.
    pub(super) fn next(&mut self) -> Duration {
        let full = FIRST.saturating_mul(2_u32.saturating_pow(self.failed)).min(LONGEST);
        self.failed = self.failed.saturating_add(1);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_never_zero() {
        let mut backoff = Backoff::default();
        for full in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let pause = backoff.next();
            assert!(
                pause >= Duration::from_millis(full / 2) && pause <= Duration::from_millis(full)
            );
        }
        backoff.failed = u32::MAX;
        assert!(backoff.next() <= LONGEST);
    }
}
