//! What is measured, by name: alerts watch it and histories keep it.

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
    /// Files and sockets that the process has open.
    OpenFiles,
    /// Open connections.
    Connections,
    /// Conversations in memory.
    Conversations,
    /// Turns that run.
    TurnsRunning,
    /// Turns that wait.
    TurnsQueued,
    /// Background tasks that run.
    TasksRunning,
    /// Background tasks that wait.
    TasksQueued,
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
        Self::OpenFiles,
        Self::Connections,
        Self::Conversations,
        Self::TurnsRunning,
        Self::TurnsQueued,
        Self::TasksRunning,
        Self::TasksQueued,
    ];

    /// As settings, frames and people name it.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// What it counts.
    pub fn unit(self) -> Unit {
        self.row().1
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
            Self::OpenFiles => vitals.open_files.map(count),
            Self::Connections => Some(count(gauges.connections)),
            Self::Conversations => Some(count(gauges.conversations)),
            Self::TurnsRunning => Some(count(gauges.turns_running)),
            Self::TurnsQueued => {
                Some(count(gauges.turns_open.saturating_sub(gauges.turns_running)))
            }
            Self::TasksRunning => Some(count(gauges.tasks_running)),
            Self::TasksQueued => Some(count(gauges.tasks_queued)),
        }
    }

    fn row(self) -> (&'static str, Unit) {
        match self {
            Self::Cpu => ("cpu_percent", Unit::Percent),
            Self::MachineCpu => ("machine_cpu_percent", Unit::Percent),
            Self::Memory => ("memory_bytes", Unit::Bytes),
            Self::MachineMemory => ("machine_memory_percent", Unit::Percent),
            Self::Swap => ("swap_percent", Unit::Percent),
            Self::Load => ("load_1m", Unit::Count),
            Self::OpenFiles => ("open_files", Unit::Count),
            Self::Connections => ("connections", Unit::Count),
            Self::Conversations => ("conversations", Unit::Count),
            Self::TurnsRunning => ("turns_running", Unit::Count),
            Self::TurnsQueued => ("turns_queued", Unit::Count),
            Self::TasksRunning => ("tasks_running", Unit::Count),
            Self::TasksQueued => ("tasks_queued", Unit::Count),
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
        let vitals = Vitals { swap_bytes: Some((1, 4)), gauges, ..Vitals::default() };
        let read = |metric: Metric| metric.of(&vitals);
        assert_eq!(read(Metric::Swap), Some(25.0));
        assert_eq!(read(Metric::TurnsQueued), Some(2.0));
        assert_eq!(read(Metric::Cpu), None, "what was not measured is not there");
    }
}
