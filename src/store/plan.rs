//! Turns batches into changes of keys: what a group of them does to what is stored.
//!
//! Invariant: a batch that is refused leaves no trace in the plan; those after it go on.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Batch, Expect, StoreError, Turn, Write,
    drafts::Step,
    keys::{self, EXPIRY, KEY, OPEN},
    kv::{self, Changes, Order, Pair, View},
    tasks::{KeyedTask, TASK_EXPIRY, TASK_KEY},
};
use crate::{
    limits::{STORE_KEYS_PURGED_MAX, STORE_SCAN_ROWS},
    model::{Accepted, Account, Conversation, ConversationId, Spend, Timestamp, TurnId, UserId},
};

/// What a group will change, seen as if it had.
pub(super) struct Plan<'a> {
    stored: &'a dyn View,
    changes: Changes,
    /// What the batch at hand replaced in `changes`, to take it back.
    undo: Vec<(Vec<u8>, Option<Change>)>,
    /// What the batch at hand does to turns.
    steps: Vec<Step>,
    bytes: usize,
}

type Change = Option<Vec<u8>>;

/// What is kept under an idempotency key.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Keyed {
    pub(super) accepted: Accepted,
    pub(super) expires_at: Timestamp,
}

impl<'a> Plan<'a> {
    pub(super) fn over(stored: &'a dyn View) -> Self {
        Self { stored, changes: Changes::new(), undo: Vec::new(), steps: Vec::new(), bytes: 0 }
    }

    /// Roughly what the plan will write.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The changes, and the count of groups that they bring about.
    pub(super) fn into_changes(mut self) -> Result<Changes, StoreError> {
        let commits = self.get(keys::COMMITS)?.map_or(Ok(0), |n| keys::last_number(&n))?;
        self.put_raw(keys::COMMITS.to_vec(), Some((commits + 1).to_be_bytes().to_vec()));
        Ok(self.changes)
    }

    /// Adds a batch, whole or not at all. Tells what it does to turns.
    pub(super) fn add(&mut self, batch: Batch) -> Result<Vec<Step>, StoreError> {
        self.steps.clear();
        self.atomically(|plan| {
            plan.check(batch.expect)?;
            plan.belongs(&batch)?;
            plan.continues(&batch)?;
            batch.writes.into_iter().try_for_each(|write| plan.write(write))
        })?;
        Ok(std::mem::take(&mut self.steps))
    }

    /// Forgets some of the idempotency keys that have expired.
    pub(super) fn purge(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.atomically(|plan| {
            for (kept, expiring) in [(KEY, EXPIRY), (TASK_KEY, TASK_EXPIRY)] {
                let range = keys::expired(expiring, now);
                let due =
                    plan.page(&range.start..&range.end, Order::Rising, STORE_KEYS_PURGED_MAX)?;
                for (expiry, _) in due {
                    plan.remove(&keys::expiring(kept, &expiry))?;
                    plan.remove(&expiry)?;
                }
            }
            Ok(())
        })
    }

    fn atomically(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.undo.clear();
        let done = step(self);
        if done.is_err() {
            for (key, before) in std::mem::take(&mut self.undo).into_iter().rev() {
                match before {
                    Some(value) => self.changes.insert(key, value),
                    None => self.changes.remove(&key),
                };
            }
        }
        done
    }

    fn check(&self, expect: Expect) -> Result<(), StoreError> {
        let holds = match expect {
            Expect::Nothing => true,
            Expect::New(id) => self.conversation(id)?.is_none(),
            Expect::Epoch(id, epoch) => self.conversation(id)?.is_some_and(|c| c.epoch == epoch),
        };
        if holds { Ok(()) } else { Err(StoreError::Stale) }
    }

    /// A part begins only while there is a whole: what was deleted gets none behind its back.
    fn belongs(&self, batch: &Batch) -> Result<(), StoreError> {
        let Expect::New(id) = batch.expect else { return Ok(()) };
        let whole = batch.writes.iter().find_map(|write| match write {
            Write::Conversation(of) if of.id == id => of.part_of,
            _ => None,
        });
        match whole {
            Some(whole) if self.conversation(whole.conversation)?.is_none() => {
                Err(StoreError::Stale)
            }
            _ => Ok(()),
        }
    }

