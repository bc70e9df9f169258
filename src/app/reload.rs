//! Reading the settings anew: whoever asks for it, or when their file has changed.
//!
//! Invariant: all that can be refused is made before anything is changed, so a bad file changes
//! nothing; what runs keeps what it began with.

use std::sync::Arc;

use tokio::{sync::mpsc, task::spawn_blocking, time::sleep};

use crate::{
    alert::{self, Alerts, NewRules},
    config::{
        Asked, Changes, ConfigError, LiveSettings, NotReloaded, Settings, Source, Stamp, listed,
    },
    conversation::{self, Workshop},
    limits,
    model::Clock,
    operator::Operator,
    provider::{self, Prices, Providers},
    route::{RouteError, Router},
    task::Tasks,
    tool::{self, Toolbox},
};

/// Reads the settings anew, and has everybody adopt them.
pub(super) struct Reloader {
    pub(super) source: Source,
    pub(super) live: LiveSettings,
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) workshop: Workshop,
    pub(super) providers: Providers,
    pub(super) tools: Toolbox,
    pub(super) operator: Arc<Operator>,
    pub(super) tasks: Tasks,
    pub(super) alerts: Alerts,
}

/// Everything that can happen to it.
enum Wake {
    Draining,
    Asked(Asked),
    Look,
}

/// Settings of which everything is made that may fail.
struct Prepared {
    settings: Settings,
    changes: Changes,
    providers: Providers,
    tools: Toolbox,
    router: Option<Router>,
    alerts: Option<NewRules>,
}

/// Why settings cannot be adopted.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Provider(#[from] provider::Unbuildable),
    #[error(transparent)]
    Tool(#[from] tool::Unbuildable),
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error(transparent)]
    Alerts(#[from] alert::StartError),
    #[error("reading them has failed")]
    Broken,
}

impl Reloader {
    /// Works until the drain.
    pub(super) async fn run(mut self) {
        let draining = self.workshop.lifecycle.draining().clone();
        let mut drains = draining.reached();
        let mut looked = self.source.stamp();
        loop {
            let wake = tokio::select! {
                () = &mut drains => Wake::Draining,
                Some(asked) = self.asked.recv() => Wake::Asked(asked),
                () = sleep(limits::SETTINGS_LOOK_EVERY) => Wake::Look,
            };
            match wake {
                Wake::Draining => return,
                Wake::Asked(reply) => {
                    // Who has gone away wants no answer.
                    drop(reply.send(self.reload().await));
                }
                Wake::Look => {
                    let before = looked;
                    looked = self.look().await;
                    // Whoever writes it may not be done until it looks the same twice.
                    if looked == before && looked != self.source.stamp() {
                        drop(self.reload().await);
                    }
                }
            }
        }
    }

    /// Looking is enough, and sees what a notification would miss: a file that was put in its place,
    /// a link that points elsewhere, a file on another machine.
    async fn look(&self) -> Stamp {
        Stamp::of(tokio::fs::metadata(self.source.file()).await.ok().as_ref())
    }

    async fn reload(&mut self) -> Result<Changes, NotReloaded> {
        match self.prepare().await {
            Ok(prepared) => Ok(self.adopt(prepared).await),
            Err(refused) => {
                let because: Arc<str> = refused.to_string().into();
                tracing::warn!(%because, "the settings were refused, everything stays as it is");
                self.live.refuse(because.clone());
                Err(NotReloaded::Refused(because))
            }
        }
    }

    /// Off the threads that serve: a router may have to be fitted.
    async fn prepare(&mut self) -> Result<Prepared, Refused> {
        let (mut source, was) = (self.source.clone(), self.live.now());
        let (built, tools) = (self.providers.clone(), self.tools.clone());
        let clock = self.workshop.clock.clone();
        let prepared = spawn_blocking(move || {
            let prepared = source.load().map_err(Refused::from);
            let prepared =
                prepared.and_then(|read| Prepared::of(read, &was, (&built, tools), &clock));
            (source, prepared)
        });
        let (source, prepared) = prepared.await.map_err(|_panicked| Refused::Broken)?;
        self.source = source;
        prepared
    }

    async fn adopt(&mut self, prepared: Prepared) -> Changes {
        let Prepared { settings, changes, providers, tools, router, alerts } = prepared;
        self.equip(&settings, &changes, (&providers, &tools)).await;
        (self.providers, self.tools) = (providers, tools);
        if let Some(router) = router {
            self.workshop.router.store(Arc::new(router));
        }
        if let Some(alerts) = alerts {
            self.alerts.adopt(alerts).await;
        }
        self.operator.adopt();
        self.tasks.adopt(&settings.tasks);
        self.live.adopt(Arc::new(settings), changes.waiting.clone());
        super::warn_of_unpriced(&self.workshop);
        tell(&changes);
        changes
    }

    /// What conversations work with.
    async fn equip(&self, settings: &Settings, changes: &Changes, asked: (&Providers, &Toolbox)) {
        let Workshop { pools, prices, ledger, .. } = &self.workshop;
        if changes.touch(&["prices"]) {
            prices.store(Arc::new(Prices::new(settings.prices.clone())));
        }
        if changes.touch(&["budgets"]) {
            let unread = ledger.adopt(settings);
            if let Err(error) = conversation::recall_budgets(&self.workshop, &unread).await {
                tracing::error!(%error, "what was spent of new budgets is not known");
            }
        }
        if changes.touch(&["pools", "providers", "offline", "tools"]) {
            pools.adopt(&self.live.now(), settings, asked);
        }
    }
}

impl Prepared {
    fn of(
        read: Settings,
        was: &Settings,
        (built, tools): (&Providers, Toolbox),
        clock: &Clock,
    ) -> Result<Self, Refused> {
        let changes = Changes::between(was, &read);
        let settings = read.within(was);
        let providers = provider::build_again(was, &settings, built)?;
        // Those of which nothing changed keep what they remember.
        let anew = changes.touch(&["tools"]).then(|| tool::build(&settings.tools, clock));
        let tools = anew.transpose()?.unwrap_or(tools);
        // The weights may have changed while their path has not.
        let routed = changes.touch(&["pools", "routing"]) || settings.routing.is_a_file();
        let router = routed.then(|| Router::of(&settings)).transpose()?;
        let webhook = changes.touch(&["webhook"]).then_some(&settings.webhook);
        let rules = || NewRules::of(&settings.alerts, webhook, clock);
        let alerts = changes.touch(&["alerts", "webhook"]).then(rules).transpose()?;
        Ok(Self { settings, changes, providers, tools, router, alerts })
    }
}

fn tell(Changes { live, waiting }: &Changes) {
    tracing::info!(changed = listed(live), "the settings were read again");
    if !waiting.is_empty() {
        tell_what_waits(&listed(waiting));
    }
}

fn tell_what_waits(names: &str) {
    tracing::warn!("changed, and takes effect after a restart: {names}");
}
