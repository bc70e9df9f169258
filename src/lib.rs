//! OperatorOS: a headless gateway that orchestrates AI agents over one WebSocket.

// Floors, lowest first; a module imports only from lower ones. `tests/house_rules.rs` holds it.
pub mod config;
pub mod limits;
pub mod model;

pub mod provider;
pub mod store;

pub mod cli;
