//! What a client asks for, read from a frame and held against the limits.

use std::{str::FromStr, sync::Arc, time::Duration};

use operatoros_protocol::{self as protocol, As, ClientFrame, IfBusy, MessageSend, ROOT, Request};
use serde_json::Value;

use super::{Complaint, TaskAsked, TaskChangeAsked, tasks};
use crate::{
    limits,
    model::{
        AgentName, ConversationId, Cursor, MessageId, PoolName, TaskFilter, TaskId, TraceParent,
        TurnId,
    },
};

/// A frame that could be read.
#[derive(Debug)]
pub struct Inbound {
    /// What comes back as `re`.
    pub re: Option<String>,
    /// What is asked, or why that cannot be.
    pub asked: Result<Asked, Complaint>,
}

/// Everything that can be asked.
#[derive(Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol, where they are described")]
pub enum Asked {
    Hello {
        token: Option<String>,
        resume: Vec<Resume>,
    },
    Send(Box<SendAsked>),
    Cancel {
        turn: TurnId,
    },
    Retry {
        turn: TurnId,
    },
    Create {
        title: Option<Arc<str>>,
        pool: Option<PoolName>,
    },
    Get {
        conversation: ConversationId,
    },
    List {
        before: Option<ConversationId>,
        rows: usize,
    },
    Update {
        conversation: ConversationId,
        title: Option<Arc<str>>,
        pool: Option<PoolName>,
        agent: Option<AgentName>,
        head: Option<MessageId>,
    },
    Fork {
        conversation: ConversationId,
        at: Option<MessageId>,
        title: Option<Arc<str>>,
    },
    Delete {
        conversation: ConversationId,
    },
    History {
        conversation: ConversationId,
        before: Option<MessageId>,
        rows: usize,
    },
    Follow {
        conversation: ConversationId,
        from: Option<Cursor>,
    },
    Unfollow {
        conversation: ConversationId,
    },
    Subscribe(Topic, Option<Duration>),
    Unsubscribe(Topic),
    SubmitTask(Box<TaskAsked>),
    Task {
        task: TaskId,
    },
    Tasks {
        filter: TaskFilter,
        before: Option<TaskId>,
        rows: usize,
    },
    CancelTask {
        task: TaskId,
    },
    UpdateTask {
        task: TaskId,
        to: Box<TaskChangeAsked>,
    },
    RetryTask {
        task: TaskId,
    },
    Ping,
}

/// Something to subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The user's own tasks.
    Tasks,
    /// How the gateway is.
    Status,
    /// What needs attention.
    Alerts,
    /// How the pools are.
    Pools,
}

/// Where a client left off in one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The conversation as the client names it.
    pub named: String,
    /// Where it left off; `None` where the name is no conversation's.
    pub place: Option<(ConversationId, Cursor)>,
}

/// A message to be answered, or a command.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the protocol, where they are described")]
pub struct SendAsked {
    pub text: Arc<str>,
    pub conversation: Option<ConversationId>,
    pub key: Option<Arc<str>>,
    pub pool: Option<PoolName>,
    /// Several that are asked the same.
    pub pools: Vec<PoolName>,
    pub agent: Option<AgentName>,
    pub parent: Option<MessageId>,
    /// It begins a new branch at the root.
    pub at_root: bool,
    pub interrupt: bool,
    pub reject: bool,
    pub understand: Understand,
    pub metadata: Option<Value>,
    /// What its sender was doing when it was sent.
    pub traceparent: Option<TraceParent>,
}

impl SendAsked {
    /// A text with nothing said about it.
    pub fn of(text: &str, understand: Understand) -> Self {
        Self {
            text: text.into(),
            conversation: None,
            key: None,
            pool: None,
            pools: Vec::new(),
            agent: None,
            parent: None,
            at_root: false,
            interrupt: false,
            reject: false,
            understand,
            metadata: None,
            traceparent: None,
        }
    }
}

/// How a text is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Understand {
    /// As a command where it is one, else as a message.
    #[default]
    Auto,
    /// As a message, whatever it looks like.
    Chat,
    /// As a command, or not at all.
    Command,
}

/// Reads a frame. Never panics, whatever the text.
pub fn read(text: &str) -> Inbound {
    match ClientFrame::parse(text) {
        Ok(frame) => Inbound { re: frame.id, asked: asked(frame.request) },
        Err(bad) => {
            let complaint = Complaint::bad_frame(bad.message(), bad.details());
            Inbound { re: bad.id, asked: Err(complaint) }
        }
    }
}

