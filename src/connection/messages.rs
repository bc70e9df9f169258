//! What is said in a conversation, typed or sent: a message to be answered, or a command.

use axum::extract::ws::Message;
use futures_util::{FutureExt, Sink, Stream};
use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument as _, Span};

use super::{
    Connection, Flow, Says, Settled, Then, Voice,
    asks::{BEGINNING, Re},
};
use crate::{
    conversation::{Ask, Handle, IfBusy, Parent, Part, Refusal, Sent, command_span, turn_span},
    limits,
    model::{ConversationId, Standing, TraceParent},
    operator::{Caller, Here, Order, Said},
    wire::{self, Complaint, SendAsked},
};

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// Has it answered, or done. Says in which conversation.
    pub(super) async fn take_up(
        &mut self,
        re: Re,
        send: SendAsked,
    ) -> Result<(ConversationId, Flow), Complaint> {
        self.room_for_an_outcome()?;
        let user = self.user()?.user;
        let known = match send.conversation {
            Some(id) => Some((id, self.open(id).await?)),
            None => None,
        };
        let standing =
            known.as_ref().map_or_else(Standing::default, |(_, handle)| handle.feed().standing());
        let operator = &self.gateway.operator;
        let order = operator
            .understand(&send.text, send.understand, &standing)
            .map_err(|none| Complaint::invalid("text", none.to_string()))?;
        let new = known.is_none();
        let (id, handle) = match known {
            Some(known) => known,
            None => self.gateway.registry.begin(user, None, None)?,
        };
        let waits = self.waits(re, id, new);
        let joined = self.join(id, &handle).await?;
        if joined.is_ok() {
            match order {
                None => {
                    let ask = ask(send, self.traceparent);
                    let sent = sent_span(&ask.span);
                    let outcome = handle.ask(ask);
                    let settled = async move { waits.settle(outcome.known().await) };
                    self.await_change(id, settled.instrument(sent));
                }
                Some(order) => self.obey(order, handle, send, waits)?,
            }
        }
        Ok((id, joined))
    }

    /// Has a command carried out.
    fn obey(
        &mut self,
        order: Order,
        handle: Handle,
        send: SendAsked,
        waits: Waits,
    ) -> Result<(), Complaint> {
        let (here, wanted) = mpsc::channel(limits::HERE_WAITING_MAX);
        let caller = Caller { identity: self.user()?.clone(), handle, here };
        let span = command_span(send.traceparent.or(self.traceparent));
        let said = Said { text: send.text, key: send.key, span };
        let operator = self.gateway.operator.clone();
        self.order.obeying = true;
        let settled = async move {
            let Settled { says, then, .. } =
                waits.settle(operator.carry_out(order, caller, said).await);
            Settled::with(says, Then::Obeyed(Box::new((then, wanted))))
        };
        self.pending.push(settled.boxed());
        Ok(())
    }

    /// Does what the operator wants of the connection, and goes on listening: a demonstration may
    /// want more.
    pub(super) async fn heed(&mut self, wanted: Option<Here>, mut more: Wanted) -> Flow {
        let mut wanted = wanted.or_else(|| more.try_recv().ok());
        while let Some(here) = wanted {
            match here {
                Here::Enter(id, handle) => self.enter(id, handle).await?,
                Here::Attend(parts) => self.attend(parts).await?,
                Here::Status(Some(every)) => self.post_status(Some(every)),
                Here::Pools => self.post_pools(),
                Here::Alerts => self.post_alerts(true),
                Here::Status(None) => self.stop_posts(),
            }
            wanted = more.try_recv().ok();
        }
        let next = async move {
            let wanted = more.recv().await;
            Settled::with(Says::Nothing, Then::Heed(Box::new((wanted, more))))
        };
        self.pending.push(next.boxed());
        Ok(())
    }

    /// Somebody waits to hear what becomes of what they said in that conversation.
    pub(super) fn waits(&mut self, re: Re, id: ConversationId, new: bool) -> Waits {
        let joins = self.follows.get(id).is_none();
        // A person stays in a conversation that has not begun; what is said next begins it.
        let new = new && !matches!(self.voice, Voice::Text(_));
        Waits { re, id, new, joins }
    }

    /// Goes on in another conversation, which has just begun.
    pub(super) async fn enter(&mut self, id: ConversationId, handle: Handle) -> Flow {
        if let Voice::Text(person) = &mut self.voice {
            person.enter(id);
        }
        match self.follow(id, handle, BEGINNING) {
            Ok(()) => Ok(()),
            Err(complaint) => self.complain(None, complaint.about(&id)).await,
        }
    }

    /// Follows the specialists of what was said, as soon as they are asked.
    pub(super) fn await_parts(&mut self, parts: oneshot::Receiver<Vec<Part>>) {
        let asked = async move {
            // A turn that ends before asks nobody.
            let then = parts.await.map_or(Then::Nothing, Then::Attend);
            Settled::with(Says::Nothing, then)
        };
        self.pending.push(asked.boxed());
    }

    /// Follows specialists from their beginning to the end of their turns.
    pub(super) async fn attend(&mut self, parts: Vec<Part>) -> Flow {
        for Part { specialist, handle } in parts {
            let id = specialist.conversation;
            if let Voice::Text(person) = &mut self.voice {
                person.attend(&specialist);
            }
            match self.follow(id, handle, BEGINNING) {
                Ok(()) => self.follows.until(id, specialist.turn),
                Err(complaint) => self.complain(None, complaint.about(&id)).await?,
            }
        }
        Ok(())
    }

    /// A message that had been sent before: its sender may never have seen the answer.
    pub(super) async fn adopt(&mut self, begun: ConversationId, kept: ConversationId) -> Flow {
        self.follows.drop(begun);
        if self.follows.get(kept).is_some() {
            return Ok(());
        }
        let followed = match self.open(kept).await {
            Ok(handle) => {
                let end = handle.feed().end();
                self.follow(kept, handle, end)
            }
            Err(complaint) => Err(complaint),
        };
        match followed {
            Ok(()) => self.show(kept).await,
            Err(complaint) => self.complain(None, complaint.about(&kept)).await,
        }
    }
}

