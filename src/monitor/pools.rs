//! How the pools are, for those who subscribed to them: looked at by one task, told when it changed.
//!
//! Invariants: who listens gets the newest state and never a queue of them, encoded once for all;
//! while nobody listens nobody looks.

use std::sync::{Arc, OnceLock};

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{
    lifecycle::Lifecycle,
    limits,
    model::{Clock, Day, PoolVitals, Timestamp},
    pool::Pools,
    wire::{self, Frame},
};

/// How the pools were when they were last looked at.
#[derive(Debug, Default)]
pub struct PoolsNow {
    /// Which state, from 1.
    pub rev: u64,
    /// Since when.
    pub at: Timestamp,
    /// Each of them.
    pub pools: Vec<PoolVitals>,
    frame: OnceLock<Frame>,
}

impl PoolsNow {
    /// For a program.
    pub fn frame(&self) -> Frame {
        self.frame.get_or_init(|| wire::pools(self.rev, self.at, &self.pools)).clone()
    }

    /// For a person, who was told the other state last: a line for each that differs; none where
    /// none does.
    pub fn lines(&self, told: &Self) -> Option<Frame> {
        let told: Vec<String> = told.pools.iter().map(PoolVitals::line).collect();
        let lines = self.pools.iter().map(PoolVitals::line);
        let lines: Vec<String> = lines.filter(|line| !told.contains(line)).collect();
        (!lines.is_empty()).then(|| wire::note(&lines.join("\n")))
    }
}

/// Watches the pools for those who subscribed to them.
pub struct PoolWatch {
    pools: Pools,
    clock: Clock,
    tell: watch::Sender<Arc<PoolsNow>>,
}

impl PoolWatch {
    /// Watches from now on, until everything closes.
    pub fn start(lifecycle: &Lifecycle, clock: Clock, pools: Pools) -> Arc<Self> {
        let (tell, _) = watch::channel(Arc::default());
        let watch = Arc::new(Self { pools, clock, tell });
        let (closing, watching) = (lifecycle.closing().clone(), watch.clone());
        lifecycle.spawn(async move {
            closing.or(watching.run()).await;
        });
        watch
    }

    /// Changes when the pools do, and has news at once: how they are now.
    pub fn subscribe(&self) -> watch::Receiver<Arc<PoolsNow>> {
        // Where somebody listens already, it was looked at a moment ago.
        if self.tell.receiver_count() == 0 {
            self.look();
        }
        let mut now = self.tell.subscribe();
        now.mark_changed();
        now
    }

    async fn run(&self) {
        let mut tick = interval(limits::POOLS_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.tell.receiver_count() > 0 {
                self.look();
            }
        }
    }

    fn look(&self) {
        let at = self.clock.now();
        let pools: Vec<_> = self.pools.iter().map(|pool| pool.vitals(Day::of(at))).collect();
        self.tell.send_if_modified(|now| {
            let changed = now.rev == 0 || !alike(&now.pools, &pools);
            if changed {
                *now = Arc::new(PoolsNow { rev: now.rev + 1, at, pools, ..PoolsNow::default() });
            }
            changed
        });
    }
}

/// That a provider rests for a moment less is no news.
fn alike(before: &[PoolVitals], now: &[PoolVitals]) -> bool {
    let timeless = |pools: &[PoolVitals]| {
        let mut pools = pools.to_vec();
        for leg in pools.iter_mut().flat_map(|pool| &mut pool.legs) {
            leg.rests_ms = leg.rests_ms.map(|_| 0);
        }
        pools
    };
    timeless(before) == timeless(now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::{config::Settings, provider, tool::Toolbox};

    fn pools() -> Pools {
        let settings = Settings::default();
        let offline = provider::build(&settings.providers, &settings.offline).unwrap();
        Pools::new(&settings, &offline, &Toolbox::default())
    }

    #[tokio::test(start_paused = true)]
    async fn it_tells_at_once_and_then_what_changes() {
        let (lifecycle, pools) = (Lifecycle::default(), pools());
        let clock = Clock::at(Timestamp(1_000));
        let watch = PoolWatch::start(&lifecycle, clock.clone(), pools.clone());
        let mut told = watch.subscribe();
        told.changed().await.expect("at once");
        let first = told.borrow_and_update().clone();
        assert_eq!((first.rev, first.at, first.pools.len()), (1, Timestamp(1_000), 5));
        let quiet = timeout(Duration::from_secs(3_600), told.changed()).await;
        assert!(quiet.is_err(), "nothing changed: {:?}", told.borrow().pools);

        clock.advance(Duration::from_secs(9));
        let before = Instant::now();
        pools.get("sports").unwrap().scale(7).unwrap();
        let _busy = pools.get("sports").unwrap().try_worker(crate::pool::Origin::Turn);
        told.changed().await.expect("it goes on");
        assert!(before.elapsed() <= limits::POOLS_EVERY);
        let second = told.borrow_and_update().clone();
        assert_eq!((second.rev, second.at), (2, Timestamp(10_000)));
        let frame = second.frame();
        assert!(frame.as_str().contains(r#""pool":"sports","health":"ok""#), "{frame}");
        let lines = |told: &PoolsNow| second.lines(told).map(|lines| lines.as_str().to_owned());
        assert_eq!(lines(&first).as_deref(), Some("# sports: 1/7 busy, 0 waiting"));
        assert_eq!(lines(&PoolsNow::default()).map(|lines| lines.lines().count()), Some(5));
        assert_eq!(lines(&second), None);
        lifecycle.drain(Duration::ZERO).await;
    }

    #[tokio::test(start_paused = true)]
    async fn while_nobody_listens_nothing_is_told() {
        let (lifecycle, pools) = (Lifecycle::default(), pools());
        let watch = PoolWatch::start(&lifecycle, Clock::default(), pools.clone());
        drop(watch.subscribe());
        for workers in 1..9 {
            pools.get("sports").unwrap().scale(workers).unwrap();
            tokio::time::sleep(limits::POOLS_EVERY * 2).await;
        }
        let told = watch.subscribe();
        let now = told.borrow().clone();
        let sports = now.pools.iter().find(|pool| pool.pool.as_str() == "sports");
        assert_eq!((now.rev, sports.map(|pool| pool.workers)), (2, Some(8)));
        lifecycle.drain(Duration::ZERO).await;
    }
}
