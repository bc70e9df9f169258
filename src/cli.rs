//! The command line: what can be typed, and what it does.

mod args;
pub mod chat;
pub mod intent;
pub mod understand;

pub use args::{Chat, Cli, Command};
