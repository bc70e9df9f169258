//! What is measured, by name: alerts watch it and histories keep it.

use std::time::Duration;

use super::Vitals;

/// One number of the `Vitals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Processor time of the process, of one core.
    Cpu,
    /// Processor time of the machine, of all cores.
    MachineCpu,
    /// Resident memory of the process.
    Memory,
    /// The machine's memory that is in use.
    MachineMemory,
    /// The machine's swap that is in use.
    Swap,
    /// The machine's load over one minute.
    Load,
    /// Free space on the disk of the data directory.
    DiskFree,
    /// How full that disk is.
    DiskUsed,
    /// What the machine's network receives.
    NetworkReceived,
    /// What it sends.
    NetworkSent,
    /// Files and sockets that the process has open.
    OpenFiles,
    /// How late the event loop was at the worst since the measurement before.
    LoopLag,
    /// What the store takes on disk.
    StoreBytes,
    /// How long a commit takes: 19 of 20 of the newest took no longer.
    Commit,
    /// Open connections.
    Connections,
    /// Users who are connected.
    Sessions,
    /// Conversations in memory.
    Conversations,
    /// Turns that run.
    TurnsRunning,
    /// Turns that wait.
    TurnsQueued,
    /// How long the turn or task that waits longest for a worker has waited.
    QueueAge,
    /// Background tasks that run.
    TasksRunning,
    /// Background tasks that wait.
    TasksQueued,
    /// How late the most overdue background task is.
    TaskLag,
    /// Models of routes that are not asked now, since they fail or want to be left alone.
    ModelsDown,
    /// Providers of routes that refuse their key or cannot be reached, as probes found.
    ProvidersDown,
    /// Turns that ended since the measurement before.
    TurnsEnded,
    /// Those of them that failed.
    TurnsFailed,
    /// Turns of the last minutes that failed.
    ErrorRate,
    /// Tokens of answers a second, over the last minute.
    Tokens,
    /// Time to the first token of an answer, lately: half of them took no longer.
    FirstTokenP50,
    /// The same of 19 of 20.
    FirstTokenP95,
    /// The same of 99 of 100.
    FirstTokenP99,
    /// Health checks that are not as they should be and do not fail.
    ChecksDegraded,
    /// Health checks that fail.
    ChecksFailing,
    /// For how long the port's certificate is still good.
    CertificateExpires,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Hundredths.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds, of which there may be many.
    Seconds,
}

