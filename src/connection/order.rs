//! In which order: a frame that reads a conversation waits for what was asked of it before.
//!
//! Invariant: whatever a connection asks of one conversation is done as if one thing had been done
//! after the other. Changes are put in order by the conversation's writer. A reader asks the store
//! instead, and would overtake those that are still on their way to it.

use axum::extract::ws::Message;
use futures_util::{FutureExt, Sink, Stream};

use super::{Connection, Flow, Settled, asks::Re};
use crate::{model::ConversationId, wire::Asked};

/// What is on its way, and who waits for it.
#[derive(Default)]
pub(super) struct Order {
    /// The operator carries a command out. What was said after it may depend on it, so nothing is
    /// heard until then; what is to be shown is shown.
    pub(super) obeying: bool,
    /// The conversations that changes of this connection are on their way to, one for each.
    changing: Vec<ConversationId>,
    /// A frame that must not overtake them; nothing more is heard until it is answered either.
    held: Option<Box<(Re, Asked)>>,
}

impl Order {
    /// What comes next may be heard.
    pub(super) fn listens(&self) -> bool {
        !self.obeying && self.held.is_none()
    }

    /// It must not be answered yet.
    fn must_hold(&self, asked: &Asked) -> bool {
        match asked {
            Asked::Get { conversation }
            | Asked::History { conversation, .. }
            | Asked::Fork { conversation, .. }
            | Asked::Follow { conversation, .. }
            | Asked::Unfollow { conversation } => self.changing.contains(conversation),
            Asked::List { .. } => !self.changing.is_empty(),
            _ => false,
        }
    }

    /// A change has come to its end.
    fn changed(&mut self, conversation: ConversationId) {
        if let Some(at) = self.changing.iter().position(|id| *id == conversation) {
            self.changing.swap_remove(at);
        }
    }
}

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// Waits for what comes of a change, and goes on until then.
    pub(super) fn await_change(
        &mut self,
        conversation: ConversationId,
        settled: impl Future<Output = Settled> + Send + 'static,
    ) {
        self.order.changing.push(conversation);
        let settled =
            settled.map(move |settled| Settled { changed: Some(conversation), ..settled });
        self.pending.push(settled.boxed());
    }

    /// Answers a frame as soon as it may be answered.
    pub(super) async fn answer_in_order(&mut self, re: Re, asked: Asked) -> Flow {
        if self.order.must_hold(&asked) {
            self.order.held = Some(Box::new((re, asked)));
            return Ok(());
        }
        match self.answer(re.clone(), asked).await {
            Ok(flow) => flow,
            Err(complaint) => self.complain(re, complaint).await,
        }
    }

    /// A change has come to its end, and has been told: somebody may have waited for it.
    pub(super) async fn go_on(&mut self, changed: Option<ConversationId>) -> Flow {
        let Some(conversation) = changed else { return Ok(()) };
        self.order.changed(conversation);
        match self.order.held.take() {
            Some(held) => self.answer_in_order(held.0, held.1).await,
            None => Ok(()),
        }
    }
}
