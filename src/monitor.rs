//! How the process is: what it takes of the machine.

use std::sync::{Mutex, PoisonError};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::time::Instant;

use crate::model::Vitals;

/// Measures the process.
pub struct Monitor {
    started: Instant,
    system: Mutex<Option<System>>,
    pid: Option<Pid>,
}

impl Monitor {
    /// Measures from now on.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            system: Mutex::new(System::new().ok()),
            pid: sysinfo::get_current_pid().ok(),
        }
    }

    /// Measures now. Reads a few files of the system's.
    pub fn vitals(&self, connections: usize) -> Vitals {
        let uptime = self.started.elapsed().as_millis();
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let memory_bytes = system.as_mut().zip(self.pid).and_then(|(system, pid)| {
            let memory = ProcessRefreshKind::nothing().with_memory();
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, memory);
            system.process(pid).map(sysinfo::Process::memory)
        });
        let machine_memory_bytes = system.as_mut().map(|system| {
            system.refresh_memory();
            (system.used_memory(), system.total_memory())
        });
        Vitals {
            uptime_ms: u64::try_from(uptime).unwrap_or(u64::MAX),
            memory_bytes,
            machine_memory_bytes,
            load: System::load_average().ok().map(|load| [load.one, load.five, load.fifteen]),
            connections,
        }
    }
}
