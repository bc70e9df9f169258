//! How the machine, the process and the gateway are: measured by one task at a steady pace, read by
//! everybody.
//!
//! Invariant: who listens gets the newest measurement and never a queue of them; it is encoded
//! once for all who do.

mod pools;

use std::sync::{Arc, OnceLock};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

pub use pools::{PoolWatch, PoolsNow};

use crate::{
    lifecycle::Lifecycle,
    limits,
    model::{Clock, Gauges, Timestamp, Vitals},
    wire::{self, Frame},
};

/// Looks at the gateway.
type Look = Arc<dyn Fn() -> Gauges + Send + Sync>;

/// The newest measurements.
pub struct Monitor {
    samples: watch::Receiver<Arc<Sample>>,
    look: Look,
    started: Instant,
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
    frame: OnceLock<Frame>,
    line: OnceLock<Frame>,
}

impl Sample {
    /// As a test says.
    #[cfg(test)]
    pub(crate) fn of(rev: u64, at: Timestamp, vitals: Vitals) -> Self {
        Self { rev, at, vitals, ..Self::default() }
    }

    /// For a program.
    pub fn frame(&self) -> Frame {
        self.frame.get_or_init(|| wire::status(self.rev, self.at, &self.vitals)).clone()
    }

    /// For a person.
    pub fn line(&self) -> Frame {
        self.line.get_or_init(|| wire::note(&self.vitals.line())).clone()
    }
}

impl Monitor {
    /// Measures from now on, until everything closes.
    pub fn start(
        lifecycle: &Lifecycle,
        clock: Clock,
        look: impl Fn() -> Gauges + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (tell, samples) = watch::channel(Arc::default());
        let (look, started): (Look, _) = (Arc::new(look), Instant::now());
        let closing = lifecycle.closing().clone();
        let sampler = Sampler { tell, clock, look: look.clone(), started };
        lifecycle.spawn(async move {
            closing.or(sampler.run()).await;
        });
        Arc::new(Self { samples, look, started })
    }

    /// The machine as it was measured last, and the gateway as it is.
    pub fn vitals(&self) -> Vitals {
        let machine = self.samples.borrow().vitals;
        Vitals { uptime_ms: millis(self.started), gauges: (self.look)(), ..machine }
    }

    /// Changes with each measurement.
    pub fn samples(&self) -> watch::Receiver<Arc<Sample>> {
        self.samples.clone()
    }
}

struct Sampler {
    tell: watch::Sender<Arc<Sample>>,
    clock: Clock,
    look: Look,
    started: Instant,
}

impl Sampler {
    /// Measures for ever. A measurement reads half a dozen small files of the kernel's, which is
    /// too short to be worth a thread.
    async fn run(self) {
        let mut machine = System::new().ok().zip(sysinfo::get_current_pid().ok());
        if machine.is_none() {
            tracing::warn!("this system does not tell how it is");
        }
        let mut tick = interval(limits::SAMPLE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for rev in 1.. {
            tick.tick().await;
            let measured = machine.as_mut().map(|(system, pid)| measure(system, *pid));
            let vitals = Vitals {
                uptime_ms: millis(self.started),
                gauges: (self.look)(),
                ..measured.unwrap_or_default()
            };
            let sample = Sample { rev, at: self.clock.now(), vitals, ..Sample::default() };
            self.tell.send_replace(Arc::new(sample));
        }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn measure(system: &mut System, pid: Pid) -> Vitals {
    let wanted = ProcessRefreshKind::nothing().with_memory().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, wanted);
    system.refresh_memory();
    system.refresh_cpu_usage();
    let process = system.process(pid);
    Vitals {
        cpu_percent: process.map(sysinfo::Process::cpu_usage),
        machine_cpu_percent: Some(system.global_cpu_usage()),
        memory_bytes: process.map(sysinfo::Process::memory),
        machine_memory_bytes: Some((system.used_memory(), system.total_memory())),
        swap_bytes: Some((system.used_swap(), system.total_swap())),
        load: System::load_average().ok().map(|load| [load.one, load.five, load.fifteen]),
        open_files: process.and_then(sysinfo::Process::open_files),
        ..Vitals::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_measures_at_once_and_then_at_its_pace() {
        let lifecycle = Lifecycle::default();
        let look = || Gauges { connections: 3, ..Gauges::default() };
        let monitor = Monitor::start(&lifecycle, Clock::at(Timestamp(1_000)), look);
        let mut samples = monitor.samples();
        samples.changed().await.expect("it measures");
        assert_eq!((samples.borrow().rev, samples.borrow().at), (1, Timestamp(1_000)));
        let vitals = monitor.vitals();
        assert!(vitals.memory_bytes.is_some_and(|bytes| bytes > 0), "{vitals:?}");
        assert_eq!(vitals.gauges.connections, 3);
        let before = Instant::now();
        samples.changed().await.expect("it goes on");
        assert_eq!(before.elapsed(), limits::SAMPLE_EVERY);
        assert!(monitor.vitals().uptime_ms >= 2_000);
        assert!(samples.borrow().frame().as_str().contains(r#""connections":3"#));
        lifecycle.drain(Duration::ZERO).await;
        assert!(samples.changed().await.is_err(), "nobody measures any more");
    }
}
