//! What a crash left open is ended, so that every accepted turn ends exactly once.
//!
//! Invariant: recovery begins a new epoch, because text that readers saw may be gone.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    limits,
    model::{AnswerStatus, Clock, Conversation, Event, Message, Sequenced},
    store::{Batch, Expect, Store, StoreError, Turn, Write},
};

/// Ends the open turns of every conversation. Says how many there were.
pub async fn recover_all(store: &dyn Store, clock: &Clock) -> Result<usize, StoreError> {
    let open = store.open_turns(None).await?;
    let conversations: BTreeSet<_> = open.iter().map(|turn| turn.conversation).collect();
    for id in conversations {
        if let Some(conversation) = store.conversation(id).await? {
            recover(store, clock, conversation).await?;
        }
    }
    Ok(open.len())
}

/// Ends the open turns of one conversation as interrupted, with the text of their last checkpoint.
pub(super) async fn recover(
    store: &dyn Store,
    clock: &Clock,
    mut conversation: Conversation,
) -> Result<Conversation, StoreError> {
    let open = store.open_turns(Some(conversation.id)).await?;
    if open.is_empty() {
        return Ok(conversation);
    }
    let expect = Expect::Epoch(conversation.id, conversation.epoch);
    conversation.epoch += 1;
    let mut writes = Vec::new();
    for turn in open {
        let Some(answer) = store.message(conversation.id, turn.answer).await? else {
            writes.push(Write::CloseTurn(turn.turn));
            continue;
        };
        let mut text = store.checkpointed(turn.turn).await?;
        text.truncate(text.floor_char_boundary(limits::ANSWER_BYTES_MAX));
        writes.extend(interrupt(&mut conversation, clock, &turn, answer, text));
    }
    writes.push(Write::Conversation(conversation.clone()));
    store.commit(Batch { expect, writes }).await?;
    Ok(conversation)
}

fn interrupt(
    conversation: &mut Conversation,
    clock: &Clock,
    turn: &Turn,
    answer: Message,
    text: String,
) -> [Write; 3] {
    let at = clock.now();
    conversation.seq += 1;
    conversation.updated_at = at;
    conversation.remote = None;
    let event = Event::TurnInterrupted { turn: turn.turn, length: text.len() as u64 };
    let interrupted =
        Message { text: text.into(), at, status: Some(AnswerStatus::Interrupted), ..answer };
    [
        Write::Message(interrupted),
        Write::CloseTurn(turn.turn),
        Write::Event(Arc::new(Sequenced {
            conversation: conversation.id,
            epoch: conversation.epoch,
            seq: conversation.seq,
            at,
            event,
        })),
    ]
}
