//! Opens a data directory: ours, not in use, of a format we know, undamaged; or says why not.
//!
//! Invariant: what cannot be opened is left byte for byte as it was, up to
//! `limits::STORE_REHEARSED_BYTES_MAX` and while the disk has room for a copy. sled truncates and
//! rewrites what it does not understand, so all but a large database is first opened as a copy,
//! unless nobody has touched it since it was closed.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    embedded::{self, DATABASE, Embedded, FreeSpace, SLED_CONFIG, WATERMARK, sled_files},
    keys::FORMAT,
    quiet,
    reserve::Reserve,
    seal,
    watermark::Watermark,
};
use crate::limits::{STORE_READ_THROUGH_BYTES_MAX, STORE_REHEARSED_BYTES_MAX};

const MARKER: &str = "operatoros.json";
const MARKER_NEW: &str = "operatoros.json.new";
const LOCK: &str = "lock";
const REHEARSAL: &str = "rehearsal";

/// Why a data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path is a file.
    #[error("{0} is not a directory; name a directory for the data")]
    NotADirectory(PathBuf),
    /// Something else lives there.
    #[error(
        "{0} holds files that are not ours; name an empty directory, or one that OperatorOS made"
    )]
    Foreign(PathBuf),
    /// A newer version wrote it.
    #[error(
        "{dir} was written in format {found}, this version knows formats up to {known}; start the \
         newer version, or export there and import here"
    )]
    Newer {
        /// The directory.
        dir: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// Another process has it.
    #[error("{dir} is in use by process {pid}; stop that one first, or name another directory")]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// The other process, `?` where it does not say.
        pid: Box<str>,
    },
    /// It cannot be trusted.
    #[error(
        "the data in {dir} is damaged: {what}; put a backup in its place, or move it aside and \
         import an export into a new one"
    )]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The disk or its permissions.
    #[error("{dir} cannot be used: {source}; check that it can be written and has room")]
    Io {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
    /// The first start came to its end: from here on something must be there.
    made: bool,
}

/// Opens the directory, or makes it where there is none.
pub(super) fn open(dir: &Path, free: FreeSpace) -> Result<Embedded, OpenError> {
    if dir.exists() && !dir.is_dir() {
        return Err(OpenError::NotADirectory(dir.to_path_buf()));
    }
    let place = Place { dir };
    place.io(fs::create_dir_all(dir))?;
    place.must_be_ours()?;
    let claim = place.claim()?;
    let reserve = Reserve::of(dir.to_path_buf(), free);
    reserve.spend_if_full();
    let db;
    let watermark;
    if place.marker()?.made {
        watermark = Watermark::open(&dir.join(WATERMARK))
            .map_err(|_| place.damaged("its watermark is missing or unreadable"))?;
        place.inspect()?;
        if !seal::holds(dir, &place.io(embedded::sealed_files(dir))?) {
            place.rehearse(&watermark, &reserve)?;
        }
        place.io(seal::lift(dir))?;
        db = place.open_sled(dir, &watermark)?;
    } else {
        (db, watermark) = place.make()?;
    }
    place.io(Embedded::new(dir, db, watermark, claim, reserve))
}

struct Place<'a> {
    dir: &'a Path,
}

