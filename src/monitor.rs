//! How the machine, the process and the gateway are: measured by one task at a steady pace, read by
//! everybody, and remembered for a day.
//!
//! Invariants: who listens gets the newest measurement and never a queue of them; it is encoded
//! once for all who do; what is remembered is bounded.

mod gateway;
mod health;
mod history;
mod keeping;
mod machine;
mod memory;
mod pools;
mod probing;
mod sampler;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use crate::{
    config::LiveSettings,
    conversation::Registry,
    model::{Check, Gauges, Health, Metric, ProviderName, State, Timestamp, Vitals},
    wire::{self, Frame},
};
use gateway::{Probes, Watched};
use history::History;
pub use history::{Chart, ChartPoint};
use keeping::Keeping;
pub use pools::{PoolWatch, PoolsNow};
pub use probing::Finding;
use sampler::Sampler;

/// The newest measurements.
pub struct Monitor {
    samples: watch::Receiver<Arc<Sample>>,
    watched: Arc<Watched>,
    history: Arc<Mutex<History>>,
    started: Instant,
    /// The same on the wall clock, as it was then: one that is set later changes nothing about it.
    began: Timestamp,
}

/// One measurement.
#[derive(Debug, Default)]
pub struct Sample {
    /// Which one, from 1.
    pub rev: u64,
    /// When.
    pub at: Timestamp,
    /// What was measured.
    pub vitals: Vitals,
    /// How each part is.
    pub checks: Vec<Check>,
    /// Rises when a check or a model changes its state, so that it is told at once.
    pub changes: u64,
    probes: Probes,
    frame: OnceLock<Frame>,
    line: OnceLock<Frame>,
}

impl Sample {
    /// As a test says.
    #[cfg(test)]
    pub(crate) fn of(rev: u64, at: Timestamp, vitals: &Vitals) -> Self {
        Self { rev, at, vitals: *vitals, ..Self::default() }
    }

    /// For a program.
    pub fn frame(&self) -> Frame {
        let frame = || wire::status(self.rev, self.at, &self.vitals, &self.checks);
        self.frame.get_or_init(frame).clone()
    }

    /// For a person.
    pub fn line(&self) -> Frame {
        self.line.get_or_init(|| wire::note(&line(&self.vitals, &self.checks))).clone()
    }
}

/// All that matters, and what is not well, in one line.
pub fn line(vitals: &Vitals, checks: &[Check]) -> String {
    let bad = checks.iter().filter(|check| check.state != State::Ok);
    bad.fold(vitals.line(), |line, check| {
        format!("{line}; {} {}: {}", check.part.word(), check.state.word(), check.says)
    })
}

impl Monitor {
    /// Measures from now on, until everything closes. `look` tells what goes on above this floor:
    /// connections and tasks; the rest is read here.
    pub fn start(
        registry: &Registry,
        live: &LiveSettings,
        look: impl Fn() -> Gauges + Send + Sync + 'static,
    ) -> Arc<Self> {
        let workshop = registry.workshop();
        let (tell, samples) = watch::channel(Arc::default());
        let watched = Arc::new(Watched::new(registry.clone(), live.clone(), Box::new(look)));
        let history = Arc::new(Mutex::new(History::default()));
        let data_dir = live.now().data_dir.clone();
        let (started, began) = (Instant::now(), watched.now());
        let sampler = Sampler {
            tell,
            watched: watched.clone(),
            history: history.clone(),
            keeping: Keeping::beside(&data_dir),
            data_dir,
            started,
        };
        let closing = workshop.lifecycle.closing().clone();
        workshop.lifecycle.spawn(watched.prober().run(closing.clone()));
        workshop.lifecycle.spawn(sampler.run(closing));
        Arc::new(Self { samples, watched, history, started, began })
    }

    /// When it began.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// How often it measures.
    pub fn every(&self) -> Duration {
        self.watched.every()
    }

    /// The machine as it was measured last, the gateway as it is, and how each part of it is.
    pub fn look(&self) -> (Vitals, Vec<Check>) {
        let (machine, probes) = {
            let sample = self.samples.borrow();
            (sample.vitals, sample.probes)
        };
        let (signs, gauges) = self.watched.look(probes);
        let mut vitals = Vitals { uptime_ms: since(self.started), gauges, ..machine };
        vitals.memory_parts = self.watched.memory(&vitals, &signs.store, &self.history);
        let checks = judge(&mut vitals, &signs);
        (vitals, checks)
    }

    /// What probes found of each provider.
    pub fn findings(&self) -> BTreeMap<ProviderName, Finding> {
        self.watched.findings()
    }

    /// Changes with each measurement.
    pub fn samples(&self) -> watch::Receiver<Arc<Sample>> {
        self.samples.clone()
    }

    /// How a metric was in that time, as far back as it is remembered.
    pub fn chart(&self, metric: Metric, span: &Range<Timestamp>) -> Chart {
        self.history().chart(metric, span, self.watched.now())
    }

    fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }
}

/// Milliseconds.
fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How each part is, and what follows from it for the whole.
fn judge(vitals: &mut Vitals, signs: &gateway::Signs) -> Vec<Check> {
    let checks = health::checks(vitals, signs);
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let gauges = &mut vitals.gauges;
    (gauges.checks_degraded, gauges.checks_failing) =
        (count(State::Degraded), count(State::Failing));
    gauges.health = match gauges.checks_degraded + gauges.checks_failing {
        _ if signs.draining => Health::Draining,
        0 => Health::Ok,
        _ => Health::Degraded,
    };
    checks
}
