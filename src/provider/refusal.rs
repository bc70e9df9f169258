//! What an error answer means: what kind it is, and whether asking again can help.
//!
//! Invariant: of the provider's words only a code that stands in our table is kept; its message is
//! looked at and dropped, for it can hold keys.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Failure, Retry, lenient::Text, quota};
use crate::model::{Reason, retry_after};

/// Classifies an HTTP error by its status, headers and body.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &[u8]) -> Failure {
    let failure = Words::read(std::str::from_utf8(body).unwrap_or_default()).failure(Some(status));
    let asked = header(headers, "x-should-retry");
    let retry = match (failure.retry, failure.reason) {
        (Retry::Soon, _) if asked == Some("false") => Retry::Never,
        (Retry::Never, Reason::ProviderRejected) if asked == Some("true") => Retry::Soon,
        (retry, _) => retry,
    };
    let retry = match (retry, pause(headers).or_else(|| quota::spent(headers))) {
        (Retry::Soon, Some(pause)) => Retry::After(pause),
        (retry, _) => retry,
    };
    Failure { retry, ..failure }
}

/// Classifies an error that came inside a stream that had begun with HTTP 200.
pub(super) fn in_stream(event: &str) -> Failure {
    Words::read(event).failure(None)
}

/// The key is a good one that may not do this: OpenAI says that with 401, and by its words alone.
pub(super) fn lacks_scope(body: &[u8]) -> bool {
    let words = Words::read(std::str::from_utf8(body).unwrap_or_default());
    words.message.contains("Missing scopes")
}

/// How long the provider asks us to wait, as the official SDKs read it.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let ms = header(headers, "retry-after-ms").and_then(|ms| ms.parse::<f64>().ok());
    let exactly = ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1_000.0).ok());
    let asked = || {
        let said = header(headers, RETRY_AFTER.as_str())?;
        retry_after(said, header(headers, DATE.as_str()))
    };
    exactly.or_else(asked)
}

/// A header that is text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What an error says of itself, nested under `error` or `response`, or flat.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Words<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    r#type: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
}

/// `response` holds `error` holds the words: no provider nests deeper.
const NESTING_MAX: usize = 3;

impl<'a> Words<'a> {
    fn read(mut json: &'a str) -> Self {
        for _ in 1..NESTING_MAX {
            let Ok(words) = serde_json::from_str::<Self>(json) else { break };
            match words.error.or(words.response) {
                Some(inner) => json = inner.get(),
                None => return words,
            }
        }
        serde_json::from_str(json).unwrap_or_else(|_| Self {
            message: serde_json::from_str(json).unwrap_or_default(),
            ..Self::default()
        })
    }

    fn failure(&self, status: Option<u16>) -> Failure {
        let known = KNOWN.iter().find(|known| self.names(known.0));
        let code = self
            .refuses_tools()
            .then_some(NO_TOOLS)
            .or(known.map(|known| known.0))
            .or_else(|| VAGUE.iter().copied().find(|vague| self.names(vague)));
        let (reason, retry) = if self.is_too_long(status) {
            (Reason::ContextTooLong, Retry::Never)
        } else if let Some((_, reason)) = SAID.iter().find(|(say, _)| self.message.starts_with(say))
        {
            (*reason, Retry::Never)
        } else if let Some((_, reason, retry)) = known {
            (*reason, *retry)
        } else {
            by_status(status.or_else(|| self.code.parse().ok()).unwrap_or(match code {
                Some(_) => 400,
                None => 500,
            }))
        };
        Failure { reason, retry, status, code }
    }

    /// Whether the error bears this code, in whichever place.
    fn names(&self, code: &str) -> bool {
        *self.code == *code
            || *self.r#type == *code
            || self.details.is_some_and(|details| details.get().contains(code))
    }

    /// Some say by their message alone that the request has to shrink.
    fn is_too_long(&self, status: Option<u16>) -> bool {
        match status {
            Some(429) => self.message.starts_with("Request too large"),
            None | Some(400 | 413 | 422) => TOO_LONG.iter().any(|say| self.message.contains(say)),
            Some(_) => false,
        }
    }

    /// Everybody says in words of their own that the model, or the server as it was started, takes no
    /// tools, or not what we ask for because of them.
    fn refuses_tools(&self) -> bool {
        let message = self.message.to_lowercase().replace(['"', '\'', '`'], "");
        TOOLLESS.iter().any(|say| message.contains(say))
    }
}

/// The code that we give to a refusal because of tools.
pub(super) const NO_TOOLS: &str = "tools_unsupported";

