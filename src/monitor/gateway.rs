//! What goes on in the gateway: counts, the states of its models, and what its health is judged by.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::probing::{Finding, Findings, Prober};
use crate::{
    config::{LiveSettings, Settings, SettingsState},
    conversation::{Registry, Workshop},
    limits,
    meter::Figures,
    model::{Day, Gauges, LegLoad, PoolName, ProviderName, Timestamp, UserId},
    store,
};

/// The gateway as the monitor sees it.
pub(super) struct Watched {
    registry: Registry,
    live: LiveSettings,
    above: Box<dyn Fn() -> Gauges + Send + Sync>,
    findings: Findings,
}

/// What the gateway's health is judged by, beside what is measured.
pub(super) struct Signs {
    pub(super) draining: bool,
    pub(super) store: store::Health,
    pub(super) probes: Probes,
    /// Each pool, and the models that it or an agent of it may ask.
    pub(super) pools: Vec<(PoolName, Vec<LegLoad>)>,
    /// Providers that a route names and that cannot be asked, since they have no key.
    pub(super) keyless: Vec<String>,
    /// What probes found of the providers.
    pub(super) findings: BTreeMap<ProviderName, Finding>,
    /// When each model said something last.
    pub(super) heard: BTreeMap<(ProviderName, Arc<str>), Instant>,
    pub(super) settings: SettingsState,
}

/// What is looked at now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Probes {
    /// The store could be read.
    pub(super) readable: bool,
    /// By how many milliseconds the wall clock was set lately.
    pub(super) clock_jumped_ms: Option<i64>,
}

impl Default for Probes {
    fn default() -> Self {
        Self { readable: true, clock_jumped_ms: None }
    }
}

impl Watched {
    pub(super) fn new(
        registry: Registry,
        live: LiveSettings,
        above: Box<dyn Fn() -> Gauges + Send + Sync>,
    ) -> Self {
        Self { registry, live, above, findings: Findings::default() }
    }

    /// Who probes the providers for it.
    pub(super) fn prober(&self) -> Prober {
        let Workshop { pools, clock, .. } = self.workshop();
        Prober::new(pools.clone(), self.live.clone(), clock.clone(), self.findings.clone())
    }

    /// What probes found of the providers.
    pub(super) fn findings(&self) -> BTreeMap<ProviderName, Finding> {
        self.findings.all()
    }

    /// How often it is to be measured.
    pub(super) fn every(&self) -> Duration {
        Duration::from_millis(self.live.now().monitor.every_ms.into())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.workshop().clock.now()
    }

    pub(super) fn conversations_bytes(&self) -> usize {
        self.registry.memory_bytes()
    }

    pub(super) fn workshop(&self) -> &Workshop {
        self.registry.workshop()
    }

    /// How everything stands now.
    pub(super) fn look(&self, probes: Probes) -> (Signs, Gauges) {
        let Workshop { lifecycle, store, pools, .. } = self.workshop();
        let pools_now: Vec<_> = pools.iter().map(|pool| (pool.name.clone(), pool.legs())).collect();
        // A model that several pools ask counts once.
        let models: BTreeMap<_, _> = pools_now
            .iter()
            .flat_map(|(_, legs)| legs)
            .map(|leg| ((&leg.provider, &leg.model), leg.is_asked()))
            .collect();
        let models_up = models.values().filter(|asked| **asked).count();
        let models_down = models.len() - models_up;
        let signs = Signs {
            draining: lifecycle.draining().is_reached(),
            store: store.health(),
            probes,
            pools: pools_now,
            keyless: keyless(&self.registry, &self.live.now()),
            findings: self.findings.all(),
            heard: pools.iter().flat_map(|pool| pool.heard().collect::<Vec<_>>()).collect(),
            settings: self.live.state(),
        };
        let gauges = Gauges {
            conversations: self.registry.live(),
            turns_open: lifecycle.turns_running(),
            turns_running: pools.iter().map(|pool| pool.load().for_turns as usize).sum(),
            queue_age: pools.iter().filter_map(|pool| pool.oldest_turn()).max().unwrap_or_default(),
            providers_down: signs.providers_down(),
            models_up,
            models_down,
            ..(self.above)()
        };
        (signs, gauges)
    }

    /// What was counted.
    pub(super) fn figures(&self) -> Figures {
        self.workshop().pools.meter().figures(Day::of(self.now()))
    }

    /// Changes when something happens that is told at once: a model, a provider or the store gives up
    /// or comes back, the drain begins.
    pub(super) fn fingerprint(&self) -> u64 {
        let Workshop { lifecycle, store, pools, .. } = self.workshop();
        let mut hasher = DefaultHasher::new();
        (lifecycle.draining().is_reached(), store.health().writable).hash(&mut hasher);
        self.findings.kinds().hash(&mut hasher);
        for pool in pools.iter() {
            for leg in pool.legs() {
                (leg.is_asked(), leg.breaker.as_str()).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// Whether a record can be read: that of nobody.
    pub(super) async fn store_reads(&self) -> bool {
        let nobody = UserId::from_bytes([0; 16]);
        let read = self.workshop().store.session(nobody);
        timeout(READ_WITHIN, read).await.is_ok_and(|read| read.is_ok())
    }
}

/// A read that takes longer has failed.
const READ_WITHIN: Duration = limits::PULSE_EVERY;

/// Providers that a route names and that cannot be asked.
pub(super) fn keyless(registry: &Registry, settings: &Settings) -> Vec<String> {
    let pools: Vec<_> = registry.workshop().pools.iter().collect();
    let asked: Vec<&str> = pools
        .iter()
        .flat_map(|pool| pool.providers())
        .map(|(provider, _)| provider.name().as_str())
        .collect();
    let routes = settings.pools.values().flat_map(|pool| {
        let of_agents = pool.agents.values().filter_map(|agent| agent.route.as_ref()).flatten();
        pool.route.iter().chain(of_agents)
    });
    let stops = routes.flat_map(|entry| entry.split('|'));
    let mut names: Vec<&str> =
        stops.map(|stop| stop.split_once('/').map_or(stop, |(provider, _)| provider)).collect();
    names.retain(|name| settings.providers.contains_key(*name) && !asked.contains(name));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}
