//! Where the memory of the process goes: what each part says it takes, put together.
//!
//! Invariant: nothing is looked through for it that grows with what people do; whoever holds much
//! counts where that changes, or is reckoned by a number that is known.

use std::sync::Mutex;

use super::{gateway::Watched, history::History, lock};
use crate::{
    limits,
    model::{MemoryPart, MemoryParts, Vitals},
    store,
};

impl Watched {
    /// Each part as `MemoryPart` says how it is known.
    pub(super) fn memory(
        &self,
        vitals: &Vitals,
        store: &store::Health,
        history: &Mutex<History>,
    ) -> MemoryParts {
        let bytes = |bytes: usize| bytes as u64;
        let workshop = self.workshop();
        let connections = bytes(vitals.gauges.connections);
        let queues = workshop.pools.iter().map(|pool| pool.queue_bytes()).sum();
        let known = MemoryParts::default()
            .with(MemoryPart::Program, vitals.program_bytes.unwrap_or_default())
            .with(MemoryPart::Conversations, bytes(self.conversations_bytes()))
            .with(MemoryPart::Connections, connections * limits::CONNECTION_BYTES_USUAL)
            .with(MemoryPart::StoreCache, store.cache_bytes)
            .with(MemoryPart::StoreWaiting, bytes(store.waiting_bytes))
            .with(MemoryPart::Tasks, bytes(vitals.gauges.tasks_bytes))
            .with(MemoryPart::Queues, bytes(queues))
            .with(MemoryPart::Routing, bytes(workshop.router.load().memory_bytes()))
            .with(MemoryPart::History, bytes(lock(history).memory_bytes()));
        known.of_process(vitals.memory_bytes.unwrap_or_default())
    }
}
