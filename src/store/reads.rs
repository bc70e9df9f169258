//! The reads that are more than one record.

use std::{ops::Range, sync::Arc};

use super::{
    Page, StoreError, Turn,
    keys::{self, EVENT, LISTED, MESSAGE, OPEN, PART, SPEND},
    kv::{Order, View},
    plan::Keyed,
};
use crate::{
    limits::STORE_SCAN_ROWS,
    model::{
        Accepted, Account, Conversation, ConversationId, Day, Message, MessageId, Sequenced, Spend,
        Timestamp, TurnId, UserId,
    },
};

/// The user's conversations made before `before`, newest first.
pub(super) fn conversations(
    view: &dyn View,
    user: UserId,
    before: Option<ConversationId>,
    rows: usize,
) -> Result<Vec<Conversation>, StoreError> {
    let mut range = keys::under(keys::key(LISTED, &[user.bytes()]));
    if let Some(before) = before {
        range.end = keys::listed(user, before);
    }
    let listed = view.page(&range.start..&range.end, Order::Falling, rows)?;
    listed
        .iter()
        .map(|(key, _)| {
            let id = ConversationId::from_bytes(keys::last_id(key)?);
            keys::record(view, &keys::conversation(id), "a conversation")?
                .ok_or(StoreError::Damaged("a list of conversations"))
        })
        .collect()
}

/// The conversations that are part of this one; the marks alone are scanned.
pub(super) fn parts(
    view: &dyn View,
    of: ConversationId,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut range = keys::of(PART, of);
    let mut parts = Vec::new();
    loop {
        let page = view.page(&range.start..&range.end, Order::Rising, STORE_SCAN_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(parts) };
        range.start = keys::next(last);
        for (key, _) in &page {
            parts.push(ConversationId::from_bytes(keys::last_id(key)?));
        }
    }
}

/// `leaf` and what it follows, newest first.
pub(super) fn branch(
    view: &dyn View,
    conversation: ConversationId,
    leaf: MessageId,
    page: Page,
) -> Result<Vec<Message>, StoreError> {
    let mut branch = Vec::new();
    let mut room = page.bytes;
    let mut next = Some(leaf);
    while let Some(id) = next.filter(|_| branch.len() < page.rows) {
        let key = keys::message(conversation, id);
        let Some(message) = keys::record::<Message>(view, &key, "a message")? else { break };
        match room.checked_sub(message.text.len()) {
            Some(rest) => room = rest,
            None if branch.is_empty() => room = 0,
            None => break,
        }
        next = message.parent;
        branch.push(message);
    }
    Ok(branch)
}

/// Messages of all branches after `after`, oldest first.
pub(super) fn messages(
    view: &dyn View,
    conversation: ConversationId,
    after: Option<MessageId>,
    rows: usize,
) -> Result<Vec<Message>, StoreError> {
    let mut range = keys::of(MESSAGE, conversation);
    if let Some(after) = after {
        range.start = keys::next(&keys::message(conversation, after));
    }
    keys::records(view, &range, rows, "a message")
}

/// Events after `seq`.
pub(super) fn events(
    view: &dyn View,
    conversation: ConversationId,
    after: u64,
    rows: usize,
) -> Result<Vec<Arc<Sequenced>>, StoreError> {
    let mut range = keys::of(EVENT, conversation);
    range.start = keys::next(&keys::event(conversation, after));
    keys::records(view, &range, rows, "an event")
}

/// The ids of the open turns; the marks alone are scanned, so ended turns cost nothing.
pub(super) fn open_ids(
    view: &dyn View,
    of: Option<ConversationId>,
) -> Result<Vec<TurnId>, StoreError> {
    let mut range = of.map_or_else(|| keys::under(vec![OPEN]), |of| keys::of(OPEN, of));
    let mut open = Vec::new();
    loop {
        let page = view.page(&range.start..&range.end, Order::Rising, STORE_SCAN_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(open) };
        range.start = keys::next(last);
        for (key, _) in &page {
            open.push(TurnId::from_bytes(keys::last_id(key)?));
        }
    }
}

/// The open turns.
pub(super) fn open_turns(
    view: &dyn View,
    of: Option<ConversationId>,
) -> Result<Vec<Turn>, StoreError> {
    let turn = |id| {
        let turn = keys::record(view, &keys::turn(id), "a turn")?;
        turn.ok_or(StoreError::Damaged("a turn"))
    };
    open_ids(view, of)?.into_iter().map(turn).collect()
}

/// What a message with this key was answered, unless that has expired.
pub(super) fn keyed(
    view: &dyn View,
    key: &[u8],
    now: Timestamp,
) -> Result<Option<Accepted>, StoreError> {
    let keyed = keys::record::<Keyed>(view, key, "an idempotency key")?;
    Ok(keyed.filter(|keyed| keyed.expires_at > now).map(|keyed| keyed.accepted))
}

/// What was spent on these days, by this user or by everybody.
pub(super) fn spent(
    view: &dyn View,
    user: Option<UserId>,
    days: &Range<Day>,
) -> Result<Vec<(Account, Spend)>, StoreError> {
    let mut found = Vec::new();
    if let Some(user) = user {
        spent_by(view, user, days, &mut found)?;
        return Ok(found);
    }
    // From user to user, and with each to the first of these days: what is older is not touched.
    let mut range = keys::under(vec![SPEND]);
    while let Some((key, _)) = view.page(&range.start..&range.end, Order::Rising, 1)?.first() {
        let user = UserId::from_bytes(keys::first_id(key)?);
        spent_by(view, user, days, &mut found)?;
        range.start = keys::under(keys::key(SPEND, &[user.bytes()])).end;
    }
    Ok(found)
}

fn spent_by(
    view: &dyn View,
    user: UserId,
    days: &Range<Day>,
    found: &mut Vec<(Account, Spend)>,
) -> Result<(), StoreError> {
    let mut from = keys::spending_from(user, days.start);
    let end = keys::spending_from(user, days.end);
    loop {
        let page = view.page(&from..&end, Order::Rising, STORE_SCAN_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        from = keys::next(last);
        for (key, first) in page {
            found.push(keys::decode(&keys::join(view, &key, first)?, "an account")?);
        }
    }
}
