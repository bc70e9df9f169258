//! A copy of a branch as a conversation of its own.

use std::{collections::HashMap, sync::Arc};

use crate::{
    model::{
        AnswerStatus, Clock, Conversation, ConversationId, Message, MessageId, Role, Standing,
        TurnId,
    },
    store::{Turn, Write},
};

/// The copy, and what makes it. A running answer is copied as interrupted, with the text that the
/// store has.
pub(super) fn copy(
    clock: &Clock,
    source: &Conversation,
    newest_first: Vec<Message>,
    title: Option<Arc<str>>,
) -> (Conversation, Vec<Write>) {
    let now = clock.now();
    let mut fork = Conversation {
        id: ConversationId::new(),
        title: title.or_else(|| source.title.clone()),
        created_at: now,
        updated_at: now,
        epoch: 1,
        seq: 0,
        head: None,
        messages: newest_first.len() as u64,
        remote: None,
        standing: Standing::default(),
        part_of: None,
        ..source.clone()
    };
    let mut turns: HashMap<TurnId, Turn> = HashMap::new();
    let mut writes = Vec::new();
    for message in newest_first.into_iter().rev() {
        let id = MessageId::new();
        let turn = turns.entry(message.turn).or_insert_with(|| Turn {
            conversation: fork.id,
            turn: TurnId::new(),
            message: id,
            answer: id,
        });
        turn.answer = id;
        if message.role == Role::Assistant {
            // A retry's answer has a turn of its own, and its question one before it.
            turn.message = fork.head.unwrap_or(id);
        }
        // Nobody goes on with the copy of an answer that still runs.
        let status = message.status.map(|status| match status {
            AnswerStatus::Running => AnswerStatus::Interrupted,
            ended => ended,
        });
        let copied = Message {
            id,
            conversation: fork.id,
            turn: turn.turn,
            parent: fork.head,
            status,
            ..message
        };
        fork.head = Some(id);
        writes.push(Write::Message(copied));
    }
    for (_, turn) in turns {
        let closed = Write::CloseTurn(turn.turn);
        writes.extend([Write::OpenTurn(turn), closed]);
    }
    writes.push(Write::Conversation(fork.clone()));
    (fork, writes)
}
