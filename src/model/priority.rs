//! How soon something is wanted.

use serde::{Deserialize, Serialize};

/// How soon something is wanted, from the last to the first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nothing else waits.
    Low,
    /// In its turn.
    #[default]
    Normal,
    /// Before what is normal.
    High,
    /// Before everything.
    Urgent,
}

impl Priority {
    /// All of them, from the first to the last.
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];
}