fn asked(request: Request) -> Result<Asked, Complaint> {
    Ok(match request {
        Request::Hello(hello) => {
            if hello.resume.len() > limits::RESUME_ENTRIES_MAX {
                return Err(Complaint::limit_reached(
                    "resumed conversations",
                    limits::RESUME_ENTRIES_MAX,
                ));
            }
            Asked::Hello {
                token: hello.token,
                resume: hello.resume.into_iter().map(resume).collect(),
            }
        }
        Request::MessageSend(send) => Asked::Send(Box::new(message(send)?)),
        Request::TurnCancel(of) => Asked::Cancel { turn: id("turn", &of.turn)? },
        Request::TurnRetry(of) => Asked::Retry { turn: id("turn", &of.turn)? },
        Request::ConversationCreate(new) => {
            Asked::Create { title: title(new.title)?, pool: pool(new.pool.as_deref()) }
        }
        Request::ConversationGet(of) => {
            Asked::Get { conversation: id("conversation", &of.conversation)? }
        }
        Request::ConversationList(list) => Asked::List {
            before: list.cursor.map(|cursor| page_cursor(&cursor)).transpose()?,
            rows: rows(list.limit)?,
        },
        Request::ConversationUpdate(of) => Asked::Update {
            conversation: id("conversation", &of.conversation)?,
            title: title(of.title)?,
            pool: of.pool.as_deref().map(PoolName::from),
            agent: of.agent.as_deref().map(AgentName::from),
            head: of.head.map(|head| id("message", &head)).transpose()?,
        },
        Request::ConversationFork(of) => Asked::Fork {
            conversation: id("conversation", &of.conversation)?,
            at: of.at.map(|at| id("message", &at)).transpose()?,
            title: title(of.title)?,
        },
        Request::ConversationDelete(of) => {
            Asked::Delete { conversation: id("conversation", &of.conversation)? }
        }
        Request::ConversationHistory(of) => Asked::History {
            conversation: id("conversation", &of.conversation)?,
            before: of.before.map(|before| page_cursor(&before)).transpose()?,
            rows: rows(of.limit)?,
        },
        Request::ConversationFollow(of) => Asked::Follow {
            conversation: id("conversation", &of.conversation)?,
            from: match (of.epoch, of.seq) {
                (Some(epoch), Some(seq)) => Some(cursor(epoch, seq, of.turn.as_deref(), of.offset)),
                (None, None) => None,
                _ => return Err(Complaint::invalid("seq", "`epoch` and `seq` go together.")),
            },
        },
        Request::ConversationUnfollow(of) => {
            Asked::Unfollow { conversation: id("conversation", &of.conversation)? }
        }
        rest @ (Request::Subscribe(_)
        | Request::Unsubscribe(_)
        | Request::TaskSubmit(_)
        | Request::TaskGet(_)
        | Request::TaskList(_)
        | Request::TaskCancel(_)
        | Request::TaskUpdate(_)
        | Request::TaskRetry(_)
        | Request::Ping(_)) => asked_of_the_rest(rest)?,
    })
}

fn topic(topic: protocol::Topic) -> Topic {
    match topic {
        protocol::Topic::Tasks => Topic::Tasks,
        protocol::Topic::Status => Topic::Status,
        protocol::Topic::Pools => Topic::Pools,
        protocol::Topic::Alerts => Topic::Alerts,
    }
}

/// How often a topic is told.
fn interval(ms: Option<u64>) -> Result<Option<Duration>, Complaint> {
    let (least, most) = (limits::SAMPLE_EVERY_MS_MIN, limits::STATUS_EVERY_MS_MAX);
    match ms {
        Some(ms) if !(u64::from(least)..=u64::from(most)).contains(&ms) => {
            let message = format!("`interval_ms` is a number from {least} to {most}.");
            Err(Complaint::invalid("interval_ms", message))
        }
        ms => Ok(ms.map(Duration::from_millis)),
    }
}

fn asked_of_the_rest(request: Request) -> Result<Asked, Complaint> {
    Ok(match request {
        Request::Subscribe(of) => Asked::Subscribe(topic(of.topic), interval(of.interval_ms)?),
        Request::Unsubscribe(of) => Asked::Unsubscribe(topic(of.topic)),
        Request::TaskSubmit(new) => tasks::submit(new)?,
        Request::TaskGet(of) => Asked::Task { task: id("task", &of.task)? },
        Request::TaskList(of) => tasks::list(of)?,
        Request::TaskCancel(of) => Asked::CancelTask { task: id("task", &of.task)? },
        Request::TaskUpdate(of) => tasks::update(of)?,
        Request::TaskRetry(of) => Asked::RetryTask { task: id("task", &of.task)? },
        Request::Ping(_)
        // Those were read before.
        | Request::Hello(_)
        | Request::MessageSend(_)
        | Request::TurnCancel(_)
        | Request::TurnRetry(_)
        | Request::ConversationCreate(_)
        | Request::ConversationGet(_)
        | Request::ConversationList(_)
        | Request::ConversationUpdate(_)
        | Request::ConversationFork(_)
        | Request::ConversationDelete(_)
        | Request::ConversationHistory(_)
        | Request::ConversationFollow(_)
        | Request::ConversationUnfollow(_) => Asked::Ping,
    })
}

