//! What a conversation needs around it, with everything outside in the test's hands.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

pub(crate) use super::{
    gate::{Gate, at_once},
    script::{Call, Script},
};
use crate::{
    budget::Ledger,
    config::{BudgetSettings, PoolSettings, Price, Restart, Settings},
    conversation::{Registry, Workshop},
    lifecycle::Lifecycle,
    model::{Clock, Timestamp},
    pool::Pools,
    provider::{Prices, Provider, Providers},
    route::{Router, Weights},
    tool::{Toolbox, tests::echo},
};

/// A registry over a gated store, and the calls that its providers get.
pub(crate) struct Stage {
    pub(crate) store: Arc<Gate>,
    pub(crate) registry: Registry,
    pub(crate) calls: mpsc::Receiver<Call>,
    settings: Settings,
    providers: Providers,
}

impl Stage {
    /// Pools `general` and `reset`, which ask `first` and then `second`, and `small`, which has
    /// one worker. `reset` starts over, and asks both after a minute of silence. `tools` has two: `echo`
    /// says its name at once, `slow` after ten seconds.
    pub(crate) fn new() -> Self {
        Self::over(Gate::new(), BTreeMap::new())
    }

    /// The same over what another stage left, within budgets.
    pub(crate) fn over(store: Gate, budgets: BTreeMap<String, BudgetSettings>) -> Self {
        let store = Arc::new(store);
        let (scripts, calls) = Script::cast(["first", "second"]);
        let providers: Providers = scripts
            .map(|script| (script.name().clone(), Arc::new(script) as Arc<dyn Provider>))
            .into();
        let pool = |workers, restart| PoolSettings {
            route: vec!["first".to_owned(), "second".to_owned()],
            prompt: "Be brief.".to_owned(),
            workers,
            restart,
            ..PoolSettings::default()
        };
        let hedged = PoolSettings { hedge_ms: Some(60_000), ..pool(100, Restart::Reset) };
        let tools = ["echo", "slow"].map(str::to_owned).to_vec();
        let tooled = PoolSettings { tools, ..pool(100, Restart::Reset) };
        let pools = BTreeMap::from([
            ("general".to_owned(), pool(100, Restart::Keep)),
            ("reset".to_owned(), hedged),
            ("small".to_owned(), pool(1, Restart::Keep)),
            ("tools".to_owned(), tooled),
        ]);
        let settings = Settings { pools, budgets, ..Settings::default() };
        // Nothing has a price where nobody looks at it.
        let price = Price { input: 1.0, cached: None, output: 2.0 };
        let priced = if settings.budgets.is_empty() { [].as_slice() } else { &["first", "second"] };
        let prices = priced.iter().map(|model| ((*model).to_owned(), price)).collect();
        let registry = Registry::new(Workshop {
            store: store.clone(),
            router: Arc::new(ArcSwap::from_pointee(Router::new(&settings.pools, &Weights::none()))),
            pools: Pools::new(&settings, &providers, &toolbox()),
            prices: Arc::new(ArcSwap::from_pointee(Prices::new(prices))),
            ledger: Ledger::new(&settings),
            clock: Clock::at(Timestamp(1_000)),
            lifecycle: Lifecycle::default(),
        });
        Self { store, registry, calls, settings, providers }
    }

    /// Other settings hold from now on.
    pub(crate) fn adopt(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut now = self.settings.clone();
        change(&mut now);
        let workshop = self.registry.workshop();
        workshop.pools.adopt(&self.settings, &now, (&self.providers, &toolbox()));
        workshop.router.store(Arc::new(Router::new(&now.pools, &Weights::none())));
        self.settings = now;
    }
}

fn toolbox() -> Toolbox {
    let tools = [echo("echo", Duration::ZERO), echo("slow", Duration::from_secs(10))];
    Toolbox::of(tools, BTreeMap::new())
}

/// Lets everybody do what they can: paused time moves only once nobody has anything to do.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
