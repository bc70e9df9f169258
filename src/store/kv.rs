//! What the store needs of an engine: ordered keys, one atomic write, one flush.
//!
//! Invariant: an engine knows no record; it moves bytes.

use std::{
    collections::BTreeMap,
    io,
    ops::{Bound, Range},
};

use super::StoreError;

/// Writes that are applied together: a value to keep, or none to forget.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// A range as a `BTreeMap` over slices wants it.
pub(super) type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// Which end of a range comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Rising,
    Falling,
}

/// Keeps keys in order.
pub(super) trait Kv: Send + Sync + 'static {
    /// The state between two `apply`s; while it is held nothing is applied, so it must be short.
    fn view(&self) -> Result<Box<dyn View + '_>, StoreError>;

    /// Called before a group is planned: heals what an earlier failure broke, where it can.
    fn mend(&self) -> io::Result<()> {
        Ok(())
    }

    /// Applies all or nothing; returns once it would survive a power cut.
    fn apply(&self, changes: Changes) -> io::Result<()>;

    /// `StorageFull` where so many bytes beside the engine's own would leave too little free.
    fn room_for(&self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }

    /// Bytes on disk, where there is one.
    fn bytes(&self) -> Option<u64>;

    /// Bytes free where it is written, where that can be told.
    fn free(&self) -> Option<u64> {
        None
    }

    /// Flushes and lets go of everything; later views answer `StoreError::Closed`.
    fn close(&self);
}

/// A consistent state.
pub(super) trait View {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The first `rows` pairs of a range.
    fn page(&self, range: Range<&[u8]>, order: Order, rows: usize)
    -> Result<Vec<Pair>, StoreError>;
}

/// The bounds of a range; none where it is empty, which would panic there.
pub(super) fn bounds<'a>(range: &Range<&'a [u8]>) -> Option<Bounds<'a>> {
    (range.start < range.end).then_some((Bound::Included(range.start), Bound::Excluded(range.end)))
}
