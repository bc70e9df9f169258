//! What can be asked of a conversation, and the answers.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::specialists::Part;
use crate::{
    budget::Exhausted,
    model::{
        Accepted, AgentName, AnswerStatus, Conversation, ConversationId, DemoStep, IncidentId,
        MessageId, Offer, PoolName, Subject, TaskId, TraceParent, Traced, TurnId, UserId,
    },
    pool::Busy,
    store::StoreError,
};

/// Where the answer to a command goes; the one who asked may have left.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Answers whoever asked; they may have left.
pub(super) fn answer_to<T>(reply: Reply<T>, answer: Result<T, Refusal>) {
    drop(reply.send(answer));
}

/// Everything that can be asked of a conversation's writer.
pub(super) enum Command {
    /// Make it exist, although nothing was said in it yet.
    Create(Reply<Conversation>),
    /// Answer a message.
    Ask(Box<Ask>, Reply<Sent>),
    /// Note an operator command that was carried out.
    Note(Executed, Reply<Sent>),
    /// Answer a turn's message a second time, as a sibling branch; below what was done by whoever
    /// wants that.
    Retry(TurnId, Option<TraceParent>, Reply<Sent>),
    /// Stop a turn.
    Cancel(TurnId, Reply<Ended>),
    /// Change title, pool or branch.
    Change(Change, Reply<Conversation>),
    /// Forget everything.
    Delete(Reply<Done>),
}

impl Command {
    /// Answers whoever asked, where it was not even looked at.
    pub(super) fn refuse(self, refusal: Refusal) {
        match self {
            Self::Create(reply) | Self::Change(_, reply) => answer_to(reply, Err(refusal)),
            Self::Ask(_, reply) | Self::Note(_, reply) | Self::Retry(_, _, reply) => {
                answer_to(reply, Err(refusal));
            }
            Self::Cancel(_, reply) => answer_to(reply, Err(refusal)),
            Self::Delete(reply) => answer_to(reply, Err(refusal)),
        }
    }
}

/// A message to be answered.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What it says.
    pub text: Arc<str>,
    /// The client's idempotency key.
    pub key: Option<Arc<str>>,
    /// The pool that shall answer.
    pub pool: Option<PoolName>,
    /// Pools that are all asked first, so that one answer is made of theirs.
    pub pools: Vec<PoolName>,
    /// The agent that shall answer.
    pub agent: Option<AgentName>,
    /// The message it follows, where that is not the newest.
    pub parent: Parent,
    /// What to do when a turn runs already.
    pub if_busy: IfBusy,
    /// The client's own notes.
    pub metadata: Option<serde_json::Value>,
    /// The branch that it is about, where that is another conversation's.
    pub about: Option<Branch>,
    /// The turn that it is to be, where a specialist is asked: it was promised already.
    pub turn: Option<TurnId>,
    /// Whatever comes of it stands in this.
    pub span: Traced,
}

impl Default for Ask {
    /// An empty one, of which no log and no trace tells.
    fn default() -> Self {
        Self {
            text: "".into(),
            key: None,
            pool: None,
            pools: Vec::new(),
            agent: None,
            parent: Parent::Head,
            if_busy: IfBusy::Queue,
            metadata: None,
            about: None,
            turn: None,
            span: Traced::none(),
        }
    }
}

/// A branch of a conversation: all messages up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// Whose.
    pub conversation: ConversationId,
    /// Its newest message.
    pub head: MessageId,
}

/// Which message a new one follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parent {
    /// The newest of the current branch.
    #[default]
    Head,
    /// None: it begins a new branch at the root.
    Root,
    /// This one: it begins a sibling of whatever followed it so far.
    Message(MessageId),
}

/// What to do with a message while a turn runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfBusy {
    /// It waits its turn.
    #[default]
    Queue,
    /// The running turn is cancelled, and those that wait.
    Interrupt,
    /// It is refused.
    Reject,
}

/// An operator command and what came of it.
#[derive(Debug, Clone)]
pub struct Executed {
    /// What the user typed.
    pub asked: Arc<str>,
    /// The client's idempotency key.
    pub key: Option<Arc<str>>,
    /// Which command.
    pub intent: Arc<str>,
    /// Its parameters.
    pub slots: serde_json::Value,
    /// The result for a person.
    pub text: Arc<str>,
    /// The result for a program.
    pub data: serde_json::Value,
    /// What it asks back: the answers there are; `None`: what was asked before still stands.
    pub offers: Option<Arc<[Offer]>>,
    /// What it does to the demonstration in the conversation.
    pub tour: Tour,
    /// What it speaks of; `None`: what was spoken of before is still meant.
    pub subject: Option<Subject>,
    /// What has been told by this.
    pub tells: Option<Told>,
}

/// Something that is told exactly once: that it was is kept with the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The outcome of a background task.
    Task(TaskId),
    /// So much of an incident of the user's.
    Incident(UserId, IncidentId, u32),
}

/// What a command does to a demonstration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tour {
    /// Nothing.
    #[default]
    AsItWas,
    /// It is there from now on.
    At(DemoStep),
    /// It is over.
    Over,
}

/// What to change; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The new title.
    pub title: Option<Arc<str>>,
    /// The pool to pin; its agents are unpinned by that.
    pub pool: Option<PoolName>,
    /// The agent of the pinned pool to pin.
    pub agent: Option<AgentName>,
    /// The newest message of the branch to show from now on.
    pub head: Option<MessageId>,
}

/// A message is kept and will be answered.
#[derive(Debug)]
pub struct Sent {
    /// What was kept.
    pub accepted: Accepted,
    /// It had been sent before.
    pub duplicate: bool,
    /// Where its specialists answer, once they are asked; none where it asks none.
    pub parts: Option<oneshot::Receiver<Vec<Part>>>,
}

/// A turn was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub turn: TurnId,
    /// How it stands.
    pub status: AnswerStatus,
    /// Bytes of its answer.
    pub length: u64,
}

/// It was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

/// Why a command was not carried out. Nothing has changed, unless it says otherwise.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// Nothing of this id is in the conversation.
    #[error("there is no such thing here")]
    NotFound,
    /// A turn runs, and the message was not to wait.
    #[error("an answer is still running")]
    Busy,
    /// `limits::QUEUED_TURNS_MAX` messages wait already.
    #[error("too many messages wait")]
    QueueFull,
    /// Too many turns wait for the pool's workers already.
    #[error(transparent)]
    PoolFull(#[from] Busy),
    /// A budget of the user or the pool has too little left for an answer.
    #[error(transparent)]
    BudgetExhausted(#[from] Exhausted),
    /// More commands wait than `limits::COMMANDS_WAITING_MAX`, or too many conversations live.
    #[error("too much is going on")]
    Overloaded,
    /// No pool has this name.
    #[error("no such pool; there are: {0}")]
    UnknownPool(String),
    /// The pool has no agent of that name.
    #[error("no such agent; there are: {0}")]
    UnknownAgent(String),
    /// Who is asked as a specialist asks nobody in turn.
    #[error("a specialist asks no others")]
    NoSpecialists,
    /// The turn has ended already.
    #[error("the turn has ended")]
    TurnEnded,
    /// The turn was an operator command, which has one result.
    #[error("a command is not asked again")]
    NoQuestion,
    /// The turn has not ended yet.
    #[error("the turn has not ended yet")]
    TurnOpen,
    /// The gateway is going down.
    #[error("the gateway is going down")]
    Draining,
    /// It could not be kept, so it was not done.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The conversation's writer ended before it answered; whether it was done is unknown.
    #[error("the conversation was lost while it was working")]
    Lost,
}
