//! What an attempt costs: set aside before anybody is asked, counted with its end.
//!
//! Invariant: an attempt is counted in the batch that keeps how it came out; a crash before that
//! counts nothing, as the attempt after it is a new one.

use std::sync::Arc;

use crate::{
    budget::{Amount, Exhausted, Reservation},
    conversation::{Voice, Workshop},
    model::{Account, Day, Spend, Task, TaskAnswer, Timestamp, Usage, UserId},
    pool::{Pool, Progress},
    provider::{Ending, Item, Piece},
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
    /// What it took until it stopped for tools, each time, and the bytes that were written by then.
    rounds: Vec<(Voice, Usage)>,
    accounted: u64,
    /// How the answer ended.
    ended: Option<Ending>,
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
            rounds: Vec::new(),
            accounted: 0,
            ended: None,
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
            Progress::Piece(Piece::End(ending)) => {
                self.counted = ending.usage;
                self.ended = Some(ending.clone());
            }
            Progress::Paused(ending) => {
                self.counted = ending.usage;
                let usage = self.usage();
                self.rounds.extend(self.voice.take().map(|voice| (voice, usage)));
                (self.counted, self.accounted) = (None, self.written);
            }
            Progress::Piece(_)
            | Progress::Hedging { .. }
            | Progress::Dropped { .. }
            | Progress::Calling(_)
            | Progress::Called { .. }
            | Progress::GoingOn { .. }
            | Progress::Reset { .. }
            | Progress::Failed(_) => {}
        }
    }

    /// Tells the pool's meter what was written since it was told last.
    pub(super) fn meter(&mut self) {
        self.pool.meter().wrote(self.written - self.metered);
        self.metered = self.written;
    }

    /// Sets aside what it may cost to go on after tools, with so much to read.
    pub(super) fn go_on(
        &mut self,
        workshop: &Workshop,
        prompt_bytes: u64,
    ) -> Result<(), Exhausted> {
        self.prompt_bytes = prompt_bytes;
        let mut estimate = workshop.estimate(&self.pool, prompt_bytes);
        for ((provider, model), usage) in &self.rounds {
            estimate.input += Amount::from(&workshop.spend(provider, model, usage));
        }
        self.reservation.fit(&estimate, workshop.clock.now())
    }

    /// What it comes to, each with its account; nothing where nobody was asked.
    pub(super) fn bill(&self, workshop: &Workshop, at: Timestamp) -> Vec<Write> {
        let last = self.voice.iter().map(|voice| (voice, self.usage()));
        let rounds = self.rounds.iter().map(|(voice, usage)| (voice, *usage));
        let account = |((provider, model), usage): (&Voice, Usage)| {
            let spend = workshop.spend(provider, model, &usage);
            let (pool, user, day) = (self.pool.name.clone(), self.user, Day::of(at));
            let (provider, model) = (provider.clone(), model.clone());
            (Account { user, day, pool, provider, model }, spend)
        };
        let one = |(at, (account, spend)): (usize, (Account, Spend))| {
            // It is one answer, however often it has stopped.
            let turns = if at == 0 { spend.turns } else { 0 };
            Write::Spend(account, Spend { turns, ..spend })
        };
        last.chain(rounds).map(account).enumerate().map(one).collect()
    }

    /// What was taken since it last stopped for tools.
    fn usage(&self) -> Usage {
        let estimate = || Usage::estimate(self.prompt_bytes, self.written - self.accounted);
        self.counted.unwrap_or_else(estimate)
    }

    /// Who answered last, and what all of it took; none where nobody was asked.
    pub(super) fn answer(&self) -> Option<TaskAnswer> {
        let last = self.voice.iter().map(|voice| (voice, self.usage()));
        let rounds = self.rounds.iter().map(|(voice, usage)| (voice, *usage)).chain(last);
        let ((provider, asked), _) = rounds.clone().last()?;
        let usage = rounds.fold(Usage::default(), |mut all, (_, usage)| {
            all += usage;
            all
        });
        let ended = self.ended.as_ref();
        let model = ended.and_then(|ending| ending.model.as_ref()).unwrap_or(asked).clone();
        let finish_reason = ended.map(|ending| ending.finish_reason);
        Some(TaskAnswer { provider: provider.clone(), model, usage, finish_reason })
    }

    /// It is kept: what was not needed is free again.
    pub(super) fn settle(mut self, bill: &[Write], at: Timestamp) {
        self.meter();
        let spent = |write: &Write| match write {
            Write::Spend(_, spend) => Some(*spend),
            _ => None,
        };
        let spend: Spend = bill.iter().filter_map(spent).sum();
        self.pool.meter().spent(Day::of(at), spend.cost);
        self.reservation.settle(&Amount::from(&spend), at);
    }
}
