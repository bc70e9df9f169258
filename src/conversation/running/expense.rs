//! What the running turn may cost, and what it has.

use super::Running;
use crate::{
    budget::{Amount, Estimate, Exhausted},
    conversation::{Workshop, spending::Voice},
    model::{Reason, Usage},
    provider::{Failure, Retry},
};

impl Running {
    /// Sets aside what the turn may cost by what is known now.
    pub(in crate::conversation) fn fit(&mut self, workshop: &Workshop) -> Result<(), Exhausted> {
        let estimate = self.estimate(workshop);
        let Some(reservation) = &mut self.reservation else { return Ok(()) };
        reservation.fit(&estimate, workshop.clock.now())?;
        if let Some(cap) = reservation.cap() {
            self.bytes_max = Usage::text_bytes(cap.output_tokens).min(self.bytes_max);
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
        for (voice, usage) in self.void() {
            estimate.input += Amount::from(&workshop.spend_of_void(voice, &usage));
        }
        estimate
    }

    /// What was written and made void, or only read, by whom and at which expense.
    pub(in crate::conversation) fn void(&self) -> impl Iterator<Item = (&Voice, Usage)> {
        let hedge = self.hedge.iter().map(|voice| (voice, &0));
        let void = self.void.iter().map(|(voice, length)| (voice, length)).chain(hedge);
        void.map(|(voice, length)| (voice, Usage::estimate(self.prompt_bytes, *length)))
    }

    /// What it takes at the least.
    pub(in crate::conversation) fn least_usage(&self) -> Usage {
        Usage::estimate(self.prompt_bytes, 0)
    }

    /// What the provider counted, else what the texts suggest. Whoever was not asked, or refused,
    /// has used nothing.
    pub(in crate::conversation) fn usage(&self, failed: Option<Reason>) -> Usage {
        let written = self.length + self.reasoning.len() as u64;
        let refused = written == 0 && failed.is_some_and(Reason::is_refusal);
        match self.counted {
            Some(counted) => counted,
            None if !self.asked || refused => Usage { estimated: true, ..Usage::default() },
            None => Usage::estimate(self.prompt_bytes, written),
        }
    }
}

/// A budget does not go further.
pub(in crate::conversation) fn over_budget(exhausted: &Exhausted) -> Failure {
    let (reason, retry) = (Reason::BudgetExhausted, Retry::After(exhausted.renews_in));
    Failure { reason, retry, status: None, code: None }
}
