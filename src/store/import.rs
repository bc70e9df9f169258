//! Reads an export into an empty store.

use std::io::{self, BufRead, Read};

use super::{
    Batch, Counts, Expect, LocalStore, Store, StoreError, Write,
    export::{FORMAT, Line, VERSION},
    kv::Order,
};
use crate::limits::{IMPORT_LINE_BYTES_MAX, STORE_GROUP_BYTES_MAX, STORE_SCAN_ROWS};

/// Why an export was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store holds something already.
    #[error("the store is not empty; import into a new data directory")]
    NotEmpty,
    /// The first line is not the head of an export.
    #[error("this is not an export of OperatorOS; nothing was imported")]
    NotAnExport,
    /// A newer version wrote it.
    #[error(
        "the export has version {found}, this program knows versions up to {VERSION}; import it \
         with the version that wrote it"
    )]
    Newer {
        /// The export's version.
        found: u32,
    },
    /// A line is no record, or longer than `limits::IMPORT_LINE_BYTES_MAX`.
    #[error(
        "line {line} cannot be read; what came before it was imported: remove the new data \
         directory and import a whole export"
    )]
    Line {
        /// Counted from 1.
        line: u64,
    },
    /// The last line is missing.
    #[error(
        "the export breaks off after line {line}; what is there was imported: remove the new data \
         directory and import a whole export"
    )]
    BreaksOff {
        /// Counted from 1.
        line: u64,
    },
    /// Lines were changed or removed since the export.
    #[error(
        "the export does not match its checksum, so lines of it were changed or lost: remove the \
         new data directory and import an undamaged export"
    )]
    Checksum,
    /// Something follows the last line.
    #[error("the export goes on after its end: remove the new data directory and look at the file")]
    Trailing,
    /// The store failed.
    #[error("the import stopped: {0}; remove the new data directory and import again")]
    Store(#[from] StoreError),
    /// The export could not be read.
    #[error("the export cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Takes an export into an empty store. Blocks while it reads. An error after the first line
/// leaves an incomplete store behind.
pub async fn import(store: &LocalStore, from: &mut impl BufRead) -> Result<Counts, ImportError> {
    let mut lines = Lines { from, hash: blake3::Hasher::new(), number: 0 };
    match lines.next() {
        Ok(Some((Line::Head { format, version }, _))) if &*format == FORMAT => {
            if version > VERSION {
                return Err(ImportError::Newer { found: version });
            }
        }
        Err(ImportError::Io(error)) => return Err(error.into()),
        _ => return Err(ImportError::NotAnExport),
    }
    if !store.look(|view| view.page(&[0]..&[u8::MAX], Order::Rising, 1))?.is_empty() {
        return Err(ImportError::NotEmpty);
    }
    let mut counts = Counts::default();
    let mut pending = Pending { store, writes: Vec::new(), lines: 0, bytes: 0 };
    loop {
        let before = lines.hash.finalize();
        let Some((line, bytes)) = lines.next()? else {
            return Err(ImportError::BreaksOff { line: lines.number });
        };
        counts.add(&line);
        if let Line::End { records, blake3 } = line {
            pending.write().await?;
            let whole = records == counts.records() && *before.to_hex() == *blake3;
            return match lines.next() {
                _ if !whole => Err(ImportError::Checksum),
                Ok(None) => Ok(counts),
                _ => Err(ImportError::Trailing),
            };
        }
        if !pending.take(line, bytes).await? {
            return Err(ImportError::Line { line: lines.number });
        }
    }
}

struct Lines<'a, R> {
    from: &'a mut R,
    hash: blake3::Hasher,
    number: u64,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next line and its bytes; none at the end of the file.
    fn next(&mut self) -> Result<Option<(Line, usize)>, ImportError> {
        let mut text = Vec::new();
        let most = IMPORT_LINE_BYTES_MAX as u64 + 1;
        self.from.by_ref().take(most).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        self.hash.update(&text);
        match serde_json::from_slice(&text) {
            Ok(line) if text.ends_with(b"\n") => Ok(Some((line, text.len()))),
            _ => Err(ImportError::Line { line: self.number }),
        }
    }
}

/// What has been read and not yet handed to the store.
struct Pending<'a> {
    store: &'a LocalStore,
    writes: Vec<Write>,
    lines: usize,
    bytes: usize,
}

impl Pending<'_> {
    /// Takes a record; false where it is none.
    async fn take(&mut self, line: Line, bytes: usize) -> Result<bool, StoreError> {
        match line {
            Line::Head { .. } | Line::End { .. } => return Ok(false),
            Line::User(user) => self.writes.push(Write::User(user)),
            Line::Session(session) => self.writes.push(Write::Session(session)),
            Line::Conversation(record) => self.writes.push(Write::Conversation(record)),
            Line::Message(message) => self.writes.push(Write::Message(message)),
            Line::Event(event) => self.writes.push(Write::Event(event.into())),
            Line::Turn { turn, open } => {
                let close = (!open).then_some(Write::CloseTurn(turn.turn));
                self.writes.push(Write::OpenTurn(turn));
                self.writes.extend(close);
            }
            Line::Checkpoint { turn, offset, text } => {
                // It is kept only for a turn that is known to be open, so the turns go first.
                if !self.writes.is_empty() {
                    self.write().await?;
                }
                if !self.store.checkpoint(turn, offset, &text) {
                    return Err(StoreError::Busy);
                }
            }
            Line::Key { user, key, accepted, expires_at } => {
                let key = key.into();
                self.writes.push(Write::Key { user, key, accepted, expires_at });
            }
            Line::Task(task) => self.writes.push(Write::Task(task)),
            Line::TaskKey { user, key, task, expires_at } => {
                self.writes.push(Write::TaskKey { user, key: key.into(), task, expires_at });
            }
            Line::Watch(watch) => self.writes.push(Write::Watch(watch)),
            Line::Incident(incident) => self.writes.push(Write::Incident(incident)),
            Line::Spend { account, spend } => self.writes.push(Write::Spend(account, spend)),
        }
        self.lines += 1;
        self.bytes += bytes;
        if self.lines >= STORE_SCAN_ROWS || self.bytes >= STORE_GROUP_BYTES_MAX {
            self.write().await?;
        }
        Ok(true)
    }

    /// Waits until all of it is durable, so that the queue cannot fill.
    async fn write(&mut self) -> Result<(), StoreError> {
        (self.lines, self.bytes) = (0, 0);
        let writes = std::mem::take(&mut self.writes);
        self.store.commit(Batch { expect: Expect::Nothing, writes }).await
    }
}
