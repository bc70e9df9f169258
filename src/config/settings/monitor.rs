//! The monitor: how often it measures, and who may read what it measured.

use serde::{Deserialize, Serialize};

/// The monitor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MonitorSettings {
    /// Milliseconds between two measurements.
    pub every_ms: u32,
    /// Seconds between two probes of each provider; 0: none is probed.
    pub probe_seconds: u32,
    /// `GET /metrics` asks nobody for the token.
    pub metrics_public: bool,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self { every_ms: 2_000, probe_seconds: 300, metrics_public: false }
    }
}