fn message(send: MessageSend) -> Result<SendAsked, Complaint> {
    check_text(&send.text)?;
    check_key(send.key.as_deref())?;
    if let Some(metadata) = &send.metadata {
        within("metadata", metadata.to_string().len(), limits::METADATA_BYTES_MAX)?;
    }
    let (pool, pools) = asked_pools(pool(send.pool.as_deref()), &send.pools)?;
    let at_root = send.parent.as_deref() == Some(ROOT);
    let parent = send.parent.filter(|_| !at_root);
    Ok(SendAsked {
        text: send.text.into(),
        conversation: send.conversation.map(|of| id("conversation", &of)).transpose()?,
        key: send.key.map(Into::into),
        pool,
        pools,
        agent: agent(send.agent.as_deref()),
        parent: parent.map(|parent| id("message", &parent)).transpose()?,
        at_root,
        interrupt: send.if_busy == Some(IfBusy::Interrupt),
        reject: send.if_busy == Some(IfBusy::Reject),
        understand: match send.understood_as {
            Some(As::Chat) => Understand::Chat,
            Some(As::Command) => Understand::Command,
            Some(As::Auto) | None => Understand::Auto,
        },
        metadata: send.metadata,
        // Whoever gets it wrong begins another trace, as its specification has it.
        traceparent: send.traceparent.and_then(|parent| parent.parse().ok()),
    })
}

pub(super) fn check_text(text: &str) -> Result<(), Complaint> {
    within("text", text.len(), limits::TEXT_BYTES_MAX)?;
    if text.trim().is_empty() {
        return Err(Complaint::invalid("text", "`text` is empty. Say something."));
    }
    Ok(())
}

pub(super) fn check_key(key: Option<&str>) -> Result<(), Complaint> {
    let Some(key) = key else { return Ok(()) };
    within("key", key.len(), limits::KEY_BYTES_MAX)?;
    if key.is_empty() {
        return Err(Complaint::invalid("key", "`key` is empty. Leave it out or fill it."));
    }
    Ok(())
}

fn resume(of: operatoros_protocol::Resume) -> Resume {
    let at = cursor(of.epoch, of.seq, of.turn.as_deref(), of.offset);
    let place = of.conversation.parse().ok().map(|id| (id, at));
    Resume { named: of.conversation, place }
}

/// A turn that no turn can be is one that was never read.
fn cursor(epoch: u64, seq: u64, turn: Option<&str>, offset: Option<u64>) -> Cursor {
    let reading = turn.and_then(|turn| turn.parse().ok()).map(|turn| (turn, offset.unwrap_or(0)));
    Cursor { epoch, seq, reading }
}

/// What is no id of this kind cannot exist.
pub(super) fn id<T: FromStr>(what: &str, text: &str) -> Result<T, Complaint> {
    text.parse().map_err(|_| Complaint::not_found(what))
}

pub(super) fn page_cursor<T: FromStr>(text: &str) -> Result<T, Complaint> {
    let message = "This is no cursor of a page. Use the one that the page before gave.";
    text.parse().map_err(|_| Complaint::invalid("cursor", message))
}

pub(super) fn pool(name: Option<&str>) -> Option<PoolName> {
    name.filter(|name| !name.is_empty()).map(PoolName::from)
}

pub(super) fn agent(name: Option<&str>) -> Option<AgentName> {
    name.filter(|name| !name.is_empty()).map(AgentName::from)
}

/// Who is asked: one, or several. To name several that are one is to name that one.
fn asked_pools(
    one: Option<PoolName>,
    several: &[String],
) -> Result<(Option<PoolName>, Vec<PoolName>), Complaint> {
    let invalid = |message: String| Err(Complaint::invalid("pools", message));
    let pools: Vec<_> = several.iter().map(|name| PoolName::from(name.as_str())).collect();
    if pools.len() > limits::SPECIALISTS_MAX {
        let most = limits::SPECIALISTS_MAX;
        return invalid(format!("`pools` names {} pools; ask {most} at the most.", pools.len()));
    }
    let mut before = pools.iter().enumerate();
    if let Some((_, twice)) = before.find(|(at, name)| pools[..*at].contains(name)) {
        return invalid(format!("`pools` names {twice} twice. Name each pool once."));
    }
    match pools.as_slice() {
        [alone] if one.as_ref().is_some_and(|one| one != alone) => {
            invalid(format!("`pools` has {alone} alone, and `pool` another. Name one of them."))
        }
        [alone] => Ok((Some(alone.clone()), Vec::new())),
        _ => Ok((one, pools)),
    }
}

fn title(title: Option<String>) -> Result<Option<Arc<str>>, Complaint> {
    if let Some(title) = &title {
        within("title", title.len(), limits::TITLE_BYTES_MAX)?;
    }
    Ok(title.map(Into::into))
}

pub(super) fn rows(limit: Option<u64>) -> Result<usize, Complaint> {
    match limit.map(usize::try_from) {
        None => Ok(limits::PAGE_ROWS),
        Some(Ok(rows)) if rows > 0 => Ok(rows.min(limits::PAGE_ROWS_MAX)),
        _ => Err(Complaint::invalid("limit", "`limit` is a number of rows, from 1 on.")),
    }
}

pub(super) fn within(field: &str, bytes: usize, bytes_max: usize) -> Result<(), Complaint> {
    if bytes > bytes_max { Err(Complaint::too_large(field, bytes, bytes_max)) } else { Ok(()) }
}
