//! How times are spread: counted in buckets, lately for quantiles, and since the start for exports.

use std::time::Duration;

use super::figures::Quantiles;

/// The bits of a time that choose its bucket, below the highest: a bucket is as wide as a sixteenth
/// of what is in it, so its middle is at most a thirty-second off.
const FINE_BITS: u32 = 4;
const FINE: usize = 1 << FINE_BITS;
/// Times from here on count as just below: 2^30 µs are eighteen minutes.
const MAGNITUDE_MAX: u32 = 30;
const BUCKETS: usize = (MAGNITUDE_MAX - FINE_BITS + 1) as usize * FINE;

/// Times, as exact as quantiles need it.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    /// Empty until the first.
    buckets: Vec<u32>,
    total: u64,
}

impl Spread {
    pub(super) fn count(&mut self, took: Duration) {
        if self.buckets.is_empty() {
            self.buckets.resize(BUCKETS, 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket(took)) {
            *count = count.saturating_add(1);
        }
        self.total += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(BUCKETS, 0);
        }
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count = count.saturating_add(*more);
        }
        self.total += other.total;
    }

    pub(super) fn quantiles(&self) -> Option<Quantiles> {
        let at = |percent| self.quantile(percent);
        Some(Quantiles { p50: at(50)?, p95: at(95)?, p99: at(99)? })
    }

    /// The least of these times that so many percent of them do not exceed.
    pub(super) fn quantile(&self, percent: u64) -> Option<Duration> {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank
        });
        found.map(middle)
    }
}

fn bucket(took: Duration) -> usize {
    let longest = (1 << MAGNITUDE_MAX) - 1;
    let micros = usize::try_from(took.as_micros()).unwrap_or(longest).min(longest);
    let coarse = micros.checked_ilog2().unwrap_or(0).saturating_sub(FINE_BITS);
    // Up to the second power of `FINE` the buckets are single microseconds.
    (coarse as usize) * FINE + (micros >> coarse)
}

fn middle(bucket: usize) -> Duration {
    let coarse = (bucket / FINE).saturating_sub(1);
    let least = (bucket - coarse * FINE) << coarse;
    Duration::from_micros((least + (1 << coarse) / 2) as u64)
}

/// The upper bounds of a histogram's buckets, in milliseconds; one more is without bound.
pub const BOUNDS_MS: [u64; 15] =
    [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000];

/// Times since the start, in buckets that never change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// How many were in each bucket: no longer than its bound, and longer than the one before.
    pub counts: [u64; BOUNDS_MS.len() + 1],
    /// All times together.
    pub sum: Duration,
}

impl Histogram {
    /// How many there were.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many were no longer than each bound, and all of them.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS_MS.iter().map(|ms| Some(Duration::from_millis(*ms))).chain([None]);
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        bounds.zip(sums)
    }

    pub(super) fn count(&mut self, took: Duration) {
        let at = BOUNDS_MS.iter().position(|ms| took <= Duration::from_millis(*ms));
        self.counts[at.unwrap_or(BOUNDS_MS.len())] += 1;
        self.sum = self.sum.saturating_add(took);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.sum = self.sum.saturating_add(other.sum);
    }
}
