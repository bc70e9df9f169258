//! What a connection may touch: its user's own conversations, and nobody else's.
//!
//! Invariant: somebody else's conversation is answered like one that does not exist.

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};

use super::Connection;
use crate::{
    auth::{Granted, Identity},
    conversation::{Handle, Refusal},
    model::{Conversation, ConversationId, TurnId},
    wire::Complaint,
};

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    pub(super) fn user(&self) -> Result<&Identity, Complaint> {
        self.identity.as_ref().ok_or_else(Complaint::not_authenticated)
    }

    /// The record of a conversation that is the user's own. Anybody else's does not exist.
    pub(super) async fn record(&mut self, id: ConversationId) -> Result<Conversation, Complaint> {
        let store = self.gateway.registry.workshop().store.clone();
        let record = store.conversation(id).await?;
        let identity = self.user()?;
        record
            .filter(|record| identity.grant(record).is_some())
            .ok_or_else(|| Complaint::not_found("conversation"))
    }

    /// The right to a conversation.
    pub(super) async fn granted(
        &mut self,
        id: ConversationId,
    ) -> Result<Granted<ConversationId>, Complaint> {
        let record = self.record(id).await?;
        self.user()?.grant(&record).ok_or_else(|| Complaint::not_found("conversation"))
    }

    /// The way to a conversation of the user's own.
    pub(super) async fn open(&mut self, id: ConversationId) -> Result<Handle, Complaint> {
        if let Some(follow) = self.follows.get(id) {
            return Ok(follow.handle.clone());
        }
        let granted = self.granted(id).await?;
        self.gateway.registry.open(granted).await.map_err(|refusal| match refusal {
            Refusal::NotFound => Complaint::not_found("conversation"),
            other => other.into(),
        })
    }

    /// The way to the conversation of a turn of the user's own.
    pub(super) async fn open_turn(&mut self, turn: TurnId) -> Result<Handle, Complaint> {
        let store = self.gateway.registry.workshop().store.clone();
        let turn = store.turn(turn).await?.ok_or_else(|| Complaint::not_found("turn"))?;
        self.granted(turn.conversation).await.map_err(|_| Complaint::not_found("turn"))?;
        self.open(turn.conversation).await
    }
}
