//! What is asked of a conversation, one command after the other.
//!
//! Invariant: a command that is refused has changed nothing; where the store fails under it, what was
//! not durable by then is given up with it.

use std::sync::Arc;

use tokio::{sync::oneshot, time::Instant};
use tracing::field;

use super::{
    command::{
        Ask, Branch, Change, Command, Done, IfBusy, Parent, Refusal, Reply, Sent, Tour, answer_to,
    },
    feed::Shown,
    keys::{Claim, Claimed},
    running::Waiting,
    span::turn_span,
    specialists::{Panel, Part},
    turns::Seat,
    writer::{Phase, Settle, Writer},
};
use crate::{
    budget::Reservation,
    limits,
    model::{
        Accepted, Conversation, Event, FinishReason, Message, MessageId, PoolName, Role, Subject,
        TraceParent, Traced, TurnId, TurnRef,
    },
    pool::Pool,
    provider::Item,
    route::{Choice, Context},
    store::{Turn, Write},
};

/// A message to answer, once everything about it is known to be right.
struct Question {
    message: Message,
    /// It is new; a retry asks one that is kept already.
    new: bool,
    /// The branch it is about, where that is not its own.
    about: Option<Branch>,
    pool: Arc<Pool>,
    choice: Choice,
    /// What may be spent on it.
    reservation: Reservation,
    /// What the pool gives it now.
    seat: Seat,
    /// The turn for which it is asked of a specialist.
    part_of: Option<TurnRef>,
    span: Traced,
}

/// A message's key, and who wants to know what became of it.
pub(super) struct Receipt {
    claim: Option<Claim>,
    pub(super) reply: Reply<Sent>,
}

impl Writer {
    /// Carries a command out, or refuses it.
    pub(super) async fn obey(&mut self, command: Command) {
        if self.deleted {
            return command.refuse(Refusal::NotFound);
        }
        match command {
            Command::Create(reply) => self.change(Change::default(), reply).await,
            Command::Ask(ask, reply) => self.ask(*ask, reply).await,
            Command::Note(executed, reply) => self.note(executed, reply).await,
            Command::Retry(turn, parent, reply) => self.retry(turn, parent, reply).await,
            Command::Cancel(turn, reply) => self.cancel(turn, reply),
            Command::Change(change, reply) => self.change(change, reply).await,
            Command::Delete(reply) => self.delete(reply).await,
        }
    }

    async fn ask(&mut self, ask: Ask, reply: Reply<Sent>) {
        let Some(receipt) = self.first_time(ask.key.as_ref(), reply).await else { return };
        match self.question(&ask).await {
            Ok(question) => {
                if ask.if_busy == IfBusy::Interrupt {
                    self.cancel_all();
                }
                self.accept(question, ask.key, receipt);
            }
            Err(refusal) => answer_to(receipt.reply, Err(refusal)),
        }
    }

    /// Answers a message that was sent before with what it was answered then; `None` then.
    pub(super) async fn first_time(
        &mut self,
        key: Option<&Arc<str>>,
        reply: Reply<Sent>,
    ) -> Option<Receipt> {
        let Some(key) = key else { return Some(Receipt { claim: None, reply }) };
        let again = |accepted| Sent { accepted, duplicate: true, parts: None };
        let claim = match self.registry.keys.claim(self.record.user, key) {
            Claimed::Mine(claim) => claim,
            Claimed::Theirs(pending) => {
                self.workshop.lifecycle.spawn(async move {
                    answer_to(reply, pending.await.map(again).map_err(|_| Refusal::Lost));
                });
                return None;
            }
        };
        match self.workshop.store.keyed(self.record.user, key, self.now()).await {
            Ok(None) => return Some(Receipt { claim: Some(claim), reply }),
            Ok(Some(accepted)) => {
                claim.settle(&accepted);
                answer_to(reply, Ok(again(accepted)));
            }
            Err(error) => answer_to(reply, Err(error.into())),
        }
        None
    }

