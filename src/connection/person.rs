//! A person typing: one line in, readable lines out.

use std::{collections::HashMap, sync::Arc};

use axum::extract::ws::Message;
use futures_util::{FutureExt, Sink, Stream};

use super::{Connection, Flow, Says, Settled, Voice, follows::Follows};
use crate::{
    conversation::{Growth, Reader, Refusal, SharedSlices, Shown},
    intent, limits,
    model::{self, ConversationId, Event, Role, Specialist, TurnId},
    store::Page,
    wire::{self, Complaint, Frame, SendAsked, Understand},
};

/// What can be typed besides what `/help` of the operator says.
const LINES: &str = "Here you can type as well:\n\
                     /new  a new conversation\n\
                     /stop  stop the answer\n\
                     /retry  ask the last message again\n\
                     /history  what was said so far\n\
                     /login TOKEN  say who you are\n\
                     /json  speak JSON from here on\n\
                     //x  send the message /x";

/// The command that tells what can be said.
const HELP: &str = "help";

/// Where a person is, and what they are about to be shown.
#[derive(Default)]
pub(super) struct Person {
    conversation: Option<ConversationId>,
    turn: Option<TurnId>,
    /// A command's turn: its text was shown as the command's result.
    muted: Option<TurnId>,
    /// Those who answer side by side, by their turns: the lines of each are told from the others'.
    voices: HashMap<TurnId, Side>,
    /// Whose lines were shown last, where it is one of them.
    speaking: Option<TurnId>,
    /// The turn that has ended last, of those shown since this was asked.
    ended: Option<TurnId>,
    lines: Vec<Frame>,
    bytes: usize,
}

/// One of those who answer side by side.
struct Side {
    /// Who it is.
    says: String,
    /// The same in short, for whoever was heard before.
    short: String,
    /// It is a specialist, of whose end the turn that asks it tells.
    specialist: bool,
}

impl Person {
    /// From here on it is about that conversation.
    pub(super) fn enter(&mut self, conversation: ConversationId) {
        self.conversation = Some(conversation);
    }

    /// A specialist is about to answer.
    pub(super) fn attend(&mut self, specialist: &Specialist) {
        let (says, short) = (specialist.pool.to_string(), specialist.pool.to_string());
        self.voices.insert(specialist.turn, Side { says, short, specialist: true });
    }

    /// The conversation is followed no more; what is said next begins another.
    pub(super) fn forget(&mut self, conversation: ConversationId) {
        self.conversation.take_if(|current| *current == conversation);
    }

    /// Whatever was said side by side is over.
    fn part(&mut self) {
        self.voices.clear();
        self.speaking = None;
    }

    /// The turn that has ended last since this was asked before.
    pub(super) fn take_ended(&mut self) -> Option<TurnId> {
        self.ended.take()
    }

    /// Says who speaks, where it was somebody else so far.
    fn hear(&mut self, turn: TurnId) {
        if self.speaking == Some(turn) {
            return;
        }
        if let Some(side) = self.voices.get_mut(&turn) {
            let who = wire::note(&side.says);
            side.says.clone_from(&side.short);
            self.speaking = Some(turn);
            self.show(who);
        }
    }

    /// What of an event belongs to those who answer side by side. False where it is to be shown as
    /// any other.
    fn of_several(&mut self, event: &Event) -> bool {
        match event {
            Event::TurnStarted { turn, specialists, pool, .. } if !specialists.is_empty() => {
                let (says, short) = (wire::voice(event), pool.to_string());
                self.voices.insert(*turn, Side { says, short, specialist: false });
                false
            }
            Event::TurnStarted { turn, .. } => {
                let Some(side) = self.voices.get_mut(turn) else { return false };
                side.says = wire::voice(event);
                true
            }
            Event::TurnReset { turn, .. } if self.voices.contains_key(turn) => {
                // What follows must not look as if it went on with what is void.
                self.speaking = None;
                self.hear(*turn);
                false
            }
            Event::TurnQueued { turn, position } if self.voices.contains_key(turn) => {
                self.wait(*turn, *position);
                true
            }
            _ => {
                let Some((turn, _)) = event.ends() else { return false };
                self.ended = Some(turn);
                // Whoever makes one answer of theirs has an end like any other.
                self.voices.remove(&turn).is_some_and(|side| side.specialist)
            }
        }
    }

