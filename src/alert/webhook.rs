//! Posts the system's alerts to somebody outside, as the Standard Webhooks specification says.
//!
//! Invariants: a post is signed, and its id is the same however often it is sent; of an incident
//! the newest state wins; redirects are not followed, and neither the address nor an answer is logged.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{
    Client, StatusCode, Url,
    header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::json;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::{
    config::WebhookSettings,
    conversation::Workshop,
    limits,
    model::{Clock, Incident, IncidentId, Timestamp, retry_after},
    store::{Batch, Expect, Store, Write},
    wire,
};

const USER_AGENT: &str = concat!("operatoros/", env!("CARGO_PKG_VERSION"));

/// The way to the one who posts.
#[derive(Clone)]
pub(super) struct Courier(Arc<Desk>);

/// What waits to be posted.
#[derive(Default)]
struct Desk {
    waiting: Mutex<BTreeMap<IncidentId, Parcel>>,
    bell: Notify,
    retired: CancellationToken,
}

#[derive(Clone)]
struct Parcel {
    incident: Incident,
    attempts: u32,
    due: Instant,
}

/// Everything that can happen to the one who posts.
enum Wake {
    News,
    Due(Parcel),
}

/// Posts; a test does without a network.
pub(super) trait Post: Send + Sync + 'static {
    /// Posts the incident as it is.
    fn post<'a>(&'a self, incident: &'a Incident) -> BoxFuture<'a, Outcome>;
}

/// What came of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// It shall not be tried again before this is over, where somebody said so.
    Failed(Option<Duration>),
    /// Nobody is there any more, for good.
    Gone,
}

impl Courier {
    /// Posts from now on until the drain; `None` where nobody is to be told.
    pub(super) fn of(
        settings: &WebhookSettings,
        workshop: &Workshop,
    ) -> Result<Option<Self>, StartError> {
        Ok(Hook::of(settings, &workshop.clock)?.map(|hook| Self::with(hook, workshop)))
    }

    /// The same with whatever posts.
    pub(super) fn with(post: impl Post, workshop: &Workshop) -> Self {
        let courier = Self(Arc::default());
        let round = courier.clone().run(post, workshop.store.clone());
        let (draining, retired) =
            (workshop.lifecycle.draining().clone(), courier.0.retired.clone());
        workshop.lifecycle.spawn(async move {
            draining.or(retired.run_until_cancelled(round)).await;
        });
        courier
    }

    /// Posts nothing more; says what has waited. What is on its way may arrive and be posted again,
    /// under the same id.
    pub(super) fn retire(self) -> Vec<Incident> {
        self.0.retired.cancel();
        let waiting = std::mem::take(&mut *self.0.lock());
        waiting.into_values().map(|parcel| parcel.incident).collect()
    }

    /// Has the incident posted as it is, in the place of what waits of it.
    pub(super) fn bring(&self, incident: Incident) {
        let mut waiting = self.0.lock();
        let id = incident.id;
        if waiting.len() >= limits::WEBHOOK_WAITING_MAX && !waiting.contains_key(&id) {
            tracing::warn!(incident = %id, "too many alerts wait for the webhook; it is left for the next start");
            return;
        }
        waiting.insert(id, Parcel { incident, attempts: 0, due: Instant::now() });
        drop(waiting);
        self.0.bell.notify_one();
    }

    async fn run(self, post: impl Post, store: Arc<dyn Store>) {
        loop {
            let Wake::Due(parcel) = self.wake().await else { continue };
            match post.post(&parcel.incident).await {
                Outcome::Delivered => self.delivered(&parcel, &*store).await,
                Outcome::Failed(pause) => self.failed(&parcel, pause),
                Outcome::Gone => return gone(),
            }
        }
    }

    async fn wake(&self) -> Wake {
        let Some(parcel) = self.next() else {
            self.0.bell.notified().await;
            return Wake::News;
        };
        tokio::select! {
            biased;
            () = self.0.bell.notified() => Wake::News,
            () = sleep_until(parcel.due) => Wake::Due(parcel),
        }
    }

    /// What is due first.
    fn next(&self) -> Option<Parcel> {
        self.0.lock().values().min_by_key(|parcel| parcel.due).cloned()
    }

    async fn delivered(&self, parcel: &Parcel, store: &dyn Store) {
        let Incident { id, news, .. } = parcel.incident;
        self.done(id, news);
        let writes = vec![Write::IncidentDelivered(id, news)];
        if let Err(error) = store.commit(Batch { expect: Expect::Nothing, writes }).await {
            // It is posted again after a start, under the same id.
            tracing::debug!(%error, "that an alert was posted cannot be kept");
        }
    }

