//! OperatorOS: a headless gateway that orchestrates AI agents over one WebSocket.

// Floors, lowest first; a module imports only from lower ones. `tests/house_rules.rs` holds it.
pub mod config;
pub mod lifecycle;
pub mod limits;
pub mod model;

pub mod meter;

pub mod auth;
pub mod provider;
pub mod store;
pub mod tool;
pub mod wire;

pub mod budget;
pub mod intent;
pub mod pool;
pub mod route;

pub mod conversation;

pub mod monitor;
pub mod task;

pub mod alert;

pub mod operator;

pub mod connection;
pub mod http;

pub mod app;
pub mod cli;
pub mod telemetry;
