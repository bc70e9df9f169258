//! An engine without a disk: for tests, and the yardstick of the others.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use super::{
    StoreError,
    kv::{self, Changes, Kv, Order, Pair, View},
};

type Tree = BTreeMap<Vec<u8>, Vec<u8>>;

/// Everything in one map; none once it was closed.
pub(super) struct Memory(RwLock<Option<Tree>>);

impl Memory {
    pub(super) fn new() -> Self {
        Self(RwLock::new(Some(Tree::new())))
    }
}

impl Kv for Memory {
    fn view(&self) -> Result<Box<dyn View + '_>, StoreError> {
        let tree = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if tree.is_none() {
            return Err(StoreError::Closed);
        }
        Ok(Box::new(MemoryView(tree)))
    }

    fn apply(&self, changes: Changes) -> io::Result<()> {
        let mut tree = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let tree = tree.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        for (key, value) in changes {
            match value {
                Some(value) => tree.insert(key, value),
                None => tree.remove(&key),
            };
        }
        Ok(())
    }

    fn bytes(&self) -> Option<u64> {
        None
    }

    fn close(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

struct MemoryView<'a>(RwLockReadGuard<'a, Option<Tree>>);

impl View for MemoryView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.as_ref().ok_or(StoreError::Closed)?.get(key).cloned())
    }

    fn page(
        &self,
        range: Range<&[u8]>,
        order: Order,
        rows: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let Some(bounds) = kv::bounds(&range) else { return Ok(Vec::new()) };
        let tree = self.0.as_ref().ok_or(StoreError::Closed)?;
        let pairs = tree.range::<[u8], _>(bounds).map(|(key, value)| (key.clone(), value.clone()));
        Ok(match order {
            Order::Rising => pairs.take(rows).collect(),
            Order::Falling => pairs.rev().take(rows).collect(),
        })
    }
}
