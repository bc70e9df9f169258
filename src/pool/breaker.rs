//! A circuit breaker: whether a model of a provider is asked at all. A pure state machine, to which
//! each step tells the time.
//!
//! ```text
//!            enough failures in a row, or a grave one
//!   Closed ────────────────────────────────────────────► Open ◄──────────┐
//!     ▲                                                    │ its time is  │ the probe failed:
//!     │ the probe was answered                             │ over         │ twice as long
//!     └──────────────────────────────── Half-open ◄────────┘ ─────────────┘
//! ```
//!
//! Invariant: a half-open breaker lets exactly one request through, and only that one's outcome
//! counts; what was asked before the breaker opened cannot move it any more.

use std::time::Duration;

use tokio::time::Instant;

use crate::{limits, model::BreakerState};

/// The breaker of one model of one provider.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    phase: Phase,
    /// Rises when it opens and when it lets a probe through.
    generation: u64,
    /// Times it opened, less the answers that came whole since.
    evictions: u32,
}

#[derive(Debug)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing,
}

impl Default for Phase {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// A request that was let through. Its outcome counts while the generation is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass(u64);

/// What a failure says of the provider's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It may have been an accident.
    Passing,
    /// The next request will fail as well: the key is wrong, or nothing is left to spend.
    Grave,
}

impl Fault {
    fn first(self) -> Duration {
        match self {
            Self::Passing => limits::BREAKER_OPEN_FIRST,
            Self::Grave => limits::BREAKER_OPEN_GRAVE,
        }
    }
}

impl Breaker {
    /// Lets a request through, or says when it is worth asking again.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Pass, Instant> {
        match self.phase {
            Phase::Closed { .. } => {}
            Phase::Open { until } if now < until => return Err(until),
            Phase::Open { .. } => {
                self.generation += 1;
                self.phase = Phase::Probing;
            }
            Phase::Probing => return Err(now + limits::BREAKER_PROBE_ASSUMED),
        }
        Ok(Pass(self.generation))
    }

    /// The first piece of the answer came. A probe closes by that, for answers can be long; but the
    /// next failure opens again, unless an answer was whole before.
    pub(super) fn began(&mut self, pass: Pass) {
        if self.is_probe(pass) {
            self.phase = Phase::Closed { failures: limits::BREAKER_FAILURES_MAX - 1 };
        }
    }

    /// The answer was whole, or the provider was well enough to refuse the request for what it is.
    pub(super) fn succeeded(&mut self, pass: Pass) {
        if pass.0 == self.generation {
            self.phase = Phase::default();
            self.evictions = self.evictions.saturating_sub(1);
        }
    }

    /// There was no answer, or no more of it.
    pub(super) fn failed(&mut self, pass: Pass, fault: Fault, now: Instant) {
        if pass.0 != self.generation {
            return;
        }
        if let Phase::Closed { failures } = &mut self.phase {
            *failures += 1;
            if fault == Fault::Passing && *failures < limits::BREAKER_FAILURES_MAX {
                return;
            }
        }
        let times = 1_u32.checked_shl(self.evictions).unwrap_or(u32::MAX);
        let pause = fault.first().saturating_mul(times).min(limits::BREAKER_OPEN_MAX);
        self.generation += 1;
        self.evictions = (self.evictions + 1).min(u32::BITS);
        self.phase = Phase::Open { until: now + pause };
    }

    /// Whoever asked left before there was anything to judge by. The next request is the probe.
    pub(super) fn abandoned(&mut self, pass: Pass, now: Instant) {
        if self.is_probe(pass) {
            self.phase = Phase::Open { until: now };
        }
    }

    /// How it stands.
    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } if now < until => BreakerState::Open,
            Phase::Open { .. } | Phase::Probing => BreakerState::HalfOpen,
        }
    }

    fn is_probe(&self, pass: Pass) -> bool {
        pass.0 == self.generation && matches!(self.phase, Phase::Probing)
    }
}