    async fn question(&mut self, ask: &Ask) -> Result<Question, Refusal> {
        // What a specialist is asked belongs to a turn that was let in before.
        let part_of = ask.turn.and(self.record.part_of);
        if part_of.is_none() {
            self.room(ask.if_busy)?;
        }
        let (named, agent) = (ask.pool.as_ref(), ask.agent.as_ref());
        let context = Context { named, agent, ..self.context(&ask.pools)? };
        let (pool, choice) = self.workshop.choose(&ask.text, context)?;
        let parent = match ask.parent {
            Parent::Head => self.record.head,
            Parent::Root => None,
            Parent::Message(id) => {
                let parent = self.workshop.store.message(self.record.id, id).await?;
                Some(parent.ok_or(Refusal::NotFound)?.id)
            }
        };
        let metadata = ask.metadata.clone();
        let written = self.written(ask.text.clone(), parent);
        let message = Message { metadata, turn: ask.turn.unwrap_or(written.turn), ..written };
        let reservation = self.afford(&pool, &Item::User(message.text.clone()))?;
        let seat = self.reserve(&pool, &choice)?;
        let (about, span) = (ask.about, ask.span.clone());
        Ok(Question { message, new: true, about, pool, choice, reservation, seat, part_of, span })
    }

    /// A worker or a place in the pool's queue, where the turn would be the first here; else a place that
    /// is held for it until it is, so that what is accepted never finds the pool full. A pool that is full
    /// refuses the message before anything is kept of it.
    fn reserve(&self, pool: &Pool, choice: &Choice) -> Result<Seat, Refusal> {
        // What is still on its way to the store cannot be read back as history yet.
        if self.is_busy() || !self.in_flight.is_empty() {
            return Ok(Seat::Held(pool.hold(self.record.user)?));
        }
        if choice.specialists.is_empty() {
            return Ok(self.seat(pool)?);
        }
        Ok(Seat::Later(pool.hold(self.record.user)?))
    }

    /// Whether one more turn may be accepted.
    pub(super) fn room(&self, if_busy: IfBusy) -> Result<(), Refusal> {
        if self.workshop.lifecycle.draining().is_reached() {
            return Err(Refusal::Draining);
        }
        self.workshop.store.room()?;
        match if_busy {
            IfBusy::Reject if self.is_busy() => Err(Refusal::Busy),
            IfBusy::Queue if self.queue.len() >= limits::QUEUED_TURNS_MAX => {
                Err(Refusal::QueueFull)
            }
            _ => Ok(()),
        }
    }

    /// What is known around a text that wants these pools to be asked first.
    fn context<'c>(&'c self, asked: &'c [PoolName]) -> Result<Context<'c>, Refusal> {
        let Conversation { pool, asked: last, agent, asked_agent, part_of, .. } = &self.record;
        if part_of.is_some() && !asked.is_empty() {
            return Err(Refusal::NoSpecialists);
        }
        asked.iter().try_for_each(|pool| self.workshop.pool(pool).map(drop))?;
        Ok(Context {
            pinned: pool.as_ref(),
            last: last.as_ref(),
            pinned_agent: agent.as_ref(),
            last_agent: asked_agent.as_ref(),
            asked,
            several: part_of.is_none(),
            ..Context::default()
        })
    }

    /// A user's message that follows `parent`.
    pub(super) fn written(&self, text: Arc<str>, parent: Option<MessageId>) -> Message {
        let (id, now) = (self.record.id, self.now());
        Message { parent, ..Message::new(id, TurnId::new(), Role::User, text, now) }
    }

    async fn retry(&mut self, turn: TurnId, parent: Option<TraceParent>, reply: Reply<Sent>) {
        match self.asked_again(turn, parent).await {
            Ok(question) => self.accept(question, None, Receipt { claim: None, reply }),
            Err(refusal) => answer_to(reply, Err(refusal)),
        }
    }

