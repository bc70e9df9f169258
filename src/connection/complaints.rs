//! What a client is told when a lower floor refuses.

use crate::{
    budget::Exhausted,
    conversation::Refusal,
    store::StoreError,
    task::{self, Invalid},
    wire::Complaint,
};

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found("message or turn"),
            Refusal::Busy => Self::busy(),
            Refusal::QueueFull => Self::queue_full(),
            Refusal::PoolFull(busy) => Self::pool_full(busy.retry_after),
            Refusal::BudgetExhausted(Exhausted { budget, limit, renews_at, renews_in }) => {
                Self::budget_exhausted(&budget, &limit, renews_at, renews_in)
            }
            Refusal::Overloaded => Self::overloaded(),
            Refusal::UnknownPool(there_are) => Self::unknown_pool(&there_are),
            Refusal::UnknownAgent(there_are) => Self::unknown_agent(&there_are),
            Refusal::NoSpecialists => Self::invalid(
                "pools",
                "This conversation is a specialist's answer, and a specialist asks no others. Ask \
                 in the conversation that it is part of.",
            ),
            Refusal::TurnEnded => Self::turn_ended(),
            Refusal::NoQuestion => {
                Self::conflict("This turn was a command, not a question. Send the command again.")
            }
            Refusal::TurnOpen => {
                Self::conflict("The turn has not ended yet. Cancel it first, or wait for its end.")
            }
            Refusal::Draining => Self::shutting_down(),
            Refusal::Store(error) => error.into(),
            Refusal::Lost => Self::internal(),
        }
    }
}

impl From<task::Refusal> for Complaint {
    fn from(refusal: task::Refusal) -> Self {
        let says = refusal.to_string();
        match refusal {
            task::Refusal::NotFound | task::Refusal::Invalid(Invalid::NoDependency) => {
                Self::not_found("task")
            }
            task::Refusal::UnknownPool(there_are) => Self::unknown_pool(&there_are),
            task::Refusal::UnknownAgent(there_are) => Self::unknown_agent(&there_are),
            task::Refusal::Invalid(invalid) => Self::invalid(invalid.field(), says),
            task::Refusal::Begun(_) | task::Refusal::Ended(_) | task::Refusal::NotFailed(_) => {
                Self::conflict(&says)
            }
            task::Refusal::TooMany(most) => Self::too_many("open tasks", most),
            task::Refusal::Full => Self::tasks_full(),
            task::Refusal::Busy => Self::overloaded(),
            task::Refusal::Draining => Self::shutting_down(),
            task::Refusal::Store(error) => error.into(),
            task::Refusal::Lost => Self::internal(),
        }
    }
}

impl From<StoreError> for Complaint {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::overloaded(),
            StoreError::Unwritable(_) | StoreError::Stale | StoreError::Closed => {
                Self::store_unavailable()
            }
            StoreError::Damaged(what) => {
                tracing::error!(what, "a stored record is damaged");
                Self::internal()
            }
        }
    }
}
