//! The text of answers that still grow: records at the end of a file beside the database.
//!
//! Invariants: only the writer's thread adds, in the order of the jobs, one write for a group and
//! none of them synced; a record checks itself, and what follows a damaged one is cut off; nothing
//! that goes wrong here keeps anybody from opening the store or from writing into it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
};

use super::paper::{Paper, Window};
use crate::{
    limits::{ANSWER_BYTES_MAX, STORE_DRAFTS_BYTES_MAX, STORE_DRAFTS_UNWRITTEN_MAX},
    model::TurnId,
};

/// Bytes of a record before its text: a checksum of the rest, the text's length and offset, a turn.
const HEAD: usize = 8 + 4 + 8 + 16;

/// What happens to turns, in the order of the jobs.
pub(super) enum Step {
    Opened(TurnId),
    Closed(TurnId),
    Slice(TurnId, u64, Box<str>),
}

/// Knows which turns are open, and where their text lies.
pub(super) struct Drafts {
    paper: Paper,
    open: HashSet<TurnId>,
    /// Of open turns, those with text.
    kept: HashMap<TurnId, Draft>,
    end: u64,
    /// Records that belong there and could not be written yet.
    unwritten: Vec<u8>,
    /// The length beyond which it is worth to leave out what has been forgotten.
    compact_at: u64,
    /// The newest write failed, and that was told.
    failing: bool,
    /// It is not known whether turns were opened or closed.
    doubted: bool,
}

#[derive(Default)]
struct Draft {
    length: u64,
    slices: Vec<Slice>,
}

/// Where the record of a slice begins, and how long its text is.
#[derive(Clone, Copy)]
struct Slice {
    at: u64,
    length: usize,
}

impl Draft {
    fn keep(&mut self, slice: Slice) {
        self.length += slice.length as u64;
        self.slices.push(slice);
    }
}

impl Drafts {
    /// Takes up what was written for the turns that are still open.
    pub(super) fn open(paper: Paper, open: Vec<TurnId>) -> Self {
        let mut drafts = Self {
            paper,
            open: open.into_iter().collect(),
            kept: HashMap::new(),
            end: 0,
            unwritten: Vec::new(),
            compact_at: STORE_DRAFTS_BYTES_MAX,
            failing: false,
            doubted: false,
        };
        if let Err(error) = drafts.load() {
            drafts.tell(&error);
        }
        drafts
    }

    fn load(&mut self) -> io::Result<()> {
        let length = self.paper.length()?;
        let mut window = Window::default();
        let mut ended = BTreeSet::new();
        while let Some((turn, offset, text)) = read(&self.paper, &mut window, self.end) {
            let slice = Slice { at: self.end, length: text };
            self.end += (HEAD + text) as u64;
            if self.open.contains(&turn) {
                self.take(turn, offset, slice);
            } else {
                ended.insert(turn);
            }
        }
        if self.kept.is_empty() {
            self.end = 0;
        }
        if length > self.end {
            self.paper.cut(self.end)?;
        }
        if self.end > 0 {
            // Should one of them be opened again, its text must not come back.
            let mut bytes = Vec::new();
            for turn in ended {
                record(&mut bytes, turn, 0, b"");
            }
            self.paper.write(self.end, &bytes)?;
            self.end += bytes.len() as u64;
        }
        Ok(())
    }

    /// Whether `know` has to be asked before the next `write`.
    pub(super) fn doubted(&self) -> bool {
        self.doubted
    }

    /// Believes that these turns are open and no others.
    pub(super) fn know(&mut self, open: Vec<TurnId>) {
        self.open = open.into_iter().collect();
        self.kept.retain(|turn, _| self.open.contains(turn));
        self.doubted = false;
    }

    /// Writes what a group brings about; `applied` where its batches were. `room` refuses where
    /// the disk is too full.
    pub(super) fn write(
        &mut self,
        steps: Vec<Step>,
        applied: bool,
        room: impl Fn(u64) -> io::Result<()>,
    ) {
        let mut bytes = std::mem::take(&mut self.unwritten);
        for step in steps {
            match step {
                Step::Slice(turn, offset, text) => {
                    self.add(turn, offset, text.as_bytes(), &mut bytes);
                }
                Step::Opened(turn) if applied => drop(self.open.insert(turn)),
                Step::Closed(turn) if applied => {
                    self.open.remove(&turn);
                    self.forget(turn, &mut bytes);
                }
                Step::Opened(_) | Step::Closed(_) => self.doubted = true,
            }
        }
        if bytes.is_empty() {
            return;
        }
        if self.kept.is_empty() && self.paper.cut(0).is_ok() {
            (self.end, self.compact_at) = (0, STORE_DRAFTS_BYTES_MAX);
            return;
        }
        let length = bytes.len() as u64;
        match room(length).and_then(|()| self.paper.write(self.end, &bytes)) {
            Ok(()) => {
                self.end += length;
                self.failing = false;
            }
            Err(error) => {
                self.tell(&error);
                self.unwritten = bytes;
                if self.unwritten.len() > STORE_DRAFTS_UNWRITTEN_MAX {
                    self.take_back();
                }
            }
        }
        if self.end > self.compact_at && self.unwritten.is_empty() {
            let compacted = room(self.end).and_then(|()| self.compact());
            self.compact_at = STORE_DRAFTS_BYTES_MAX.max(self.end.saturating_mul(2));
            if let Err(error) = compacted {
                self.tell(&error);
            }
        }
    }

