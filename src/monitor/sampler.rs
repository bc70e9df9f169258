//! The one task that measures. It wakes a few times a second, sees how late it is, and whether
//! something happened that is told at once.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    Sample,
    gateway::{Probes, Watched},
    history::History,
    judge,
    keeping::Keeping,
    lock,
    machine::Machine,
    since,
};
use crate::{
    lifecycle::Stage,
    limits,
    model::{Gauges, Pace, State, Timestamp, Vitals},
};

/// Measures, and remembers.
pub(super) struct Sampler {
    pub(super) tell: watch::Sender<Arc<Sample>>,
    pub(super) watched: Arc<Watched>,
    pub(super) history: Arc<Mutex<History>>,
    pub(super) keeping: Option<Keeping>,
    pub(super) data_dir: PathBuf,
    pub(super) started: Instant,
}

/// What it keeps from one look to the next.
struct Looking {
    machine: Machine,
    probes: Probes,
    /// When the wall clock went wrong last.
    jumped: Option<Instant>,
    /// The wall clock at the last look, and the time that does not jump.
    clocks: (Timestamp, Instant),
    /// When open files are counted again, and the store is read.
    slow_due: Instant,
    lag: Duration,
    ended: u64,
    failed: u64,
    rev: u64,
    changes: u64,
    states: Vec<State>,
    fingerprint: u64,
}

impl Sampler {
    /// Measures until everything closes.
    pub(super) async fn run(mut self, closing: Stage) {
        let now = Instant::now();
        let mut looking = Looking {
            machine: Machine::new(self.data_dir.clone()),
            probes: Probes::default(),
            jumped: None,
            clocks: (self.watched.now(), now),
            slow_due: now,
            lag: Duration::ZERO,
            ended: 0,
            failed: 0,
            rev: 0,
            changes: 0,
            states: Vec::new(),
            fingerprint: self.watched.fingerprint(),
        };
        let _closed = closing.or(self.measure(&mut looking)).await;
        // What the open minute holds is remembered as well.
        let last = lock(&self.history).close();
        if let (Some(keeping), Some(point)) = (&mut self.keeping, last) {
            keeping.append(&point);
        }
    }

    async fn measure(&mut self, looking: &mut Looking) {
        self.recall().await;
        let mut due = Instant::now();
        let mut pulse = interval(limits::PULSE_EVERY);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let planned = pulse.tick().await;
            let now = Instant::now();
            looking.lag = looking.lag.max(now.saturating_duration_since(planned));
            looking.watch_clock(self.watched.now(), now);
            let fingerprint = self.watched.fingerprint();
            let happened = std::mem::replace(&mut looking.fingerprint, fingerprint) != fingerprint;
            // A timer has a grain, so half a pulse early is in time.
            if happened || now + limits::PULSE_EVERY / 2 >= due {
                looking.changes += u64::from(happened);
                due = now + self.watched.every();
                self.sample(looking).await;
            }
        }
    }

    /// What the last run remembered.
    async fn recall(&mut self) {
        let Some(keeping) = self.keeping.take() else { return };
        let now = self.watched.now();
        let read = tokio::task::spawn_blocking(move || keeping.read(now)).await;
        if let Ok((keeping, points)) = read {
            lock(&self.history).recall(points);
            self.keeping = Some(keeping);
        }
    }

    async fn sample(&mut self, looking: &mut Looking) {
        let slow = Instant::now() >= looking.slow_due;
        if slow {
            looking.slow_due = Instant::now() + limits::SLOW_SAMPLE_EVERY;
            looking.probes.readable = self.watched.store_reads().await;
        }
        let measured = looking.machine.measure(slow);
        let pace = looking.pace(&self.watched);
        let (signs, gauges): (_, Gauges) = self.watched.look(looking.probes);
        let mut vitals = Vitals {
            uptime_ms: since(self.started),
            loop_lag: std::mem::take(&mut looking.lag),
            store_bytes: signs.store.bytes,
            commit: signs.store.commit,
            pace,
            gauges,
            ..measured
        };
        vitals.memory_parts = self.watched.memory(&vitals, &signs.store, &self.history);
        let checks = judge(&mut vitals, &signs);
        let states: Vec<State> = checks.iter().map(|check| check.state).collect();
        looking.changes +=
            u64::from(std::mem::replace(&mut looking.states, states.clone()) != states);
        looking.rev += 1;
        let at = self.watched.now();
        self.remember(at, &vitals, signs.store.free_bytes);
        let (rev, changes, probes) = (looking.rev, looking.changes, looking.probes);
        let sample = Sample { rev, at, vitals, checks, changes, probes, ..Sample::default() };
        self.tell.send_replace(Arc::new(sample));
    }

    /// Folds it into the history, and has a minute that is over written down.
    fn remember(&mut self, at: Timestamp, vitals: &Vitals, free_bytes: Option<u64>) {
        let over = lock(&self.history).fold(at, vitals);
        // The last of the disk is the store's.
        let room = free_bytes.is_none_or(|free| free > limits::STORE_FREE_BYTES_MIN);
        if let (Some(keeping), Some(point)) = (&mut self.keeping, over)
            && room
        {
            keeping.append(&point);
            if keeping.is_long() {
                keeping.rewrite(&lock(&self.history));
            }
        }
    }
}

impl Looking {
    /// How fast it answers.
    fn pace(&mut self, watched: &Watched) -> Pace {
        let all = watched.figures().all;
        let (ended, failed) = (all.ended.total(), all.ended.failed);
        let new = |before: &mut u64, now: u64| now.saturating_sub(std::mem::replace(before, now));
        Pace {
            turns_ended: new(&mut self.ended, ended),
            turns_failed: new(&mut self.failed, failed),
            error_rate: all.error_rate(),
            tokens_per_second: all.tokens_per_second,
            first_token: all.first_token_lately.map(|of| [of.p50, of.p95, of.p99]),
        }
    }

    /// Whether the wall clock went as time did since the last look.
    fn watch_clock(&mut self, wall: Timestamp, now: Instant) {
        let (wall_before, before) = std::mem::replace(&mut self.clocks, (wall, now));
        let went = i64::try_from((now - before).as_millis()).unwrap_or(i64::MAX);
        let jumped = wall.0.saturating_sub(wall_before.0).saturating_sub(went);
        if jumped.unsigned_abs() > limits::CLOCK_JUMP_MS {
            self.jumped = Some(now);
            self.probes.clock_jumped_ms = Some(jumped);
        } else if self.jumped.is_some_and(|at| now - at > limits::CLOCK_JUMP_TOLD) {
            self.jumped = None;
            self.probes.clock_jumped_ms = None;
        }
    }
}
