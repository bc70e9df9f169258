//! What the process takes of the machine, and what goes on in it.

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

/// What goes on in the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gauges {
    /// Open connections.
    pub connections: usize,
    /// Conversations in memory.
    pub conversations: usize,
    /// Turns that run or wait.
    pub turns_open: usize,
}