impl Metric {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Cpu,
        Self::MachineCpu,
        Self::Memory,
        Self::MachineMemory,
        Self::Swap,
        Self::Load,
        Self::DiskFree,
        Self::DiskUsed,
        Self::NetworkReceived,
        Self::NetworkSent,
        Self::OpenFiles,
        Self::LoopLag,
        Self::StoreBytes,
        Self::Commit,
        Self::Connections,
        Self::Sessions,
        Self::Conversations,
        Self::TurnsRunning,
        Self::TurnsQueued,
        Self::QueueAge,
        Self::TasksRunning,
        Self::TasksQueued,
        Self::TaskLag,
        Self::ModelsDown,
        Self::ProvidersDown,
        Self::TurnsEnded,
        Self::TurnsFailed,
        Self::ErrorRate,
        Self::Tokens,
        Self::FirstTokenP50,
        Self::FirstTokenP95,
        Self::FirstTokenP99,
        Self::ChecksDegraded,
        Self::ChecksFailing,
        Self::CertificateExpires,
    ];

    /// As settings, frames and people name it.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// What it counts.
    pub fn unit(self) -> Unit {
        self.row().1
    }

    /// It counts what happened since the measurement before: over a time it adds up.
    pub fn adds_up(self) -> bool {
        matches!(self, Self::TurnsEnded | Self::TurnsFailed)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.name() == name)
    }

    /// What was measured; `None` where the system does not tell.
    pub fn of(self, vitals: &Vitals) -> Option<f64> {
        let gauges = &vitals.gauges;
        match self {
            Self::Cpu => vitals.cpu_percent.map(f64::from),
            Self::MachineCpu => vitals.machine_cpu_percent.map(f64::from),
            Self::Memory => vitals.memory_bytes.map(number),
            Self::MachineMemory => vitals.machine_memory_bytes.map(percent),
            Self::Swap => vitals.swap_bytes.map(percent),
            Self::Load => vitals.load.map(|[one, ..]| one),
            Self::DiskFree => vitals.disk_bytes.map(|(free, _)| number(free)),
            Self::DiskUsed => vitals.disk_bytes.map(|(free, whole)| 100.0 - percent((free, whole))),
            Self::NetworkReceived => vitals.network.map(|[received, _]| received),
            Self::NetworkSent => vitals.network.map(|[_, sent]| sent),
            Self::OpenFiles => vitals.open_files.map(count),
            Self::LoopLag => Some(millis(vitals.loop_lag)),
            Self::StoreBytes => vitals.store_bytes.map(number),
            Self::Commit => vitals.commit.map(|[_, slow]| millis(slow)),
            Self::Connections => Some(count(gauges.connections)),
            Self::Sessions => Some(count(gauges.sessions)),
            Self::Conversations => Some(count(gauges.conversations)),
            Self::TurnsRunning => Some(count(gauges.turns_running)),
            Self::TurnsQueued => {
                Some(count(gauges.turns_open.saturating_sub(gauges.turns_running)))
            }
            Self::QueueAge => Some(millis(gauges.queue_age)),
            Self::TasksRunning => Some(count(gauges.tasks_running)),
            Self::TasksQueued => Some(count(gauges.tasks_queued)),
            Self::TaskLag => Some(millis(gauges.task_lag)),
            Self::ModelsDown => Some(count(gauges.models_down)),
            Self::ProvidersDown => Some(count(gauges.providers_down)),
            Self::TurnsEnded => Some(number(vitals.pace.turns_ended)),
            Self::TurnsFailed => Some(number(vitals.pace.turns_failed)),
            Self::ErrorRate => vitals.pace.error_rate.map(|rate| rate * 100.0),
            Self::Tokens => Some(vitals.pace.tokens_per_second),
            Self::FirstTokenP50 => vitals.pace.first_token.map(|[half, ..]| millis(half)),
            Self::FirstTokenP95 => vitals.pace.first_token.map(|[_, most, _]| millis(most)),
            Self::FirstTokenP99 => {
                vitals.pace.first_token.map(|[.., nearly_all]| millis(nearly_all))
            }
            Self::ChecksDegraded => Some(count(gauges.checks_degraded)),
            Self::ChecksFailing => Some(count(gauges.checks_failing)),
            Self::CertificateExpires => {
                gauges.certificate.map(|certificate| certificate.left().as_secs_f64())
            }
        }
    }

    fn row(self) -> (&'static str, Unit) {
        use Unit::{Bytes, BytesPerSecond, Count, Milliseconds, Percent, Seconds};
        match self {
            Self::Cpu => ("cpu_percent", Percent),
            Self::MachineCpu => ("machine_cpu_percent", Percent),
            Self::Memory => ("memory_bytes", Bytes),
            Self::MachineMemory => ("machine_memory_percent", Percent),
            Self::Swap => ("swap_percent", Percent),
            Self::Load => ("load_1m", Count),
            Self::DiskFree => ("disk_free_bytes", Bytes),
            Self::DiskUsed => ("disk_used_percent", Percent),
            Self::NetworkReceived => ("network_received_bytes_per_second", BytesPerSecond),
            Self::NetworkSent => ("network_sent_bytes_per_second", BytesPerSecond),
            Self::OpenFiles => ("open_files", Count),
            Self::LoopLag => ("loop_lag_ms", Milliseconds),
            Self::StoreBytes => ("store_bytes", Bytes),
            Self::Commit => ("commit_ms", Milliseconds),
            Self::Connections => ("connections", Count),
            Self::Sessions => ("sessions", Count),
            Self::Conversations => ("conversations", Count),
            Self::TurnsRunning => ("turns_running", Count),
            Self::TurnsQueued => ("turns_queued", Count),
            Self::QueueAge => ("queue_age_ms", Milliseconds),
            Self::TasksRunning => ("tasks_running", Count),
            Self::TasksQueued => ("tasks_queued", Count),
            Self::TaskLag => ("task_lag_ms", Milliseconds),
            Self::ModelsDown => ("models_down", Count),
            Self::ProvidersDown => ("providers_down", Count),
            Self::TurnsEnded => ("turns_ended", Count),
            Self::TurnsFailed => ("turns_failed", Count),
            Self::ErrorRate => ("error_percent", Percent),
            Self::Tokens => ("tokens_per_second", Count),
            Self::FirstTokenP50 => ("first_token_p50_ms", Milliseconds),
            Self::FirstTokenP95 => ("first_token_p95_ms", Milliseconds),
            Self::FirstTokenP99 => ("first_token_p99_ms", Milliseconds),
            Self::ChecksDegraded => ("checks_degraded", Count),
            Self::ChecksFailing => ("checks_failing", Count),
            Self::CertificateExpires => ("certificate_expires_seconds", Seconds),
        }
    }
}

fn count(things: usize) -> f64 {
    number(things as u64)
}

#[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is measured")]
fn number(whole: u64) -> f64 {
    whole as f64
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn percent((part, whole): (u64, u64)) -> f64 {
    if whole == 0 { 0.0 } else { number(part) / number(whole) * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Gauges;

    #[test]
    fn a_name_finds_its_metric() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(*metric));
        }
        assert_eq!(Metric::named("cpu"), None);
    }

    #[test]
    fn it_reads_what_was_measured() {
        let gauges = Gauges { turns_open: 5, turns_running: 3, ..Gauges::default() };
        let vitals = Vitals {
            swap_bytes: Some((1, 4)),
            disk_bytes: Some((1, 4)),
            loop_lag: Duration::from_micros(1_500),
            gauges,
            ..Vitals::default()
        };
        let read = |metric: Metric| metric.of(&vitals);
        assert_eq!(read(Metric::Swap), Some(25.0));
        assert_eq!(read(Metric::DiskUsed), Some(75.0));
        assert_eq!(read(Metric::LoopLag), Some(1.5));
        assert_eq!(read(Metric::TurnsQueued), Some(2.0));
        assert_eq!(read(Metric::Cpu), None, "what was not measured is not there");
    }
}
