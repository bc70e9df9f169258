//! Where each record lies and how it is written.
//!
//! One ordered tree holds everything; a key's first byte says what kind it is, so that one batch
//! can change all kinds at once. Numbers are big-endian, so that keys sort as the numbers do.

use std::ops::Range;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    StoreError,
    kv::{Order, View},
};
use crate::{
    limits::STORE_PIECE_BYTES,
    model::{Account, ConversationId, Day, MessageId, Timestamp, TurnId, UserId},
};

/// The format of this module; one more whenever an older reader would misread.
pub(super) const FORMAT: u32 = 1;
/// How many durable groups there have been.
pub(super) const COMMITS: &[u8] = b"#commits";

/// Kinds of record.
pub(super) const USER: u8 = b'u';
pub(super) const SESSION: u8 = b's';
pub(super) const CONVERSATION: u8 = b'c';
pub(super) const LISTED: u8 = b'l';
pub(super) const PART: u8 = b'b';
pub(super) const MESSAGE: u8 = b'm';
pub(super) const EVENT: u8 = b'e';
pub(super) const TURN: u8 = b't';
pub(super) const TURN_OF: u8 = b'v';
pub(super) const OPEN: u8 = b'o';
pub(super) const KEY: u8 = b'k';
pub(super) const EXPIRY: u8 = b'x';
pub(super) const SPEND: u8 = b'$';
const PIECE: u8 = b'~';

/// A key made of a kind and parts.
pub(super) fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

pub(super) fn user(id: UserId) -> Vec<u8> {
    key(USER, &[id.bytes()])
}

pub(super) fn session(user: UserId) -> Vec<u8> {
    key(SESSION, &[user.bytes()])
}

pub(super) fn conversation(id: ConversationId) -> Vec<u8> {
    key(CONVERSATION, &[id.bytes()])
}

/// That a user has a conversation.
pub(super) fn listed(user: UserId, id: ConversationId) -> Vec<u8> {
    key(LISTED, &[user.bytes(), id.bytes()])
}

/// That a conversation is part of another.
pub(super) fn part(whole: ConversationId, id: ConversationId) -> Vec<u8> {
    key(PART, &[whole.bytes(), id.bytes()])
}

pub(super) fn message(conversation: ConversationId, id: MessageId) -> Vec<u8> {
    key(MESSAGE, &[conversation.bytes(), id.bytes()])
}

pub(super) fn event(conversation: ConversationId, seq: u64) -> Vec<u8> {
    key(EVENT, &[conversation.bytes(), &seq.to_be_bytes()])
}

pub(super) fn turn(id: TurnId) -> Vec<u8> {
    key(TURN, &[id.bytes()])
}

/// That a conversation has a turn, so that deleting it finds them.
pub(super) fn turn_of(conversation: ConversationId, id: TurnId) -> Vec<u8> {
    key(TURN_OF, &[conversation.bytes(), id.bytes()])
}

/// That a turn is open.
pub(super) fn open(conversation: ConversationId, id: TurnId) -> Vec<u8> {
    key(OPEN, &[conversation.bytes(), id.bytes()])
}

/// An idempotency key, of messages or of tasks.
pub(super) fn idempotency(kind: u8, user: UserId, given: &str) -> Vec<u8> {
    key(kind, &[user.bytes(), given.as_bytes()])
}

/// That an idempotency key may be forgotten at a time.
pub(super) fn expiry(kind: u8, at: Timestamp, user: UserId, given: &str) -> Vec<u8> {
    key(kind, &[&sortable(at), user.bytes(), given.as_bytes()])
}

/// Every expiry up to and including `now`.
pub(super) fn expired(kind: u8, now: Timestamp) -> Range<Vec<u8>> {
    vec![kind]..key(kind, &[&sortable(Timestamp(now.0.saturating_add(1)))])
}

/// The idempotency key that an expiry is about.
pub(super) fn expiring(kind: u8, expiry: &[u8]) -> Vec<u8> {
    key(kind, &[expiry.get(9..).unwrap_or_default()])
}

