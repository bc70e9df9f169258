//! Pools of specialists: who answers, with which prompt and route, and how many at a time.
//!
//! Invariant: a pool knows no session, no socket and no store.

mod attempt;
mod breaker;
mod contest;
mod health;
mod queue;
mod room;
mod route;
mod span;
#[cfg(test)]
mod tests;
mod tool_use;
mod workers;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
pub use attempt::{Progress, Prompt};
use health::HealthTable;
pub use queue::{Asker, Origin, Queue, Ticket};
use route::{Leg, Route};
use tokio::time::Instant;
use workers::Workers;
pub use workers::{Busy, Place, Queued, Waited, Worker};

use crate::{
    config::{AgentSettings, Effort, PoolSettings, Restart, Settings},
    limits,
    meter::{Meter, PoolMeter},
    model::{AgentName, Day, LegLoad, PoolName, PoolVitals, Priority, ProviderName, UserId},
    provider::{Item, Provider, Providers, Style, context_window},
    tool::Toolbox,
};

/// A pool of specialists for one domain, or one of its agents: who has the same workers and window, and
/// a prompt and a route of its own.
pub struct Pool {
    /// What it is called.
    pub name: PoolName,
    /// What it is for, in one line; an agent's role.
    pub description: Arc<str>,
    /// The agent that it is.
    agent: Option<AgentName>,
    agents: BTreeMap<AgentName, Arc<Pool>>,
    system: Arc<str>,
    style: Style,
    tools: Toolbox,
    route: Route,
    window_tokens: u32,
    restart: Restart,
    /// How long a provider may keep silent before a second is asked as well.
    hedge: Option<Duration>,
    workers: Arc<Workers>,
    meter: Arc<PoolMeter>,
}

/// A pool has at least one worker and at most `limits::WORKERS_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pool has 1 to {most} workers, not {0}", most = limits::WORKERS_MAX)]
pub struct BadSize(pub u32);

/// How a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Answers at the same time.
    pub workers: u32,
    /// Answers being given now. More than `workers` while a pool that has been made smaller ends
    /// what it had begun.
    pub running: u32,
    /// How many of those are answers to turns; the others are of background tasks.
    pub for_turns: u32,
    /// What waits for a worker, by class, in the order of `Priority::ALL`.
    pub queued: [usize; Priority::ALL.len()],
}

impl Load {
    /// All that waits for a worker.
    pub fn waiting(&self) -> usize {
        self.queued.iter().sum()
    }
}

impl Pool {
    fn new(
        name: PoolName,
        settings: &PoolSettings,
        (route, tools): (Route, Toolbox),
        (workers, meter): (Arc<Workers>, Arc<PoolMeter>),
    ) -> Self {
        Self {
            meter,
            name,
            description: settings.description.as_str().into(),
            agent: None,
            agents: BTreeMap::new(),
            system: settings.prompt.as_str().into(),
            style: Style {
                temperature: settings.temperature,
                effort: settings.effort.map(effort_name),
                max_output_tokens: settings.max_output_tokens,
            },
            tools,
            window_tokens: window(settings, &route),
            route,
            restart: settings.restart,
            hedge: settings.hedge_ms.map(Duration::from_millis),
            workers,
        }
    }

    /// The same pool as one of its agents.
    fn staffed(
        &self,
        (name, agent): (&str, &AgentSettings),
        of: &PoolSettings,
        (route, tools): (Route, Toolbox),
    ) -> Self {
        Self {
            meter: self.meter.clone(),
            name: self.name.clone(),
            description: agent.role.as_str().into(),
            agent: Some(name.into()),
            agents: BTreeMap::new(),
            system: format!("{}\n\n{}", of.prompt.trim_end(), agent.prompt).into(),
            style: Style {
                temperature: agent.temperature.or(of.temperature),
                effort: agent.effort.or(of.effort).map(effort_name),
                ..self.style.clone()
            },
            tools,
            window_tokens: window(of, &route),
            route,
            restart: self.restart,
            hedge: self.hedge,
            workers: self.workers.clone(),
        }
    }

    /// Which agent of the pool it is; none where it is the pool itself.
    pub fn agent_name(&self) -> Option<&AgentName> {
        self.agent.as_ref()
    }

    /// Its agents, by name.
    pub fn agents(&self) -> impl Iterator<Item = (&AgentName, &Arc<Pool>)> {
        self.agents.iter()
    }

    /// The pool as that agent of it.
    pub fn as_agent(&self, name: &str) -> Option<&Arc<Pool>> {
        self.agents.get(name)
    }

    /// Tokens of history that a request may hold.
    pub fn window_tokens(&self) -> u32 {
        self.window_tokens
    }

    /// Tokens of an answer at the most.
    pub fn max_output_tokens(&self) -> u64 {
        self.style.max_output_tokens.into()
    }

