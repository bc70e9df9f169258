//! Probing the providers: each is looked at now and then, so that a wrong key, a server that is away
//! or a model that is not there is known before the first who needs it.
//!
//! Invariants: what is probed is what routes name; a probe goes to the provider itself and not
//! through its pool; a finding is forgotten with the settings that it was about.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    config::{LiveSettings, Settings},
    lifecycle::Stage,
    limits,
    model::{Clock, ProviderName, Timestamp},
    pool::Pools,
    provider::{Probed, Provider},
};

/// What is known of the providers by probing them. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Findings(Arc<Mutex<BTreeMap<ProviderName, Finding>>>);

/// What is known of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What the last probe found.
    pub probed: Probed,
    /// Since when it finds that kind of thing.
    pub since: Timestamp,
    /// When the last probe was over.
    pub at: Instant,
}

impl Finding {
    /// Its server answers, and takes the key.
    pub fn is_up(&self) -> bool {
        !matches!(self.probed, Probed::Refused | Probed::Failing | Probed::Unreachable)
    }

    /// Whether it has a model, as far as it says so.
    pub fn lacks(&self, model: &str) -> bool {
        match &self.probed {
            Probed::Well { unknown, .. } => unknown.iter().any(|lacking| **lacking == *model),
            _ => false,
        }
    }

    /// In words, of one of its models.
    pub fn says(&self, model: &str) -> Cow<'static, str> {
        match &self.probed {
            _ if self.lacks(model) => "does not know it".into(),
            Probed::Well { took, .. } | Probed::Reticent { took } => {
                format!("answers in {} ms", took.as_millis()).into()
            }
            Probed::Busy(_) => "wants to be left alone".into(),
            other => kind(other).into(),
        }
    }

    /// How long the server took to answer.
    pub fn took(&self) -> Option<Duration> {
        self.probed.took()
    }
}

impl Findings {
    /// Of each provider that was probed.
    pub(super) fn all(&self) -> BTreeMap<ProviderName, Finding> {
        self.lock().clone()
    }

    /// Which of them are well, for a fingerprint of what is told at once.
    pub(super) fn kinds(&self) -> Vec<(ProviderName, &'static str)> {
        self.lock().iter().map(|(name, finding)| (name.clone(), kind(&finding.probed))).collect()
    }

    fn put(&self, name: &ProviderName, probed: Probed, now: Timestamp) {
        let mut all = self.lock();
        let before = all.get(name).map(|before| (kind(&before.probed), before.since));
        let new = kind(&probed);
        let since = before.filter(|(old, _)| *old == new).map_or(now, |(_, since)| since);
        if before.is_none_or(|(old, _)| old != new) {
            tell(name, &probed);
        }
        all.insert(name.clone(), Finding { probed, since, at: Instant::now() });
    }

    fn forget(&self, keeps: impl Fn(&ProviderName) -> bool) {
        self.lock().retain(|name, _| keeps(name));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ProviderName, Finding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const WELL: &str = "is well";

/// Findings of one kind are the same news.
fn kind(probed: &Probed) -> &'static str {
    match probed {
        Probed::Well { unknown, .. } if !unknown.is_empty() => "has not every model",
        Probed::Well { .. } | Probed::Reticent { .. } | Probed::Busy(_) => WELL,
        Probed::Refused => "refuses its key",
        Probed::Failing => "answers that it does not work",
        Probed::Unreachable => "cannot be reached",
    }
}

fn tell(provider: &ProviderName, probed: &Probed) {
    match kind(probed) {
        WELL => tell_well(provider, probed),
        ill => tracing::warn!(%provider, "the provider {ill}"),
    }
}

fn tell_well(provider: &ProviderName, probed: &Probed) {
    let ms = probed.took().map(|took| took.as_millis());
    tracing::info!(%provider, ms, "the provider is well");
}

/// Probes them.
pub(super) struct Prober {
    pools: Pools,
    live: LiveSettings,
    clock: Clock,
    findings: Findings,
    plans: BTreeMap<ProviderName, Plan>,
    under_way: FuturesUnordered<BoxFuture<'static, Outcome>>,
}

/// When a provider is probed next.
struct Plan {
    provider: Arc<dyn Provider>,
    models: Vec<Arc<str>>,
    /// None while a probe is under way.
    due: Option<Instant>,
    /// How often in a row it could not be reached.
    missed: u32,
}

/// Whom a probe went to, and what it found.
struct Outcome {
    provider: Arc<dyn Provider>,
    models: Vec<Arc<str>>,
    probed: Probed,
}

/// Everything that can happen to it.
enum Wake {
    Closing,
    Settings,
    Due,
    Over(Outcome),
}

impl Prober {
    /// Nothing is probed yet.
    pub(super) fn new(pools: Pools, live: LiveSettings, clock: Clock, findings: Findings) -> Self {
        let (plans, under_way) = (BTreeMap::new(), FuturesUnordered::new());
        Self { pools, live, clock, findings, plans, under_way }
    }

