//! What a conversation shows its readers, in order.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    AgentName, ConversationId, FinishReason, MessageId, PoolName, ProviderName, Specialist,
    Timestamp, Timing, TurnId, TurnRef, Usage, Usd,
};

/// The tool of a turn that asks specialists.
pub const SPECIALIST: &str = "specialist";

/// An event with its place in the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequenced {
    /// Whose event it is.
    pub conversation: ConversationId,
    /// Changes when continuity was lost.
    pub epoch: u64,
    /// Rises by exactly one.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Something that happened in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A user's message is kept and will be answered.
    MessageAccepted {
        /// The message.
        message: MessageId,
        /// The turn that answers it.
        turn: TurnId,
        /// What the user wrote.
        text: Arc<str>,
        /// The client's idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Arc<str>>,
    },
    /// The turn waits.
    TurnQueued {
        /// The turn.
        turn: TurnId,
        /// How many are before it, counted from 1.
        position: u64,
    },
    /// The turn runs.
    TurnStarted {
        /// The turn.
        turn: TurnId,
        /// Who answers.
        pool: PoolName,
        /// Which of its agents.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentName>,
        /// The provider asked first.
        provider: ProviderName,
        /// The model asked first.
        model: Arc<str>,
        /// Why this pool.
        routing: Routing,
        /// Who is asked first, where the answer is made of several.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        specialists: Vec<Specialist>,
        /// The turn for which a specialist answers here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part_of: Option<TurnRef>,
    },
    /// A tool was called.
    TurnTool {
        /// The turn.
        turn: TurnId,
        /// The tool's name.
        tool: Arc<str>,
        /// How far it is.
        phase: ToolPhase,
        /// Which call.
        call: Arc<str>,
        /// One line about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Arc<str>>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<TurnError>,
    },
    /// The text so far is void: the answer starts over.
    TurnReset {
        /// The turn.
        turn: TurnId,
        /// Why.
        because: Reason,
    },
    /// The answer is whole.
    TurnCompleted {
        /// The turn.
        turn: TurnId,
        /// Why it ended there.
        finish_reason: FinishReason,
        /// Tokens.
        usage: Usage,
        /// Dollars, where the model's price is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost_usd: Option<Usd>,
        /// Bytes of the answer.
        length: u64,
        /// Milliseconds.
        timing: Timing,
        /// The provider that answered.
        provider: ProviderName,
        /// The model that answered.
        model: Arc<str>,
    },
    /// The answer could not be had; what came of it stays.
    TurnFailed {
        /// The turn.
        turn: TurnId,
        /// Why.
        error: TurnError,
        /// Bytes of the answer.
        length: u64,
    },
    /// The user stopped it.
    TurnCancelled {
        /// The turn.
        turn: TurnId,
        /// Bytes of the answer.
        length: u64,
    },
    /// The gateway went down under it.
    TurnInterrupted {
        /// The turn.
        turn: TurnId,
        /// Bytes of the answer.
        length: u64,
    },
    /// An operator command was carried out.
    CommandResult {
        /// The turn.
        turn: TurnId,
        /// Which command.
        intent: Arc<str>,
        /// Its parameters.
        slots: serde_json::Value,
        /// The result for a person.
        text: Arc<str>,
        /// The result for a program.
        data: serde_json::Value,
    },
    /// Title or pool changed, or another branch became current.
    ConversationUpdated {
        /// The new title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Arc<str>>,
        /// The newly pinned pool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pool: Option<PoolName>,
        /// The agent that is pinned with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentName>,
        /// The newest message of the branch that is current now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<MessageId>,
    },
    /// The conversation is gone.
    ConversationDeleted,
}

impl Event {
    /// The turn this event is about.
    pub fn turn(&self) -> Option<TurnId> {
        match self {
            Self::MessageAccepted { turn, .. }
            | Self::TurnQueued { turn, .. }
            | Self::TurnStarted { turn, .. }
            | Self::TurnTool { turn, .. }
            | Self::TurnReset { turn, .. }
            | Self::TurnCompleted { turn, .. }
            | Self::TurnFailed { turn, .. }
            | Self::TurnCancelled { turn, .. }
            | Self::TurnInterrupted { turn, .. }
            | Self::CommandResult { turn, .. } => Some(*turn),
            Self::ConversationUpdated { .. } | Self::ConversationDeleted => None,
        }
    }