    /// Whether a second provider may be asked where the first keeps silent.
    pub fn hedges(&self) -> bool {
        self.hedge.is_some()
    }

    /// The tools that it may call.
    pub fn tools(&self) -> &Toolbox {
        &self.tools
    }

    /// What a model has to read, this conversation, the system prompt and the tools, in bytes.
    pub fn prompt_bytes(&self, items: &[Item]) -> u64 {
        let bytes =
            self.system.len() + self.tools.bytes() + items.iter().map(Item::bytes).sum::<usize>();
        bytes as u64
    }

    /// Every provider and model that may be asked.
    pub fn models(&self) -> impl Iterator<Item = (&ProviderName, &Arc<str>)> {
        self.route.legs().map(|leg| (leg.provider.name(), &leg.model))
    }

    /// Every provider that it or an agent of it may ask, and for which model.
    pub fn providers(&self) -> impl Iterator<Item = (&Arc<dyn Provider>, &Arc<str>)> {
        let agents = self.agents.values().flat_map(|agent| agent.route.legs());
        self.route.legs().chain(agents).map(|leg| (&leg.provider, &leg.model))
    }

    /// When each model that it or an agent of it may ask said something last.
    pub fn heard(&self) -> impl Iterator<Item = ((ProviderName, Arc<str>), Instant)> {
        let agents = self.agents.values().flat_map(|agent| agent.route.legs());
        let all = self.route.legs().chain(agents);
        all.filter_map(|leg| Some(((leg.provider.name().clone(), leg.model.clone()), leg.heard()?)))
    }

    /// Who would be asked first now.
    pub fn first(&self) -> Option<(&ProviderName, &Arc<str>)> {
        self.route.first().map(|leg| (leg.provider.name(), &leg.model))
    }

    /// The stops in order, as `provider/model`; equals with a `|` between them.
    pub fn route(&self) -> Vec<String> {
        self.route.names()
    }

    /// How each model fares that it or an agent of it may ask; each once.
    pub fn legs(&self) -> Vec<LegLoad> {
        let mut legs = self.route.load();
        for leg in self.agents.values().flat_map(|agent| agent.route.load()) {
            let same =
                |known: &LegLoad| (&known.provider, &known.model) == (&leg.provider, &leg.model);
            if !legs.iter().any(same) {
                legs.push(leg);
            }
        }
        legs
    }

    /// A worker, where one is free and nobody waits for it.
    pub fn try_worker(&self, origin: Origin) -> Option<Worker> {
        self.workers.try_take(origin)
    }

    /// A place among those who wait for a worker, in the order that [`Queue`] gives them.
    pub fn queue_up(&self, asker: Asker) -> Result<Queued, Busy> {
        self.workers.queue_up(asker)
    }

    /// A place for one of this user's that has to wait for something else first.
    pub fn hold(&self, user: UserId) -> Result<Place, Busy> {
        self.workers.hold(user)
    }

    /// Changes the number of workers at once, and says how many there were. Where there are more,
    /// those who wait get them; where there are fewer, what runs is finished.
    pub fn scale(&self, workers: u32) -> Result<u32, BadSize> {
        Self::allows(workers)?;
        let before = self.workers.scale(workers);
        tracing::info!(pool = %self.name, before, workers, "scaled");
        Ok(before)
    }

    /// Whether a pool may have so many workers.
    pub fn allows(workers: u32) -> Result<(), BadSize> {
        let fits = (1..=limits::WORKERS_MAX).contains(&workers);
        if fits { Ok(()) } else { Err(BadSize(workers)) }
    }

    /// How long the turn that waits longest for a worker has waited.
    pub fn oldest_turn(&self) -> Option<Duration> {
        self.workers.oldest_turn()
    }

    /// Bytes that those take who wait for a worker, reckoned by their number.
    pub fn queue_bytes(&self) -> usize {
        self.workers.queue_bytes()
    }

    /// Counts what it does.
    pub fn meter(&self) -> &PoolMeter {
        &self.meter
    }

    /// How it stands.
    pub fn load(&self) -> Load {
        let workers::Usage { size, running, for_turns, queued } = self.workers.usage();
        Load { workers: size, running, for_turns, queued }
    }

    /// How it fares: its load, what went on lately, and its models.
    pub fn vitals(&self, today: Day) -> PoolVitals {
        let (load, figures) = (self.load(), self.meter.figures(today));
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        PoolVitals {
            pool: self.name.clone(),
            workers: load.workers,
            running: load.running,
            queued: load.queued,
            first_token_ms: figures.first_token_lately.map(|took| (ms(took.p50), ms(took.p95))),
            tokens_per_second: (figures.tokens_per_second * 10.0).round() / 10.0,
            error_rate: figures.error_rate().map(|rate| (rate * 1_000.0).round() / 1_000.0),
            cost_today: figures.cost_today,
            legs: self.legs(),
        }
    }
}

