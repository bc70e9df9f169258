//! The conversations that a connection follows: a handle, a watch and a place for each.

use std::{collections::HashMap, sync::Arc};

use crate::{
    conversation::{Handle, Place, Wake, Watch},
    limits,
    model::{ConversationId, Cursor, TurnId},
};

/// One conversation as this connection follows it.
pub(super) struct Follow {
    /// Keeps it in memory.
    pub(super) handle: Handle,
    /// Where this reader stands.
    pub(super) place: Place,
    /// The client waits to hear that its replay is over.
    pub(super) resuming: bool,
    /// It is followed to the end of this turn: nobody has asked for more.
    pub(super) until: Option<TurnId>,
    watch: Arc<Watch>,
}

impl Follow {
    /// Whatever comes from here on is news again.
    pub(super) fn clear(&self) {
        self.watch.clear();
    }

    /// Nothing more is to be shown once this turn has ended.
    pub(super) fn ends_with(&self, ended: Option<TurnId>) -> bool {
        self.until.is_some() && self.until == ended
    }
}

/// Everything that a connection follows.
pub(super) struct Follows {
    wake: Arc<Wake>,
    slots: Vec<Option<(ConversationId, Follow)>>,
    by_id: HashMap<ConversationId, u32>,
}

impl Follows {
    /// Follows nothing yet; news will arrive at `wake`.
    pub(super) fn new(wake: Arc<Wake>) -> Self {
        Self { wake, slots: Vec::new(), by_id: HashMap::new() }
    }

    /// Follows the conversation from `cursor` on; where it does already, only the place changes.
    /// False when there is no room.
    pub(super) fn follow(&mut self, id: ConversationId, handle: Handle, cursor: Cursor) -> bool {
        if let Some(follow) = self.get(id) {
            follow.place = Place::at(cursor);
            follow.until = None;
            follow.watch.mark();
            return true;
        }
        if self.by_id.len() >= limits::FOLLOWED_CONVERSATIONS_MAX {
            return false;
        }
        let free = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        let slot = u32::try_from(free).expect("limited by FOLLOWED_CONVERSATIONS_MAX");
        let watch = Arc::new(Watch::new(slot, self.wake.clone()));
        handle.feed().watch(watch.clone());
        // Whatever was shown before the watch was there is news, too.
        watch.mark();
        let follow =
            Follow { handle, place: Place::at(cursor), resuming: false, until: None, watch };
        match self.slots.get_mut(free) {
            Some(empty) => *empty = Some((id, follow)),
            None => self.slots.push(Some((id, follow))),
        }
        self.by_id.insert(id, slot);
        true
    }

    /// Follows it no further than to the end of that turn.
    pub(super) fn until(&mut self, id: ConversationId, turn: TurnId) {
        if let Some(follow) = self.get(id) {
            follow.until = Some(turn);
        }
    }

    /// Follows it further, where it was to be followed to the end of a turn only.
    pub(super) fn keep(&mut self, id: ConversationId) -> bool {
        self.get(id).map(|follow| follow.until = None).is_some()
    }

    /// Whatever is followed to the end of a turn only.
    pub(super) fn passing(&self) -> Vec<ConversationId> {
        let passing = self.slots.iter().flatten().filter(|(_, follow)| follow.until.is_some());
        passing.map(|(id, _)| *id).collect()
    }

    /// All of it.
    pub(super) fn ids(&self) -> Vec<ConversationId> {
        self.slots.iter().flatten().map(|(id, _)| *id).collect()
    }

    /// The conversation as it is followed.
    pub(super) fn get(&mut self, id: ConversationId) -> Option<&mut Follow> {
        let slot = *self.by_id.get(&id)?;
        self.at(slot).map(|(_, follow)| follow)
    }

    /// What is followed in this slot.
    pub(super) fn at(&mut self, slot: u32) -> Option<(ConversationId, &mut Follow)> {
        let (id, follow) = self.slots.get_mut(slot as usize)?.as_mut()?;
        Some((*id, follow))
    }

    /// Follows it no more.
    pub(super) fn drop(&mut self, id: ConversationId) {
        let Some(slot) = self.by_id.remove(&id) else { return };
        let follow = self.slots.get_mut(slot as usize).and_then(Option::take);
        if let Some((_, follow)) = follow {
            follow.handle.feed().unwatch(&follow.watch);
        }
        while let Some(None) = self.slots.last() {
            self.slots.pop();
        }
    }
}

impl Drop for Follows {
    fn drop(&mut self) {
        for (_, follow) in self.slots.iter().flatten() {
            follow.handle.feed().unwatch(&follow.watch);
        }
    }
}
