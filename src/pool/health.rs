//! How the models of all providers fare: shared by all pools, fed by every attempt.
//!
//! Invariant: an attempt gives back what it holds by its drop, a probe's right and its room, however
//! it ends; a lock is held for a step, never across an `.await`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    breaker::{Breaker, Fault, Pass},
    room::{Held, Room},
};
use crate::{
    config::{ProviderSettings, Settings},
    limits,
    meter::{Meter, ModelMeter},
    model::{BreakerState, LegLoad, ProviderName, Reason},
    provider::{Failure, OFFLINE, Piece, Retry},
};

/// How every model that some route names fares.
pub(super) struct HealthTable {
    meter: Meter,
    rooms: BTreeMap<ProviderName, Arc<Room>>,
    known: Known,
    /// What was known before the settings changed, as far as nobody asked for it yet.
    before: Known,
}

type Known = BTreeMap<(ProviderName, Arc<str>), Arc<Health>>;

impl HealthTable {
    /// None known yet, of providers with these settings.
    pub(super) fn new(settings: &BTreeMap<String, ProviderSettings>, meter: &Meter) -> Self {
        let room = |(name, settings): (&String, &ProviderSettings)| {
            let room = Room::new(settings.max_concurrent);
            (ProviderName::from(name.as_str()), room)
        };
        let rooms = settings.iter().map(room).collect();
        Self { meter: meter.clone(), rooms, known: Known::new(), before: Known::new() }
    }

    /// Other settings hold from now on. What is known of a provider is kept while it is the same
    /// account at the same server; a new key starts with a clean slate.
    pub(super) fn adopt(&mut self, was: &Settings, now: &Settings) {
        self.before = std::mem::take(&mut self.known);
        self.before.retain(|(provider, _), _| match provider.as_str() {
            OFFLINE => was.offline == now.offline,
            name => match (was.providers.get(name), now.providers.get(name)) {
                (Some(was), Some(now)) => was.is_same_account(now),
                _ => false,
            },
        });
        for (name, settings) in &now.providers {
            let room = self.rooms.entry(name.as_str().into()).or_insert_with(|| Room::new(None));
            room.resize(settings.max_concurrent);
        }
    }

    /// Nobody asks any more for what was known before.
    pub(super) fn forget_the_rest(&mut self) {
        self.before.clear();
    }

    /// The health of this model: the same for every route that names it.
    pub(super) fn of(&mut self, provider: &ProviderName, model: &Arc<str>) -> Arc<Health> {
        let room = self.rooms.get(provider).cloned();
        let key = (provider.clone(), model.clone());
        let before = self.before.remove(&key);
        let meter = || self.meter.model(provider, model);
        let new = || Arc::new(Health { room, meter: meter(), state: Mutex::default() });
        self.known.entry(key).or_insert_with(|| before.unwrap_or_else(new)).clone()
    }
}

/// How one model of one provider fares.
pub(super) struct Health {
    /// What the provider may be asked at the same time, all its models together.
    room: Option<Arc<Room>>,
    meter: Arc<ModelMeter>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    breaker: Breaker,
    /// The provider wants to be left alone until then.
    rests: Option<Instant>,
    /// Why it is not asked, where it is not.
    because: Option<Reason>,
    /// From the asking to the first piece, on average.
    first_piece: Option<Duration>,
    asked: Option<Instant>,
    /// When it said something last.
    heard: Option<Instant>,
}

/// Why a model is not asked now.
#[derive(Debug)]
pub(super) enum Shut {
    /// It is ill or rests. The failure says until when.
    Away(Failure),
    /// As much is asked of its provider as may be at the same time.
    Full,
}