/// Ollama, `DeepSeek`, `OpenRouter`, Groq, OpenAI, vLLM, llama.cpp and others, without quotes. The last
/// is OpenAI's of a model that is asked for how it thinks, which we ask for because of tools only.
const TOOLLESS: &[&str] = &[
    "does not support tool",
    "does not support function calling",
    "found that support tool use",
    "tool calling is not supported",
    "tool call is not supported",
    "tool use is not supported",
    "function calling is not supported",
    "function calling is not enabled",
    "tools is not supported",
    "tools are not supported",
    "tools with reasoning_effort are not supported",
    "request argument supplied: tools",
    "unsupported param: tools",
    "tools param requires",
    "auto tool choice requires",
    "encrypted content is not supported",
];

const TOO_LONG: &[&str] = &["prompt is too long", "maximum context length", "context window"];

/// What Anthropic and Google say of an account or a key by the message alone, under a status that blames
/// the request. It begins so: further in a message may stand what somebody has written.
const SAID: &[(&str, Reason)] = &[
    ("Your credit balance is too low", Reason::ProviderQuota),
    ("You have reached your specified API usage limits", Reason::ProviderQuota),
    ("API key not valid", Reason::ProviderAuth),
];

/// Codes that say less than the status does.
const VAGUE: &[&str] = &["invalid_request_error", "request_forbidden"];

/// Every code that decides by itself; where an error bears two, the upper one counts.
const KNOWN: &[(&str, Reason, Retry)] = &[
    ("context_length_exceeded", Reason::ContextTooLong, Retry::Never),
    ("exceed_context_size_error", Reason::ContextTooLong, Retry::Never),
    ("request_too_large", Reason::ContextTooLong, Retry::Never),
    ("insufficient_quota", Reason::ProviderQuota, Retry::Never),
    ("credit_balance_exhausted", Reason::ProviderQuota, Retry::Never),
    ("organization_spend_limit_exceeded", Reason::ProviderQuota, Retry::Never),
    ("project_spend_limit_exceeded", Reason::ProviderQuota, Retry::Never),
    ("organization_usage_limit_exceeded", Reason::ProviderQuota, Retry::Never),
    ("enforced_spend_limit_reached", Reason::ProviderQuota, Retry::Never),
    ("billing_error", Reason::ProviderQuota, Retry::Never),
    ("invalid_api_key", Reason::ProviderAuth, Retry::Never),
    ("authentication_error", Reason::ProviderAuth, Retry::Never),
    ("permission_error", Reason::ProviderAuth, Retry::Never),
    ("unsupported_country_region_territory", Reason::ProviderAuth, Retry::Never),
    ("model_not_found", Reason::ProviderRejected, Retry::Never),
    ("conversation_not_found", Reason::ProviderRejected, Retry::Never),
    ("conversation_locked", Reason::ProviderRejected, Retry::Never),
    ("previous_response_not_found", Reason::ProviderRejected, Retry::Never),
    ("unsupported_parameter", Reason::ProviderRejected, Retry::Never),
    ("unsupported_value", Reason::ProviderRejected, Retry::Never),
    ("not_found_error", Reason::ProviderRejected, Retry::Never),
    ("slow_down", Reason::ProviderRateLimited, Retry::Soon),
    ("rate_limit_exceeded", Reason::ProviderRateLimited, Retry::Soon),
    ("rate_limit_error", Reason::ProviderRateLimited, Retry::Soon),
    ("server_is_overloaded", Reason::ProviderUnavailable, Retry::Soon),
    ("overloaded_error", Reason::ProviderUnavailable, Retry::Soon),
    ("service_unavailable_error", Reason::ProviderUnavailable, Retry::Soon),
    ("server_error", Reason::ProviderUnavailable, Retry::Soon),
    ("api_error", Reason::ProviderUnavailable, Retry::Soon),
    ("timeout_error", Reason::ProviderUnavailable, Retry::Soon),
    ("conflict_error", Reason::ProviderUnavailable, Retry::Soon),
];

fn by_status(status: u16) -> (Reason, Retry) {
    match status {
        401 | 403 => (Reason::ProviderAuth, Retry::Never),
        402 => (Reason::ProviderQuota, Retry::Never),
        413 => (Reason::ContextTooLong, Retry::Never),
        429 => (Reason::ProviderRateLimited, Retry::Soon),
        408 | 409 | 425 | 500.. => (Reason::ProviderUnavailable, Retry::Soon),
        _ => (Reason::ProviderRejected, Retry::Never),
    }
}
