//! What a meter tells: plain numbers, as they were at one moment.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Ended, TurnSum, spread::Histogram};
use crate::model::{NanoUsd, PoolName, ProviderName, Reason, Usage};

/// All that is known.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// The turns of each pool.
    pub pools: BTreeMap<PoolName, TurnFigures>,
    /// The attempts at each model of each provider.
    pub models: BTreeMap<(ProviderName, Arc<str>), AttemptFigures>,
    /// The turns of all pools together.
    pub all: TurnFigures,
}

/// Turns by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// The answer is whole.
    pub completed: u64,
    /// It could not be had.
    pub failed: u64,
    /// The user stopped it.
    pub cancelled: u64,
    /// The gateway went down under it.
    pub interrupted: u64,
}

impl Outcomes {
    pub(super) fn count(&mut self, how: Ended) {
        *match how {
            Ended::Completed => &mut self.completed,
            Ended::Failed => &mut self.failed,
            Ended::Cancelled => &mut self.cancelled,
            Ended::Interrupted => &mut self.interrupted,
        } += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.interrupted += other.interrupted;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.completed + self.failed + self.cancelled + self.interrupted
    }

    /// The share that failed, 0 to 1, of those that were neither stopped by their user nor by a
    /// drain; none where there was none.
    pub fn error_rate(&self) -> Option<f64> {
        let judged = self.completed + self.failed;
        (judged > 0).then(|| float(self.failed) / float(judged))
    }
}

/// Half, nineteen of twenty and ninety-nine of a hundred took no longer than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantiles {
    /// Half.
    pub p50: Duration,
    /// Nineteen of twenty.
    pub p95: Duration,
    /// Ninety-nine of a hundred.
    pub p99: Duration,
}

/// Turns. What is `lately` is about the last `METER_SLICE * METER_SLICES`.
#[derive(Debug, Clone, Default)]
pub struct TurnFigures {
    /// How they ended since the start.
    pub ended: Outcomes,
    /// How they ended lately.
    pub lately: Outcomes,
    /// From a turn's start to its first text, lately; none where there was none.
    pub first_token_lately: Option<Quantiles>,
    /// The same since the start.
    pub first_token: Histogram,
    /// From a turn's acceptance to its end, since the start.
    pub duration: Histogram,
    /// Tokens that were written in the last minute, by the length of the text.
    pub tokens_per_second: f64,
    /// Bytes of text that were written since the start.
    pub written_bytes: u64,
    /// Times that a second provider was asked since the first kept silent.
    pub hedges: u64,
    /// Times that it spoke first.
    pub hedges_won: u64,
    /// Calls of each tool since the start.
    pub calls: BTreeMap<Arc<str>, CallFigures>,
    /// What turns and tasks that ended today have cost, UTC; also before this start.
    pub cost_today: NanoUsd,
}

impl TurnFigures {
    /// The share of turns that failed lately, 0 to 1.
    pub fn error_rate(&self) -> Option<f64> {
        self.lately.error_rate()
    }
}

/// Calls of one tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFigures {
    /// Times it found something.
    pub found: u64,
    /// Times it did not, and why.
    pub failed: BTreeMap<Reason, u64>,
    /// How long either took.
    pub duration: Histogram,
}

impl CallFigures {
    pub(super) fn count(&mut self, failed: Option<Reason>, took: Duration) {
        match failed {
            Some(reason) => *self.failed.entry(reason).or_default() += 1,
            None => self.found += 1,
        }
        self.duration.count(took);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.found += other.found;
        for (reason, times) in &other.failed {
            *self.failed.entry(*reason).or_default() += times;
        }
        self.duration.add(&other.duration);
    }
}

/// Attempts at one model of one provider, for turns and tasks.
#[derive(Debug, Clone, Default)]
pub struct AttemptFigures {
    /// Times it was asked since the start.
    pub attempts: u64,
    /// Times its answer was whole.
    pub answered: u64,
    /// Times it failed, and why. What is in none of these runs, or was left by whoever had asked.
    pub failed: BTreeMap<Reason, u64>,
    /// Times it was asked lately.
    pub attempts_lately: u64,
    /// Times it failed lately.
    pub failed_lately: u64,
    /// From the asking to the first piece, lately; none where there was none.
    pub first_token_lately: Option<Quantiles>,
    /// The same since the start.
    pub first_token: Histogram,
}

impl TurnSum {
    pub(super) fn figures(&self) -> TurnFigures {
        let tokens = Usage::estimate(0, self.written_lately).output;
        TurnFigures {
            ended: self.ended,
            lately: self.lately,
            first_token_lately: self.first_token_lately.quantiles(),
            first_token: self.first_token.clone(),
            duration: self.duration.clone(),
            tokens_per_second: float(tokens) / self.covered.as_secs_f64().max(1.0),
            written_bytes: self.written,
            hedges: self.hedges,
            hedges_won: self.hedges_won,
            calls: self.calls.clone(),
            cost_today: self.cost_today,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is counted")]
fn float(whole: u64) -> f64 {
    whole as f64
}
