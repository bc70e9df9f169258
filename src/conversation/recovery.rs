//! What a crash left open is ended, so that every accepted turn ends exactly once.
//!
//! Invariant: recovery begins a new epoch, because text that readers saw may be gone.

use std::{collections::BTreeSet, sync::Arc};

use super::Workshop;
use crate::{
    limits, meter,
    model::{
        Account, AnswerStatus, Conversation, Day, Event, Message, Sequenced, Spend, Usage, UserId,
    },
    store::{Batch, Expect, StoreError, Turn, Write},
};

/// Ends the open turns of every conversation. Says how many there were.
pub async fn recover_all(workshop: &Workshop) -> Result<usize, StoreError> {
    let store = &workshop.store;
    let open = store.open_turns(None).await?;
    let conversations: BTreeSet<_> = open.iter().map(|turn| turn.conversation).collect();
    for id in conversations {
        if let Some(conversation) = store.conversation(id).await? {
            recover(workshop, conversation).await?;
        }
    }
    Ok(open.len())
}

/// Ends the open turns of one conversation as interrupted, with the text of their last checkpoint.
pub(super) async fn recover(
    workshop: &Workshop,
    mut conversation: Conversation,
) -> Result<Conversation, StoreError> {
    let store = &workshop.store;
    let open = store.open_turns(Some(conversation.id)).await?;
    if open.is_empty() {
        return Ok(conversation);
    }
    let expect = Expect::Epoch(conversation.id, conversation.epoch);
    conversation.epoch += 1;
    let (mut writes, mut accounts) = (Vec::new(), Vec::new());
    for turn in open {
        let Some(answer) = store.message(conversation.id, turn.answer).await? else {
            writes.push(Write::CloseTurn(turn.turn));
            continue;
        };
        let mut text = store.checkpointed(turn.turn).await?;
        text.truncate(text.floor_char_boundary(limits::ANSWER_BYTES_MAX));
        let answer = Message { text: text.into(), at: workshop.clock.now(), ..answer };
        let account = account(workshop, conversation.user, &answer);
        let usage = account.as_ref().map(|(_, _, usage)| *usage).or(answer.usage);
        writes.extend(interrupt(&mut conversation, &turn, Message { usage, ..answer }));
        if let Some((account, spend, _)) = account {
            writes.push(Write::Spend(account.clone(), spend));
            accounts.push((account, spend));
        }
    }
    writes.push(Write::Conversation(conversation.clone()));
    store.commit(Batch { expect, writes }).await?;
    for (account, spend) in accounts {
        workshop.book(&account, &spend);
        if let Some(pool) = workshop.pools.get(account.pool.as_str()) {
            pool.meter().ended(meter::Ended::Interrupted, None);
        }
    }
    Ok(conversation)
}

/// What the turn has cost by what its text suggests; `None` where it had not begun.
fn account(workshop: &Workshop, user: UserId, answer: &Message) -> Option<(Account, Spend, Usage)> {
    let (pool, provider, model) =
        (answer.pool.clone()?, answer.provider.clone()?, answer.model.clone()?);
    let (least, told) = (answer.usage.unwrap_or_default(), answer.text.len() as u64);
    let written = Usage::estimate(0, told);
    let usage = Usage { input: least.input, output: least.output.max(written.output), ..written };
    let spend = workshop.spend(&provider, &model, &usage);
    Some((Account { user, day: Day::of(answer.at), pool, provider, model }, spend, usage))
}

fn interrupt(conversation: &mut Conversation, turn: &Turn, answer: Message) -> [Write; 3] {
    conversation.seq += 1;
    conversation.updated_at = answer.at;
    conversation.remote = None;
    let (at, length) = (answer.at, answer.text.len() as u64);
    let event = Event::TurnInterrupted { turn: turn.turn, length };
    let interrupted = Message { status: Some(AnswerStatus::Interrupted), ..answer };
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
