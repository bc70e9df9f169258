//! What the process takes of the machine, and what goes on in it.

use std::{fmt::Write as _, time::Duration};

use super::{Certificate, MemoryParts, alert::in_bytes};

/// What was measured of machine and process. What the system does not tell is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vitals {
    /// Milliseconds since the start.
    pub uptime_ms: u64,
    /// Processor time of the process, in percent of one core.
    pub cpu_percent: Option<f32>,
    /// Processor time of the process since the start, in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// Processor time of the whole machine, in percent of all cores.
    pub machine_cpu_percent: Option<f32>,
    /// Resident memory of the process, in bytes.
    pub memory_bytes: Option<u64>,
    /// Where that goes, as far as it is known.
    pub memory_parts: MemoryParts,
    /// What of the process's memory are pages of its own file, in bytes.
    pub program_bytes: Option<u64>,
    /// What of the machine's memory is in use, and how much it has, in bytes.
    pub machine_memory_bytes: Option<(u64, u64)>,
    /// The same of its swap.
    pub swap_bytes: Option<(u64, u64)>,
    /// The machine's load over one, five and fifteen minutes.
    pub load: Option<[f64; 3]>,
    /// What is free on the disk of the data directory, and how much it has, in bytes.
    pub disk_bytes: Option<(u64, u64)>,
    /// Bytes a second that the machine's network receives, and sends.
    pub network: Option<[f64; 2]>,
    /// Bytes that it received, and sent, since the machine's start.
    pub network_total_bytes: Option<[u64; 2]>,
    /// Files and sockets that the process has open.
    pub open_files: Option<usize>,
    /// How many it may have.
    pub open_files_max: Option<usize>,
    /// How late the event loop was at the worst since the measurement before.
    pub loop_lag: Duration,
    /// Bytes that the store takes on disk.
    pub store_bytes: Option<u64>,
    /// How long the newest commits took: the middle one, and the slowest but for a twentieth.
    pub commit: Option<[Duration; 2]>,
    /// How fast it answers.
    pub pace: Pace,
    /// What goes on in the gateway.
    pub gauges: Gauges,
}

impl Vitals {
    /// All that matters, in one line.
    pub fn line(&self) -> String {
        let Gauges { health, connections, conversations, turns_open, .. } = self.gauges;
        let mut line = format!(
            "{}: up {}, {}, {} in memory, {} open",
            health.word(),
            self.uptime(),
            counted(connections as u64, "connection"),
            counted(conversations as u64, "conversation"),
            counted(turns_open as u64, "turn"),
        );
        if self.gauges.tasks_queued + self.gauges.tasks_running > 0 {
            let Gauges { tasks_queued, tasks_running, .. } = self.gauges;
            let _infallible = write!(
                line,
                ", {} running and {tasks_queued} waiting",
                counted(tasks_running as u64, "task")
            );
        }
        if self.pace.tokens_per_second >= 0.5 {
            let _infallible = write!(line, ", {:.0} tokens/s", self.pace.tokens_per_second);
        }
        if let Some(bytes) = self.memory_bytes {
            let _infallible = write!(line, ", {}", in_bytes(bytes));
        }
        line
    }

    /// Hours, minutes and seconds since the start.
    pub fn uptime(&self) -> String {
        let seconds = self.uptime_ms / 1_000;
        format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

/// A number of things: `1 turn`, `2 turns`.
pub fn counted(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// How well the gateway works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// As it should.
    #[default]
    Ok,
    /// It works, and some check of it says that something is wrong.
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

/// How fast the gateway answers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Turns that ended since the measurement before.
    pub turns_ended: u64,
    /// Those of them that failed.
    pub turns_failed: u64,
    /// What part of the turns of the last minutes failed; `None` where none ended.
    pub error_rate: Option<f64>,
    /// Tokens of answers a second, over the last minute.
    pub tokens_per_second: f64,
    /// Time to the first token of the last minutes' answers: that of half of them, of 19 of 20 and
    /// of 99 of 100.
    pub first_token: Option<[Duration; 3]>,
}

/// What goes on in the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gauges {
    /// How well it works.
    pub health: Health,
    /// Open connections.
    pub connections: usize,
    /// Users who are connected.
    pub sessions: usize,
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
    /// How long the turn or task that waits longest for a worker has waited.
    pub queue_age: Duration,
    /// How late the most overdue background task is.
    pub task_lag: Duration,
    /// Bytes that background tasks take in memory.
    pub tasks_bytes: usize,
    /// Providers that probes found not to work.
    pub providers_down: usize,
    /// Models of routes that are asked now, and those that are not.
    pub models_up: usize,
    /// See `models_up`.
    pub models_down: usize,
    /// Health checks that are not as they should be, and those that fail.
    pub checks_degraded: usize,
    /// See `checks_degraded`.
    pub checks_failing: usize,
    /// What the port shows; none where it speaks no TLS.
    pub certificate: Option<Certificate>,
}
