//! What the process takes of the machine.

/// What was measured just now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vitals {
    /// Milliseconds since the start.
    pub uptime_ms: u64,
    /// Resident memory of the process, in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
    /// Open connections.
    pub connections: usize,
}
