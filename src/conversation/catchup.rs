//! The way back for a reader that the feed's ring no longer reaches: a replay or a snapshot.

use std::sync::Arc;

use super::feed::{Feed, Shown};
use crate::{
    limits,
    model::{Cursor, Message, TurnId},
    store::{Page, Store, StoreError},
};

/// What a reader that is behind gets instead of a hole.
pub enum Catchup {
    /// The first of the events between its cursor and the ring.
    Events(Vec<Shown>),
    /// The state, because the log does not reach back to its cursor or that would be too much.
    Snapshot(Snapshot),
}

/// The state of a conversation at one position.
pub struct Snapshot {
    /// The position: what follows it comes as events and text.
    pub cursor: Cursor,
    /// The newest messages of the current branch, oldest first.
    pub messages: Vec<Message>,
    /// The answer that is still growing.
    pub answer: Option<(TurnId, Arc<str>)>,
}

/// Brings a reader at `cursor` nearer to where the ring begins: as far as one reader may cost. It
/// asks again when it has written that.
pub async fn catch_up(
    store: &dyn Store,
    feed: &Feed,
    cursor: &Cursor,
) -> Result<Catchup, StoreError> {
    let (epoch, reach) = feed.reaches_back_to();
    let missing = reach.saturating_sub(cursor.seq);
    if cursor.epoch != epoch || missing == 0 || missing > limits::CATCHUP_EVENTS_MAX as u64 {
        return snapshot(store, feed).await.map(Catchup::Snapshot);
    }
    let rows = usize::try_from(missing).unwrap_or(usize::MAX).min(limits::CATCHUP_ROWS);
    let events = store.events(feed.conversation(), cursor.seq, rows).await?;
    let whole = events.len() == rows
        && events.iter().zip(cursor.seq + 1..).all(|(e, seq)| e.seq == seq && e.epoch == epoch);
    if !whole {
        return snapshot(store, feed).await.map(Catchup::Snapshot);
    }
    let mut shown = Vec::with_capacity(rows);
    let mut bytes = 0;
    for event in events {
        if bytes >= limits::CATCHUP_TEXT_BYTES {
            break;
        }
        let answer = match event.event.ends() {
            Some((turn, _)) => answer(store, turn).await?,
            None => None,
        };
        bytes += answer.as_ref().map_or(0, |answer| answer.len());
        shown.push(Shown::new(event, answer));
    }
    Ok(Catchup::Events(shown))
}

/// The state now. The messages may be newer than the position: what follows repeats them.
pub async fn snapshot(store: &dyn Store, feed: &Feed) -> Result<Snapshot, StoreError> {
    let (cursor, answer) = feed.end_with_answer();
    let conversation = store.conversation(feed.conversation()).await?;
    let page = Page { rows: limits::SNAPSHOT_MESSAGES_MAX, bytes: limits::SNAPSHOT_BYTES_MAX };
    let mut messages = match conversation.and_then(|conversation| conversation.head) {
        Some(head) => store.branch(feed.conversation(), head, page).await?,
        None => Vec::new(),
    };
    messages.reverse();
    Ok(Snapshot { cursor, messages, answer })
}

/// The text of an answer that has ended.
async fn answer(store: &dyn Store, turn: TurnId) -> Result<Option<Arc<str>>, StoreError> {
    let Some(turn) = store.turn(turn).await? else { return Ok(None) };
    let message = store.message(turn.conversation, turn.answer).await?;
    Ok(message.map(|message| message.text))
}
