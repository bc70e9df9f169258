//! sled as an engine: durable groups, a disk that may be full, a database that may break.
//!
//! Invariants: only the writer's thread applies; what is acknowledged was synced by a descriptor of
//! our own, since sled's `flush` is no fsync; `flush_async` is never called (it hangs).

use std::{
    fs::{self, File, TryLockError},
    io,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    StoreError, keys,
    kv::{Changes, Kv, Order, Pair, View},
    reserve::Reserve,
    seal,
    watermark::Watermark,
};
use crate::limits::STORE_CACHE_BYTES;

/// The file in which sled keeps everything.
pub(super) const DATABASE: &str = "db";
/// What sled writes into its directory beside its snapshots.
pub(super) const SLED_CONFIG: &str = "conf";
const SLED_BLOBS: &str = "blobs";
const SLED_SNAPSHOT: &str = "snap.";
/// The file beside them that says how much they hold.
pub(super) const WATERMARK: &str = "watermark";
/// How often sled's lock is tried: its threads let go of it a moment after their database.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Tells how many bytes are free where a directory lies; a test tells something else.
pub(super) type FreeSpace = Box<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// A sled database in a directory that this process has claimed.
pub(super) struct Embedded {
    dir: PathBuf,
    state: RwLock<State>,
    /// sled met an error that it will not forget: it must be opened again before it can write.
    broken: AtomicBool,
    watermark: Watermark,
    reserve: Reserve,
    /// Keeps other processes out as long as it lives.
    claim: Mutex<Option<File>>,
}

enum State {
    Open { db: sled::Db, file: File },
    Unopenable,
    Closed,
}

impl Embedded {
    /// Takes over an opened database.
    pub(super) fn new(
        dir: &Path,
        db: sled::Db,
        watermark: Watermark,
        claim: File,
        reserve: Reserve,
    ) -> io::Result<Self> {
        let file = File::open(dir.join(DATABASE))?;
        reserve.set_aside();
        Ok(Self {
            dir: dir.to_path_buf(),
            state: RwLock::new(State::Open { db, file }),
            broken: AtomicBool::new(false),
            watermark,
            reserve,
            claim: Mutex::new(Some(claim)),
        })
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.state.write().unwrap_or_else(PoisonError::into_inner), state)
    }

    /// Opens sled again: once it has met an error it answers nothing but that, reads included.
    fn revive(&self) -> io::Result<()> {
        self.reserve.spend();
        // sled locks its file, so the old one has to go before the new one can come.
        let old = self.replace(State::Unopenable);
        drop(catch_unwind(AssertUnwindSafe(|| drop(old))));
        let db = open_sled(&self.dir).map_err(into_io)?;
        if commits(&db).map_err(into_io)? < self.watermark.last() {
            return Err(io::Error::other("acknowledged data is missing after a failed write"));
        }
        let file = File::open(self.dir.join(DATABASE))?;
        self.replace(State::Open { db, file });
        self.broken.store(false, Ordering::Relaxed);
        self.reserve.set_aside();
        Ok(())
    }

    fn write(&self, changes: Changes) -> io::Result<()> {
        let commits = changes
            .get(keys::COMMITS)
            .and_then(Option::as_ref)
            .and_then(|count| keys::last_number(count).ok());
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        {
            let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let State::Open { db, .. } = &*state else { return Err(gone()) };
            db.apply_batch(batch).map_err(into_io)?;
        }
        let state = self.state();
        let State::Open { db, file } = &*state else { return Err(gone()) };
        db.flush().map_err(into_io)?;
        file.sync_data()?;
        let length = file.metadata()?.len();
        commits.map_or(Ok(()), |commits| self.watermark.raise(commits, length))
    }
}

