//! What a model is told of a conversation: whole turns, newest first, as many as fit.

use super::command::Branch;
use crate::{
    limits,
    model::{BYTES_PER_TOKEN_LEAST, FinishReason, Message, Role},
    provider::Item,
    store::{Page, Store, StoreError},
};

/// The branch, cut to `window_tokens`, and then what is asked.
pub(super) async fn items(
    store: &dyn Store,
    branch: Option<Branch>,
    asked: Item,
    window_tokens: u32,
) -> Result<Vec<Item>, StoreError> {
    let left = window_bytes(window_tokens).saturating_sub(asked.bytes());
    let mut items = match branch {
        Some(Branch { conversation, head }) if left > 0 => {
            let page = Page { rows: limits::CONTEXT_MESSAGES_MAX, bytes: left };
            within(&store.branch(conversation, head, page).await?, left)
        }
        _ => Vec::new(),
    };
    items.push(asked);
    Ok(items)
}

/// What surely fits so many tokens.
pub(super) fn window_bytes(tokens: u32) -> usize {
    let bytes = u64::from(tokens).saturating_mul(BYTES_PER_TOKEN_LEAST);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Whole turns of `newest_first` that fit into `bytes`, oldest first.
fn within(newest_first: &[Message], bytes: usize) -> Vec<Item> {
    let mut left = bytes;
    let mut items = Vec::new();
    for turn in newest_first.chunk_by(answers) {
        let size: usize = turn.iter().map(|message| message.text.len()).sum();
        let whole = turn.last().is_some_and(|oldest| oldest.role == Role::User);
        if size > left || !whole {
            break;
        }
        left -= size;
        if turn.iter().all(|message| message.finish_reason != Some(FinishReason::Command)) {
            items.extend(turn.iter().filter(|m| !m.text.is_empty()).map(item));
        }
    }
    items.reverse();
    items
}

/// The ids of the turns do not tell: a retry's answer has a turn of its own.
fn answers(newer: &Message, older: &Message) -> bool {
    newer.role == Role::Assistant && older.role == Role::User
}

fn item(message: &Message) -> Item {
    match message.role {
        Role::User => Item::User(message.text.clone()),
        Role::Assistant => Item::Assistant(message.text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConversationId, Timestamp, TurnId};

    fn message(role: Role, turn: TurnId, text: &str) -> Message {
        Message::new(ConversationId::new(), turn, role, text.into(), Timestamp(0))
    }

    /// Newest first, as the store gives them: `u` user, `a` answer.
    fn check(newest_first: &[(&str, &str)], bytes: usize, expect: &[&str]) {
        let mut turn = TurnId::new();
        let mut messages = Vec::new();
        for (role, text) in newest_first {
            let user = *role == "u";
            messages.push(message(if user { Role::User } else { Role::Assistant }, turn, text));
            if user {
                turn = TurnId::new();
            }
        }
        let told: Vec<String> = within(&messages, bytes)
            .into_iter()
            .map(|item| match item {
                Item::User(text) | Item::Assistant(text) => text.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(told, expect);
    }

    #[test]
    fn whole_turns_newest_first_as_many_as_fit() {
        let talk = [("a", "four"), ("u", "333"), ("a", "22"), ("u", "1")];
        check(&talk, 100, &["1", "22", "333", "four"]);
        check(&talk, 10, &["1", "22", "333", "four"]);
        check(&talk, 9, &["333", "four"]);
        check(&talk, 7, &["333", "four"]);
        check(&talk, 6, &[]);
        check(&[], 6, &[]);
    }

    #[test]
    fn an_answer_without_its_question_is_left_out() {
        check(&[("a", "new"), ("u", "q"), ("a", "orphan")], 100, &["q", "new"]);
    }

    #[test]
    fn an_answer_that_never_came_leaves_its_question() {
        check(&[("a", ""), ("u", "lost"), ("a", "b"), ("u", "a")], 100, &["a", "b", "lost"]);
    }
}