    async fn asked_again(
        &mut self,
        turn: TurnId,
        parent: Option<TraceParent>,
    ) -> Result<Question, Refusal> {
        self.room(IfBusy::Queue)?;
        let current = match &self.phase {
            Phase::Running(running) => Some(running.turn.turn),
            Phase::Waiting(waiting, _) => Some(waiting.turn.turn),
            Phase::Idle | Phase::Ending(_) => None,
        };
        if current.into_iter().chain(self.queue.iter().map(|(w, _)| w.turn.turn)).any(|t| t == turn)
        {
            return Err(Refusal::TurnOpen);
        }
        let store = &self.workshop.store;
        let turn = store.turn(turn).await?.filter(|turn| turn.conversation == self.record.id);
        let turn = turn.ok_or(Refusal::NotFound)?;
        let message = store.message(self.record.id, turn.message).await?;
        let before = store.message(self.record.id, turn.answer).await?;
        if before.as_ref().is_some_and(|m| m.finish_reason == Some(FinishReason::Command)) {
            return Err(Refusal::NoQuestion);
        }
        let (before, agent, asked) = before.map_or_else(Default::default, |answer| {
            let asked: Vec<_> = answer.specialists.into_iter().map(|one| one.pool).collect();
            (answer.pool, answer.agent, asked)
        });
        let message = Message { turn: TurnId::new(), ..message.ok_or(Refusal::NotFound)? };
        // One that is no more cannot be asked again.
        let there = |name: &PoolName| self.workshop.pool(name).is_ok();
        let named = before.as_ref().filter(|name| there(name));
        let asked: Vec<_> = asked.into_iter().filter(there).collect();
        let context = Context { named, pinned_agent: agent.as_ref(), ..self.context(&asked)? };
        let (pool, choice) = self.workshop.choose(&message.text, context)?;
        let reservation = self.afford(&pool, &Item::User(message.text.clone()))?;
        let seat = self.reserve(&pool, &choice)?;
        let (about, part_of, span) = (None, None, turn_span(parent));
        Ok(Question { message, new: false, about, pool, choice, reservation, seat, part_of, span })
    }

    /// Keeps the message and has it answered: at once, where nothing is in the way, so that its
    /// start goes into the same commit and the request leaves while that is under way.
    fn accept(&mut self, question: Question, key: Option<Arc<str>>, receipt: Receipt) {
        let Question { message, new, about, pool, choice, reservation, seat, part_of, span } =
            question;
        let turn = Turn {
            conversation: self.record.id,
            turn: message.turn,
            message: message.id,
            answer: MessageId::new(),
        };
        span.record("conversation", field::display(self.record.id));
        span.record("turn", field::display(turn.turn));
        self.record.head = Some(turn.answer);
        self.record.asked = Some(pool.name.clone());
        self.record.asked_agent = pool.agent_name().cloned();
        self.record.messages += if new { 2 } else { 1 };
        // Whoever says something else does not answer what was asked back.
        self.stand(Some(Arc::default()), Tour::AsItWas, Some(Subject::Answer));
        let accepted = self.number(Event::MessageAccepted {
            message: message.id,
            turn: turn.turn,
            text: message.text.clone(),
            key: key.clone(),
        });
        let mut shows = vec![Shown::new(accepted, None)];
        let (panel, parts) = Panel::of(&choice.specialists);
        let specialists = panel.specialists.clone();
        let waiting = Waiting {
            turn: turn.clone(),
            question: message.text.clone(),
            branch: about
                .or(message.parent.map(|head| Branch { conversation: message.conversation, head })),
            pool,
            routing: choice.routing,
            reservation,
            accepted: Instant::now(),
            working: self.workshop.lifecycle.working(),
            panel,
            part_of,
            span,
        };
        let mut answer = Message { specialists, ..self.answer(&turn) };
        let position = match seat {
            Seat::Worker(worker) => {
                answer = self.begin(waiting, Some(worker), &mut shows);
                None
            }
            Seat::Later(place) => {
                answer = self.begin(waiting.holding(place), None, &mut shows);
                None
            }
            Seat::Queued(queued) => {
                self.phase = Phase::Waiting(Box::new(waiting), queued);
                Some(self.queued(turn.turn, &mut shows))
            }
            Seat::Held(place) => {
                self.queue.push_back((waiting, place));
                Some(self.queued(turn.turn, &mut shows))
            }
        };
        let (conversation, id) = (self.record.id, message.id);
        let kept = Accepted { conversation, message: id, turn: turn.turn, position };
        let mut writes = vec![Write::Message(answer), Write::OpenTurn(turn)];
        if new {
            writes.push(Write::Message(message));
        }
        writes.extend(key.map(|key| self.remember(key, &kept)));
        self.commit(writes, shows, Some(receipt.settle(kept, parts)));
        self.consult();
    }

