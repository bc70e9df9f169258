//! What a key has left, as the headers of each answer say: a key that is known to be spent is not
//! asked again before its time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::DateTime;
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use tokio::time::Instant;

use super::{Failure, Retry, refusal::header};
use crate::{limits, model::Reason};

/// Until when nothing is left, for each model: providers count by model.
#[derive(Debug, Default)]
pub(super) struct Quotas(Mutex<BTreeMap<Arc<str>, Instant>>);

impl Quotas {
    /// Refuses what the provider would refuse.
    pub(super) fn check(&self, model: &str) -> Result<(), Failure> {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = spent.get(model) else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            spent.remove(model);
            return Ok(());
        }
        Err(Failure {
            reason: Reason::ProviderRateLimited,
            retry: Retry::After(left),
            status: None,
            code: None,
        })
    }

    /// Notes what an answer says. One that says itself when to come back is believed in that.
    pub(super) fn note(&self, model: &Arc<str>, status: StatusCode, headers: &HeaderMap) {
        if headers.contains_key(RETRY_AFTER) {
            return;
        }
        let pause = if status.is_success() { next_request(headers) } else { spent(headers) };
        let Some(pause) = pause else { return };
        let until = Instant::now() + pause.min(limits::REST_MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model.clone(), until);
    }
}

/// How long until everything is there again of which nothing is left; the longest, where it is more
/// than one thing.
pub(super) fn spent(headers: &HeaderMap) -> Option<Duration> {
    COUNTED.iter().filter_map(|counted| counted.spent(headers)).max()
}

/// How long until there is one more request, where an answer has taken the last: they come back one by
/// one. How many tokens the next one needs nobody knows, so of these nothing follows.
fn next_request(headers: &HeaderMap) -> Option<Duration> {
    let next = |counted: &Counted| {
        let all = counted.spent(headers)?;
        let limit = header(headers, counted.requests?).and_then(|limit| limit.parse().ok());
        Some(limit.and_then(|limit: u32| all.checked_div(limit)).unwrap_or(all))
    };
    COUNTED.iter().filter_map(next).max()
}

/// Something that a provider counts, by the headers that tell of it.
struct Counted {
    /// How much is left.
    remaining: &'static str,
    /// When everything is there again.
    reset: &'static str,
    /// Where requests are counted, how many that is.
    requests: Option<&'static str>,
}

const fn requests(remaining: &'static str, reset: &'static str, limit: &'static str) -> Counted {
    Counted { remaining, reset, requests: Some(limit) }
}

const fn tokens(remaining: &'static str, reset: &'static str) -> Counted {
    Counted { remaining, reset, requests: None }
}

/// OpenAI's, and Anthropic's.
const COUNTED: [Counted; 6] = [
    requests(
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
        "x-ratelimit-limit-requests",
    ),
    tokens("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    requests(
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
        "anthropic-ratelimit-requests-limit",
    ),
    tokens("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    tokens("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    tokens(
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ),
];

impl Counted {
    /// How long until everything is there again, where nothing is left.
    fn spent(&self, headers: &HeaderMap) -> Option<Duration> {
        let remaining: f64 = header(headers, self.remaining)?.parse().ok()?;
        let reset = header(headers, self.reset)?;
        // Some servers say 0 or -1 there, which says nothing.
        let pause = go_duration(reset).or_else(|| until(reset, headers))?;
        (remaining <= 0.0 && !pause.is_zero()).then_some(pause)
    }
}

/// How long until a date, which counts from the answer's own, so that no clock of ours matters.
fn until(reset: &str, headers: &HeaderMap) -> Option<Duration> {
    let reset = DateTime::parse_from_rfc3339(reset).ok()?;
    let date = DateTime::parse_from_rfc2822(header(headers, DATE.as_str())?).ok()?;
    (reset - date).to_std().ok()
}

/// A duration as Go writes it: `6m0s`, `1.3s`, `12ms`.
fn go_duration(mut text: &str) -> Option<Duration> {
    let mut whole = Duration::ZERO;
    while !text.is_empty() {
        let (number, rest) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
        let unit = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(unit);
        let seconds = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" => 0.000_001,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        whole = whole.checked_add(part)?;
        text = rest;
    }
    Some(whole)
}