impl Health {
    /// Lets a request through, or says why not.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Attempt, Shut> {
        let mut attempt = self.attempt().map_err(Shut::Away)?;
        if let Some(room) = &self.room {
            attempt.room = Some(room.try_enter().ok_or(Shut::Full)?);
        }
        self.meter.asked();
        Ok(attempt)
    }

    /// Lets a request through as soon as there is room for it.
    pub(super) async fn admit_in_turn(self: &Arc<Self>) -> Result<Attempt, Failure> {
        let room = match self.room.clone() {
            None => None,
            Some(room) => {
                let room = timeout(limits::PROVIDER_ROOM_WITHIN, room.enter()).await;
                Some(room.map_err(|_| NO_ROOM)?)
            }
        };
        let mut attempt = self.attempt()?;
        attempt.room = room;
        self.meter.asked();
        Ok(attempt)
    }

    /// What an equal stop is chosen by, least first. One that was not asked lately is asked once to
    /// see how it fares now; one that was and did not answer yet is the last choice.
    pub(super) fn slowness(&self, now: Instant) -> Duration {
        let state = self.lock();
        let fresh = state.asked.is_some_and(|asked| now - asked < limits::LATENCY_LIVES);
        if fresh { state.first_piece.unwrap_or(Duration::MAX) } else { Duration::ZERO }
    }

    /// Whether it is asked, but for a lack of room.
    pub(super) fn is_well(&self, now: Instant) -> bool {
        let state = self.lock();
        state.breaker.state(now) == BreakerState::Closed && state.rests.is_none_or(|end| end <= now)
    }

    /// When it said something last.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.lock().heard
    }

    /// How it fares, for others to see.
    pub(super) fn report(
        &self,
        provider: &ProviderName,
        model: &Arc<str>,
        now: Instant,
    ) -> LegLoad {
        let state = self.lock();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let breaker = state.breaker.state(now);
        let rests = state.rests.filter(|end| now < *end);
        let asked = breaker == BreakerState::Closed && rests.is_none();
        LegLoad {
            provider: provider.clone(),
            model: model.clone(),
            breaker,
            rests_ms: rests.map(|end| ms(end - now)),
            because: state.because.filter(|_| !asked),
            first_token_ms: state.first_piece.map(ms),
        }
    }

    fn attempt(self: &Arc<Self>) -> Result<Attempt, Failure> {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(end) = state.rests.filter(|end| now < *end) {
            return Err(state.away(end - now));
        }
        let pass = state.breaker.admit(now).map_err(|until| state.away(until - now))?;
        state.asked = Some(now);
        drop(state);
        Ok(Attempt { health: self.clone(), pass, asked: now, began: false, room: None })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// It took so long until the first piece.
    fn learn(&mut self, took: Duration) {
        let average = self.first_piece.map_or(took, |average| (average * 3 + took) / 4);
        self.first_piece = Some(average);
    }

    /// Why it is not asked, and for how long: what its last failure was.
    fn away(&self, pause: Duration) -> Failure {
        let reason = self.because.unwrap_or(Reason::ProviderUnavailable);
        let retry = match blame(reason, Retry::Never) {
            // That will not pass by itself.
            Blame::Provider(Fault::Grave) => Retry::Never,
            _ => Retry::After(pause),
        };
        Failure { reason, retry, status: None, code: None }
    }
}

const NO_ROOM: Failure = Failure {
    reason: Reason::ProviderUnavailable,
    retry: Retry::After(limits::PROVIDER_ROOM_WITHIN),
    status: None,
    code: None,
};

/// One request that was let through; its outcome is told to it.
pub(super) struct Attempt {
    health: Arc<Health>,
    pass: Pass,
    asked: Instant,
    began: bool,
    /// Held until the answer ends.
    room: Option<Held>,
}

impl Attempt {
    /// A piece of the answer came, or its end.
    pub(super) fn heard(&mut self, piece: &Piece) {
        match piece {
            Piece::End(_) => self.succeeded(),
            _ => self.began(),
        }
    }

    fn began(&mut self) {
        if std::mem::replace(&mut self.began, true) {
            return;
        }
        let took = self.asked.elapsed();
        self.health.meter.first_token(took);
        let mut state = self.health.lock();
        state.learn(took);
        state.heard = Some(Instant::now());
        state.breaker.began(self.pass);
    }

    /// Another one spoke first. That is no failure, but it would have taken longer than this.
    pub(super) fn outrun(&mut self) {
        let silent = self.asked.elapsed();
        let mut state = self.health.lock();
        if state.first_piece.is_none_or(|average| average < silent) {
            state.learn(silent);
        }
    }

    fn succeeded(&mut self) {
        self.room = None;
        self.health.meter.answered();
        let mut state = self.health.lock();
        state.heard = Some(Instant::now());
        state.breaker.succeeded(self.pass);
    }

    /// There was no answer, or no more of it.
    pub(super) fn failed(&mut self, failure: &Failure) {
        let now = Instant::now();
        self.health.meter.failed(failure.reason);
        let mut state = self.health.lock();
        match blame(failure.reason, failure.retry) {
            Blame::Provider(fault) => {
                state.breaker.failed(self.pass, fault, now);
                state.because = Some(failure.reason);
            }
            Blame::Request => state.breaker.succeeded(self.pass),
            Blame::Gateway => {}
        }
        if let Retry::After(pause) = failure.retry {
            state.rests = state.rests.max(Some(now + pause.min(limits::REST_MAX)));
            state.because = Some(failure.reason);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // Where there was an outcome this changes nothing any more.
        self.health.lock().breaker.abandoned(self.pass, Instant::now());
    }
}

/// Whose fault a failure is.
enum Blame {
    Provider(Fault),
    /// The provider answered, and well enough.
    Request,
    Gateway,
}

fn blame(reason: Reason, retry: Retry) -> Blame {
    match (reason, retry) {
        // A key that has had enough for now is no illness where it is said when that ends.
        (Reason::ProviderRateLimited, Retry::After(_)) => Blame::Request,
        (
            Reason::ProviderUnavailable
            | Reason::ProviderRateLimited
            | Reason::ProviderProtocol
            | Reason::ProviderTruncated
            | Reason::DeadlineExceeded,
            _,
        ) => Blame::Provider(Fault::Passing),
        (Reason::ProviderQuota | Reason::ProviderAuth, _) => Blame::Provider(Fault::Grave),
        (Reason::ProviderRejected | Reason::ContextTooLong | Reason::AnswerTooLong, _) => {
            Blame::Request
        }
        (
            Reason::QueueFull
            | Reason::BudgetExhausted
            | Reason::SpecialistsFailed
            | Reason::ToolRejected
            | Reason::ToolUnavailable
            | Reason::Cancelled
            | Reason::Interrupted
            | Reason::Overloaded
            | Reason::Internal,
            _,
        ) => Blame::Gateway,
    }
}
