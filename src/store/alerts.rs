//! Alerts in the store: what users watch for, and the incidents there were.
//!
//! Invariants: an incident is marked exactly while it is unsettled; what was told of it or delivered
//! never becomes less, whichever record is written last; of each owner the newest are kept.

use std::ops::Range;

use super::{
    StoreError,
    keys::{self, key},
    kv::{Order, View},
    plan::Plan,
};
use crate::{
    limits::{INCIDENTS_KEPT_MAX, STORE_SCAN_ROWS},
    model::{Incident, IncidentId, UserId, Watch},
};

/// Kinds of record.
pub(super) const WATCH: u8 = b'W';
pub(super) const INCIDENT: u8 = b'I';
/// That an incident is unsettled.
const UNSETTLED: u8 = b'i';
/// In the place of a user's id, where an incident is the system's.
const SYSTEM: [u8; 16] = [0; 16];

fn watch_key(user: UserId, number: u64) -> Vec<u8> {
    key(WATCH, &[user.bytes(), &number.to_be_bytes()])
}

fn incident_key(kind: u8, owner: Option<UserId>, id: IncidentId) -> Vec<u8> {
    key(kind, &[owner_bytes(owner.as_ref()), id.bytes()])
}

fn owner_bytes(owner: Option<&UserId>) -> &[u8] {
    owner.map_or(SYSTEM.as_slice(), |user| user.bytes())
}

fn all_of(owner: Option<UserId>) -> Range<Vec<u8>> {
    keys::under(key(INCIDENT, &[owner_bytes(owner.as_ref())]))
}

impl Plan<'_> {
    pub(super) fn put_watch(&mut self, watch: &Watch) -> Result<(), StoreError> {
        self.put(&watch_key(watch.user, watch.number), &keys::encode(watch))
    }

    pub(super) fn forget_watch(&mut self, user: UserId, number: u64) -> Result<(), StoreError> {
        self.remove(&watch_key(user, number))
    }

    pub(super) fn put_incident(&mut self, incident: Incident) -> Result<(), StoreError> {
        let owner = incident.owner();
        let at = incident_key(INCIDENT, owner, incident.id);
        let old = keys::record::<Incident>(self, &at, "an incident")?;
        let incident = match &old {
            Some(old) => Incident {
                told: incident.told.max(old.told),
                delivered: incident.delivered.max(old.delivered),
                ..incident
            },
            None => incident,
        };
        let mark = incident_key(UNSETTLED, owner, incident.id);
        if incident.is_unsettled() {
            self.put(&mark, &[])?;
        } else {
            self.remove(&mark)?;
        }
        self.put(&at, &keys::encode(&incident))?;
        if old.is_none() { self.prune(owner) } else { Ok(()) }
    }

    /// So much of an incident was told or delivered; nothing where it is gone.
    pub(super) fn note_incident(
        &mut self,
        owner: Option<UserId>,
        id: IncidentId,
        note: impl FnOnce(&mut Incident),
    ) -> Result<(), StoreError> {
        let at = incident_key(INCIDENT, owner, id);
        match keys::record::<Incident>(self, &at, "an incident")? {
            Some(mut incident) => {
                note(&mut incident);
                self.put_incident(incident)
            }
            None => Ok(()),
        }
    }

    /// Forgets the oldest that are settled.
    fn prune(&mut self, owner: Option<UserId>) -> Result<(), StoreError> {
        let range = all_of(owner);
        let rows = INCIDENTS_KEPT_MAX + STORE_SCAN_ROWS;
        let kept = self.page(&range.start..&range.end, Order::Falling, rows)?;
        for (at, _) in kept.into_iter().skip(INCIDENTS_KEPT_MAX) {
            let id = IncidentId::from_bytes(keys::last_id(&at)?);
            if self.get(&incident_key(UNSETTLED, owner, id))?.is_none() {
                self.remove(&at)?;
            }
        }
        Ok(())
    }
}

/// All watches, by user.
pub(super) fn watches(view: &dyn View) -> Result<Vec<Watch>, StoreError> {
    let mut range = keys::under(vec![WATCH]);
    let mut watches = Vec::new();
    loop {
        let page = view.page(&range.start..&range.end, Order::Rising, STORE_SCAN_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(watches) };
        range.start = keys::next(last);
        for (key, first) in page {
            watches.push(keys::decode(&keys::join(view, &key, first)?, "a watch")?);
        }
    }
}

/// The incidents that a start must know of.
pub(super) fn unsettled(view: &dyn View) -> Result<Vec<Incident>, StoreError> {
    let mut range = keys::under(vec![UNSETTLED]);
    let mut found = Vec::new();
    loop {
        let page = view.page(&range.start..&range.end, Order::Rising, STORE_SCAN_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        range.start = keys::next(last);
        for (mark, _) in page {
            let at = key(INCIDENT, &[mark.get(1..).unwrap_or_default()]);
            let incident = keys::record(view, &at, "an incident")?;
            found.push(incident.ok_or(StoreError::Damaged("an unsettled incident"))?);
        }
    }
}

/// The owner's incidents, newest first.
pub(super) fn incidents(
    view: &dyn View,
    owner: Option<UserId>,
    rows: usize,
) -> Result<Vec<Incident>, StoreError> {
    let range = all_of(owner);
    let pairs = view.page(&range.start..&range.end, Order::Falling, rows)?;
    let read = |(key, first): (Vec<u8>, Vec<u8>)| {
        keys::decode(&keys::join(view, &key, first)?, "an incident")
    };
    pairs.into_iter().map(read).collect()
}