impl Place<'_> {
    fn io<T>(&self, result: io::Result<T>) -> Result<T, OpenError> {
        result.map_err(|source| OpenError::Io { dir: self.dir.to_path_buf(), source })
    }

    fn damaged(&self, what: &'static str) -> OpenError {
        OpenError::Damaged { dir: self.dir.to_path_buf(), what }
    }

    /// Before anything is written into it: an empty directory, or one with our marker.
    fn must_be_ours(&self) -> Result<(), OpenError> {
        if self.dir.join(MARKER).exists() {
            return Ok(());
        }
        for entry in self.io(fs::read_dir(self.dir))? {
            let name = self.io(entry)?.file_name();
            let name = name.to_string_lossy();
            // A first start that was cut short leaves the first two, a fresh volume the third.
            if ![LOCK, MARKER_NEW, "lost+found"].contains(&&*name) && !name.starts_with('.') {
                return Err(OpenError::Foreign(self.dir.to_path_buf()));
            }
        }
        Ok(())
    }

    fn claim(&self) -> Result<File, OpenError> {
        let path = self.dir.join(LOCK);
        let options = File::options().read(true).write(true).create(true).truncate(false).clone();
        let mut lock = self.io(options.open(path))?;
        match lock.try_lock() {
            Ok(()) => {
                // On a full disk the number may not fit; it is only for the message below.
                let pid = std::process::id().to_string();
                drop(lock.set_len(0).and_then(|()| lock.write_all(pid.as_bytes())));
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let said = lock.read_to_string(&mut pid).is_ok() && !pid.is_empty();
                let pid = if said { pid.into() } else { "?".into() };
                Err(OpenError::Locked { dir: self.dir.to_path_buf(), pid })
            }
            Err(TryLockError::Error(error)) => self.io(Err(error)),
        }
    }

    /// The marker; written where there is none yet.
    fn marker(&self) -> Result<Marker, OpenError> {
        let text = match fs::read(self.dir.join(MARKER)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let marker = Marker { format: FORMAT, made: false };
                self.io(self.mark(&marker))?;
                return Ok(marker);
            }
            Err(error) => return self.io(Err(error)),
        };
        let marker: Marker = serde_json::from_slice(&text)
            .map_err(|_| self.damaged("operatoros.json is unreadable"))?;
        if marker.format > FORMAT {
            let dir = self.dir.to_path_buf();
            return Err(OpenError::Newer { dir, found: marker.format, known: FORMAT });
        }
        Ok(marker)
    }

    fn mark(&self, marker: &Marker) -> io::Result<()> {
        let new = self.dir.join(MARKER_NEW);
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, marker)?;
        file.sync_all()?;
        fs::rename(new, self.dir.join(MARKER))?;
        File::open(self.dir)?.sync_all()
    }

    /// The first start, or one after a first start that was cut short: nothing was acknowledged.
    fn make(&self) -> Result<(sled::Db, Watermark), OpenError> {
        for path in self.io(sled_files(self.dir))? {
            self.io(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) })?;
        }
        let watermark = self.io(Watermark::create(&self.dir.join(WATERMARK)))?;
        let db = self.open_sled(self.dir, &watermark)?;
        self.io(db.flush().map_err(embedded::into_io))?;
        self.io(File::open(self.dir.join(DATABASE)).and_then(|file| file.sync_all()))?;
        self.io(self.mark(&Marker { format: FORMAT, made: true }))?;
        Ok((db, watermark))
    }

    /// What can be seen without sled. It would make anew what is missing.
    fn inspect(&self) -> Result<(), OpenError> {
        if !self.dir.join(DATABASE).is_file() {
            return Err(self.damaged("its file `db` is missing"));
        }
        if !fs::metadata(self.dir.join(SLED_CONFIG)).is_ok_and(|conf| conf.len() > 0) {
            return Err(self.damaged("its file `conf` is missing or empty"));
        }
        Ok(())
    }

    /// Opens a copy first, where that is cheap or there is doubt: sled changes a damaged original before it fails.
    fn rehearse(&self, watermark: &Watermark, reserve: &Reserve) -> Result<(), OpenError> {
        let copy = self.dir.join(REHEARSAL);
        if copy.exists() {
            self.io(fs::remove_dir_all(&copy))?;
        }
        let bytes = self.io(size(self.dir))?;
        let doubted = watermark.doubts(self.io(fs::metadata(self.dir.join(DATABASE)))?.len());
        if !doubted && (bytes > STORE_REHEARSED_BYTES_MAX || reserve.room_for(bytes).is_err()) {
            // A full disk must not keep anybody from reading.
            return Ok(());
        }
        self.io(reserve.room_for(bytes))?;
        let thorough = doubted || bytes <= STORE_READ_THROUGH_BYTES_MAX;
        let tried = self
            .io(copy_sled(self.dir, &copy))
            .and_then(|()| self.open_sled(&copy, watermark))
            .and_then(|db| if thorough { self.read_through(&db) } else { Ok(()) });
        self.io(fs::remove_dir_all(&copy))?;
        tried
    }

    fn read_through(&self, db: &sled::Db) -> Result<(), OpenError> {
        quietly(|| db.iter().all(|pair| pair.is_ok()))
            .filter(|whole| *whole)
            .map(drop)
            .ok_or_else(|| self.damaged("the database has unreadable pages"))
    }

    fn open_sled(&self, dir: &Path, watermark: &Watermark) -> Result<sled::Db, OpenError> {
        let opened = quietly(|| {
            let db = embedded::open_sled(dir)?;
            let commits = embedded::commits(&db)?;
            Ok((db, commits))
        });
        match opened {
            Some(Ok((db, commits))) if commits >= watermark.last() => Ok(db),
            Some(Ok(_)) => Err(self.damaged("the newest records are missing")),
            Some(Err(sled::Error::Io(error))) if error.raw_os_error().is_some() => {
                self.io(Err(error))
            }
            Some(Err(_)) | None => Err(self.damaged("the database cannot be read")),
        }
    }
}

/// What `step` returns; none where it panicked. The panic is not shown: an error follows.
fn quietly<T>(step: impl FnOnce() -> T) -> Option<T> {
    let _hush = quiet::hush();
    catch_unwind(AssertUnwindSafe(step)).ok()
}

fn size(dir: &Path) -> io::Result<u64> {
    let files = sled_files(dir)?;
    files.iter().try_fold(0, |sum, path| Ok(sum + fs::metadata(path)?.len()))
}

/// Copies what sled wrote. Its folder of blobs stays empty: no page of ours grows that large.
fn copy_sled(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for path in sled_files(from)? {
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
