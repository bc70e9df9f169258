//! How many groups were acknowledged, beside the database: so that a start notices if some are gone.
//!
//! Written without a sync of its own, after the group was synced: a crash of the machine may leave
//! an older number, never a newer one than the database can hold.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

const LENGTH: usize = 16;

/// The file that keeps the number.
pub(super) struct Watermark {
    file: File,
    last: AtomicU64,
}

impl Watermark {
    /// Makes the file with zero in it, durably.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(true).open(path)?;
        let made = Self { file, last: AtomicU64::new(0) };
        made.raise(0)?;
        made.file.sync_all()?;
        Ok(made)
    }

    /// Reads the file; `InvalidData` where it was not written by this.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let last = bytes.first_chunk().copied().map(u64::from_be_bytes);
        let last = last.filter(|last| record(*last).as_slice() == bytes);
        let last = last.ok_or(io::ErrorKind::InvalidData)?;
        let file = File::options().write(true).open(path)?;
        Ok(Self { file, last: AtomicU64::new(last) })
    }

    /// The newest number that was acknowledged.
    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Notes that this many groups have been acknowledged.
    pub(super) fn raise(&self, commits: u64) -> io::Result<()> {
        self.file.write_all_at(&record(commits), 0)?;
        self.last.store(commits, Ordering::Relaxed);
        Ok(())
    }
}

fn record(commits: u64) -> [u8; LENGTH] {
    let number = commits.to_be_bytes();
    let check = blake3::hash(&number);
    let mut record = [0; LENGTH];
    for (to, from) in record.iter_mut().zip(number.iter().chain(check.as_bytes())) {
        *to = *from;
    }
    record
}
