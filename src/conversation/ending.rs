//! Waiting for the end of a turn, as one more reader of its conversation.

use std::sync::Arc;

use super::{
    Handle, Place, Reader, Reading, Wake, Watch,
    feed::{Growth, Shown},
    slices::SharedSlices,
};
use crate::model::{Sequenced, Timestamp, TurnId};

/// Reads a conversation for the end of a turn, from when it was made.
pub struct Ending {
    handle: Handle,
    wake: Arc<Wake>,
    watch: Arc<Watch>,
    place: Place,
}

/// How a turn ended.
#[derive(Debug, Clone)]
pub struct TurnEnd {
    /// The event that ended it.
    pub event: Arc<Sequenced>,
    /// The whole answer.
    pub answer: Arc<str>,
}

impl Ending {
    /// Reads from here on. Made before the turn is asked for, it misses nothing.
    pub fn watch(handle: &Handle) -> Self {
        let wake = Arc::new(Wake::default());
        let watch = Arc::new(Watch::new(0, wake.clone()));
        handle.feed().watch(watch.clone());
        let place = Place::at(handle.feed().end());
        Self { handle: handle.clone(), wake, watch, place }
    }

    /// Resolves when the turn has ended; `None` where the conversation ends before it.
    pub async fn of(mut self, turn: TurnId) -> Option<TurnEnd> {
        let mut seen = Seen { turn, end: None };
        loop {
            self.watch.clear();
            let reading = self.handle.feed().read(&mut self.place, &mut seen);
            if seen.end.is_some() {
                return seen.end;
            }
            match reading {
                Reading::UpToDate => self.wake.arrived().await,
                Reading::More => {}
                Reading::Behind | Reading::Gone | Reading::Lost => return None,
            }
            self.wake.take(&mut Vec::new());
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.handle.feed().unwatch(&self.watch);
    }
}

struct Seen {
    turn: TurnId,
    end: Option<TurnEnd>,
}

impl Reader for Seen {
    fn event(&mut self, shown: &Shown) {
        if shown.event.event.ends().is_some_and(|(turn, _)| turn == self.turn) {
            let answer = shown.answer.clone().unwrap_or_default();
            self.end = Some(TurnEnd { event: shown.event.clone(), answer });
        }
    }

    fn text(&mut self, growth: &Growth<'_>, _shared: &mut SharedSlices) -> usize {
        growth.text.len()
    }

    fn position(&mut self, _turn: TurnId, _position: u64, _at: Timestamp) {}

    fn full(&self) -> bool {
        false
    }
}
