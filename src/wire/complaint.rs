//! What a client is told when something cannot be done: a stable code, and what to do next.

use std::time::Duration;

use operatoros_protocol::{ErrorCode, ErrorFrame, Execution};
use serde_json::{Value, json};

use crate::{
    limits,
    model::{Reason, Timestamp},
};

/// Why a frame was refused, or what went wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    code: ErrorCode,
    message: String,
    retry_after: Option<Duration>,
    execution: Execution,
    details: Option<Value>,
}

impl Complaint {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: code.retryable().then_some(limits::BACKOFF_FIRST),
            execution: Execution::NotStarted,
            details: None,
        }
    }

    fn after(self, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..self }
    }

    fn with(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    /// The frame cannot be read.
    pub(super) fn bad_frame(message: String, details: Value) -> Self {
        Self::new(ErrorCode::BadFrame, message).with(details)
    }

    /// A binary message came; the protocol is text.
    pub fn binary() -> Self {
        Self::new(ErrorCode::BadFrame, "Send text messages; binary ones mean nothing here.")
    }

    /// What came is no WebSocket message, or one too long to be read.
    pub fn garbled() -> Self {
        Self::new(ErrorCode::BadFrame, "No message could be read from what you sent.")
    }

    /// A value makes no sense.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message).with(json!({ "field": field }))
    }

    /// A field is longer than its limit.
    pub fn too_large(field: &str, bytes: usize, bytes_max: usize) -> Self {
        let message = format!("`{field}` has {bytes} bytes; at most {bytes_max} are allowed.");
        let details = json!({"field": field, "bytes": bytes, "bytes_max": bytes_max});
        Self::new(ErrorCode::TooLarge, message).with(details)
    }

    /// There is no such thing, or it is somebody else's.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}. Check the id."))
    }

    /// The credentials are missing or wrong.
    pub fn not_authenticated() -> Self {
        Self::new(
            ErrorCode::NotAuthenticated,
            "Say who you are: send {\"type\":\"hello\",\"token\":\"…\"}, type /login TOKEN, or connect \
             with `Authorization: Bearer …`.",
        )
    }

    /// A `hello` came where none is expected any more.
    pub fn greeted_already() -> Self {
        Self::new(ErrorCode::Conflict, "The second `hello` on a connection is one too many.")
    }

    /// Nothing can be done with this conversation in its present state.
    pub fn conflict(message: &str) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// The turn has ended.
    pub fn turn_ended() -> Self {
        Self::new(ErrorCode::TurnEnded, "The turn has ended already; there is nothing to cancel.")
    }

    /// A turn runs and the message was not to wait.
    pub fn busy() -> Self {
        Self::new(
            ErrorCode::Busy,
            "An answer is still running. Wait for its end, or send with \
             `if_busy: queue` or `interrupt`.",
        )
    }

    /// Too many messages wait.
    pub fn queue_full() -> Self {
        let message = "Too many messages wait already. Send again when some are answered.";
        Self::new(ErrorCode::QueueFull, message).after(limits::BACKOFF_FIRST * 4)
    }

    /// Too many messages wait for the pool's workers.
    pub fn pool_full(retry_after: Duration) -> Self {
        let message = "Too many messages wait for this pool already. Send again after \
                       `retry_after_ms`, or to another pool.";
        Self::new(ErrorCode::QueueFull, message).after(retry_after)
    }

    /// A budget has too little left; it is whole again at `renews_at`.
    pub fn budget_exhausted(
        budget: &str,
        limit: &str,
        renews_at: Timestamp,
        renews_in: Duration,
    ) -> Self {
        let when = renews_at.to_utc();
        let message = format!(
            "The budget “{budget}” of {limit} has too little left for this message. It renews on {}.",
            when.format("%Y-%m-%d at %H:%M UTC")
        );
        let details = json!({"budget": budget, "limit": limit, "renews_at": when});
        Self::new(ErrorCode::BudgetExhausted, message).after(renews_in).with(details)
    }

    /// No pool has that name.
    pub fn unknown_pool(there_are: &str) -> Self {
        Self::new(ErrorCode::UnknownPool, format!("No pool has that name. There are: {there_are}."))
            .with(json!({ "pools": there_are.split(", ").collect::<Vec<_>>() }))
    }

    /// The pool has no agent of that name.
    pub fn unknown_agent(there_are: &str) -> Self {
        let message = format!("No agent has that name there. There are: {there_are}.");
        Self::invalid("agent", message)
    }

    /// Too much is going on in the whole gateway.
    pub fn overloaded() -> Self {
        let message = "The gateway is at its limit. Try again a little later.";
        Self::new(ErrorCode::Overloaded, message).after(limits::BACKOFF_FIRST * 4)
    }

    /// Something that is announced in `welcome.limits` is used up.
    pub fn limit_reached(what: &str, most: usize) -> Self {
        let message = format!("At most {most} {what} per connection. Give one back first.");
        Self::new(ErrorCode::LimitReached, message).with(json!({"limit": what, "most": most}))
    }

    /// The user has as many of something as one may have.
    pub fn too_many(what: &str, most: usize) -> Self {
        let message =
            format!("You have {most} {what}, as many as one may have. Give some up first.");
        Self::new(ErrorCode::LimitReached, message).with(json!({"limit": what, "most": most}))
    }

    /// A subscriber took so little that changes were dropped.
    pub fn fell_behind() -> Self {
        let message = "You are too far behind the changes of your tasks, so they are told no more. \
                       Subscribe again, and list the tasks that you care for.";
        Self::new(ErrorCode::LimitReached, message).with(json!({"topic": "tasks"}))
    }

    /// Too many tasks wait in the whole gateway.
    pub fn tasks_full() -> Self {
        let message = "Too many tasks wait already. Hand it in again when some are done.";
        Self::new(ErrorCode::QueueFull, message).after(limits::RETRY_AFTER_MAX)
    }

    /// Too many frames.
    pub fn rate_limited(pause: Duration) -> Self {
        Self::new(ErrorCode::RateLimited, "Too many frames. Wait as long as `retry_after_ms` says.")
            .after(pause)
    }

    /// Nothing can be kept now.
    pub fn store_unavailable() -> Self {
        let message = "Nothing can be kept right now, so nothing new is accepted. Reading goes on; \
                       send again later with the same `key`.";
        Self::new(ErrorCode::StoreUnavailable, message).after(limits::BACKOFF_FIRST * 4)
    }

    /// The gateway goes down.
    pub fn shutting_down() -> Self {
        let message =
            "The gateway is going down. Reconnect in a moment and send again with the same `key`.";
        Self::new(ErrorCode::ShuttingDown, message).after(Duration::from_secs(1))
    }

    /// A mistake of ours. What was asked may have been done.
    pub fn internal() -> Self {
        let message = "Something went wrong in the gateway. Look whether it was done, or send \
                       again with the same `key`.";
        let execution = Execution::MayHaveExecuted;
        Self { execution, ..Self::new(ErrorCode::Internal, message) }
    }

    /// Names the conversation that it is about, where no frame is answered.
    #[must_use]
    pub fn about(self, conversation: &impl ToString) -> Self {
        self.with(json!({ "conversation": conversation.to_string() }))
    }

    /// The frame could not be read at all, which counts against its sender.
    pub fn is_bad_frame(&self) -> bool {
        self.code == ErrorCode::BadFrame
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status that says the same.
    pub fn http_status(&self) -> u16 {
        self.code.http_status()
    }

    pub(super) fn into_frame(self, re: Option<String>) -> ErrorFrame {
        // Rounded up: zero would mean at once.
        let ms = |pause: Duration| u64::try_from(pause.as_millis().max(1)).unwrap_or(u64::MAX);
        ErrorFrame {
            re,
            code: self.code,
            message: self.message,
            retryable: self.retry_after.is_some(),
            retry_after_ms: self.retry_after.map(ms),
            execution: Some(self.execution),
            details: self.details,
        }
    }
}

