//! Background tasks: how many, how often and how long.

use serde::{Deserialize, Serialize};

/// Background tasks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSettings {
    /// Tasks at the same time, over all pools.
    pub workers: u32,
    /// Attempts that a task may take, where it says nothing.
    pub max_attempts: u32,
    /// Seconds that one attempt may take, where the task says nothing.
    pub time_limit_seconds: u64,
    /// The time zone that is meant where none is named.
    pub time_zone: String,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self { workers: 16, max_attempts: 3, time_limit_seconds: 600, time_zone: "UTC".to_owned() }
    }
}