/// The tokens of history that fit every model of the route, beside the answer, and the settings.
fn window(settings: &PoolSettings, route: &Route) -> u32 {
    let room = |leg: &Leg| {
        let reads = context_window(&leg.model)?;
        Some(reads.saturating_sub(settings.max_output_tokens))
    };
    route.legs().filter_map(room).fold(settings.window_tokens, u32::min)
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

/// All pools, by name. Clones are the same, also once other settings hold.
#[derive(Clone)]
pub struct Pools(Arc<Shared>);

struct Shared {
    /// As they are now. A pool never changes but in its workers: another takes its place, and a turn
    /// keeps the one that it began with.
    now: ArcSwap<Table>,
    /// A model that fails in one pool is not asked by the others either.
    health: Mutex<HealthTable>,
    meter: Meter,
}

type Table = BTreeMap<PoolName, Arc<Pool>>;

impl Pools {
    /// The pools that settings describe.
    pub fn new(settings: &Settings, providers: &Providers, tools: &Toolbox) -> Self {
        let meter = Meter::default();
        let mut health = HealthTable::new(&settings.providers, &meter);
        let parts = |name: &PoolName, of: &PoolSettings| {
            (Workers::new(of.workers, Duration::from_millis(of.wait_ms)), meter.pool(name))
        };
        let now = ArcSwap::from_pointee(table(settings, (providers, tools), &mut health, parts));
        Self(Arc::new(Shared { now, health: Mutex::new(health), meter }))
    }

    /// The pools of these settings from now on, in place of those of `was`. Nothing that runs or waits
    /// is dropped: a pool of the same name goes on with its workers and their queue. How many there
    /// are changes where the settings say something else than they did; else the number to which the
    /// pool was scaled stands.
    pub fn adopt(
        &self,
        was: &Settings,
        now: &Settings,
        (providers, tools): (&Providers, &Toolbox),
    ) {
        let mut health = self.0.health.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.0.now.load_full();
        health.adopt(was, now);
        let parts = |name: &PoolName, of: &PoolSettings| {
            let wait = Duration::from_millis(of.wait_ms);
            let Some(pool) = before.get(name) else {
                return (Workers::new(of.workers, wait), self.0.meter.pool(name));
            };
            let set = was.pools.get(name.as_str()).map(|was| was.workers);
            pool.workers.adopt(Some(of.workers).filter(|_| set != Some(of.workers)), wait);
            (pool.workers.clone(), pool.meter.clone())
        };
        self.0.now.store(Arc::new(table(now, (providers, tools), &mut health, parts)));
        health.forget_the_rest();
    }

    /// The pool of this name.
    pub fn get(&self, name: &str) -> Option<Arc<Pool>> {
        self.0.now.load().get(name).cloned()
    }

    /// That pool, or that agent of it, as it is by now.
    pub fn as_now(&self, pool: &Pool) -> Option<Arc<Pool>> {
        let now = self.get(pool.name.as_str())?;
        match pool.agent_name() {
            Some(agent) => now.as_agent(agent.as_str()).cloned(),
            None => Some(now),
        }
    }

    /// Counts what all of them do.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// All that there are now, by name.
    pub fn iter(&self) -> impl Iterator<Item = Arc<Pool>> + use<> {
        self.0.now.load().values().cloned().collect::<Vec<_>>().into_iter()
    }

    /// The agents of a pool, for an error that says which there are.
    pub fn agent_names(&self, pool: &Pool) -> String {
        let agents = pool.agents.keys().map(AgentName::as_str).collect::<Vec<_>>().join(", ");
        if agents.is_empty() { format!("none in {}", pool.name) } else { agents }
    }

    /// Their names, for an error that says which there are.
    pub fn names(&self) -> String {
        self.0.now.load().keys().map(PoolName::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// The pools of these settings, each with the workers and the meter that it shall have.
fn table(
    settings: &Settings,
    (providers, tools): (&Providers, &Toolbox),
    health: &mut HealthTable,
    parts: impl Fn(&PoolName, &PoolSettings) -> (Arc<Workers>, Arc<PoolMeter>),
) -> Table {
    let pool = |(name, pool): (&String, &PoolSettings)| {
        let name = PoolName::from(name.as_str());
        let mut route = |entries: &[String]| Route::new(entries, settings, providers, health);
        let parts = parts(&name, pool);
        let asks = (route(&pool.route), tools.only(&pool.tools));
        let mut made = Pool::new(name.clone(), pool, asks, parts);
        for (agent, of) in &pool.agents {
            let route = route(of.route.as_ref().unwrap_or(&pool.route));
            let tools = tools.only(of.tools.as_ref().unwrap_or(&pool.tools));
            let agent_made = Arc::new(made.staffed((agent, of), pool, (route, tools)));
            made.agents.insert(agent.as_str().into(), agent_made);
        }
        (name, Arc::new(made))
    };
    settings.pools.iter().map(pool).collect()
}