    /// The turn that this event ends, and the length of its answer in bytes.
    pub fn ends(&self) -> Option<(TurnId, u64)> {
        match self {
            Self::TurnCompleted { turn, length, .. }
            | Self::TurnFailed { turn, length, .. }
            | Self::TurnCancelled { turn, length }
            | Self::TurnInterrupted { turn, length } => Some((*turn, *length)),
            _ => None,
        }
    }
}

/// How far a tool call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolPhase {
    /// It was called.
    Started,
    /// It answered.
    Finished,
    /// It failed.
    Failed,
}

/// Why a pool was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routing {
    /// The rule that decided: `message`, `pinned`, `elliptic`, `sticky`, `scored`, `default`.
    pub by: Arc<str>,
    /// How sure, 0 to 1, where it was a judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// In words.
    pub because: Arc<str>,
    /// The likeliest pools and their probabilities, where it was a judgement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<PoolName, f32>,
    /// The words of the message that spoke most for the likeliest pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Arc<str>>,
    /// Another pool that the message is about as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<PoolName>,
}

impl Routing {
    /// A decision by this rule, for this reason, without a judgement.
    pub fn new(by: &str, because: impl Into<Arc<str>>) -> Self {
        Self {
            by: by.into(),
            confidence: None,
            because: because.into(),
            scores: BTreeMap::new(),
            words: Vec::new(),
            second: None,
        }
    }

    /// Why `pool` was chosen, in one sentence.
    pub fn explain(&self, pool: &PoolName) -> String {
        let mut sentence = match self.confidence {
            Some(confidence) => format!("{pool}, {confidence:.2}: {}", self.because),
            None => format!("{pool}: {}", self.because),
        };
        let others = self.scores.iter().filter(|(other, _)| *other != pool);
        if let Some((next, chance)) = others.max_by(|(_, a), (_, b)| a.total_cmp(b)) {
            let was =
                if self.second.as_ref() == Some(next) { "it is also about" } else { "next was" };
            let _infallible = write!(sentence, "; {was} {next}, {chance:.2}");
        }
        sentence + "."
    }
}

/// Why a turn failed or started over. The provider's own words never come here: they can hold keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No provider of the route could be reached or answered in time.
    ProviderUnavailable,
    /// The providers ask for patience.
    ProviderRateLimited,
    /// The account behind the key has no credit left.
    ProviderQuota,
    /// The key is wrong or may not do this.
    ProviderAuth,
    /// The provider says that the request is wrong.
    ProviderRejected,
    /// The conversation does not fit the model.
    ContextTooLong,
    /// What came back could not be read.
    ProviderProtocol,
    /// The stream broke off before its end.
    ProviderTruncated,
    /// A deadline passed.
    DeadlineExceeded,
    /// Too many turns waited for a worker already.
    QueueFull,
    /// The answer grew beyond `limits`.
    AnswerTooLong,
    /// A budget of the user or the pool is used up.
    BudgetExhausted,
    /// None of the specialists that were asked has answered.
    SpecialistsFailed,
    /// A tool was called wrongly by the model.
    ToolRejected,
    /// What a tool asks does not answer, or not for this key.
    ToolUnavailable,
    /// The user stopped it.
    Cancelled,
    /// The gateway went down under it.
    Interrupted,
    /// The gateway has as much to do as it can.
    Overloaded,
    /// A mistake of ours.
    Internal,
}

impl Reason {
    /// A provider that says so has not answered and charges nothing.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::ProviderUnavailable
                | Self::ProviderRateLimited
                | Self::ProviderQuota
                | Self::ProviderAuth
                | Self::ProviderRejected
                | Self::ContextTooLong
        )
    }
}

/// How a turn failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnError {
    /// Why.
    pub reason: Reason,
    /// The same message may do better later.
    pub retryable: bool,
    /// How long to wait before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}