/// What an account has spent. Names of pools and providers hold no zero byte.
pub(super) fn spend(of: &Account) -> Vec<u8> {
    let names = [of.pool.as_str(), of.provider.as_str(), &of.model].join("\0");
    let mut key = spending_from(of.user, of.day);
    key.extend_from_slice(names.as_bytes());
    key
}

/// Where a user's spending from a day on begins.
pub(super) fn spending_from(user: UserId, day: Day) -> Vec<u8> {
    key(SPEND, &[user.bytes(), &(day.0 ^ i32::MIN).to_be_bytes()])
}

/// Times before 1970 come first, too.
fn sortable(at: Timestamp) -> [u8; 8] {
    (at.0 ^ i64::MIN).to_be_bytes()
}

/// All keys that begin with `prefix`.
pub(super) fn under(prefix: Vec<u8>) -> Range<Vec<u8>> {
    let mut end = prefix.clone();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    prefix..end
}

/// All keys of a kind that belong to a conversation.
pub(super) fn of(kind: u8, conversation: ConversationId) -> Range<Vec<u8>> {
    under(key(kind, &[conversation.bytes()]))
}

/// The sixteen bytes of an id at the end of a key.
pub(super) fn last_id(key: &[u8]) -> Result<[u8; 16], StoreError> {
    key.last_chunk().copied().ok_or(StoreError::Damaged("a key"))
}

/// The sixteen bytes of an id right after a key's kind.
pub(super) fn first_id(key: &[u8]) -> Result<[u8; 16], StoreError> {
    let id = key.get(1..).and_then(<[u8]>::first_chunk).copied();
    id.ok_or(StoreError::Damaged("a key"))
}

/// The number at the end of a key or in a value.
pub(super) fn last_number(key: &[u8]) -> Result<u64, StoreError> {
    key.last_chunk().copied().map(u64::from_be_bytes).ok_or(StoreError::Damaged("a number"))
}

/// A record as bytes.
pub(super) fn encode(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have string keys and cannot fail to serialise")
}

/// A record from its bytes; `what` names it where it is damaged.
pub(super) fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged(what))
}

/// Where piece `number` of a large value lies; piece 0 lies at the key itself.
pub(super) fn piece(key: &[u8], number: u16) -> Vec<u8> {
    if number == 0 {
        return key.to_vec();
    }
    self::key(PIECE, &[key, &number.to_be_bytes()])
}

/// Cuts a value into pieces. The first one says how many follow.
pub(super) fn cut(value: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = value.chunks(STORE_PIECE_BYTES).map(<[u8]>::to_vec).collect();
    if pieces.is_empty() {
        pieces.push(Vec::new());
    }
    let more = u16::try_from(pieces.len() - 1).expect("a record is far below a gigabyte");
    for (piece, head) in pieces.iter_mut().zip([more]) {
        piece.splice(..0, head.to_be_bytes());
    }
    pieces
}

/// How many pieces follow this first one.
pub(super) fn more(first: &[u8]) -> Result<u16, StoreError> {
    first.first_chunk().copied().map(u16::from_be_bytes).ok_or(StoreError::Damaged("a value"))
}

/// A value from its first piece.
pub(super) fn join(view: &dyn View, key: &[u8], first: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let more = more(&first)?;
    let mut value = first;
    value.drain(..2);
    for number in 1..=more {
        let next = view.get(&piece(key, number))?.ok_or(StoreError::Damaged("a value's piece"))?;
        value.extend_from_slice(&next);
    }
    Ok(value)
}

/// The whole value of a key.
pub(super) fn load(view: &dyn View, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    view.get(key)?.map(|first| join(view, key, first)).transpose()
}

/// The record at a key.
pub(super) fn record<T: DeserializeOwned>(
    view: &dyn View,
    key: &[u8],
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    load(view, key)?.map(|value| decode(&value, what)).transpose()
}

/// The first records of a range.
pub(super) fn records<T: DeserializeOwned>(
    view: &dyn View,
    range: &Range<Vec<u8>>,
    rows: usize,
    what: &'static str,
) -> Result<Vec<T>, StoreError> {
    let pairs = view.page(&range.start..&range.end, Order::Rising, rows)?;
    pairs.into_iter().map(|(key, first)| decode(&join(view, &key, first)?, what)).collect()
}

/// The key right after this one.
pub(super) fn next(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}
