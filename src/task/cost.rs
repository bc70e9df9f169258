//! What an attempt costs: set aside before anybody is asked, counted with its end.
//!
//! Invariant: an attempt is counted in the batch that keeps how it came out; a crash before that
//! counts nothing, as the attempt after it is a new one.

use std::sync::Arc;

use crate::{
    budget::{Amount, Exhausted, Reservation},
    conversation::{Voice, Workshop},
    model::{Account, Day, Spend, Task, Timestamp, Usage, UserId},
    pool::{Pool, Progress},
    provider::{Item, Piece},
    store::Write,
};

/// What an attempt has cost so far, and what is set aside for it.
pub(super) struct Cost {
    user: UserId,
    pool: Arc<Pool>,
    prompt_bytes: u64,
    written: u64,
    /// Those of them that the pool's meter knows.
    metered: u64,
    /// Who was asked last; nobody yet where it is `None`.
    voice: Option<Voice>,
    counted: Option<Usage>,
    reservation: Reservation,
}

impl Cost {
    /// Sets aside what the attempt may cost.
    pub(super) fn reserve(
        workshop: &Workshop,
        pool: &Arc<Pool>,
        task: &Task,
        prompt: &[Item],
    ) -> Result<Self, Exhausted> {
        let prompt_bytes = pool.prompt_bytes(prompt);
        let estimate = workshop.estimate(pool, prompt_bytes);
        let now = workshop.clock.now();
        let reservation = workshop.ledger.reserve(task.user, &pool.name, &estimate, now)?;
        Ok(Self {
            user: task.user,
            pool: pool.clone(),
            prompt_bytes,
            written: 0,
            metered: 0,
            voice: None,
            counted: None,
            reservation,
        })
    }

    /// Tokens of the answer at the most, where the budgets go no further.
    pub(super) fn output_tokens(&self) -> Option<u32> {
        self.reservation.cap().and_then(|cap| u32::try_from(cap.output_tokens).ok())
    }

    /// Takes note of what concerns it.
    pub(super) fn note(&mut self, step: &Progress) {
        match step {
            Progress::Asking { provider, model } => {
                self.voice = Some((provider.clone(), model.clone()));
            }
            Progress::Piece(Piece::Text(text) | Piece::Reasoning(text)) => {
                self.written += text.len() as u64;
            }
            Progress::Piece(Piece::End(ending)) => self.counted = ending.usage,
            Progress::Piece(_)
            | Progress::Hedging { .. }
            | Progress::Dropped { .. }
            | Progress::Reset(_)
            | Progress::Failed(_) => {}
        }
    }

    /// Tells the pool's meter what was written since it was told last.
    pub(super) fn meter(&mut self) {
        self.pool.meter().wrote(self.written - self.metered);
        self.metered = self.written;
    }

    /// What it comes to; none where nobody was asked.
    pub(super) fn bill(&self, workshop: &Workshop, at: Timestamp) -> Option<Write> {
        let (provider, model) = self.voice.clone()?;
        let usage = match self.counted {
            Some(counted) => counted,
            None => Usage::estimate(self.prompt_bytes, self.written),
        };
        let spend = workshop.spend(&provider, &model, &usage);
        let day = Day::of(at);
        let pool = self.pool.name.clone();
        let account = Account { user: self.user, day, pool, provider, model };
        Some(Write::Spend(account, spend))
    }

    /// It is kept: what was not needed is free again.
    pub(super) fn settle(mut self, bill: Option<&Write>, at: Timestamp) {
        self.meter();
        let spend = match bill {
            Some(Write::Spend(_, spend)) => *spend,
            _ => Spend::default(),
        };
        self.pool.meter().spent(Day::of(at), spend.cost);
        self.reservation.settle(&Amount::from(&spend), at);
    }
}
