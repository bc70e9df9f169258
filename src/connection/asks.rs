//! What a program asks for, frame by frame.
//!
//! Invariant: a frame with an `id` gets exactly one `reply` or `error`.

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};

use super::{Connection, End, Flow, Says, Settled, Voice, sessions};
use crate::{
    conversation::{Change, Handle, Outcome},
    limits,
    model::{self, AnswerStatus, ConversationId, Cursor, MessageId, TurnId},
    store::Page,
    wire::{self, Asked, CloseCode, Complaint, Frame, Greeting, Resume},
};

/// Before the first event of a new conversation.
pub(super) const BEGINNING: Cursor = Cursor { epoch: 1, seq: 0, reading: None };

/// The `id` of a frame, which comes back as `re`.
pub(super) type Re = Option<String>;

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// Hears one frame.
    pub(super) async fn hear_frame(&mut self, text: &str) -> Flow {
        let inbound = wire::read(text);
        let re = inbound.re;
        let asked = match inbound.asked {
            Ok(asked) => asked,
            Err(complaint) => {
                let bad = complaint.is_bad_frame();
                self.complain(re, complaint).await?;
                return if bad { self.strike() } else { Ok(()) };
            }
        };
        if let Asked::Hello { token, resume } = asked {
            return self.hello(re, token.as_deref(), resume).await;
        }
        if self.identity.is_none() {
            return self.complain(re, Complaint::not_authenticated()).await;
        }
        self.answer_in_order(re, asked).await
    }

    /// Does what is asked. The outer result is the frame's, the inner one the connection's.
    pub(super) async fn answer(&mut self, re: Re, asked: Asked) -> Result<Flow, Complaint> {
        Ok(match asked {
            Asked::Ping => match self.say(wire::pong(re.clone())).await {
                Ok(()) => self.reply(re, wire::done_reply).await,
                ended => ended,
            },
            Asked::Send(send) => self.take_up(re, *send).await?.1,
            Asked::Cancel { turn } => self.cancel(re, turn).await?,
            Asked::Retry { turn } => self.retry(re, turn).await?,
            Asked::Fork { conversation, at, title } => {
                let granted = self.granted(conversation).await?;
                let fork = self.gateway.registry.fork(granted, at, title).await?;
                let handle = self.open(fork.id).await?;
                self.follow(fork.id, handle, BEGINNING)?;
                self.reply(re, |re| wire::conversation_reply(re, &fork)).await
            }
            Asked::Subscribe(..)
            | Asked::Unsubscribe(_)
            | Asked::SubmitTask(_)
            | Asked::Task { .. }
            | Asked::Tasks { .. }
            | Asked::CancelTask { .. }
            | Asked::UpdateTask { .. }
            | Asked::RetryTask { .. } => self.work_off(re, asked).await?,
            Asked::Create { .. }
            | Asked::Get { .. }
            | Asked::List { .. }
            | Asked::Update { .. }
            | Asked::Delete { .. }
            | Asked::History { .. }
            | Asked::Follow { .. }
            | Asked::Unfollow { .. } => self.manage(re, asked).await?,
            // Whoever greets was heard before.
            Asked::Hello { .. } => Ok(()),
        })
    }

    async fn manage(&mut self, re: Re, asked: Asked) -> Result<Flow, Complaint> {
        Ok(match asked {
            Asked::Create { title, pool } => {
                let user = self.user()?.user;
                let (record, handle) = self.gateway.registry.create(user, title, pool).await?;
                self.follow(record.id, handle, BEGINNING)?;
                self.reply(re, |re| wire::conversation_reply(re, &record)).await
            }
            Asked::Get { conversation } => {
                let record = self.record(conversation).await?;
                self.reply(re, |re| wire::conversation_reply(re, &record)).await
            }
            Asked::List { before, rows } => self.list(re, before, rows).await?,
            Asked::Update { conversation, title, pool, agent, head } => {
                self.room_for_an_outcome()?;
                let handle = self.open(conversation).await?;
                let outcome = handle.change(Change { title, pool, agent, head });
                self.when_known(re, conversation, outcome, |re, record| {
                    wire::conversation_reply(re, &record)
                });
                Ok(())
            }
            Asked::Delete { conversation } => {
                self.room_for_an_outcome()?;
                let outcome = self.open(conversation).await?.delete();
                self.when_known(re, conversation, outcome, move |re, _| {
                    wire::gone_reply(re, conversation)
                });
                Ok(())
            }
            Asked::History { conversation, before, rows } => {
                self.history(re, conversation, before, rows).await?
            }
            Asked::Follow { conversation, from } => {
                self.follow_named(re, conversation, from).await?
            }
            Asked::Unfollow { conversation } => {
                self.granted(conversation).await?;
                self.follows.drop(conversation);
                self.reply(re, |re| wire::gone_reply(re, conversation)).await
            }
            // Those were answered before.
            Asked::Hello { .. }
            | Asked::Ping
            | Asked::Send(_)
            | Asked::Cancel { .. }
            | Asked::Retry { .. }
            | Asked::Fork { .. }
            | Asked::Subscribe(..)
            | Asked::Unsubscribe(_)
            | Asked::SubmitTask(_)
            | Asked::Task { .. }
            | Asked::Tasks { .. }
            | Asked::CancelTask { .. }
            | Asked::UpdateTask { .. }
            | Asked::RetryTask { .. } => Ok(()),
        })
    }

    // ---- who is there ---------------------------------------------------------------------

    async fn hello(&mut self, re: Re, token: Option<&str>, resume: Vec<Resume>) -> Flow {
        if std::mem::replace(&mut self.greeted, true) {
            return self.complain(re, Complaint::greeted_already()).await;
        }
        if self.identity.is_none() {
            let identity = match token {
                Some(token) => self.gateway.authority.bearer(token),
                None => self.gateway.authority.anonymous(),
            };
            let Ok(identity) = identity else {
                self.complain(re, Complaint::not_authenticated()).await?;
                return Err(End::Close(CloseCode::NotAuthenticated));
            };
            self.present = Some(self.gateway.seats.greet(identity.user));
            self.identity = Some(identity);
            self.welcome().await?;
        }
        self.reply(re, wire::done_reply).await?;
        for entry in resume {
            self.resume(entry).await?;
        }
        self.deliver().await
    }

    /// The first frame of a program's connection.
    pub(super) async fn welcome(&mut self) -> Flow {
        let Some(identity) = self.identity.clone() else { return Ok(()) };
        let workshop = self.gateway.registry.workshop();
        let session = sessions::session(&*workshop.store, &workshop.clock, &identity).await;
        let session = match session {
            Ok(session) => session.id,
            Err(error) => {
                // Reading goes on while nothing can be written: the id is the same either way.
                tracing::warn!(%error, "a session cannot be kept");
                sessions::id(identity.user)
            }
        };
        let anonymous = identity.anonymous;
        self.say(wire::welcome(&Greeting { session, user: identity.user, anonymous })).await
    }

    async fn resume(&mut self, entry: Resume) -> Flow {
        let resumed = match entry.place {
            Some((id, cursor)) => self.follow_from(id, cursor).await,
            None => Err(Complaint::not_found("conversation")),
        };
        match resumed {
            Ok(()) => Ok(()),
            Err(complaint) => self.complain(None, complaint.about(&entry.named)).await,
        }
    }

    // ---- turns ----------------------------------------------------------------------------

    async fn cancel(&mut self, re: Re, turn: TurnId) -> Result<Flow, Complaint> {
        self.room_for_an_outcome()?;
        let handle = self.open_turn(turn).await?;
        let (id, outcome) = (handle.feed().conversation(), handle.cancel(turn));
        self.when_known(re, id, outcome, |re, ended| wire::ended_reply(re, ended.turn));
        Ok(Ok(()))
    }

    async fn retry(&mut self, re: Re, turn: TurnId) -> Result<Flow, Complaint> {
        self.room_for_an_outcome()?;
        let handle = self.open_turn(turn).await?;
        let id = handle.feed().conversation();
        if let Err(end) = self.join(id, &handle).await? {
            return Ok(Err(end));
        }
        let outcome = handle.retry(turn, self.traceparent);
        let waits = self.waits(re, id, false);
        self.await_change(id, async move { waits.settle(outcome.known().await) });
        Ok(Ok(()))
    }

    // ---- conversations --------------------------------------------------------------------

    async fn list(
        &mut self,
        re: Re,
        before: Option<ConversationId>,
        rows: usize,
    ) -> Result<Flow, Complaint> {
        let user = self.user()?.user;
        let store = self.gateway.registry.workshop().store.clone();
        let mut page = store.conversations(user, before, rows + 1).await?;
        let more = page.len() > rows;
        page.truncate(rows);
        Ok(self.reply(re, |re| wire::conversations_reply(re, &page, more)).await)
    }

    async fn history(
        &mut self,
        re: Re,
        conversation: ConversationId,
        before: Option<MessageId>,
        rows: usize,
    ) -> Result<Flow, Complaint> {
        let record = self.record(conversation).await?;
        let store = self.gateway.registry.workshop().store.clone();
        let leaf = match before {
            None => record.head,
            Some(before) => {
                let message = store.message(conversation, before).await?;
                message.ok_or_else(|| Complaint::not_found("message"))?.parent
            }
        };
        let page = Page { rows, bytes: limits::PAGE_BYTES_MAX };
        let read = || async {
            match leaf {
                Some(leaf) => store.branch(conversation, leaf, page).await,
                None => Ok(Vec::new()),
            }
        };
        let runs = |message: &model::Message| message.status == Some(AnswerStatus::Running);
        let mut messages = read().await?;
        if messages.iter().any(runs) {
            // What has come of an answer that still grows is in its feed. It is read again behind that: an
            // answer may have ended by now, if only because the conversation was opened.
            let growing = self.open(conversation).await?.feed().end_with_answer().1;
            messages = read().await?;
            for message in messages.iter_mut().filter(|message| runs(message)) {
                if let Some((_, text)) = growing.as_ref().filter(|(turn, _)| *turn == message.turn)
                {
                    message.text = text.clone();
                }
            }
        }
        let more = messages.last().is_some_and(|oldest| oldest.parent.is_some());
        Ok(self.reply(re, |re| wire::messages_reply(re, &messages, more)).await)
    }

    async fn follow_named(
        &mut self,
        re: Re,
        id: ConversationId,
        from: Option<Cursor>,
    ) -> Result<Flow, Complaint> {
        if let Some(cursor) = from {
            self.follow_from(id, cursor).await?;
        } else {
            let handle = self.open(id).await?;
            let end = handle.feed().end();
            self.follow(id, handle, end)?;
        }
        let Some(follow) = self.follows.get(id) else { return Ok(Ok(())) };
        let at = follow.handle.feed().end();
        if let Err(end) = self.reply(re, |re| wire::following_reply(re, id, &at)).await {
            return Ok(Err(end));
        }
        if from.is_none()
            && let Err(end) = self.show(id).await
        {
            return Ok(Err(end));
        }
        if let Some(follow) = self.follows.get(id) {
            follow.resuming = true;
        }
        Ok(self.deliver().await)
    }

    async fn follow_from(&mut self, id: ConversationId, cursor: Cursor) -> Result<(), Complaint> {
        let handle = self.open(id).await?;
        self.follow(id, handle, cursor)?;
        if let Some(follow) = self.follows.get(id) {
            follow.resuming = true;
        }
        Ok(())
    }

    /// Follows a conversation from here on, where it is not followed yet. An answer that grows
    /// already is shown as a whole first.
    pub(super) async fn join(
        &mut self,
        id: ConversationId,
        handle: &Handle,
    ) -> Result<Flow, Complaint> {
        if self.follows.keep(id) {
            return Ok(Ok(()));
        }
        let (end, growing) = handle.feed().end_with_answer();
        self.follow(id, handle.clone(), Cursor { reading: None, ..end })?;
        Ok(if growing.is_some() { self.show(id).await } else { Ok(()) })
    }

    pub(super) fn follow(
        &mut self,
        id: ConversationId,
        handle: Handle,
        cursor: Cursor,
    ) -> Result<(), Complaint> {
        let most = limits::FOLLOWED_CONVERSATIONS_MAX;
        let room = self.follows.follow(id, handle, cursor);
        room.then_some(()).ok_or_else(|| Complaint::limit_reached("followed conversations", most))
    }

    // ---- answers --------------------------------------------------------------------------

    /// Tells of a refusal, in the way the two sides talk.
    pub(super) async fn complain(&mut self, re: Re, complaint: Complaint) -> Flow {
        let frame = self.refusal(re, complaint);
        self.say(frame).await
    }

    /// A complaint, put as whoever listens reads it.
    pub(super) fn refusal(&self, re: Re, complaint: Complaint) -> Frame {
        match self.voice {
            Voice::Text(_) => wire::warning(&complaint),
            Voice::Json | Voice::Undecided => wire::error(re, complaint),
        }
    }

    pub(super) async fn reply(&mut self, re: Re, frame: impl FnOnce(String) -> Frame) -> Flow {
        match re {
            Some(re) => self.say(frame(re)).await,
            None => Ok(()),
        }
    }

    /// Replies when the outcome of a change is known, and goes on until then.
    fn when_known<R: Send + 'static>(
        &mut self,
        re: Re,
        conversation: ConversationId,
        outcome: Outcome<R>,
        frame: impl FnOnce(String, R) -> Frame + Send + 'static,
    ) {
        let settled = async move {
            Settled::say(match outcome.known().await {
                Ok(result) => re.map(|re| frame(re, result)).into(),
                Err(refusal) => Says::Refused(re, refusal.into()),
            })
        };
        self.await_change(conversation, settled);
    }

    /// Outcomes that are waited for are limited, so that nobody can pile them up.
    pub(super) fn room_for_an_outcome(&self) -> Result<(), Complaint> {
        if self.pending.len() >= limits::REPLIES_OUTSTANDING_MAX {
            return Err(Complaint::limit_reached(
                "replies outstanding",
                limits::REPLIES_OUTSTANDING_MAX,
            ));
        }
        Ok(())
    }
}
