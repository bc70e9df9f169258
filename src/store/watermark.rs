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

const LENGTH: usize = 24;

/// The file that keeps the number, and how long the database's file was then.
pub(super) struct Watermark {
    file: File,
    last: AtomicU64,
    /// Bytes of the database's file when this was opened.
    length: u64,
}

impl Watermark {
    /// Makes the file with zero in it, durably.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(true).open(path)?;
        let made = Self { file, last: AtomicU64::new(0), length: 0 };
        made.raise(0, 0)?;
        made.file.sync_all()?;
        Ok(made)
    }

    /// Reads the file; `InvalidData` where it was not written by this.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let number = |at: usize| {
            let bytes = bytes.get(at..)?.first_chunk().copied()?;
            Some(u64::from_be_bytes(bytes))
        };
        let (Some(last), Some(length)) = (number(0), number(8)) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        if record(last, length).as_slice() != bytes {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let file = File::options().write(true).open(path)?;
        Ok(Self { file, last: AtomicU64::new(last), length })
    }

    /// The newest number that was acknowledged.
    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Whether a database file of this length deserves a closer look. sled shortens and lengthens
    /// it now and then without a commit, so this alone proves nothing.
    pub(super) fn doubts(&self, length: u64) -> bool {
        length < self.length || length >= self.length.saturating_mul(2).max(1)
    }

    /// Notes that this many groups have been acknowledged, in a file of so many bytes.
    pub(super) fn raise(&self, commits: u64, length: u64) -> io::Result<()> {
        self.file.write_all_at(&record(commits, length), 0)?;
        self.last.store(commits, Ordering::Relaxed);
        Ok(())
    }
}

fn record(commits: u64, length: u64) -> [u8; LENGTH] {
    let numbers = [commits.to_be_bytes(), length.to_be_bytes()].concat();
    let check = blake3::hash(&numbers);
    let mut record = [0; LENGTH];
    for (to, from) in record.iter_mut().zip(numbers.iter().chain(check.as_bytes())) {
        *to = *from;
    }
    record
}
