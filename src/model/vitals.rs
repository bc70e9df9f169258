//! What the process takes of the machine, and what goes on in it.

use std::fmt::Write as _;

/// What was measured of machine and process. What the system does not tell is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vitals {
    /// Milliseconds since the start.
    pub uptime_ms: u64,
    /// Processor time of the process, in percent of one core.
    pub cpu_percent: Option<f32>,
    /// Processor time of the whole machine, in percent of all cores.
    pub machine_cpu_percent: Option<f32>,
    /// Resident memory of the process, in bytes.
    pub memory_bytes: Option<u64>,
    /// What of the machine's memory is in use, and how much it has, in bytes.
    pub machine_memory_bytes: Option<(u64, u64)>,
    /// The same of its swap.
    pub swap_bytes: Option<(u64, u64)>,
    /// The machine's load over one, five and fifteen minutes.
    pub load: Option<[f64; 3]>,
    /// Files and sockets that the process has open.
    pub open_files: Option<usize>,
    /// What goes on in the gateway.
    pub gauges: Gauges,
}

const MIB: u64 = 1_048_576;

impl Vitals {
    /// All that matters, in one line.
    pub fn line(&self) -> String {
        let Gauges { health, connections, conversations, turns_open, .. } = self.gauges;
        let mut line = format!(
            "{}: up {}, {connections} connections, {conversations} conversations in memory, \
             {turns_open} turns open",
            health.word(),
            self.uptime(),
        );
        if self.gauges.tasks_queued + self.gauges.tasks_running > 0 {
            let Gauges { tasks_queued, tasks_running, .. } = self.gauges;
            let _infallible =
                write!(line, ", {tasks_running} tasks running and {tasks_queued} waiting");
        }
        if let Some(bytes) = self.memory_bytes {
            let _infallible = write!(line, ", {} MiB", bytes / MIB);
        }
        if health == Health::Degraded {
            line += "; the store cannot write, so new messages are refused";
        }
        line
    }

    /// Hours, minutes and seconds since the start.
    pub fn uptime(&self) -> String {
        let seconds = self.uptime_ms / 1_000;
        format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

/// How well the gateway works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// As it should.
    #[default]
    Ok,
    /// It reads, and cannot write.
    Degraded,
    /// It finishes what it has.
    Draining,
}

impl Health {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Draining => "draining",
        }
    }
}

/// What goes on in the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gauges {
    /// How well it works.
    pub health: Health,
    /// Open connections.
    pub connections: usize,
    /// Conversations in memory.
    pub conversations: usize,
    /// Turns that run or wait.
    pub turns_open: usize,
    /// Those of them that run.
    pub turns_running: usize,
    /// Background tasks that wait, and that run.
    pub tasks_queued: usize,
    /// See `tasks_queued`.
    pub tasks_running: usize,
}