/// The stable code of a turn's reason, as readers see it.
pub fn reason_code(reason: Reason) -> &'static str {
    code(reason).as_str()
}

/// The code that readers see for a turn's reason.
pub(super) fn code(reason: Reason) -> ErrorCode {
    match reason {
        Reason::ProviderUnavailable => ErrorCode::ProviderUnavailable,
        Reason::ProviderRateLimited => ErrorCode::ProviderRateLimited,
        Reason::ProviderQuota => ErrorCode::ProviderQuota,
        Reason::ProviderAuth => ErrorCode::ProviderAuth,
        Reason::ProviderRejected => ErrorCode::ProviderRejected,
        Reason::ContextTooLong => ErrorCode::ContextTooLong,
        Reason::ProviderProtocol => ErrorCode::ProviderProtocol,
        Reason::ProviderTruncated => ErrorCode::ProviderTruncated,
        Reason::DeadlineExceeded => ErrorCode::DeadlineExceeded,
        Reason::QueueFull => ErrorCode::QueueFull,
        Reason::AnswerTooLong => ErrorCode::AnswerTooLong,
        Reason::BudgetExhausted => ErrorCode::BudgetExhausted,
        Reason::SpecialistsFailed => ErrorCode::SpecialistsFailed,
        Reason::ToolRejected => ErrorCode::ToolRejected,
        Reason::ToolUnavailable => ErrorCode::ToolUnavailable,
        Reason::Cancelled => ErrorCode::Cancelled,
        Reason::Interrupted => ErrorCode::Interrupted,
        Reason::Overloaded => ErrorCode::Overloaded,
        Reason::Internal => ErrorCode::Internal,
    }
}