    fn failed(&self, parcel: &Parcel, pause: Option<Duration>) {
        let Incident { id, news, .. } = parcel.incident;
        let attempts = parcel.attempts + 1;
        if attempts >= limits::WEBHOOK_ATTEMPTS_MAX {
            tracing::warn!(incident = %id, attempts, "the webhook does not take an alert; it is tried again after the next start");
            return self.done(id, news);
        }
        let mut waiting = self.0.lock();
        // What came meanwhile is newer, and due at once.
        if let Some(waits) = waiting.get_mut(&id).filter(|waits| waits.incident.news == news) {
            waits.attempts = attempts;
            waits.due = Instant::now() + pause.unwrap_or_default().max(backoff(attempts));
        }
    }

    /// Nothing more of it, unless something newer came meanwhile.
    fn done(&self, id: IncidentId, news: u32) {
        let mut waiting = self.0.lock();
        if waiting.get(&id).is_some_and(|waits| waits.incident.news == news) {
            waiting.remove(&id);
        }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<IncidentId, Parcel>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() {
    tracing::warn!("the webhook is gone (410): nothing more is posted until the next start");
}

/// Doubles with each attempt, with up to a quarter on top, so that many gateways do not come at once.
fn backoff(attempts: u32) -> Duration {
    let doubled = limits::WEBHOOK_PAUSE_FIRST * 2_u32.saturating_pow(attempts.saturating_sub(1));
    doubled.min(limits::WEBHOOK_PAUSE_MAX).mul_f64(1.0 + fastrand::f64() / 4.0)
}

fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(limits::WEBHOOK_CONNECT_WITHIN)
        .timeout(limits::WEBHOOK_ANSWER_WITHIN)
        .redirect(Policy::none())
        .gzip(false)
        .build()
}

/// Who is told, and how.
pub(super) struct Hook {
    url: Url,
    key: Signer,
    client: Client,
    clock: Clock,
}

impl Post for Hook {
    fn post<'a>(&'a self, incident: &'a Incident) -> BoxFuture<'a, Outcome> {
        self.send(incident).boxed()
    }
}

impl Hook {
    /// Whom the settings want to be told; `None` where that is nobody.
    pub(super) fn of(
        settings: &WebhookSettings,
        clock: &Clock,
    ) -> Result<Option<Self>, StartError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let key = settings.key().ok_or(StartError::Webhook)?;
        Self::new(url, &key, clock.clone()).map(Some)
    }

    pub(super) fn new(url: &str, key: &[u8], clock: Clock) -> Result<Self, StartError> {
        Ok(Self {
            url: Url::parse(url).map_err(|_| StartError::Webhook)?,
            key: Signer::new(key),
            client: client().map_err(|_| StartError::Webhook)?,
            clock,
        })
    }

    async fn send(&self, incident: &Incident) -> Outcome {
        let now = self.clock.now();
        let (id, body) = (message_id(incident), body(incident, now));
        let seconds = now.0.div_euclid(1_000);
        let signature = self.key.sign(&id, seconds, &body);
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) => outcome(answer.status(), answer.headers()),
            Err(error) => {
                let timeout = error.is_timeout();
                tracing::debug!(incident = %incident.id, timeout, "the webhook does not answer");
                Outcome::Failed(None)
            }
        }
    }
}

fn outcome(status: StatusCode, headers: &HeaderMap) -> Outcome {
    if status.is_success() {
        return Outcome::Delivered;
    }
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    tracing::debug!(status = status.as_u16(), "the webhook refuses");
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = header(RETRY_AFTER).and_then(|said| retry_after(said, header(DATE)));
    Outcome::Failed(asked.map(|asked| asked.min(limits::WEBHOOK_PAUSE_MAX)))
}

/// The same for each post of the same state of an incident.
fn message_id(incident: &Incident) -> String {
    format!("{}.{}", incident.id, incident.news)
}

fn body(incident: &Incident, now: Timestamp) -> String {
    let kind = if incident.says_open() { "alert.raised" } else { "alert.cleared" };
    let at = now.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    json!({ "type": kind, "timestamp": at, "data": wire::alert_value(incident) }).to_string()
}

/// Signs with HMAC-SHA-256.
pub(super) struct Signer(hmac::Key);

impl Signer {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub(super) fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let signed = format!("{id}.{seconds}.{body}");
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.0, signed.as_bytes())))
    }
}
