//! How a pool fares, as those are told who look at it.

use std::{fmt::Write as _, sync::Arc};

use super::{NanoUsd, PoolName, Priority, ProviderName, Reason};

/// Whether requests are let through to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// All are.
    Closed,
    /// None is.
    Open,
    /// One is, to see how it fares.
    HalfOpen,
}

impl BreakerState {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How one model of a route fares.
#[derive(Debug, Clone, PartialEq)]
pub struct LegLoad {
    /// Whose it is.
    pub provider: ProviderName,
    /// Its name.
    pub model: Arc<str>,
    /// Whether requests are let through.
    pub breaker: BreakerState,
    /// Milliseconds for which its provider wants to be left alone.
    pub rests_ms: Option<u64>,
    /// Why it is not asked, where it is not.
    pub because: Option<Reason>,
    /// Milliseconds to the first piece of an answer, on average; none where it has not answered.
    pub first_token_ms: Option<u64>,
}

impl LegLoad {
    /// Whether the next request would go there.
    pub fn is_asked(&self) -> bool {
        self.breaker != BreakerState::Open && self.rests_ms.is_none()
    }
}

/// How one pool fares. What is `lately` is about the last five minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolVitals {
    /// Which.
    pub pool: PoolName,
    /// Answers at the same time.
    pub workers: u32,
    /// Answers being given now.
    pub running: u32,
    /// What waits for a worker, by class, in the order of `Priority::ALL`.
    pub queued: [usize; Priority::ALL.len()],
    /// Milliseconds to the first text of an answer lately: of half of them no more, and of
    /// nineteen of twenty.
    pub first_token_ms: Option<(u64, u64)>,
    /// Tokens that were written in the last minute, to a tenth.
    pub tokens_per_second: f64,
    /// The share of turns that failed lately, to a thousandth.
    pub error_rate: Option<f64>,
    /// What was spent today, UTC.
    pub cost_today: NanoUsd,
    /// The models of its route, in order, and those that only its agents ask.
    pub legs: Vec<LegLoad>,
}

/// How well a pool works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolHealth {
    /// As it should.
    Ok,
    /// Some model of its route is not asked.
    Degraded,
    /// None is.
    Down,
}

impl PoolVitals {
    /// All that waits for a worker.
    pub fn waiting(&self) -> usize {
        self.queued.iter().sum()
    }

    /// How well it works.
    pub fn health(&self) -> PoolHealth {
        match self.legs.iter().filter(|leg| !leg.is_asked()).count() {
            0 => PoolHealth::Ok,
            shut if shut < self.legs.len() => PoolHealth::Degraded,
            _ => PoolHealth::Down,
        }
    }

    /// All that matters, in one line.
    pub fn line(&self) -> String {
        let (pool, waiting) = (&self.pool, self.waiting());
        let mut line = format!("{pool}: {}/{} busy, {waiting} waiting", self.running, self.workers);
        line += &self.lately();
        for leg in self.legs.iter().filter(|leg| !leg.is_asked()) {
            let (provider, model) = (&leg.provider, &leg.model);
            let _infallible = write!(line, "; {provider}/{model} is not asked for now");
        }
        line
    }

    /// What of it went on lately, behind a comma; nothing where nothing did.
    pub fn lately(&self) -> String {
        let mut told = String::new();
        if let Some((half, most)) = self.first_token_ms {
            let _infallible = write!(told, ", first word in {half} ms (95 % within {most} ms)");
        }
        if self.tokens_per_second > 0.0 {
            let _infallible = write!(told, ", {:.1} tokens/s", self.tokens_per_second);
        }
        if let Some(rate) = self.error_rate.filter(|rate| *rate > 0.0) {
            let _infallible = write!(told, ", {:.1} % failed", rate * 100.0);
        }
        if self.cost_today > NanoUsd::default() {
            let _infallible = write!(told, ", {} today", self.cost_today);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(breaker: BreakerState, rests_ms: Option<u64>) -> LegLoad {
        let (provider, model) = ("openai".into(), "large".into());
        LegLoad { provider, model, breaker, rests_ms, because: None, first_token_ms: None }
    }

    fn sports(legs: &[LegLoad]) -> PoolVitals {
        PoolVitals {
            pool: "sports".into(),
            workers: 8,
            running: 3,
            queued: [0, 1, 4, 0],
            first_token_ms: None,
            tokens_per_second: 0.0,
            error_rate: None,
            cost_today: NanoUsd::default(),
            legs: legs.to_vec(),
        }
    }

    #[test]
    fn it_is_as_well_as_its_models() {
        use BreakerState::{Closed, HalfOpen, Open};
        for (legs, health) in [
            (&[leg(Closed, None), leg(HalfOpen, None)][..], PoolHealth::Ok),
            (&[leg(Closed, None), leg(Open, None)], PoolHealth::Degraded),
            (&[leg(Closed, Some(5)), leg(Closed, None)], PoolHealth::Degraded),
            (&[leg(Closed, Some(5)), leg(Open, None)], PoolHealth::Down),
        ] {
            assert_eq!(sports(legs).health(), health, "{legs:?}");
        }
    }

    #[test]
    fn a_line_tells_what_there_is_to_tell() {
        assert_eq!(sports(&[]).line(), "sports: 3/8 busy, 5 waiting");
        let busy = PoolVitals {
            first_token_ms: Some((310, 900)),
            tokens_per_second: 412.5,
            error_rate: Some(0.021),
            cost_today: NanoUsd(12_340_000),
            ..sports(&[leg(BreakerState::Open, None)])
        };
        assert_eq!(
            busy.line(),
            "sports: 3/8 busy, 5 waiting, first word in 310 ms (95 % within 900 ms), 412.5 tokens/s, \
             2.1 % failed, $0.01234 today; openai/large is not asked for now"
        );
    }
}
