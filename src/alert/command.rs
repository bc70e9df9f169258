//! What can be asked of the one who owns the alerts, and the answers.

use tokio::sync::oneshot;

use super::NewRules;
use crate::{
    limits::{WATCHES_MAX, WATCHES_PER_USER_MAX},
    model::{Condition, ConversationId, Incident, Metric, UserId, Watch},
    store::StoreError,
};

/// Where an answer goes; the one who asked may have left.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Everything that can be asked.
pub(super) enum Command {
    /// Tell me there when this is so.
    Watch(UserId, ConversationId, Condition, Reply<Watch>),
    /// Tell me no more.
    Forget(UserId, Which, Reply<Vec<Watch>>),
    /// These are the system's rules from now on.
    Adopt(NewRules),
    /// How does it stand?
    Look(UserId, Reply<Overview>),
}

/// Which of one's watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one with this number.
    Number(u64),
    /// Those of that metric.
    Metric(Metric),
    /// All.
    All,
}

/// How the alerts stand.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// What of the system's needs attention now.
    pub active: Vec<Incident>,
    /// What the user watches, each with what needs attention now.
    pub watches: Vec<(Watch, Option<Incident>)>,
}

/// Why it was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The user has as many watches as one may have.
    #[error("you have {WATCHES_PER_USER_MAX} alerts already; remove one first")]
    UserFull,
    /// There are as many watches as there may be.
    #[error("the gateway has {WATCHES_MAX} alerts already; ask its operator to remove some")]
    Full,
    /// More requests wait than `limits::ALERT_COMMANDS_WAITING_MAX`.
    #[error("too much is going on")]
    Busy,
    /// The gateway is going down.
    #[error("the gateway is going down")]
    Draining,
    /// It could not be kept, so it was not done.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The owner of the alerts ended before it answered; whether it was done is unknown.
    #[error("it is not known whether that was done; look at the alerts")]
    Lost,
}
