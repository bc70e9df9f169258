//! What happened, counted: turns of each pool and attempts at each model, lately and ever.
//!
//! Invariants: memory does not grow with what happens; nothing is counted token by token. A turn is
//! told of when its first token comes, when text of it is checkpointed (so a long answer counts while
//! it streams) and when its end is durable.

mod figures;
mod spread;
#[cfg(test)]
mod tests;
mod window;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    limits,
    model::{Day, NanoUsd, PoolName, ProviderName, Reason},
};
pub use figures::{AttemptFigures, CallFigures, Figures, Outcomes, Quantiles, TurnFigures};
use spread::Spread;
pub use spread::{BOUNDS_MS, Histogram};
use window::Window;

/// The meters of all pools and models. Clones are the same.
#[derive(Clone)]
pub struct Meter(Arc<Meters>);

struct Meters {
    since: Instant,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    pools: BTreeMap<PoolName, Arc<PoolMeter>>,
    models: BTreeMap<(ProviderName, Arc<str>), Arc<ModelMeter>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self(Arc::new(Meters { since: Instant::now(), table: Mutex::default() }))
    }
}

impl Meter {
    /// The meter of this pool. Whoever feeds it keeps it.
    pub fn pool(&self, name: &PoolName) -> Arc<PoolMeter> {
        let mut table = self.table();
        let since = self.0.since;
        forget_unheld(&mut table.pools);
        let known = table.pools.entry(name.clone());
        known.or_insert_with(|| Arc::new(PoolMeter::new(since))).clone()
    }

    /// The meter of this model of this provider. Whoever feeds it keeps it.
    pub fn model(&self, provider: &ProviderName, model: &Arc<str>) -> Arc<ModelMeter> {
        let mut table = self.table();
        let since = self.0.since;
        forget_unheld(&mut table.models);
        let known = table.models.entry((provider.clone(), model.clone()));
        known.or_insert_with(|| Arc::new(ModelMeter::new(since))).clone()
    }

