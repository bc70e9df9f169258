//! Frames of an answer's slices, encoded once for all readers who keep abreast.

use std::collections::VecDeque;

use crate::{limits, model::TurnId, wire::Frame};

/// Frames of slices that several readers at the same place can share.
#[derive(Debug, Default)]
pub struct SharedSlices {
    frames: VecDeque<(TurnId, u64, u64, Frame)>,
    /// Of the frames.
    bytes: usize,
    /// There is more than one reader, so keeping a frame can be of use.
    worthwhile: bool,
}

impl SharedSlices {
    /// What its frames take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// So many readers there are.
    pub(super) fn be_of_use_to(&mut self, readers: usize) {
        self.worthwhile = readers > 1;
    }

    /// The frame for these bytes of the answer, encoded at most once while readers keep abreast.
    pub fn frame(
        &mut self,
        turn: TurnId,
        (offset, end): (u64, u64),
        encode: impl FnOnce() -> Frame,
    ) -> Frame {
        let same = |(t, o, e, _): &&(TurnId, u64, u64, Frame)| (*t, *o, *e) == (turn, offset, end);
        if !self.worthwhile {
            return encode();
        }
        if let Some((.., frame)) = self.frames.iter().find(same) {
            return frame.clone();
        }
        let frame = encode();
        if self.frames.len() == limits::FEED_SHARED_SLICES_MAX {
            let oldest = self.frames.pop_front();
            self.bytes -= oldest.map_or(0, |(.., frame)| frame.len());
        }
        self.bytes += frame.len();
        self.frames.push_back((turn, offset, end, frame.clone()));
        frame
    }
}
