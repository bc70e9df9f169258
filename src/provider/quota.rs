//! What a key has left, as the headers of each answer say: a key that is known to be spent is not
//! asked again before its time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
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

    /// Notes what an answer says. One that says itself when to come back is believed in that: a
    /// reset is when everything is there again, which can be minutes after there is enough.
    pub(super) fn note(&self, model: &Arc<str>, headers: &HeaderMap) {
        if headers.contains_key(RETRY_AFTER) {
            return;
        }
        let Some(pause) = spent(headers) else { return };
        let until = Instant::now() + pause.min(limits::REST_MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model.clone(), until);
    }
}

/// How long nothing is left of something that the provider counts; the longest, where it is more
/// than one thing.
pub(super) fn spent(headers: &HeaderMap) -> Option<Duration> {
    let is_spent = |name: &str| {
        let remaining = header(headers, name).and_then(|remaining| remaining.parse::<f64>().ok());
        remaining.is_some_and(|remaining| remaining <= 0.0)
    };
    let openai = OPENAI.iter().filter(|counted| is_spent(counted.0)).filter_map(|counted| {
        // Some servers say 0 or -1 here, which says nothing.
        go_duration(header(headers, counted.1)?)
    });
    let anthropic = ANTHROPIC.iter().filter(|counted| is_spent(counted.0)).filter_map(|counted| {
        // A date counts from the answer's own, so that no clock of ours matters.
        let reset = DateTime::parse_from_rfc3339(header(headers, counted.1)?).ok()?;
        let date = DateTime::parse_from_rfc2822(header(headers, DATE.as_str())?).ok()?;
        (reset - date).to_std().ok()
    });
    openai.chain(anthropic).filter(|pause| !pause.is_zero()).max()
}

/// What is left, and when there will be more: as a duration.
const OPENAI: [(&str, &str); 2] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
];

/// The same, as a date.
const ANTHROPIC: [(&str, &str); 4] = [
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
];

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
