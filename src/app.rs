//! Wiring: from settings to a gateway that answers, and down again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::{
    auth::Authority,
    budget::Ledger,
    config::Settings,
    connection::{self, Gateway, Seats},
    conversation::{self, Registry, Workshop},
    http,
    lifecycle::{Drained, Lifecycle},
    model::{Clock, Gauges, Health, Usage},
    monitor::{Monitor, PoolWatch},
    operator::Operator,
    pool::Pools,
    provider::{self, Prices, Unbuildable},
    route::{RouteError, Router},
    store::{LocalStore, OpenError, Store, StoreError},
    task::Tasks,
};

/// A gateway that runs.
pub struct App {
    address: SocketAddr,
    lifecycle: Lifecycle,
    store: Arc<dyn Store>,
    pools: Pools,
}

/// Why a gateway cannot start. Says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What a crash left cannot be put in order.
    #[error("what the last run left cannot be put in order: {0}")]
    Recover(#[from] StoreError),
    /// A provider's settings make no provider.
    #[error(transparent)]
    Provider(#[from] Unbuildable),
    /// Messages cannot be routed as the settings say.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another with --bind or PORT")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The system refuses what every process needs.
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
}

impl App {
    /// Opens the store, puts in order what a crash left, and listens.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let dir = settings.data_dir.clone();
        let opened = tokio::task::spawn_blocking(move || LocalStore::open(&dir)).await;
        let store = opened.map_err(std::io::Error::other)??;
        Self::start_with(settings, Arc::new(store)).await
    }

    /// The same over a store that is open already.
    pub async fn start_with(
        settings: &Settings,
        store: Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let router = Arc::new(Router::of(settings)?);
        let clock = Clock::system();
        let providers = provider::build(&settings.providers, &settings.offline)?;
        let lifecycle = Lifecycle::default();
        let pools = Pools::new(settings, &providers);
        let workshop = Workshop {
            store: store.clone(),
            pools: pools.clone(),
            router,
            prices: Arc::new(Prices::new(settings.prices.clone())),
            ledger: Ledger::new(settings),
            clock,
            lifecycle: lifecycle.clone(),
        };
        take_over(&workshop).await?;
        warn_of_unpriced(&workshop);
        let registry = Registry::new(workshop);
        let seats = Seats::default();
        // Before the port is open: what the last run left running is over.
        let tasks = Tasks::start(registry.clone(), &settings.tasks).await?;
        let (counted, live, load) = (seats.clone(), registry.clone(), tasks.clone());
        let look = move || gauges(&counted, &live, &load);
        let monitor = Monitor::start(&lifecycle, Clock::system(), look);
        let vitals = monitor.clone();
        let gateway = Arc::new(Gateway {
            authority: Authority::new(settings.token.clone()),
            operator: Operator::new(registry.clone(), tasks.clone(), move || vitals.vitals()),
            monitor,
            pools: PoolWatch::start(&lifecycle, Clock::system(), pools.clone()),
            tasks,
            seats,
            lifecycle: lifecycle.clone(),
            echo: settings.echo,
            registry: registry.clone(),
        });
        let router = connection::router(gateway).merge(http::router(registry));
        let bind = settings.bind;
        let refused = |source| StartError::Bind { address: bind, source };
        let listener = TcpListener::bind(bind).await.map_err(refused)?;
        let address = listener.local_addr()?;
        lifecycle.spawn(http::serve(listener, router, lifecycle.clone()));
        Ok(Self { address, lifecycle, store, pools })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes over what can change while it works: the numbers of workers. All else waits for a start.
    pub fn adopt(&self, settings: &Settings) {
        self.pools.adopt(settings);
    }

    /// Refuses new work, gives running answers `patience` to finish, and closes everything.
    pub async fn stop(self, patience: Duration) -> Drained {
        let drained = self.lifecycle.drain(patience).await;
        self.store.close().await;
        drained
    }

    /// The store, for one who must end at once: closing it keeps what was committed, and the next
    /// start ends what ran.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }
}

/// What goes on in the gateway now.
fn gauges(seats: &Seats, registry: &Registry, tasks: &Tasks) -> Gauges {
    let Workshop { lifecycle, store, pools, .. } = registry.workshop();
    let health = match (lifecycle.draining().is_reached(), store.health().writable) {
        (true, _) => Health::Draining,
        (false, true) => Health::Ok,
        (false, false) => Health::Degraded,
    };
    let load = tasks.load();
    Gauges {
        health,
        connections: seats.taken(),
        conversations: registry.live(),
        turns_open: lifecycle.turns_running(),
        turns_running: pools.iter().map(|pool| pool.load().running as usize).sum(),
        tasks_queued: load.queued,
        tasks_running: load.running,
    }
}

/// Puts in order what the last run left, and learns what it has spent.
async fn take_over(workshop: &Workshop) -> Result<(), StoreError> {
    conversation::recall_spending(workshop).await?;
    let interrupted = conversation::recover_all(workshop).await?;
    if interrupted > 0 {
        tracing::info!(interrupted, "turns that the last run left open are ended");
    }
    Ok(())
}

/// A budget of dollars lets whatever has no price pass.
fn warn_of_unpriced(workshop: &Workshop) {
    let Workshop { pools, prices, ledger, .. } = workshop;
    for pool in pools.iter().filter(|_| ledger.counts_dollars()) {
        let of_agents = pool.agents().flat_map(|(_, agent)| agent.models());
        for (provider, model) in pool.models().chain(of_agents) {
            if prices.charge(provider, model, &Usage::default()).is_none() {
                let pool = &pool.name;
                tracing::warn!(%pool, %provider, model = &**model, "has no price, so budgets of dollars miss it");
            }
        }
    }
}
