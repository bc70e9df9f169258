//! Wiring: from settings to a gateway that answers, and down again.

mod reload;
mod startup;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
pub use startup::Startup;
use tokio::net::TcpListener;

use crate::{
    alert::{self, Alerts},
    auth::Authority,
    budget::Ledger,
    config::{LiveSettings, Settings, Source},
    connection::{self, Gateway, Seats},
    conversation::{self, Registry, Workshop},
    http::{self, Tls},
    lifecycle::{Drained, Lifecycle},
    model::{Clock, Gauges, Usage},
    monitor::{Monitor, PoolWatch},
    operator::Operator,
    pool::Pools,
    provider::{self, Prices},
    route::{RouteError, Router},
    store::{LocalStore, OpenError, Store, StoreError},
    task::Tasks,
    tool,
};
use reload::Reloader;

/// A gateway that runs.
pub struct App {
    address: SocketAddr,
    lifecycle: Lifecycle,
    store: Arc<dyn Store>,
    live: LiveSettings,
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
    Provider(#[from] provider::Unbuildable),
    /// What tools ask cannot be asked.
    #[error(transparent)]
    Tool(#[from] tool::Unbuildable),
    /// Messages cannot be routed as the settings say.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The certificate cannot be used.
    #[error("there can be no TLS: {0}; mend it, or take [tls] out of the settings")]
    Tls(#[from] http::PairError),
    /// There can be no alerts.
    #[error(transparent)]
    Alerts(#[from] alert::StartError),
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
    /// Opens the store, puts in order what a crash left, and listens. `source` is where the settings
    /// were read, and will be again.
    pub async fn start(
        settings: Arc<Settings>,
        source: Source,
        mut startup: Startup,
    ) -> Result<Self, StartError> {
        let tls = settings.tls.files().map(Tls::open).transpose()?.map(Arc::new);
        let dir = settings.data_dir.clone();
        let opened = tokio::task::spawn_blocking(move || LocalStore::open(&dir)).await;
        let store: Arc<dyn Store> = Arc::new(opened.map_err(std::io::Error::other)??);
        startup.phase("store opened");
        let router = Router::of(&settings)?;
        startup.phase("router fitted");
        let providers = provider::build(&settings.providers, &settings.offline)?;
        startup.phase_of("providers", providers.len());
        let clock = Clock::system();
        let tools = tool::build(&settings.tools, &clock)?;
        let (live, asked) = LiveSettings::new(settings.clone());
        let workshop = Workshop {
            store: store.clone(),
            pools: Pools::new(&settings, &providers, &tools),
            router: Arc::new(ArcSwap::from_pointee(router)),
            prices: Arc::new(ArcSwap::from_pointee(Prices::new(settings.prices.clone()))),
            ledger: Ledger::new(&settings),
            clock,
            lifecycle: Lifecycle::default(),
        };
        startup.phase_of("turns recovered", take_over(&workshop).await?);
        warn_of_unpriced(&workshop);
        let registry = Registry::new(workshop.clone());
        // Before the port is open: what the last run left running is over.
        let tasks = Tasks::start(registry.clone(), &settings.tasks).await?;
        startup.phase_of("tasks taken up", tasks.load().queued);
        let lifecycle = workshop.lifecycle.clone();
        let gateway = gateway(registry, tasks.clone(), &live, tls.clone()).await?;
        startup.phase("alerts taken up");
        let (operator, alerts) = (gateway.operator.clone(), gateway.alerts.clone());
        let address = listen(gateway, &live, tls.clone()).await?;
        let reloader = Reloader {
            source,
            live: live.clone(),
            asked,
            workshop,
            providers,
            tools,
            operator,
            tasks,
            alerts,
            tls,
        };
        lifecycle.spawn(reloader.run());
        startup.finish(address, settings.scheme());
        Ok(Self { address, lifecycle, store, live })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The settings in force.
    pub fn settings(&self) -> &LiveSettings {
        &self.live
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

/// What connections work with.
async fn gateway(
    registry: Registry,
    tasks: Tasks,
    live: &LiveSettings,
    tls: Option<Arc<Tls>>,
) -> Result<Arc<Gateway>, alert::StartError> {
    let (settings, lifecycle) = (live.now(), registry.workshop().lifecycle.clone());
    let seats = Seats::default();
    let (counted, load) = (seats.clone(), tasks.clone());
    let clock = registry.workshop().clock.clone();
    let look = move || Gauges {
        certificate: tls.as_ref().map(|tls| tls.certificate(clock.now())),
        ..gauges(&counted, &load)
    };
    let monitor = Monitor::start(&registry, live, look);
    let (rules, webhook) = (&settings.alerts, &settings.webhook);
    let alerts = Alerts::start(registry.clone(), monitor.samples(), rules, webhook).await?;
    let (live, watch) = (live.clone(), monitor.clone());
    let operator = Operator::new(registry.clone(), tasks.clone(), alerts.clone(), live, watch);
    let pools = registry.workshop().pools.clone();
    Ok(Arc::new(Gateway {
        authority: Authority::new(settings.token.clone()),
        operator,
        alerts,
        monitor,
        pools: PoolWatch::start(&lifecycle, Clock::system(), pools),
        tasks,
        seats,
        lifecycle,
        echo: settings.echo,
        registry,
    }))
}

/// Opens the port.
async fn listen(
    gateway: Arc<Gateway>,
    live: &LiveSettings,
    tls: Option<Arc<Tls>>,
) -> Result<SocketAddr, StartError> {
    let (lifecycle, bind) = (gateway.lifecycle.clone(), live.now().bind);
    let front = http::Front::new(gateway.registry.clone(), gateway.monitor.clone(), live.clone());
    let router = connection::router(gateway).merge(http::router(front));
    let refused = |source| StartError::Bind { address: bind, source };
    let listener = TcpListener::bind(bind).await.map_err(refused)?;
    let address = listener.local_addr()?;
    lifecycle.spawn(http::serve(listener, router, tls, lifecycle.clone()));
    Ok(address)
}

/// What goes on beside conversations and pools.
fn gauges(seats: &Seats, tasks: &Tasks) -> Gauges {
    let load = tasks.load();
    Gauges {
        connections: seats.taken(),
        sessions: seats.users(),
        tasks_queued: load.queued,
        tasks_running: load.running,
        task_lag: Duration::from_millis(load.late_ms),
        tasks_bytes: load.bytes,
        ..Gauges::default()
    }
}

/// Puts in order what the last run left, and learns what it has spent. Says how many turns it left.
async fn take_over(workshop: &Workshop) -> Result<usize, StoreError> {
    conversation::recall_spending(workshop).await?;
    conversation::recover_all(workshop).await
}

/// A budget of dollars lets whatever has no price pass.
fn warn_of_unpriced(workshop: &Workshop) {
    let Workshop { pools, prices, ledger, .. } = workshop;
    let prices = prices.load();
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
