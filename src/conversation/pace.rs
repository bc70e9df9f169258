//! How often an answer that grows is news to its readers.
//!
//! Each piece of text is, while few answers grow. Where many do, the text of each gathers for a
//! moment, so that all of them together cost a bounded number of writes and not one for each token.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

/// When the readers of one answer were last told of it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    told: Option<Instant>,
    /// When they must hear of text that they were not told of.
    due: Option<Instant>,
}

impl Pace {
    /// Text came while so many turns are open. Whether its readers are to be told now.
    pub(super) fn grew(&mut self, now: Instant, turns: usize) -> bool {
        let next = self.told.map_or(now, |told| told + gather(turns));
        if next > now {
            self.due = Some(next);
            return false;
        }
        self.tell(now);
        true
    }

    /// When the readers must be told, unless more text comes before.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// They are told of everything there is.
    pub(super) fn tell(&mut self, now: Instant) {
        *self = Self { told: Some(now), due: None };
    }
}

/// How long the text of each answer gathers.
fn gather(turns: usize) -> Duration {
    let turns = u32::try_from(turns).unwrap_or(u32::MAX);
    let even = limits::PIECE_EVERY.saturating_mul(turns).min(limits::GATHER_MAX);
    // What timers cannot tell from nothing is nothing.
    if even < limits::GATHER_MIN { Duration::ZERO } else { even }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the pieces that come every `every_ms` are told at once, as `|` and `.`, and how
    /// many milliseconds the last one may wait.
    fn check(turns: usize, every_ms: u64, told: &str, waits_ms: Option<u64>) {
        let (start, mut pace) = (Instant::now(), Pace::default());
        let mut now = start;
        let mut row = String::new();
        for piece in 0..told.len() {
            now = start + Duration::from_millis(every_ms) * u32::try_from(piece).unwrap();
            row.push(if pace.grew(now, turns) { '|' } else { '.' });
        }
        assert_eq!(row, told, "{turns} turns, a piece every {every_ms} ms");
        let waits = pace.due().map(|due| due.saturating_duration_since(now));
        assert_eq!(waits, waits_ms.map(Duration::from_millis), "{turns} turns");
    }

    #[test]
    fn pieces_gather_where_many_answers_grow() {
        check(1, 0, "||||", None);
        check(19, 1, "||||", None);
        check(100, 1, "|....|....", Some(1));
        check(1_000, 20, "|..|..", Some(10));
        check(20_000, 20, "|..|.", Some(30));
        check(20_000, 100, "|||||", None);
    }

    #[test]
    fn what_was_told_by_the_clock_begins_the_next_pause() {
        let (now, mut pace) = (Instant::now(), Pace::default());
        assert!(pace.grew(now, 1_000));
        assert!(!pace.grew(now, 1_000));
        pace.tell(now + limits::GATHER_MAX);
        assert_eq!(pace.due(), None);
        assert!(!pace.grew(now + limits::GATHER_MAX, 1_000));
    }
}
