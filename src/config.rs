//! Settings: defaults, then `operatoros.toml`, then the environment, then flags; read once.
//!
//! Invariant: later code cannot meet a bad value; nothing else reads the environment.

mod settings;

pub use settings::{
    Effort, LogFormat, OfflineSettings, PoolSettings, Price, ProviderKind, ProviderSettings,
    Restart, Settings,
};
