//! Conversations: one writer each, which puts turns in order and shows them to readers.
//!
//! Invariants: one writer per conversation; an event is durable before anyone sees it; every
//! accepted turn ends exactly once; no writer waits for a reader, and no reader for a turn.

mod accept;
mod catchup;
mod command;
mod ending;
mod feed;
mod fork;
mod held;
mod history;
mod keys;
mod note;
mod pace;
mod recovery;
mod registry;
mod routing;
mod running;
mod slices;
mod span;
mod specialists;
mod spending;
#[cfg(test)]
pub(crate) mod tests;
mod title;
mod tool_use;
mod turns;
mod wake;
mod writer;

use std::sync::Arc;

use arc_swap::ArcSwap;
pub use catchup::{Catchup, Snapshot, catch_up, snapshot};
pub use command::{
    Ask, Branch, Change, Done, Ended, Executed, IfBusy, Parent, Refusal, Sent, Told, Tour,
};
pub use ending::{Ending, TurnEnd};
pub use feed::{Feed, Growth, Place, Reader, Reading, Shown, read_caught_up};
pub use recovery::recover_all;
pub use registry::{Handle, Outcome, Registry};
pub use running::over_budget;
pub use slices::SharedSlices;
pub use span::{command_span, part_span, turn_span};
pub use specialists::Part;
pub use spending::{Voice, recall_budgets, recall_spending};
pub use wake::{Wake, Watch};

use crate::{
    budget::Ledger, lifecycle::Lifecycle, model::Clock, pool::Pools, provider::Prices,
    route::Router, store::Store,
};

/// What every conversation works with.
#[derive(Clone)]
pub struct Workshop {
    /// Keeps it.
    pub store: Arc<dyn Store>,
    /// Finds who answers it, as the settings are now.
    pub router: Arc<ArcSwap<Router>>,
    /// Answers it.
    pub pools: Pools,
    /// Prices it.
    pub prices: Arc<ArcSwap<Prices>>,
    /// Knows what may still be spent on it.
    pub ledger: Ledger,
    /// Tells the time.
    pub clock: Clock,
    /// Starts and stops it.
    pub lifecycle: Lifecycle,
}
