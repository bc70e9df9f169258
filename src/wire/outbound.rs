//! What a client is told, as frames.

use std::{io::Write as _, sync::Arc};

use operatoros_protocol::{
    self as protocol, ConversationPage, Done, Following, GoAway, Gone, GrowingTurn, Limits,
    MessagePage, Outcome, Pong, Reply, Resumed, SendResult, SendState, ServerFrame, TurnResult,
    Welcome,
};

use super::{Complaint, Frame, objects};
use crate::{
    limits,
    model::{
        Accepted, Conversation, ConversationId, Cursor, Message, Sequenced, SessionId, Timestamp,
        TurnId, UserId,
    },
};

/// Who is welcomed.
#[derive(Debug, Clone, Copy)]
pub struct Greeting {
    /// Their session.
    pub session: SessionId,
    /// The user.
    pub user: UserId,
    /// Nobody had to say who they are.
    pub anonymous: bool,
}

pub(super) fn frame(of: &ServerFrame) -> Frame {
    of.to_json().into()
}

/// The first frame of a connection.
pub fn welcome(to: &Greeting) -> Frame {
    let n = |limit: usize| limit as u64;
    frame(&ServerFrame::Welcome(Box::new(Welcome {
        protocol: protocol::PROTOCOL.to_owned(),
        session: to.session.to_string(),
        user: to.user.to_string(),
        server: concat!("operatoros/", env!("CARGO_PKG_VERSION")).to_owned(),
        limits: Limits {
            frame_bytes: n(limits::FRAME_BYTES_MAX),
            text_bytes: n(limits::TEXT_BYTES_MAX),
            frame_id_bytes: n(limits::FRAME_ID_BYTES_MAX),
            key_bytes: n(limits::KEY_BYTES_MAX),
            title_bytes: n(limits::TITLE_BYTES_MAX),
            metadata_bytes: n(limits::METADATA_BYTES_MAX),
            answer_bytes: n(limits::ANSWER_BYTES_MAX),
            delta_bytes: n(limits::DELTA_BYTES_MAX),
            followed_conversations: n(limits::FOLLOWED_CONVERSATIONS_MAX),
            resume_entries: n(limits::RESUME_ENTRIES_MAX),
            queued_turns: n(limits::QUEUED_TURNS_MAX),
            page_rows: n(limits::PAGE_ROWS_MAX),
            frames_burst: u64::from(limits::FRAMES_BURST_MAX),
            frames_per_second: u64::from(limits::FRAMES_PER_SECOND_MAX),
            bad_frames_per_minute: u64::from(limits::BAD_FRAMES_PER_MINUTE_MAX),
            specialists: n(limits::SPECIALISTS_MAX),
        },
        heartbeat_ms: u64::try_from(limits::PING_AFTER.as_millis()).unwrap_or(u64::MAX),
        anonymous: to.anonymous,
    })))
}

/// A refusal, of the frame `re` or of nothing in particular.
pub fn error(re: Option<String>, complaint: Complaint) -> Frame {
    frame(&ServerFrame::Error(complaint.into_frame(re)))
}

pub(super) fn reply(re: String, result: Outcome) -> Frame {
    frame(&ServerFrame::Reply(Reply { re, result }))
}

/// The answer to `message.send` and `turn.retry`.
pub fn sent_reply(re: String, accepted: &Accepted, duplicate: bool) -> Frame {
    let state = if accepted.position.is_some() { SendState::Queued } else { SendState::Running };
    reply(
        re,
        Outcome::Sent(SendResult {
            conversation: accepted.conversation.to_string(),
            message: accepted.message.to_string(),
            turn: accepted.turn.to_string(),
            state,
            position: accepted.position,
            duplicate: duplicate.then_some(true),
        }),
    )
}

/// The answer to `turn.cancel`.
pub fn ended_reply(re: String, turn: TurnId) -> Frame {
    reply(re, Outcome::Turn(TurnResult { turn: turn.to_string() }))
}

/// The answer to `conversation.create`, `.get`, `.update` and `.fork`.
pub fn conversation_reply(re: String, conversation: &Conversation) -> Frame {
    reply(re, Outcome::Conversation(objects::conversation(conversation)))
}

/// The answer to `conversation.list`. `more`: there are rows beyond the last.
pub fn conversations_reply(re: String, page: &[Conversation], more: bool) -> Frame {
    let cursor = page.last().filter(|_| more).map(|last| last.id.to_string());
    let conversations = page.iter().map(objects::conversation).collect();
    reply(re, Outcome::Conversations(ConversationPage { conversations, cursor }))
}