    /// Says that the turn waits, and where: it is the last.
    fn queued(&mut self, turn: TurnId, shows: &mut Vec<Shown>) -> u64 {
        let position = self.first_position() + self.waiting().count() as u64 - 1;
        let queued = self.number(Event::TurnQueued { turn, position });
        shows.push(Shown::new(queued, None));
        position
    }

    pub(super) fn remember(&self, key: Arc<str>, accepted: &Accepted) -> Write {
        Write::Key {
            user: self.record.user,
            key,
            accepted: accepted.clone(),
            expires_at: self.now().plus(limits::KEY_LIVES),
        }
    }

    async fn change(&mut self, change: Change, reply: Reply<Conversation>) {
        if let Err(refusal) = self.can_change(&change).await {
            return answer_to(reply, Err(refusal));
        }
        let Change { title, pool, agent, head } = change;
        let mut shows = Vec::new();
        if title.is_some() || pool.is_some() || agent.is_some() || head.is_some() {
            // What is empty is taken away; what is absent stays.
            if let Some(title) = &title {
                self.record.title = Some(title.clone()).filter(|title| !title.is_empty());
            }
            if let Some(pool) = &pool {
                self.record.pool = Some(pool.clone()).filter(|pool| !pool.as_str().is_empty());
                self.record.agent = None;
            }
            if let Some(agent) = &agent {
                self.record.agent = Some(agent.clone()).filter(|agent| !agent.as_str().is_empty());
            }
            self.record.head = head.or(self.record.head);
            let updated = self.number(Event::ConversationUpdated { title, pool, agent, head });
            shows.push(Shown::new(updated, None));
        }
        self.record.updated_at = self.now();
        let record = self.record.clone();
        let settle: Settle = Box::new(move |kept: Result<(), _>| {
            answer_to(reply, kept.map(|()| record).map_err(Refusal::Store));
        });
        self.commit(Vec::new(), shows, Some(settle));
    }

    async fn can_change(&mut self, change: &Change) -> Result<(), Refusal> {
        self.workshop.store.room()?;
        let pool = change.pool.as_ref().or(self.record.pool.as_ref());
        let pool =
            pool.filter(|pool| !pool.as_str().is_empty()).map(|pool| self.workshop.pool(pool));
        // What was pinned may be gone from the settings; only what is named now has to be there.
        let pool =
            if change.pool.is_some() { pool.transpose()? } else { pool.and_then(Result::ok) };
        if let Some(agent) = change.agent.as_ref().filter(|agent| !agent.as_str().is_empty()) {
            match pool {
                Some(pool) => drop(self.workshop.agent(&pool, agent)?),
                None => return Err(Refusal::UnknownAgent("none, as no pool is pinned".to_owned())),
            }
        }
        if let Some(head) = change.head {
            if self.is_busy() {
                return Err(Refusal::Busy);
            }
            let message = self.workshop.store.message(self.record.id, head).await?;
            message.ok_or(Refusal::NotFound)?;
        }
        Ok(())
    }

    async fn delete(&mut self, reply: Reply<Done>) {
        self.cancel_all();
        self.afterglow = None;
        self.delete_parts().await;
        self.deleted = true;
        let gone = self.number(Event::ConversationDeleted);
        let settle: Settle = Box::new(move |kept: Result<(), _>| {
            answer_to(reply, kept.map(|()| Done).map_err(Refusal::Store));
        });
        let writes = vec![Write::Delete(self.record.id)];
        self.commit(writes, vec![Shown::new(gone, None)], Some(settle));
    }
}

impl Receipt {
    /// Tells everybody who sent the message what became of it.
    pub(super) fn settle(
        self,
        accepted: Accepted,
        parts: Option<oneshot::Receiver<Vec<Part>>>,
    ) -> Settle {
        Box::new(move |kept: Result<(), _>| match kept {
            Ok(()) => {
                if let Some(claim) = self.claim {
                    claim.settle(&accepted);
                }
                answer_to(self.reply, Ok(Sent { accepted, duplicate: false, parts }));
            }
            Err(error) => answer_to(self.reply, Err(Refusal::Store(error))),
        })
    }
}