    fn wait(&mut self, turn: TurnId, position: u64) {
        let who =
            self.voices.get(&turn).map_or_else(String::new, |side| format!("{}: ", side.short));
        self.show(wire::note(&format!("{who}waiting, number {position}")));
    }

    fn show(&mut self, line: Frame) {
        self.bytes += line.len();
        self.lines.push(line);
    }

    /// The lines that are to be written now.
    pub(super) fn take_lines(&mut self) -> Vec<Frame> {
        self.bytes = 0;
        std::mem::take(&mut self.lines)
    }

    /// Shows what was said while the person was away.
    pub(super) fn catch_up(
        &mut self,
        messages: &[model::Message],
        answer: Option<&(TurnId, Arc<str>)>,
    ) {
        for message in messages {
            match message.role {
                Role::User => self.show(wire::note(&format!("> {}", message.text))),
                Role::Assistant if message.text.is_empty() => {}
                Role::Assistant => self.show(wire::answer(&message.text)),
            }
        }
        if let Some((turn, text)) = answer {
            self.turn = Some(*turn);
            if !text.is_empty() {
                self.show(wire::answer(text));
            }
        }
    }
}

impl Reader for Person {
    fn event(&mut self, shown: &Shown) {
        let event = &shown.event.event;
        match event {
            Event::MessageAccepted { turn, .. } if !self.voices.contains_key(turn) => {
                self.turn = Some(*turn);
            }
            Event::CommandResult { turn, text, intent, .. } => {
                self.muted = Some(*turn);
                self.show(wire::note(text));
                if &**intent == HELP {
                    self.show(wire::note(LINES));
                }
            }
            Event::ConversationDeleted if self.conversation == Some(shown.event.conversation) => {
                self.conversation = None;
            }
            _ => {}
        }
        if self.of_several(event) {
            return;
        }
        if let Some(line) = wire::line(event) {
            self.speaking = None;
            self.show(line);
        }
    }

    fn text(&mut self, growth: &Growth<'_>, _shared: &mut SharedSlices) -> usize {
        // Who speaks beside others does so by the paragraph.
        let whole = if self.voices.contains_key(&growth.turn) {
            wire::at_paragraph_end
        } else {
            wire::at_sentence_end
        };
        let taken = if growth.last { growth.text.len() } else { whole(growth.text) };
        let (text, _) = growth.text.split_at(taken);
        let text = text.trim_end();
        if !text.is_empty() && self.muted != Some(growth.turn) {
            self.hear(growth.turn);
            self.show(wire::answer(text));
        }
        taken
    }

    fn position(&mut self, turn: TurnId, position: u64, _at: model::Timestamp) {
        self.wait(turn, position);
    }

    fn full(&self) -> bool {
        self.bytes >= limits::DELIVERY_BYTES
    }
}