impl Embedded {
    /// Flushes and closes, and notes what the files look like then, so that the next start can
    /// trust them.
    fn end(&self, db: sled::Db, file: &File) -> io::Result<()> {
        db.flush().map_err(into_io)?;
        file.sync_data()?;
        drop(db);
        if self.broken.load(Ordering::Relaxed) {
            return Ok(());
        }
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return seal::put(&self.dir, &sealed_files(&self.dir)?),
                // Its threads may still write.
                Err(TryLockError::WouldBlock) => thread::park_timeout(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

impl Kv for Embedded {
    fn view(&self) -> Result<Box<dyn View + '_>, StoreError> {
        let state = self.state();
        match &*state {
            State::Open { .. } => Ok(Box::new(EmbeddedView(state))),
            State::Unopenable => Err(StoreError::Unwritable(Arc::new(gone()))),
            State::Closed => Err(StoreError::Closed),
        }
    }

    fn mend(&self) -> io::Result<()> {
        if self.broken.load(Ordering::Relaxed) { self.revive() } else { Ok(()) }
    }

    fn apply(&self, changes: Changes) -> io::Result<()> {
        let bytes: usize =
            changes.iter().map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len)).sum();
        self.reserve.room_for(4 * bytes as u64)?;
        self.reserve.set_aside();
        let written = catch_unwind(AssertUnwindSafe(|| self.write(changes)))
            .unwrap_or_else(|_| Err(io::Error::other("the database gave up while writing")));
        if written.is_err() {
            self.broken.store(true, Ordering::Relaxed);
            if let Err(error) = self.revive() {
                tracing::error!(%error, "the database could not be opened again");
            }
        }
        written
    }

    fn room_for(&self, bytes: u64) -> io::Result<()> {
        self.reserve.room_for(bytes)
    }

    fn bytes(&self) -> Option<u64> {
        match &*self.state() {
            State::Open { file, .. } => file.metadata().ok().map(|meta| meta.len()),
            State::Unopenable | State::Closed => None,
        }
    }

    fn free(&self) -> Option<u64> {
        self.reserve.free()
    }

    fn close(&self) {
        if let State::Open { db, file } = self.replace(State::Closed)
            && let Err(error) = self.end(db, &file)
        {
            tracing::warn!(%error, "the store could not be closed properly");
        }
        self.claim.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

struct EmbeddedView<'a>(RwLockReadGuard<'a, State>);

impl EmbeddedView<'_> {
    fn db(&self) -> Result<&sled::Db, StoreError> {
        match &*self.0 {
            State::Open { db, .. } => Ok(db),
            State::Unopenable | State::Closed => Err(StoreError::Closed),
        }
    }
}

impl View for EmbeddedView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.db()?.get(key).map_err(|error| unreadable(&error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn page(
        &self,
        range: Range<&[u8]>,
        order: Order,
        rows: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let pairs = self.db()?.range(range);
        let owned = |pair: Result<(sled::IVec, sled::IVec), sled::Error>| match pair {
            Ok((key, value)) => Ok((key.to_vec(), value.to_vec())),
            Err(error) => Err(unreadable(&error)),
        };
        match order {
            Order::Rising => pairs.take(rows).map(owned).collect(),
            Order::Falling => pairs.rev().take(rows).map(owned).collect(),
        }
    }
}

/// Opens sled in `dir`. It may panic on a damaged one.
pub(super) fn open_sled(dir: &Path) -> Result<sled::Db, sled::Error> {
    let config =
        sled::Config::new().path(dir).cache_capacity(STORE_CACHE_BYTES).flush_every_ms(Some(250));
    for _ in 1..LOCK_TRIES {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                thread::park_timeout(LOCK_PAUSE);
            }
            opened => return opened,
        }
    }
    config.open()
}

/// What sled keeps in a directory: its files and its folder.
pub(super) fn sled_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let ours = [DATABASE, SLED_CONFIG, SLED_BLOBS].iter().any(|known| name == **known);
        if ours || name.to_string_lossy().starts_with(SLED_SNAPSHOT) {
            files.push(dir.join(name));
        }
    }
    Ok(files)
}

/// What must not be touched while the database is closed.
pub(super) fn sealed_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = sled_files(dir)?;
    files.push(dir.join(WATERMARK));
    Ok(files)
}

/// How many durable groups a database holds.
pub(super) fn commits(db: &sled::Db) -> Result<u64, sled::Error> {
    Ok(db.get(keys::COMMITS)?.and_then(|count| keys::last_number(&count).ok()).unwrap_or(0))
}

/// What sled says, as what it means for a file.
pub(super) fn into_io(error: sled::Error) -> io::Error {
    match error {
        sled::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}

fn unreadable(error: &sled::Error) -> StoreError {
    tracing::error!(%error, "the database could not be read");
    StoreError::Damaged("the database")
}

fn gone() -> io::Error {
    io::Error::other("the database could not be opened again after a failed write")
}