/// The answer to `conversation.history`, from messages that are newest first.
pub fn messages_reply(re: String, newest_first: &[Message], more: bool) -> Frame {
    let cursor = newest_first.last().filter(|_| more).map(|oldest| oldest.id.to_string());
    let messages = newest_first.iter().rev().map(objects::message).collect();
    reply(re, Outcome::Messages(MessagePage { messages, cursor }))
}

/// The answer to `conversation.follow`.
pub fn following_reply(re: String, conversation: ConversationId, at: &Cursor) -> Frame {
    let conversation = conversation.to_string();
    reply(re, Outcome::Following(Following { conversation, epoch: at.epoch, seq: at.seq }))
}

/// The answer to `conversation.delete` and `.unfollow`.
pub fn gone_reply(re: String, conversation: ConversationId) -> Frame {
    reply(re, Outcome::Gone(Gone { conversation: conversation.to_string() }))
}

/// The answer to a `hello` that has an `id`.
pub fn done_reply(re: String) -> Frame {
    reply(re, Outcome::Done(Done {}))
}

/// The answer to `ping`.
pub fn pong(re: Option<String>) -> Frame {
    frame(&ServerFrame::Pong(Pong { re }))
}

/// Something that happened in a conversation.
pub fn event(of: &Sequenced) -> Frame {
    sequenced(of.conversation, of.epoch, Some(of.seq), of.at, objects::event(&of.event))
}

/// The place in the queue of a turn that waits, told again.
pub fn position(
    (conversation, epoch): (ConversationId, u64),
    at: Timestamp,
    turn: TurnId,
    position: u64,
) -> Frame {
    let event = protocol::Event::TurnQueued { turn: turn.to_string(), position };
    sequenced(conversation, epoch, None, at, event)
}

fn sequenced(
    conversation: ConversationId,
    epoch: u64,
    seq: Option<u64>,
    at: Timestamp,
    event: protocol::Event,
) -> Frame {
    frame(&ServerFrame::Event(Box::new(protocol::ConversationEvent {
        event,
        conversation: conversation.to_string(),
        epoch,
        seq,
        at: at.to_utc().into(),
    })))
}

/// A piece of an answer. The one frame that is written by hand: each token is one of these.
pub fn delta(conversation: ConversationId, turn: TurnId, offset: u64, text: &str) -> Frame {
    const EMPTY_FRAME_BYTES: usize = 176;
    let end = offset + text.len() as u64;
    let mut json = Vec::with_capacity(EMPTY_FRAME_BYTES + text.len() + text.len() / 8);
    let head = write!(
        json,
        r#"{{"type":"turn.delta","conversation":"{conversation}","turn":"{turn}","offset":{offset},"end":{end},"text":"#
    );
    head.and_then(|()| serde_json::to_writer(&mut json, text).map_err(Into::into))
        .expect("a vector takes every write");
    json.push(b'}');
    String::from_utf8(json).expect("the parts are UTF-8").into()
}

/// The state of a conversation at a position, instead of a replay.
pub fn snapshot(
    conversation: ConversationId,
    at: &Cursor,
    messages: &[Message],
    answer: Option<(TurnId, Arc<str>)>,
) -> Frame {
    frame(&ServerFrame::Snapshot(protocol::Snapshot {
        conversation: conversation.to_string(),
        epoch: at.epoch,
        seq: at.seq,
        messages: messages.iter().map(objects::message).collect(),
        turn: answer.map(|(turn, text)| GrowingTurn {
            turn: turn.to_string(),
            end: text.len() as u64,
            text: text.as_ref().to_owned(),
        }),
    }))
}

/// The replay of one conversation is over.
pub fn resumed(conversation: ConversationId, at: &Cursor) -> Frame {
    let conversation = conversation.to_string();
    frame(&ServerFrame::Resumed(Resumed { conversation, epoch: at.epoch, seq: at.seq }))
}

/// The gateway will close soon.
pub fn goaway(reason: &str, reconnect_after_ms: u64) -> Frame {
    frame(&ServerFrame::GoAway(GoAway { reason: reason.to_owned(), reconnect_after_ms }))
}

/// The answer to `POST /v1/tickets`.
pub fn ticket(ticket: &str, expires_in_ms: u64) -> String {
    serde_json::json!({"ticket": ticket, "expires_in_ms": expires_in_ms}).to_string()
}