impl<T, E> Connection<T>
where
    T: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin + Send,
{
    /// The first lines of a person's connection.
    pub(super) async fn greet_person(&mut self) -> Flow {
        let greeting = if self.identity.is_some() {
            "OperatorOS. Ask anything; /help says what else there is."
        } else {
            "OperatorOS. Say who you are: /login TOKEN"
        };
        self.say(wire::note(greeting)).await
    }

    /// Hears one line.
    pub(super) async fn hear_line(&mut self, line: &str) -> Flow {
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        if let Some(token) = line.strip_prefix("/login ") {
            return self.login(token.trim()).await;
        }
        if line == "/login" {
            return self.say(wire::note("It is written /login TOKEN.")).await;
        }
        if self.identity.is_none() {
            return self.complain(None, Complaint::not_authenticated()).await;
        }
        let done = match line.strip_prefix('/') {
            None => self.type_message(line, Understand::Auto).await,
            Some(rest) if rest.starts_with('/') => self.type_message(rest, Understand::Chat).await,
            Some(_) => self.type_command(line).await,
        };
        match done {
            Ok(flow) => flow,
            Err(complaint) => self.complain(None, complaint).await,
        }
    }

    async fn login(&mut self, token: &str) -> Flow {
        match self.gateway.authority.bearer(token) {
            Ok(identity) => {
                let name = identity.name.clone();
                self.present = Some(self.gateway.seats.greet(identity.user));
                self.identity = Some(identity);
                // What the one before followed is none of theirs.
                self.follows = Follows::new(self.feeds.clone());
                self.topics = None;
                if let Voice::Text(person) = &mut self.voice {
                    **person = Person::default();
                }
                self.say(wire::note(&format!("you are {name}"))).await
            }
            Err(_) => self.complain(None, Complaint::not_authenticated()).await,
        }
    }

    async fn type_message(&mut self, text: &str, how: Understand) -> Result<Flow, Complaint> {
        if text.len() > limits::TEXT_BYTES_MAX {
            return Err(Complaint::too_large("text", text.len(), limits::TEXT_BYTES_MAX));
        }
        let conversation = self.person().and_then(|person| person.conversation);
        let send = SendAsked { conversation, ..SendAsked::of(text, how) };
        let (id, flow) = self.take_up(None, send).await?;
        if let Some(person) = self.person() {
            person.enter(id);
        }
        Ok(flow)
    }

    async fn type_command(&mut self, line: &str) -> Result<Flow, Complaint> {
        match line {
            "/new" => {
                let left = self.person().and_then(|person| person.conversation.take());
                let passing = self.follows.passing();
                for id in left.into_iter().chain(passing) {
                    self.follows.drop(id);
                }
                if let Some(person) = self.person() {
                    person.part();
                }
                Ok(self.say(wire::note("a new conversation")).await)
            }
            "/stop" => self.stop().await,
            "/retry" => self.again().await,
            "/history" => self.recall().await,
            "/json" => {
                self.voice = Voice::Json;
                if let Err(end) = self.welcome().await {
                    return Ok(Err(end));
                }
                // What was told to a person, a program has not read.
                for id in self.follows.ids() {
                    if let Err(end) = self.show(id).await {
                        return Ok(Err(end));
                    }
                }
                Ok(Ok(()))
            }
            _ if intent::slash(line).is_some() => self.type_message(line, Understand::Auto).await,
            _ => {
                let text = format!("There is no {line} here. /help says what there is.");
                Err(Complaint::invalid("text", text))
            }
        }
    }

    async fn stop(&mut self) -> Result<Flow, Complaint> {
        let (id, turn) = self.last_turn()?;
        let outcome = self.open(id).await?.cancel(turn);
        let settled = async move {
            let refused = |refusal: Refusal| Says::Refused(None, refusal.into());
            Settled::say(outcome.known().await.err().map_or(Says::Nothing, refused))
        };
        self.pending.push(settled.boxed());
        Ok(Ok(()))
    }

    async fn again(&mut self) -> Result<Flow, Complaint> {
        self.room_for_an_outcome()?;
        let (id, turn) = self.last_turn()?;
        let outcome = self.open(id).await?.retry(turn, self.traceparent);
        let waits = self.waits(None, id, false);
        self.pending.push(async move { waits.settle(outcome.known().await) }.boxed());
        Ok(Ok(()))
    }

    async fn recall(&mut self) -> Result<Flow, Complaint> {
        let conversation = self.person().and_then(|person| person.conversation);
        let id = conversation.ok_or_else(nothing_yet)?;
        let head = self.record(id).await?.head;
        let page = Page { rows: limits::PAGE_ROWS, bytes: limits::PAGE_BYTES_MAX };
        let store = self.gateway.registry.workshop().store.clone();
        let mut messages = match head {
            Some(head) => store.branch(id, head, page).await?,
            None => Vec::new(),
        };
        messages.reverse();
        if let Some(person) = self.person() {
            person.catch_up(&messages, None);
        }
        if let Err(end) = self.write_frames().await {
            return Ok(Err(end));
        }
        Ok(self.flush().await)
    }

    fn last_turn(&mut self) -> Result<(ConversationId, TurnId), Complaint> {
        let person = self.person().and_then(|person| person.conversation.zip(person.turn));
        person.ok_or_else(nothing_yet)
    }

    pub(super) fn person(&mut self) -> Option<&mut Person> {
        match &mut self.voice {
            Voice::Text(person) => Some(person),
            Voice::Json | Voice::Undecided => None,
        }
    }
}

/// There is no answer to stop, to repeat or to show.
fn nothing_yet() -> Complaint {
    Complaint::invalid("text", "Nothing was said here yet. Type a message first.")
}
