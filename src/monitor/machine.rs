//! What the system tells of machine and process: a handful of small files of the kernel's.

use std::path::PathBuf;

use sysinfo::{CGroupLimits, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::time::Instant;

use crate::model::Vitals;

/// The machine that this process runs on.
pub(super) struct Machine {
    system: Option<(System, Pid)>,
    networks: Option<Networks>,
    data_dir: PathBuf,
    measured: Instant,
    /// What costs more is not measured each time.
    files: (Option<usize>, Option<usize>),
}

impl Machine {
    /// The disk of this directory is the one that matters.
    pub(super) fn new(data_dir: PathBuf) -> Self {
        let system = System::new().ok().zip(sysinfo::get_current_pid().ok());
        if system.is_none() {
            tracing::warn!("this system does not tell how it is");
        }
        let networks = Networks::new_with_refreshed_list().ok();
        Self { system, networks, data_dir, measured: Instant::now(), files: (None, None) }
    }

    /// Half a dozen reads, too short to be worth a thread; a few more where it may be slow.
    pub(super) fn measure(&mut self, slow: bool) -> Vitals {
        let network = self.network();
        let disk_bytes = rustix::fs::statvfs(&self.data_dir).ok().map(|stat| {
            let size = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
            (size(stat.f_bavail), size(stat.f_blocks))
        });
        let Some((system, pid)) = &mut self.system else {
            return Vitals { disk_bytes, network, ..Vitals::default() };
        };
        let wanted = ProcessRefreshKind::nothing().with_memory().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[*pid]), false, wanted);
        system.refresh_memory();
        system.refresh_cpu_usage();
        let process = system.process(*pid);
        if slow {
            // Each descriptor is an entry of a directory that is read.
            self.files = (
                process.and_then(sysinfo::Process::open_files),
                process.and_then(sysinfo::Process::open_files_limit),
            );
        }
        Vitals {
            cpu_percent: process.map(sysinfo::Process::cpu_usage),
            cpu_time_ms: process.map(sysinfo::Process::accumulated_cpu_time),
            machine_cpu_percent: Some(system.global_cpu_usage()),
            memory_bytes: process.map(sysinfo::Process::memory),
            program_bytes: program(),
            machine_memory_bytes: Some(memory(
                (system.used_memory(), system.total_memory()),
                system.cgroup_limits().as_ref(),
            )),
            swap_bytes: Some((system.used_swap(), system.total_swap())),
            load: System::load_average().ok().map(|load| [load.one, load.five, load.fifteen]),
            disk_bytes,
            network,
            network_total_bytes: self.networks.as_ref().map(total),
            open_files: self.files.0,
            open_files_max: self.files.1,
            ..Vitals::default()
        }
    }

    /// Bytes a second since the measurement before, on all but the loopback.
    fn network(&mut self) -> Option<[f64; 2]> {
        let networks = self.networks.as_mut()?;
        let before = total(networks);
        networks.refresh(true);
        let after = total(networks);
        let now = Instant::now();
        let seconds = (now - std::mem::replace(&mut self.measured, now)).as_secs_f64();
        let rate = |before: u64, after: u64| {
            let bytes = u32::try_from(after.saturating_sub(before)).unwrap_or(u32::MAX);
            if seconds > 0.0 { f64::from(bytes) / seconds } else { 0.0 }
        };
        Some([rate(before[0], after[0]), rate(before[1], after[1])])
    }
}

/// Received and sent since the machine's start, on all but the loopback.
fn total(networks: &Networks) -> [u64; 2] {
    let real = networks.iter().filter(|(name, _)| *name != "lo");
    real.fold([0, 0], |[received, sent], (_, one)| {
        [received + one.total_received(), sent + one.total_transmitted()]
    })
}

/// What is in use and how much there is: of the machine, or of the container where it has less.
/// What a container has taken counts pages of files as well, which the kernel gives up as soon as
/// somebody wants the memory; so only what it cannot give up is in use, as it is on a machine.
fn memory(machine: (u64, u64), container: Option<&CGroupLimits>) -> (u64, u64) {
    match container {
        Some(own) if own.total_memory > 0 && own.total_memory < machine.1 => {
            (own.rss.min(own.total_memory), own.total_memory)
        }
        _ => machine,
    }
}

/// What of the process's memory the kernel counts as pages of files: the program and its tables.
fn program() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssFile:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_files_are_not_in_use() {
        let container = |total_memory, free_memory, rss| CGroupLimits {
            total_memory,
            free_memory,
            free_swap: 0,
            rss,
        };
        for (own, expect) in [
            (None, (600, 1_000)),
            (Some(container(100, 1, 30)), (30, 100)),
            (Some(container(100, 0, 120)), (100, 100)),
            (Some(container(0, 0, 0)), (600, 1_000)),
            (Some(container(2_000, 0, 30)), (600, 1_000)),
        ] {
            assert_eq!(memory((600, 1_000), own.as_ref()), expect, "{own:?}");
        }
    }
}
