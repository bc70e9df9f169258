//! The route of a pool: whom it asks, in which order.
//!
//! A route is a list of stops. A stop is one model of one provider, or several that are equals:
//! `openai|azure/large`. Of equals the one that lately began to answer soonest is asked first.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use super::health::{Attempt, Health, HealthTable, Shut};
use crate::{
    config::{ProviderKind, Settings},
    model::LegLoad,
    provider::{Failure, OFFLINE, Provider, Providers, Retry},
};

/// One model of one provider, and how it fares.
pub(super) struct Leg {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) model: Arc<str>,
    /// What a trace calls the provider: one of the names that all know, or as settings call it.
    pub(super) vendor: String,
    health: Arc<Health>,
}

impl Leg {
    /// When it said something last.
    pub(super) fn heard(&self) -> Option<Instant> {
        self.health.heard()
    }
}

/// Whom a pool asks: stops in order, each with those that are equals there.
pub(super) struct Route(Vec<Vec<Leg>>);

impl Route {
    /// The route that settings describe, with those of its providers that are there; where none
    /// is, the offline provider speaks.
    pub(super) fn new(
        entries: &[String],
        settings: &Settings,
        providers: &Providers,
        table: &mut HealthTable,
    ) -> Self {
        let mut leg = |stop: &str| {
            let (provider, model) = match stop.split_once('/') {
                Some((provider, model)) => (provider, Some(model)),
                None => (stop, None),
            };
            let of = settings.providers.get(provider);
            let usual = of.map(|p| p.model.as_str());
            let vendor = vendor(provider, of.map(|p| p.kind));
            let model = Arc::from(model.or(usual).unwrap_or(provider));
            let provider = providers.get(provider)?.clone();
            let health = table.of(provider.name(), &model);
            Some(Leg { provider, model, vendor, health })
        };
        let stops = entries.iter().map(|entry| entry.split('|').filter_map(&mut leg).collect());
        let mut stops: Vec<Vec<Leg>> = stops.filter(|legs: &Vec<_>| !legs.is_empty()).collect();
        if stops.is_empty() {
            stops.push(leg(OFFLINE).into_iter().collect());
        }
        Self(stops)
    }

    /// Every model on it.
    pub(super) fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.0.iter().flatten()
    }

    /// The one that would be asked first now.
    pub(super) fn first(&self) -> Option<&Leg> {
        let now = Instant::now();
        let legs = self.in_order(now);
        legs.iter().find(|leg| leg.health.is_well(now)).or(legs.first()).copied()
    }

    /// The stops in order; equals with a `|` between them.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |leg: &Leg| format!("{}/{}", leg.provider.name(), leg.model);
        self.0.iter().map(|legs| legs.iter().map(name).collect::<Vec<_>>().join("|")).collect()
    }

    /// How each model on it fares.
    pub(super) fn load(&self) -> Vec<LegLoad> {
        let now = Instant::now();
        let load = |leg: &Leg| leg.health.report(leg.provider.name(), &leg.model, now);
        self.legs().map(load).collect()
    }

    /// A round over it.
    pub(super) fn round(&self) -> Round<'_> {
        let legs = self.in_order(Instant::now()).into();
        Round { legs, full: None, away: None }
    }

    fn in_order(&self, now: Instant) -> Vec<&Leg> {
        let mut order = Vec::with_capacity(self.0.len());
        for equals in &self.0 {
            let from = order.len();
            order.extend(equals);
            if let Some(equals @ [_, _, ..]) = order.get_mut(from..) {
                equals.sort_by_cached_key(|leg| leg.health.slowness(now));
            }
        }
        order
    }
}

fn vendor(name: &str, kind: Option<ProviderKind>) -> String {
    match kind {
        Some(ProviderKind::Openai) => "openai",
        Some(ProviderKind::Anthropic) => "anthropic",
        // Many speak it, and it does not say whose the models are.
        Some(ProviderKind::OpenaiChat) | None => name,
    }
    .to_owned()
}

/// One round over a route: each model that may be asked is handed out once.
pub(super) struct Round<'a> {
    legs: VecDeque<&'a Leg>,
    /// The first whose provider has no room. It is waited for when nobody else is left.
    full: Option<&'a Leg>,
    /// Of those that are not asked, the one that will be soonest.
    pub(super) away: Option<Failure>,
}

impl<'a> Round<'a> {
    /// The next to be asked.
    pub(super) async fn next(&mut self) -> Option<(&'a Leg, Attempt)> {
        while let Some(leg) = self.legs.pop_front() {
            match leg.health.admit() {
                Ok(attempt) => return Some((leg, attempt)),
                Err(Shut::Away(failure)) => keep_hopeful(&mut self.away, failure),
                Err(Shut::Full) => drop(self.full.get_or_insert(leg)),
            }
        }
        let leg = self.full.take()?;
        match leg.health.admit_in_turn().await {
            Ok(attempt) => Some((leg, attempt)),
            Err(failure) => {
                keep_hopeful(&mut self.away, failure);
                None
            }
        }
    }

    /// One that is well and may be asked at once, beside the one that is asked already. The offline
    /// provider answers nothing, so it is none.
    pub(super) fn spare(&mut self) -> Option<(&'a Leg, Attempt)> {
        let now = Instant::now();
        let fit = |leg: &&Leg| leg.provider.name().as_str() != OFFLINE && leg.health.is_well(now);
        for place in 0..self.legs.len() {
            let leg = *self.legs.get(place)?;
            if let Some(attempt) = fit(&leg).then(|| leg.health.admit().ok()).flatten() {
                self.legs.remove(place);
                return Some((leg, attempt));
            }
        }
        None
    }
}

/// Keeps the failure that leaves more hope, so that one dead key does not hide a busy provider.
pub(super) fn keep_hopeful(kept: &mut Option<Failure>, failure: Failure) {
    let hope = |failure: &Failure| match failure.retry {
        Retry::Never => (0, std::cmp::Reverse(None)),
        Retry::After(pause) => (1, std::cmp::Reverse(Some(pause))),
        Retry::Soon => (2, std::cmp::Reverse(None)),
    };
    if kept.as_ref().is_none_or(|kept| hope(&failure) > hope(kept)) {
        *kept = Some(failure);
    }
}
