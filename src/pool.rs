//! Pools of specialists: who answers, with which prompt and route, and how many at a time.
//!
//! Invariant: a pool knows no session, no socket and no store.

mod attempt;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use attempt::{Progress, Prompt};

use crate::{
    config::{Effort, PoolSettings, Restart, Settings},
    limits,
    model::{PoolName, ProviderName},
    provider::{OFFLINE, Provider, Providers, Style, context_window},
};

/// A stop on a pool's route.
pub struct Leg {
    /// Whom to ask.
    pub provider: Arc<dyn Provider>,
    /// For which model.
    pub model: Arc<str>,
}

/// A pool of specialists for one domain.
pub struct Pool {
    /// What it is called.
    pub name: PoolName,
    /// What it is for, in one line.
    pub description: Arc<str>,
    system: Arc<str>,
    style: Style,
    route: Vec<Leg>,
    window_tokens: u32,
    restart: Restart,
    size: u32,
    workers: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The right to one answer; given back when dropped.
#[derive(Debug)]
pub struct Worker {
    _permit: OwnedSemaphorePermit,
}

/// More turns wait than `limits::POOL_QUEUE_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolFull;

/// How a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Answers at the same time.
    pub workers: u32,
    /// Answers being given now.
    pub running: usize,
    /// Turns that wait for a worker.
    pub waiting: usize,
}

impl Pool {
    /// A pool as settings describe it, with those of its route's providers that are there; where
    /// none is, the offline provider speaks.
    fn new(name: PoolName, settings: &PoolSettings, all: &Settings, providers: &Providers) -> Self {
        let leg = |stop: &String| {
            let (provider, model) = match stop.split_once('/') {
                Some((provider, model)) => (provider, Some(model)),
                None => (stop.as_str(), None),
            };
            let usual = all.providers.get(provider).map(|p| p.model.as_str());
            Some(Leg {
                provider: providers.get(provider)?.clone(),
                model: model.or(usual).unwrap_or(provider).into(),
            })
        };
        let mut route: Vec<Leg> = settings.route.iter().filter_map(leg).collect();
        if route.is_empty() {
            route.extend(leg(&OFFLINE.to_owned()));
        }
        Self {
            name,
            description: settings.description.as_str().into(),
            system: settings.prompt.as_str().into(),
            style: Style {
                temperature: settings.temperature,
                effort: settings.effort.map(effort_name),
                max_output_tokens: settings.max_output_tokens,
            },
            window_tokens: window(settings, &route),
            route,
            restart: settings.restart,
            size: settings.workers,
            workers: Arc::new(Semaphore::new(settings.workers as usize)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Tokens of history that a request may hold.
    pub fn window_tokens(&self) -> u32 {
        self.window_tokens
    }

    /// The stop that is asked first.
    pub fn first(&self) -> Option<(&ProviderName, &Arc<str>)> {
        self.route.first().map(|leg| (leg.provider.name(), &leg.model))
    }

    /// The stops in order, as `provider/model`.
    pub fn route(&self) -> Vec<String> {
        self.route.iter().map(|leg| format!("{}/{}", leg.provider.name(), leg.model)).collect()
    }

    /// A worker, where one is free at once.
    pub fn try_worker(&self) -> Option<Worker> {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let permit = self.workers.clone().try_acquire_owned().ok()?;
        Some(Worker { _permit: permit })
    }

    /// A worker, as soon as those who came before have had theirs.
    pub fn worker(self: &Arc<Self>) -> Result<BoxFuture<'static, Worker>, PoolFull> {
        if self.waiting.load(Ordering::Relaxed) >= limits::POOL_QUEUE_MAX {
            return Err(PoolFull);
        }
        let place = Place::take(self.clone());
        Ok(Box::pin(async move {
            let permit = place.0.workers.clone().acquire_owned().await;
            Worker { _permit: permit.expect("the semaphore is never closed") }
        }))
    }

    /// How it stands.
    pub fn load(&self) -> Load {
        Load {
            workers: self.size,
            running: (self.size as usize).saturating_sub(self.workers.available_permits()),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

/// The tokens of history that fit every model of the route, beside the answer, and the settings.
fn window(settings: &PoolSettings, route: &[Leg]) -> u32 {
    let room = |leg: &Leg| {
        let reads = context_window(&leg.model)?;
        Some(reads.saturating_sub(settings.max_output_tokens))
    };
    route.iter().filter_map(room).fold(settings.window_tokens, u32::min)
}

fn effort_name(effort: Effort) -> Arc<str> {
    match effort {
        Effort::None => "none",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
    .into()
}

/// A place in the queue for a worker, given up when dropped.
struct Place(Arc<Pool>);

impl Place {
    fn take(pool: Arc<Pool>) -> Self {
        pool.waiting.fetch_add(1, Ordering::Relaxed);
        Self(pool)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All pools, by name.
#[derive(Clone)]
pub struct Pools(Arc<BTreeMap<PoolName, Arc<Pool>>>);

impl Pools {
    /// The pools that settings describe.
    pub fn new(settings: &Settings, providers: &Providers) -> Self {
        let pool = |(name, pool): (&String, &PoolSettings)| {
            let name = PoolName::from(name.as_str());
            (name.clone(), Arc::new(Pool::new(name, pool, settings, providers)))
        };
        Self(Arc::new(settings.pools.iter().map(pool).collect()))
    }

    /// The pool of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Pool>> {
        self.0.get(name)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.0.values()
    }

    /// Their names, for an error that says which there are.
    pub fn names(&self) -> String {
        self.0.keys().map(PoolName::as_str).collect::<Vec<_>>().join(", ")
    }
}
