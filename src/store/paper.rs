//! What drafts are written on: a file beside the database, or memory for a store without one.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::limits::STORE_DRAFTS_WINDOW_BYTES;

const NAME: &str = "drafts";
const NAME_NEW: &str = "drafts.new";

/// Bytes at places.
pub(super) enum Paper {
    File(PathBuf, File),
    Memory(Vec<u8>),
}

impl Paper {
    /// The file in a directory that is claimed, made where it is missing.
    pub(super) fn in_dir(dir: &Path) -> io::Result<Self> {
        // A rewriting that was cut short leaves this; the whole file is still there.
        drop(fs::remove_file(dir.join(NAME_NEW)));
        let options = File::options().read(true).write(true).create(true).truncate(false).clone();
        Ok(Self::File(dir.to_path_buf(), options.open(dir.join(NAME))?))
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        match self {
            Self::File(_, file) => Ok(file.metadata()?.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Up to so many bytes from a place on; fewer where it ends before.
    pub(super) fn read(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::File(_, file) => {
                let mut read = vec![0; bytes];
                let mut filled = 0;
                while let Some(rest) = read.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                    match file.read_at(rest, at + filled as u64) {
                        Ok(0) => break,
                        Ok(more) => filled += more,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                read.truncate(filled);
                Ok(read)
            }
            Self::Memory(all) => {
                let rest = usize::try_from(at).ok().and_then(|at| all.get(at..));
                Ok(rest.unwrap_or_default().iter().copied().take(bytes).collect())
            }
        }
    }

    /// Writes at the end, which is `at`. In a file it then survives the process, not a power cut.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(_, file) => file.write_all_at(bytes, at),
            Self::Memory(all) => {
                all.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Forgets what lies behind a place.
    pub(super) fn cut(&mut self, at: u64) -> io::Result<()> {
        match self {
            Self::File(_, file) => file.set_len(at),
            Self::Memory(bytes) => {
                bytes.truncate(usize::try_from(at).unwrap_or(usize::MAX));
                Ok(())
            }
        }
    }

    /// An empty one, to take the place of this one.
    pub(super) fn another(&self) -> io::Result<Self> {
        match self {
            Self::File(dir, _) => {
                let options = File::options().read(true).write(true).create(true).clone();
                let file = options.clone().truncate(true).open(dir.join(NAME_NEW))?;
                Ok(Self::File(dir.clone(), file))
            }
            Self::Memory(_) => Ok(Self::Memory(Vec::new())),
        }
    }

    /// Puts `another` in the place of this one, at once.
    pub(super) fn replace(&mut self, new: Self) -> io::Result<()> {
        if let Self::File(dir, _) = &new {
            fs::rename(dir.join(NAME_NEW), dir.join(NAME))?;
        }
        *self = new;
        Ok(())
    }
}

/// Reads a paper forwards in large steps.
#[derive(Default)]
pub(super) struct Window {
    at: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Exactly so many bytes at a place; none where the paper ends before.
    pub(super) fn look(&mut self, paper: &Paper, at: u64, length: usize) -> Option<&[u8]> {
        let skipped = |window: &Self| usize::try_from(at.checked_sub(window.at)?).ok();
        let inside = |from: usize| from.saturating_add(length) <= self.bytes.len();
        if skipped(self).is_none_or(|from| !inside(from)) {
            self.bytes = paper.read(at, length.max(STORE_DRAFTS_WINDOW_BYTES)).ok()?;
            self.at = at;
        }
        self.bytes.get(skipped(self)?..)?.get(..length)
    }
}
