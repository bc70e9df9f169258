//! Where the memory of the process goes, as far as that is known.

/// What takes memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryPart {
    /// The program itself, with the vectors of words: pages of its file, as the kernel counts them.
    Program,
    /// Conversations in memory: their writers, newest events, and answers that grow. Counted where
    /// it changes; what a model is being asked, and names in events, are left out.
    Conversations,
    /// Open connections, as many times as one costs by measuring a thousand.
    Connections,
    /// The store's cache of pages: its bound, or what is on disk where that is less.
    StoreCache,
    /// What waits to be written: the jobs of the store's writer with the text of checkpoints.
    StoreWaiting,
    /// Background tasks that wait or run, as many times as a place in their order takes.
    Tasks,
    /// Turns and tasks that wait for a worker, as many times as a place in a queue takes.
    Queues,
    /// The index of words, and what was fitted for each pool and agent.
    Routing,
    /// What was measured in the last day.
    History,
    /// The rest: the allocator's own, buffers, stacks, providers' connections.
    Other,
}

impl MemoryPart {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Program,
        Self::Conversations,
        Self::Connections,
        Self::StoreCache,
        Self::StoreWaiting,
        Self::Tasks,
        Self::Queues,
        Self::Routing,
        Self::History,
        Self::Other,
    ];

    /// As frames and metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Conversations => "conversations",
            Self::Connections => "connections",
            Self::StoreCache => "store_cache",
            Self::StoreWaiting => "store_waiting",
            Self::Tasks => "tasks",
            Self::Queues => "queues",
            Self::Routing => "routing",
            Self::History => "history",
            Self::Other => "other",
        }
    }

    /// It is reckoned from a number of things, or from a bound, and not counted.
    pub fn is_estimated(self) -> bool {
        matches!(self, Self::Connections | Self::StoreCache | Self::Tasks | Self::Queues)
    }

    /// As people are told of it.
    pub fn words(self) -> String {
        let name = self.name().replace('_', " ");
        if self.is_estimated() { format!("{name} (estimated)") } else { name }
    }
}

/// Bytes of each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryParts([u64; MemoryPart::ALL.len()]);

impl MemoryParts {
    /// A part takes that much.
    #[must_use]
    pub fn with(mut self, part: MemoryPart, bytes: u64) -> Self {
        if let Some(known) = self.0.get_mut(part as usize) {
            *known = bytes;
        }
        self
    }

    /// Whatever of the process is in no part is the rest.
    #[must_use]
    pub fn of_process(self, bytes: u64) -> Self {
        let known: u64 = self.with(MemoryPart::Other, 0).0.iter().sum();
        self.with(MemoryPart::Other, bytes.saturating_sub(known))
    }

    /// Each part that takes any, in the order of `MemoryPart::ALL`.
    pub fn iter(&self) -> impl Iterator<Item = (MemoryPart, u64)> {
        let all = MemoryPart::ALL.iter().copied().zip(self.0);
        all.filter(|(_, bytes)| *bytes > 0)
    }

    /// The same, those that take most first.
    pub fn largest(&self) -> Vec<(MemoryPart, u64)> {
        let mut parts: Vec<_> = self.iter().collect();
        parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_never_negative_and_the_largest_comes_first() {
        let parts = MemoryParts::default()
            .with(MemoryPart::Program, 30)
            .with(MemoryPart::Conversations, 50);
        for (process, other) in [(100, 20), (80, 0), (10, 0)] {
            // What was the rest before counts for nothing.
            let whole = parts.of_process(7_000).of_process(process);
            let rest = whole.iter().find(|(part, _)| *part == MemoryPart::Other);
            assert_eq!(rest.map_or(0, |(_, bytes)| bytes), other);
            let largest = whole.largest();
            assert_eq!(largest[0], (MemoryPart::Conversations, 50));
        }
        for (at, part) in MemoryPart::ALL.iter().enumerate() {
            assert_eq!(*part as usize, at);
        }
    }
}
