//! How the machine and the process are: measured by one task at a steady pace, read by everybody.

use std::sync::Arc;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{
    lifecycle::Lifecycle,
    limits,
    model::{Gauges, Vitals},
};

/// The newest measurements.
pub struct Monitor {
    measured: watch::Receiver<Vitals>,
    gauges: Box<dyn Fn() -> Gauges + Send + Sync>,
    started: Instant,
}

impl Monitor {
    /// Measures from now on, until everything closes.
    pub fn start(
        lifecycle: &Lifecycle,
        gauges: impl Fn() -> Gauges + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (tell, measured) = watch::channel(Vitals::default());
        let closing = lifecycle.closing().clone();
        lifecycle.spawn(async move {
            closing.or(sample(tell)).await;
        });
        Arc::new(Self { measured, gauges: Box::new(gauges), started: Instant::now() })
    }

    /// The machine as it was measured last, and the gateway as it is.
    pub fn vitals(&self) -> Vitals {
        let uptime = self.started.elapsed().as_millis();
        Vitals {
            uptime_ms: u64::try_from(uptime).unwrap_or(u64::MAX),
            gauges: (self.gauges)(),
            ..*self.measured.borrow()
        }
    }

    /// Changes with each measurement.
    pub fn measured(&self) -> watch::Receiver<Vitals> {
        self.measured.clone()
    }
}

/// Measures for ever. A measurement reads half a dozen small files of the kernel's, which is too
/// short to be worth a thread.
async fn sample(tell: watch::Sender<Vitals>) {
    let (Ok(mut system), Ok(pid)) = (System::new(), sysinfo::get_current_pid()) else {
        tracing::warn!("this system does not tell how it is");
        return;
    };
    let mut tick = interval(limits::SAMPLE_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        tell.send_replace(measure(&mut system, pid));
    }
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
        let gauges = || Gauges { connections: 3, ..Gauges::default() };
        let monitor = Monitor::start(&lifecycle, gauges);
        let mut measured = monitor.measured();
        measured.changed().await.expect("it measures");
        let vitals = monitor.vitals();
        assert!(vitals.memory_bytes.is_some_and(|bytes| bytes > 0), "{vitals:?}");
        assert_eq!(vitals.gauges.connections, 3);
        let before = Instant::now();
        measured.changed().await.expect("it goes on");
        assert_eq!(before.elapsed(), limits::SAMPLE_EVERY);
        assert!(monitor.vitals().uptime_ms >= 2_000);
        lifecycle.drain(Duration::ZERO).await;
        assert!(measured.changed().await.is_err(), "nobody measures any more");
    }
}
