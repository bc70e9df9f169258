//! What the running turn may cost, and what it has.

use std::sync::Arc;

use super::Running;
use crate::{
    budget::{Amount, Estimate, Exhausted},
    conversation::{Workshop, spending::Voice},
    model::{Reason, Usage, Usd},
    provider::{Ending, Failure, Prices, Retry},
};

impl Running {
    /// Sets aside what the turn may cost by what is known now.
    pub(in crate::conversation) fn fit(&mut self, workshop: &Workshop) -> Result<(), Exhausted> {
        let estimate = self.estimate(workshop);
        let Some(reservation) = &mut self.reservation else { return Ok(()) };
        reservation.fit(&estimate, workshop.clock.now())?;
        if let Some(cap) = reservation.cap() {
            let left = Usage::text_bytes(cap.output_tokens);
            self.bytes_max = self.accounted.0.saturating_add(left).min(self.bytes_max);
            self.outgrown = over_budget(&cap.because);
        }
        Ok(())
    }

    /// Sets aside what a second provider would read; where the budgets do not go so far without
    /// making the answer shorter, there will be no second.
    pub(super) fn afford_hedge(&mut self, workshop: &Workshop) -> bool {
        let estimate = self.estimate(workshop);
        let mut twice = estimate;
        twice.input += estimate.input;
        let Some(reservation) = &mut self.reservation else { return false };
        if !self.pool.hedges() || reservation.cap().is_some() {
            return false;
        }
        let now = workshop.clock.now();
        let fits = reservation.fit(&twice, now).is_ok() && reservation.cap().is_none();
        if !fits {
            // It had as much a moment ago, so it has it again.
            drop(reservation.fit(&estimate, now));
        }
        fits
    }

    fn estimate(&self, workshop: &Workshop) -> Estimate {
        let mut estimate = workshop.estimate(&self.pool, self.prompt_bytes);
        for ((provider, _), model, usage) in self.aside() {
            estimate.input += Amount::from(&workshop.spend(provider, model, &usage));
        }
        estimate
    }

    /// What was taken beside what is asked now: until it stopped for tools, by what was made void, and by
    /// whoever only reads.
    pub(in crate::conversation) fn aside(&self) -> impl Iterator<Item = (&Voice, &str, Usage)> {
        let reads = Usage::estimate(self.prompt_bytes, 0);
        let hedge = self.hedge.iter().map(move |voice| (voice, &*voice.1, reads));
        let void = self.void.iter().map(|(voice, usage)| (voice, &*voice.1, *usage));
        let rounds = self.rounds.iter().map(|round| (&round.voice, &*round.model, round.usage));
        rounds.chain(void).chain(hedge)
    }

    /// What it takes at the least.
    pub(in crate::conversation) fn least_usage(&self) -> Usage {
        self.in_all(Usage::estimate(self.prompt_bytes, 0))
    }

    /// The answer stops for tools. What it took until there is known.
    pub(super) fn pause(&mut self, ending: Ending) {
        let estimated = || Usage::estimate(self.prompt_bytes, self.written());
        let usage = ending.usage.unwrap_or_else(estimated);
        let voice = self.voice().clone();
        let model = ending.model.unwrap_or_else(|| voice.1.clone());
        self.rounds.push(Round { voice, model, usage });
        self.accounted = (self.length, self.reasoning.len() as u64);
        (self.spoke, self.paused) = (None, true);
    }

    /// Bytes that were written since it last stopped for tools.
    fn written(&self) -> u64 {
        self.length + self.reasoning.len() as u64 - self.accounted.0 - self.accounted.1
    }

    /// All that the answer took, with this since it last stopped for tools.
    pub(in crate::conversation) fn in_all(&self, mut last: Usage) -> Usage {
        self.rounds.iter().for_each(|round| last += round.usage);
        last
    }

    /// Dollars for the same; none where the price of a model is not known.
    pub(in crate::conversation) fn cost(&self, prices: &Prices, last: &Usage) -> Option<Usd> {
        let mut costs = self.rounds.iter().map(|round| prices.cost(&round.model, &round.usage));
        let last = prices.cost(self.model(), last)?;
        costs.try_fold(last, |sum, cost| Some(sum + cost?))
    }

    /// What the provider counted, else what the texts suggest, since it last stopped for tools. Whoever
    /// was not asked, or refused, has used nothing.
    pub(in crate::conversation) fn usage(&self, failed: Option<Reason>) -> Usage {
        let written = self.written();
        let refused = written == 0 && failed.is_some_and(Reason::is_refusal);
        match self.counted {
            Some(counted) => counted,
            None if self.paused => Usage::default(),
            None if !self.asked || refused => Usage { estimated: true, ..Usage::default() },
            None => Usage::estimate(self.prompt_bytes, written),
        }
    }
}

/// What an answer took until it stopped for tools.
pub(super) struct Round {
    voice: Voice,
    /// By the most exact name that is known.
    model: Arc<str>,
    usage: Usage,
}

/// A budget does not go further.
pub fn over_budget(exhausted: &Exhausted) -> Failure {
    let (reason, retry) = (Reason::BudgetExhausted, Retry::After(exhausted.renews_in));
    Failure { reason, retry, status: None, code: None }
}
