//! What the process takes of the machine.

/// What was measured just now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vitals {
    /// Milliseconds since the start.
    pub uptime_ms: u64,
    /// Resident memory of the process, in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
    /// What of the machine's memory is in use, and how much it has, in bytes.
    pub machine_memory_bytes: Option<(u64, u64)>,
    /// The machine's load over one, five and fifteen minutes.
    pub load: Option<[f64; 3]>,
    /// Open connections.
    pub connections: usize,
}