    /// Probes until everything closes.
    pub(super) async fn run(mut self, closing: Stage) {
        let mut settings = self.live.follow();
        settings.mark_changed();
        loop {
            match self.wake(&closing, &mut settings).await {
                Wake::Closing => return,
                Wake::Settings => self.plan(&settings.borrow_and_update().clone()),
                Wake::Due => self.begin(),
                Wake::Over(outcome) => self.end(outcome),
            }
        }
    }

    async fn wake(
        &mut self,
        closing: &Stage,
        settings: &mut watch::Receiver<Arc<Settings>>,
    ) -> Wake {
        let next = self.plans.values().filter_map(|plan| plan.due).min();
        let due = async {
            match next {
                Some(due) => sleep_until(due).await,
                None => future::pending().await,
            }
        };
        tokio::select! { biased;
            () = closing.reached() => Wake::Closing,
            Ok(()) = settings.changed() => Wake::Settings,
            Some(outcome) = self.under_way.next() => Wake::Over(outcome),
            () = due => Wake::Due,
        }
    }

    /// Who is to be probed from now on; at once, where something about it is new.
    fn plan(&mut self, settings: &Settings) {
        let mut plans = self.wanted(settings);
        for (name, plan) in &mut plans {
            if let Some(before) = self.plans.remove(name)
                && before.is_about(&plan.provider, &plan.models)
            {
                let soonest = Instant::now() + every(settings);
                let due = before.due.map(|due| due.min(soonest));
                *plan = Plan { due, ..before };
            } else {
                self.findings.forget(|known| known != name);
            }
        }
        self.findings.forget(|known| plans.contains_key(known));
        self.plans = plans;
    }

    /// Every provider that a route names, with the models that it is asked for.
    fn wanted(&self, settings: &Settings) -> BTreeMap<ProviderName, Plan> {
        let mut plans = BTreeMap::new();
        let pools = self.pools.iter().filter(|_| settings.monitor.probe_seconds > 0);
        for pool in pools {
            for (provider, model) in pool.providers() {
                let new = || Plan::of(provider);
                let plan: &mut Plan = plans.entry(provider.name().clone()).or_insert_with(new);
                plan.add(model);
            }
        }
        plans
    }

    /// Begins what is due.
    fn begin(&mut self) {
        let now = Instant::now();
        for plan in self.plans.values_mut().filter(|plan| plan.due.is_some_and(|due| due <= now)) {
            plan.due = None;
            let (provider, models) = (plan.provider.clone(), plan.models.clone());
            // Who has no server is not looked at again.
            if let Some(probe) = provider.probe(models.clone()) {
                let probe = async move { Outcome { provider, models, probed: probe.await } };
                self.under_way.push(Box::pin(probe));
            }
        }
    }

    fn end(&mut self, Outcome { provider, models, probed }: Outcome) {
        let every = every(&self.live.now());
        let name = provider.name();
        let Some(plan) = self.plans.get_mut(name) else { return };
        // Other settings hold by now, and their probe is under way.
        if !plan.is_about(&provider, &models) {
            return;
        }
        let away = matches!(probed, Probed::Failing | Probed::Unreachable);
        plan.missed = if away { plan.missed.saturating_add(1) } else { 0 };
        let pause = match probed {
            Probed::Busy(Some(pause)) => pause.min(limits::PROBE_REST_MAX).max(every),
            _ if away => again(plan.missed).min(every),
            _ => every,
        };
        plan.due = Some(Instant::now() + sooner(pause));
        self.findings.put(name, probed, self.clock.now());
    }
}

impl Plan {
    fn of(provider: &Arc<dyn Provider>) -> Self {
        let due = Some(Instant::now());
        Self { provider: provider.clone(), models: Vec::new(), due, missed: 0 }
    }

    fn add(&mut self, model: &Arc<str>) {
        if !self.models.contains(model) {
            self.models.push(model.clone());
        }
    }

    /// A provider whose settings changed is another one.
    fn is_about(&self, provider: &Arc<dyn Provider>, models: &[Arc<str>]) -> bool {
        Arc::ptr_eq(&self.provider, provider) && self.models == models
    }
}

fn every(settings: &Settings) -> Duration {
    Duration::from_secs(settings.monitor.probe_seconds.into())
}

/// How long after so many probes in vain it is tried again.
fn again(missed: u32) -> Duration {
    let doubled = 1_u32.checked_shl(missed.saturating_sub(1)).unwrap_or(u32::MAX);
    limits::PROBE_AGAIN_FIRST.saturating_mul(doubled).min(limits::PROBE_AGAIN_MAX)
}

fn sooner(pause: Duration) -> Duration {
    pause * (100 - fastrand::u32(..=limits::PROBE_JITTER_PERCENT)) / 100
}