    fn add(&mut self, turn: TurnId, offset: u64, text: &[u8], bytes: &mut Vec<u8>) {
        if !self.open.contains(&turn) || text.len() > ANSWER_BYTES_MAX {
            return;
        }
        if offset == 0 && text.is_empty() {
            return self.forget(turn, bytes);
        }
        let slice = Slice { at: self.end + bytes.len() as u64, length: text.len() };
        if self.take(turn, offset, slice) {
            record(bytes, turn, offset, text);
        }
    }

    fn forget(&mut self, turn: TurnId, bytes: &mut Vec<u8>) {
        if self.kept.remove(&turn).is_some() {
            record(bytes, turn, 0, b"");
        }
    }

    /// Keeps a slice of an open turn where it joins; one at the beginning starts over.
    fn take(&mut self, turn: TurnId, offset: u64, slice: Slice) -> bool {
        if offset == 0 {
            self.kept.remove(&turn);
        }
        let length = self.kept.get(&turn).map_or(0, |draft| draft.length);
        if slice.length == 0 || offset != length {
            return false;
        }
        self.kept.entry(turn).or_default().keep(slice);
        true
    }

    /// Gives up what could not be written.
    fn take_back(&mut self) {
        self.unwritten = Vec::new();
        self.kept.retain(|_, draft| {
            let written = draft.slices.partition_point(|slice| slice.at < self.end);
            draft.slices.truncate(written);
            draft.length = draft.slices.iter().map(|slice| slice.length as u64).sum();
            written > 0
        });
        // Half a record is cut off by the next start as well.
        drop(self.paper.cut(self.end));
    }

    fn tell(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(%error, "text of answers that still grow could not be kept for a crash");
        }
    }

    /// Copies what is still of use to a new file.
    fn compact(&mut self) -> io::Result<()> {
        let mut live: Vec<_> = self
            .kept
            .iter()
            .flat_map(|(turn, draft)| draft.slices.iter().map(|slice| (*turn, *slice)))
            .collect();
        live.sort_unstable_by_key(|(_, slice)| slice.at);
        let mut paper = self.paper.another()?;
        let mut window = Window::default();
        let mut kept = HashMap::<_, Draft>::with_capacity(self.kept.len());
        let (mut end, mut bytes) = (0, Vec::new());
        for (turn, slice) in live {
            let record = window.look(&self.paper, slice.at, HEAD + slice.length);
            let record = record.ok_or(io::ErrorKind::UnexpectedEof)?;
            let at = end + bytes.len() as u64;
            kept.entry(turn).or_default().keep(Slice { at, ..slice });
            bytes.extend_from_slice(record);
            if bytes.len() >= crate::limits::STORE_DRAFTS_WINDOW_BYTES {
                paper.write(end, &bytes)?;
                end += bytes.len() as u64;
                bytes.clear();
            }
        }
        paper.write(end, &bytes)?;
        self.paper.replace(paper)?;
        (self.kept, self.end) = (kept, end + bytes.len() as u64);
        Ok(())
    }

    /// The turns that have text, in the order of their ids.
    pub(super) fn turns(&self) -> Vec<TurnId> {
        let mut turns: Vec<_> = self.kept.keys().copied().collect();
        turns.sort_unstable();
        turns
    }

    /// The text of a turn in slices; those from one that cannot be read any more on are missing.
    pub(super) fn slices(&self, turn: TurnId) -> Vec<(u64, String)> {
        let Some(draft) = self.kept.get(&turn) else { return Vec::new() };
        let mut next = 0;
        let read = draft.slices.iter().map_while(|slice| {
            let record = self.paper.read(slice.at, HEAD + slice.length).ok()?;
            let (of, offset, text) = parse(&record)?;
            let text = str::from_utf8(text).ok().filter(|_| of == turn && offset == next)?;
            next += text.len() as u64;
            Some((offset, text.to_owned()))
        });
        read.collect()
    }
}

/// The record at a place: whose it is, its offset and the length of its text. None where there is
/// no whole one.
fn read(paper: &Paper, window: &mut Window, at: u64) -> Option<(TurnId, u64, usize)> {
    let head = window.look(paper, at, HEAD)?;
    let length = head.get(8..)?.first_chunk().copied().map(u32::from_be_bytes)?;
    let length = usize::try_from(length).ok().filter(|length| *length <= ANSWER_BYTES_MAX)?;
    let (turn, offset, text) = parse(window.look(paper, at, HEAD + length)?)?;
    Some((turn, offset, text.len()))
}

fn record(to: &mut Vec<u8>, turn: TurnId, offset: u64, text: &[u8]) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let body = [&length[..], &offset.to_be_bytes(), turn.bytes(), text].concat();
    to.extend(blake3::hash(&body).as_bytes().iter().take(8));
    to.extend_from_slice(&body);
}

fn parse(record: &[u8]) -> Option<(TurnId, u64, &[u8])> {
    let (check, body) = record.split_first_chunk::<8>()?;
    let (length, rest) = body.split_first_chunk()?;
    let (offset, rest) = rest.split_first_chunk()?;
    let (turn, text) = rest.split_first_chunk()?;
    let whole = u64::from(u32::from_be_bytes(*length)) == text.len() as u64
        && blake3::hash(body).as_bytes().first_chunk() == Some(check);
    whole.then(|| (TurnId::from_bytes(*turn), u64::from_be_bytes(*offset), text))
}

#[cfg(test)]
mod tests;
