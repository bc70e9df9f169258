//! A file that is given up when the disk is full: sled must write a little even to be read.

use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use super::embedded::FreeSpace;
use crate::limits::{STORE_FREE_BYTES_MIN, STORE_RESERVE_BYTES};

const NAME: &str = "reserve";

/// The room that is kept for opening sled on a full disk.
pub(super) struct Reserve {
    dir: PathBuf,
    free: FreeSpace,
    /// Nothing is set aside.
    missing: AtomicBool,
}

impl Reserve {
    pub(super) fn of(dir: PathBuf, free: FreeSpace) -> Self {
        let there =
            fs::metadata(dir.join(NAME)).is_ok_and(|meta| meta.len() == STORE_RESERVE_BYTES);
        Self { dir, free, missing: AtomicBool::new(!there) }
    }

    /// Bytes free on the disk.
    pub(super) fn free(&self) -> Option<u64> {
        (self.free)(&self.dir).ok()
    }

    /// `StorageFull` unless so many bytes can be written and enough stays free.
    pub(super) fn room_for(&self, bytes: u64) -> io::Result<()> {
        // One statvfs costs a microsecond, the flush that follows a thousand: no need to cache it.
        if (self.free)(&self.dir)? < STORE_FREE_BYTES_MIN.saturating_add(bytes) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Sets the room aside, again where it was spent; without effect where there is none.
    pub(super) fn set_aside(&self) {
        if !self.missing.load(Ordering::Relaxed) || self.room_for(STORE_RESERVE_BYTES).is_err() {
            return;
        }
        // Written, not only lengthened: a hole would set nothing aside.
        let filling = usize::try_from(STORE_RESERVE_BYTES).map(|length| vec![0xa5; length]);
        match fs::write(self.path(), filling.unwrap_or_default()) {
            Ok(()) => self.missing.store(false, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(%error, "no room could be set aside for a full disk");
                self.spend();
            }
        }
    }

    /// Gives the room up where the disk is full.
    pub(super) fn spend_if_full(&self) {
        if self.room_for(0).is_err() {
            self.spend();
        }
    }

    /// Gives the room up.
    pub(super) fn spend(&self) {
        self.missing.store(true, Ordering::Relaxed);
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the room set aside could not be given up");
            }
            _ => {}
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.join(NAME)
    }
}
