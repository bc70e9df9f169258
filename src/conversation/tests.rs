//! Tests of conversations: what readers see, in which order, and what outlives a failure.

mod accept;
mod client;
mod cursor;
mod durable;
mod gate;
mod hedging;
mod held;
mod life;
mod metering;
mod panel;
mod play;
mod reload;
mod script;
mod specialists;
mod spending;
pub(crate) mod stage;
mod tool_use;
