//! Reading the settings anew, and the port's certificate: whoever asks for it, or when their files
//! have changed.
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
    http::{Stamps, Tls},
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
    pub(super) tls: Option<Arc<Tls>>,
}

/// Everything that can happen to it.
enum Wake {
    Draining,
    Asked(Asked),
    Look,
}

/// What files looked like the last time. Whoever writes them may not be done until they look the
/// same twice.
struct Looks<S>(S);

impl<S: PartialEq + Copy> Looks<S> {
    /// They are whole, and are others than those that were read.
    fn are_new(&mut self, now: S, read: S) -> bool {
        std::mem::replace(&mut self.0, now) == now && now != read
    }
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
        let mut file = Looks(self.source.stamp());
        let mut pair = Looks(self.tls.as_ref().map(|tls| tls.read()));
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
                    if file.are_new(self.look().await, self.source.stamp()) {
                        drop(self.reload().await);
                    }
                    let read = self.tls.as_ref().map(|tls| tls.read());
                    if pair.are_new(self.look_at_pair().await, read) {
                        self.renew().await;
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

    async fn look_at_pair(&self) -> Option<Stamps> {
        let tls = self.tls.clone()?;
        spawn_blocking(move || tls.look()).await.ok()
    }

    /// Reads the certificate's files, and says whether another one is shown from now on.
    async fn renew(&self) -> bool {
        let Some(tls) = self.tls.clone() else { return false };
        spawn_blocking(move || tls.renew()).await.unwrap_or(false)
    }

    async fn reload(&mut self) -> Result<Changes, NotReloaded> {
        // A matter of its own: one may be refused and the other not.
        let renewed = self.renew().await;
        match self.prepare().await {
            Ok(mut prepared) => {
                prepared.changes.live.extend(renewed.then(|| "tls.certificate".to_owned()));
                prepared.changes.certificate_refused =
                    self.tls.as_ref().and_then(|tls| tls.refused());
                Ok(self.adopt(prepared).await)
            }
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

fn tell(Changes { live, waiting, .. }: &Changes) {
    tracing::info!(changed = listed(live), "the settings were read again");
    if !waiting.is_empty() {
        tell_what_waits(&listed(waiting));
    }
}

fn tell_what_waits(names: &str) {
    tracing::warn!("changed, and takes effect after a restart: {names}");
}
