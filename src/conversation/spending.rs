//! What a turn costs: set aside before it is asked, counted with its end.
//!
//! Invariant: a turn is counted in the batch that ends it, and its budgets are settled once that is
//! durable; so store and ledger count each turn once, whatever breaks in between.

use std::sync::Arc;

use super::{Workshop, command::Refusal, running::Running, writer::Writer};
use crate::{
    budget::{Amount, Estimate, Reservation, Unread},
    meter::PoolMeter,
    model::{Account, BYTES_PER_TOKEN_LEAST, Day, NanoUsd, ProviderName, Spend, Timestamp, Usage},
    pool::Pool,
    provider::Item,
    store::{StoreError, Write},
};

/// Tells the ledger what earlier runs have spent of the budgets, and the meters what they have spent
/// today.
pub async fn recall_spending(workshop: &Workshop) -> Result<(), StoreError> {
    let today = Day::of(workshop.clock.now());
    let since = workshop.ledger.since(today.begins()).map_or(today, |since| since.min(today));
    for (account, spend) in workshop.store.spent(None, since..today.next()).await? {
        workshop.book(&account, &spend);
    }
    Ok(())
}

/// Tells the ledger what was spent of budgets that are new to it.
pub async fn recall_budgets(workshop: &Workshop, unread: &Unread) -> Result<(), StoreError> {
    let Workshop { store, clock, .. } = workshop;
    let now = clock.now();
    let Some(since) = unread.since(now) else { return Ok(()) };
    for (account, spend) in store.spent(None, since..Day::of(now).next()).await? {
        let Account { user, pool, day, .. } = account;
        unread.record(user, &pool, &Amount::from(&spend), day.begins());
    }
    Ok(())
}

/// What a turn has cost, and what was set aside for it.
pub(super) struct Bill {
    accounts: Vec<(Account, Spend)>,
    reservation: Option<Reservation>,
    at: Timestamp,
}

impl Bill {
    /// What keeps it.
    pub(super) fn writes(&self) -> impl Iterator<Item = Write> {
        self.accounts.iter().map(|(account, spend)| Write::Spend(account.clone(), *spend))
    }

    /// It is kept: what was not needed is free again.
    pub(super) fn settle(self, meter: &PoolMeter) {
        for (account, spend) in &self.accounts {
            meter.spent(account.day, spend.cost);
        }
        if let Some(reservation) = self.reservation {
            let total: Spend = self.accounts.iter().map(|(_, spend)| *spend).sum();
            reservation.settle(&Amount::from(&total), self.at);
        }
    }
}

impl Writer {
    /// Sets aside what the answer to this question may cost. How much there is to read before it is
    /// known later; the reservation is made to fit then.
    pub(super) fn afford(&self, pool: &Pool, question: &Item) -> Result<Reservation, Refusal> {
        let Workshop { ledger, clock, .. } = &self.workshop;
        let bytes = pool.prompt_bytes(std::slice::from_ref(question));
        let estimate = self.workshop.estimate(pool, bytes);
        Ok(ledger.reserve(self.record.user, &pool.name, &estimate, clock.now())?)
    }

    /// The bill of a turn that ends now with this usage; none where no provider was asked.
    pub(super) fn bill(&self, running: &mut Running, usage: &Usage) -> Option<Bill> {
        if !running.asked {
            return None;
        }
        let at = self.now();
        let account = |(provider, model): &Voice| Account {
            user: self.record.user,
            day: Day::of(at),
            pool: running.pool.name.clone(),
            provider: provider.clone(),
            model: model.clone(),
        };
        let spend = self.workshop.spend(&running.voice().0, running.model(), usage);
        let mut accounts = vec![(account(running.voice()), spend)];
        for (voice, model, usage) in running.aside() {
            // The turn is counted with whoever has ended it.
            let spend = Spend { turns: 0, ..self.workshop.spend(&voice.0, model, &usage) };
            accounts.push((account(voice), spend));
        }
        Some(Bill { accounts, reservation: running.reservation.take(), at })
    }
}

/// Who speaks: a provider and its model.
pub type Voice = (ProviderName, Arc<str>);

impl Workshop {
    /// What a turn may cost that reads so many bytes: with the longest answer, and at the dearest
    /// price of the route.
    pub fn estimate(&self, pool: &Pool, bytes: u64) -> Estimate {
        if self.ledger.is_empty() {
            return Estimate::default();
        }
        let (input, output) = (bytes.div_ceil(BYTES_PER_TOKEN_LEAST), pool.max_output_tokens());
        let (mut reading, mut writing) = (NanoUsd::default(), NanoUsd::default());
        for (provider, model) in pool.models() {
            let cost = |output| {
                let usage = Usage { input, output, ..Usage::default() };
                self.spend(provider, model, &usage).cost
            };
            let (read, both) = (cost(0), cost(output));
            reading = reading.max(read);
            writing = writing.max(NanoUsd(both.0.saturating_sub(read.0)));
        }
        Estimate {
            input: Amount { tokens: input, cost: reading },
            output: Amount { tokens: output, cost: writing },
        }
    }

    /// Notes what was spent by an earlier run, or by a turn that broke off.
    pub(super) fn book(&self, account: &Account, spend: &Spend) {
        let Account { user, pool, day, .. } = account;
        self.ledger.record(*user, pool, &Amount::from(spend), day.begins());
        if let Some(pool) = self.pools.get(pool.as_str()) {
            pool.meter().spent(*day, spend.cost);
        }
    }

    /// One turn of this provider and model.
    pub fn spend(&self, provider: &ProviderName, model: &str, usage: &Usage) -> Spend {
        Spend::of(usage, self.prices.load().charge(provider, model, usage))
    }
}