    /// A conversation's numbers go on where they were: what follows a batch that was refused is
    /// refused as well.
    fn continues(&self, batch: &Batch) -> Result<(), StoreError> {
        let Expect::Epoch(id, _) = batch.expect else { return Ok(()) };
        let is_new = |write: &&Write| matches!(write, Write::Event(e) if e.conversation == id);
        let events = batch.writes.iter().filter(is_new).count() as u64;
        let seq = batch.writes.iter().find_map(|write| match write {
            Write::Conversation(of) if of.id == id => Some(of.seq),
            _ => None,
        });
        let before = self.conversation(id)?.map(|stored| stored.seq);
        match (seq, before) {
            (Some(seq), Some(before)) if seq != before + events => Err(StoreError::Stale),
            _ => Ok(()),
        }
    }

    fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        keys::record(self, &keys::conversation(id), "a conversation")
    }

    fn turn(&self, id: TurnId) -> Result<Option<Turn>, StoreError> {
        keys::record(self, &keys::turn(id), "a turn")
    }

    fn write(&mut self, write: Write) -> Result<(), StoreError> {
        match write {
            Write::User(user) => self.put(&keys::user(user.id), &keys::encode(&user)),
            Write::Session(session) => {
                self.put(&keys::session(session.user), &keys::encode(&session))
            }
            Write::Conversation(conversation) => self.put_conversation(&conversation),
            Write::Message(message) => {
                self.put(&keys::message(message.conversation, message.id), &keys::encode(&message))
            }
            Write::Event(event) => {
                self.put(&keys::event(event.conversation, event.seq), &keys::encode(&*event))
            }
            Write::OpenTurn(turn) => {
                self.put(&keys::turn(turn.turn), &keys::encode(&turn))?;
                self.put(&keys::turn_of(turn.conversation, turn.turn), &[])?;
                self.steps.push(Step::Opened(turn.turn));
                self.put(&keys::open(turn.conversation, turn.turn), &[])
            }
            Write::CloseTurn(id) => match self.turn(id)? {
                Some(turn) => self.close(turn.conversation, id),
                None => Ok(()),
            },
            Write::Key { user, key, accepted, expires_at } => {
                self.put_key(user, &key, &Keyed { accepted, expires_at })
            }
            Write::Task(task) => self.put_task(&task),
            Write::TaskTold(id) => self.tell_task(id),
            Write::TaskKey { user, key, task, expires_at } => {
                self.put_task_key(user, &key, &KeyedTask { task, expires_at })
            }
            Write::Watch(watch) => self.put_watch(&watch),
            Write::ForgetWatch(user, number) => self.forget_watch(user, number),
            Write::Incident(incident) => self.put_incident(incident),
            Write::IncidentTold(user, id, news) => {
                self.note_incident(Some(user), id, |incident| incident.told = news)
            }
            Write::IncidentDelivered(id, news) => {
                self.note_incident(None, id, |incident| incident.delivered = news)
            }
            Write::Spend(account, spend) => self.add_spend(account, spend),
            Write::Delete(id) => self.delete(id),
        }
    }

    fn put_conversation(&mut self, new: &Conversation) -> Result<(), StoreError> {
        match self.conversation(new.id)? {
            Some(old) if old.user != new.user => self.remove(&keys::listed(old.user, old.id))?,
            _ => {}
        }
        match new.part_of {
            Some(whole) => self.put(&keys::part(whole.conversation, new.id), &[])?,
            None => self.put(&keys::listed(new.user, new.id), &[])?,
        }
        self.put(&keys::conversation(new.id), &keys::encode(new))
    }

    fn put_key(&mut self, user: UserId, given: &str, keyed: &Keyed) -> Result<(), StoreError> {
        let at = keys::idempotency(KEY, user, given);
        if let Some(old) = keys::record::<Keyed>(self, &at, "an idempotency key")? {
            self.remove(&keys::expiry(EXPIRY, old.expires_at, user, given))?;
        }
        self.put(&keys::expiry(EXPIRY, keyed.expires_at, user, given), &[])?;
        self.put(&at, &keys::encode(keyed))
    }

    fn add_spend(&mut self, account: Account, more: Spend) -> Result<(), StoreError> {
        let at = keys::spend(&account);
        let before = keys::record::<(Account, Spend)>(self, &at, "an account")?;
        let mut spend = before.map(|(_, spend)| spend).unwrap_or_default();
        spend += more;
        self.put(&at, &keys::encode(&(account, spend)))
    }

    fn close(&mut self, conversation: ConversationId, turn: TurnId) -> Result<(), StoreError> {
        self.steps.push(Step::Closed(turn));
        self.remove(&keys::open(conversation, turn))
    }

    fn delete(&mut self, id: ConversationId) -> Result<(), StoreError> {
        for (key, _) in self.all(&keys::of(keys::PART, id))? {
            self.delete(ConversationId::from_bytes(keys::last_id(&key)?))?;
        }
        if let Some(old) = self.conversation(id)? {
            self.remove(&keys::listed(old.user, id))?;
            if let Some(whole) = old.part_of {
                self.remove(&keys::part(whole.conversation, id))?;
            }
        }
        for (key, _) in self.all(&keys::of(keys::TURN_OF, id))? {
            let turn = TurnId::from_bytes(keys::last_id(&key)?);
            self.close(id, turn)?;
            self.remove(&keys::turn(turn))?;
        }
        for kind in [keys::TURN_OF, keys::MESSAGE, keys::EVENT, OPEN] {
            self.remove_all(&keys::of(kind, id))?;
        }
        self.remove(&keys::conversation(id))
    }

    fn all(&self, range: &Range<Vec<u8>>) -> Result<Vec<Pair>, StoreError> {
        let mut all = Vec::new();
        let mut from = range.start.clone();
        loop {
            let page = self.page(&from..&range.end, Order::Rising, STORE_SCAN_ROWS)?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            from = keys::next(last);
            // Of a value only its first two bytes matter here: they say how many pieces follow.
            all.extend(page.into_iter().map(|(key, value)| {
                (key, value.first_chunk::<2>().map_or_else(Vec::new, |head| head.to_vec()))
            }));
        }
    }

    fn remove_all(&mut self, range: &Range<Vec<u8>>) -> Result<(), StoreError> {
        for (key, first) in self.all(range)? {
            self.remove_pieces(&key, &first, 0)?;
        }
        Ok(())
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let pieces = keys::cut(value);
        if let Some(old) = self.get(key)? {
            self.remove_pieces(key, &old, pieces.len())?;
        }
        for (number, piece) in (0..).zip(pieces) {
            self.put_raw(keys::piece(key, number), Some(piece));
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Result<(), StoreError> {
        match self.get(key)? {
            Some(first) => self.remove_pieces(key, &first, 0),
            None => Ok(()),
        }
    }

    fn remove_pieces(&mut self, key: &[u8], first: &[u8], from: usize) -> Result<(), StoreError> {
        for number in (0..=keys::more(first)?).skip(from) {
            self.put_raw(keys::piece(key, number), None);
        }
        Ok(())
    }

    fn put_raw(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let before = self.changes.insert(key.clone(), value);
        self.undo.push((key, before));
    }
}

impl View for Plan<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(change) => Ok(change.clone()),
            None => self.stored.get(key),
        }
    }

    fn page(
        &self,
        range: Range<&[u8]>,
        order: Order,
        rows: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let Some(bounds) = kv::bounds(&range) else { return Ok(Vec::new()) };
        let changed: Vec<_> = self.changes.range::<[u8], _>(bounds).collect();
        // Every removal can take one stored pair out of the page, so that many more are read.
        let removed = changed.iter().filter(|(_, value)| value.is_none()).count();
        let stored = self.stored.page(range, order, rows.saturating_add(removed))?;
        if changed.is_empty() {
            return Ok(stored);
        }
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = stored.into_iter().collect();
        for (key, value) in changed {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(match order {
            Order::Rising => merged.into_iter().take(rows).collect(),
            Order::Falling => merged.into_iter().rev().take(rows).collect(),
        })
    }
}