/// The message for the conversation's writer.
fn ask(send: SendAsked, traceparent: Option<TraceParent>) -> Ask {
    let parent = match (send.at_root, send.parent) {
        (true, _) => Parent::Root,
        (false, Some(parent)) => Parent::Message(parent),
        (false, None) => Parent::Head,
    };
    let if_busy = match (send.interrupt, send.reject) {
        (true, _) => IfBusy::Interrupt,
        (false, true) => IfBusy::Reject,
        (false, false) => IfBusy::Queue,
    };
    let SendAsked { text, key, pool, pools, agent, metadata, .. } = send;
    let span = turn_span(send.traceparent.or(traceparent));
    Ask { text, key, pool, pools, agent, parent, if_busy, metadata, span, ..Ask::default() }
}

/// From the frame to its reply.
fn sent_span(turn: &Span) -> Span {
    tracing::info_span!(target: "telemetry", parent: turn, "message.send")
}

/// What the operator wants of a connection.
pub(super) type Wanted = mpsc::Receiver<Here>;

/// Somebody who waits to hear what becomes of what they said.
pub(super) struct Waits {
    re: Re,
    id: ConversationId,
    /// The conversation began with it.
    new: bool,
    /// It made the connection follow the conversation.
    joins: bool,
}

impl Waits {
    /// What to say when it was kept or refused, and what becomes of its conversation.
    pub(super) fn settle(self, outcome: Result<Sent, Refusal>) -> Settled {
        let Self { re, id, new, joins } = self;
        match outcome {
            Ok(Sent { accepted, duplicate, parts }) => {
                let kept = accepted.conversation;
                let then = match parts {
                    Some(parts) => Then::Await(parts),
                    None if duplicate && joins => Then::Adopt { begun: id, kept },
                    None => Then::Nothing,
                };
                Settled::with(re.map(|re| wire::sent_reply(re, &accepted, duplicate)), then)
            }
            Err(refusal) => {
                let then = if new { Then::Drop(id) } else { Then::Nothing };
                Settled::with(Says::Refused(re, refusal.into()), then)
            }
        }
    }
}