    /// All that is known now; what it costs grows with pools and models, not with what happened.
    pub fn figures(&self, today: Day) -> Figures {
        let (pools, models) = {
            let table = self.table();
            (table.pools.clone(), table.models.clone())
        };
        let read = |(name, meter): (PoolName, Arc<PoolMeter>)| (name, meter.read(today));
        let pools: Vec<_> = pools.into_iter().map(read).collect();
        let mut all = TurnSum::default();
        for (_, one) in &pools {
            all.add(one);
        }
        Figures {
            pools: pools.iter().map(|(name, one)| (name.clone(), one.figures())).collect(),
            models: models.into_iter().map(|(key, meter)| (key, meter.figures())).collect(),
            all: all.figures(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settings that are read anew may name other models each time: those that nobody feeds any more
/// make room for them.
fn forget_unheld<K: Ord, V>(known: &mut BTreeMap<K, Arc<V>>) {
    if known.len() >= limits::METERS_MAX {
        known.retain(|_, meter| Arc::strong_count(meter) > 1);
    }
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The answer is whole.
    Completed,
    /// It could not be had.
    Failed,
    /// The user stopped it.
    Cancelled,
    /// The gateway went down under it.
    Interrupted,
}

/// Counts what one pool does.
pub struct PoolMeter {
    since: Instant,
    state: Mutex<TurnState>,
}

struct TurnState {
    lately: Window<TurnSlice>,
    /// Bytes of text.
    written: Window<u64>,
    ever: TurnSum,
    /// What turns that ended on this day have cost.
    cost: (Day, NanoUsd),
}

/// Turns of a stretch of time.
#[derive(Debug, Default)]
struct TurnSlice {
    ended: Outcomes,
    first_token: Spread,
}

/// Turns of one pool or several, added up.
#[derive(Debug, Clone, Default)]
struct TurnSum {
    lately: Outcomes,
    first_token_lately: Spread,
    written_lately: u64,
    /// The stretch of time in which that was written.
    covered: Duration,
    ended: Outcomes,
    first_token: Histogram,
    duration: Histogram,
    written: u64,
    hedges: u64,
    hedges_won: u64,
    calls: BTreeMap<Arc<str>, CallFigures>,
    cost_today: NanoUsd,
}

impl PoolMeter {
    fn new(since: Instant) -> Self {
        let state = TurnState {
            lately: Window::new(limits::METER_SLICE, limits::METER_SLICES),
            written: Window::new(limits::METER_RATE_SLICE, limits::METER_RATE_SLICES),
            ever: TurnSum::default(),
            cost: (Day::default(), NanoUsd::default()),
        };
        Self { since, state: Mutex::new(state) }
    }

    /// The first text of an answer came, so long after the turn's start.
    pub fn first_token(&self, took: Duration) {
        let age = self.since.elapsed();
        let mut state = self.lock();
        state.lately.at(age).first_token.count(took);
        state.ever.first_token.count(took);
    }

    /// So many bytes of text were written since it was told last.
    pub fn wrote(&self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let age = self.since.elapsed();
        let mut state = self.lock();
        *state.written.at(age) += bytes;
        state.ever.written += bytes;
    }

    /// A turn ended, so long after it was accepted, where that is known.
    pub fn ended(&self, how: Ended, took: Option<Duration>) {
        let age = self.since.elapsed();
        let mut state = self.lock();
        state.lately.at(age).ended.count(how);
        state.ever.ended.count(how);
        if let Some(took) = took {
            state.ever.duration.count(took);
        }
    }

    /// Something that ended on this day has cost so much.
    pub fn spent(&self, day: Day, cost: NanoUsd) {
        let mut state = self.lock();
        let (today, spent) = &mut state.cost;
        if day > *today {
            (*today, *spent) = (day, cost);
        } else if day == *today {
            spent.0 = spent.0.saturating_add(cost.0);
        }
    }

    /// A second provider was asked, since the first kept silent.
    pub fn hedged(&self) {
        self.lock().ever.hedges += 1;
    }

    /// The second spoke first.
    pub fn hedge_won(&self) {
        self.lock().ever.hedges_won += 1;
    }

    /// A tool was called, and answered or not, so long after. Names are kept, so there must be no end
    /// of them.
    pub fn called(&self, tool: Arc<str>, failed: Option<Reason>, took: Duration) {
        self.lock().ever.calls.entry(tool).or_default().count(failed, took);
    }

    /// What is known now.
    pub fn figures(&self, today: Day) -> TurnFigures {
        self.read(today).figures()
    }

    fn read(&self, today: Day) -> TurnSum {
        let age = self.since.elapsed();
        let state = self.lock();
        let mut sum = state.ever.clone();
        for slice in state.lately.recent(age) {
            sum.lately.add(&slice.ended);
            sum.first_token_lately.add(&slice.first_token);
        }
        sum.written_lately = state.written.recent(age).sum();
        sum.covered = state.written.covered(age);
        if state.cost.0 == today {
            sum.cost_today = state.cost.1;
        }
        sum
    }

    fn lock(&self) -> MutexGuard<'_, TurnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TurnSum {
    fn add(&mut self, other: &Self) {
        self.lately.add(&other.lately);
        self.first_token_lately.add(&other.first_token_lately);
        self.written_lately += other.written_lately;
        self.covered = self.covered.max(other.covered);
        self.ended.add(&other.ended);
        self.first_token.add(&other.first_token);
        self.duration.add(&other.duration);
        self.written += other.written;
        self.hedges += other.hedges;
        self.hedges_won += other.hedges_won;
        for (tool, calls) in &other.calls {
            self.calls.entry(tool.clone()).or_default().add(calls);
        }
        self.cost_today.0 = self.cost_today.0.saturating_add(other.cost_today.0);
    }
}

/// Counts what is asked of one model of one provider, by all pools and tasks.
pub struct ModelMeter {
    since: Instant,
    state: Mutex<AttemptState>,
}

struct AttemptState {
    lately: Window<AttemptSlice>,
    attempts: u64,
    answered: u64,
    failed: HashMap<Reason, u64>,
    first_token: Histogram,
}

/// Attempts of a stretch of time.
#[derive(Debug, Default)]
struct AttemptSlice {
    attempts: u64,
    failed: u64,
    first_token: Spread,
}

impl ModelMeter {
    fn new(since: Instant) -> Self {
        let state = AttemptState {
            lately: Window::new(limits::METER_SLICE, limits::METER_SLICES),
            attempts: 0,
            answered: 0,
            failed: HashMap::new(),
            first_token: Histogram::default(),
        };
        Self { since, state: Mutex::new(state) }
    }

    /// It is asked.
    pub fn asked(&self) {
        let age = self.since.elapsed();
        let mut state = self.lock();
        state.lately.at(age).attempts += 1;
        state.attempts += 1;
    }

    /// The first piece of an answer came, so long after it was asked.
    pub fn first_token(&self, took: Duration) {
        let age = self.since.elapsed();
        let mut state = self.lock();
        state.lately.at(age).first_token.count(took);
        state.first_token.count(took);
    }

    /// An answer is whole.
    pub fn answered(&self) {
        self.lock().answered += 1;
    }

    /// There was no answer, or no more of it.
    pub fn failed(&self, reason: Reason) {
        let age = self.since.elapsed();
        let mut state = self.lock();
        state.lately.at(age).failed += 1;
        *state.failed.entry(reason).or_default() += 1;
    }

    /// What is known now.
    pub fn figures(&self) -> AttemptFigures {
        let age = self.since.elapsed();
        let state = self.lock();
        let mut lately = AttemptSlice::default();
        for slice in state.lately.recent(age) {
            lately.attempts += slice.attempts;
            lately.failed += slice.failed;
            lately.first_token.add(&slice.first_token);
        }
        AttemptFigures {
            attempts: state.attempts,
            answered: state.answered,
            failed: state.failed.iter().map(|(reason, times)| (*reason, *times)).collect(),
            attempts_lately: lately.attempts,
            failed_lately: lately.failed,
            first_token_lately: lately.first_token.quantiles(),
            first_token: state.first_token.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, AttemptState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
