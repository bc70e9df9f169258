//! Other settings for pools that work: what changes, and what stays as it was.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::{
    config::{PoolSettings, ProviderKind, ProviderSettings, Settings},
    limits,
    model::{BreakerState, UserId},
    pool::{Asker, Origin, Pools},
    provider::{Failure, Providers, Retry, build, build_again},
    tool::Toolbox,
};

struct House {
    settings: Settings,
    providers: Providers,
    pools: Pools,
}

impl House {
    /// A pool `one` that asks `near/a`, and has two workers.
    fn new() -> Self {
        let near = ProviderSettings {
            kind: ProviderKind::OpenaiChat,
            base_url: "http://127.0.0.1:9".to_owned(),
            max_concurrent: Some(2),
            ..Settings::default().providers["openai"].clone()
        };
        let pool = PoolSettings {
            route: vec!["near/a".to_owned()],
            workers: 2,
            ..PoolSettings::default()
        };
        let settings = Settings {
            providers: BTreeMap::from([("near".to_owned(), near)]),
            pools: BTreeMap::from([("one".to_owned(), pool)]),
            ..Settings::default()
        };
        let providers = build(&settings.providers, &settings.offline).unwrap();
        let pools = Pools::new(&settings, &providers, &Toolbox::default());
        Self { settings, providers, pools }
    }

    fn adopt(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut now = self.settings.clone();
        change(&mut now);
        self.providers = build_again(&self.settings, &now, &self.providers).unwrap();
        self.pools.adopt(&self.settings, &now, (&self.providers, &Toolbox::default()));
        self.settings = now;
    }

    fn pool(settings: &mut Settings) -> &mut PoolSettings {
        settings.pools.get_mut("one").unwrap()
    }

    fn near(settings: &mut Settings) -> &mut ProviderSettings {
        settings.providers.get_mut("near").unwrap()
    }

    fn workers(&self) -> u32 {
        self.pools.get("one").unwrap().load().workers
    }
}

#[tokio::test(start_paused = true)]
async fn the_file_sets_the_workers_where_it_says_something_else_than_before() {
    let mut house = House::new();
    house.pools.get("one").unwrap().scale(5).unwrap();
    house.adopt(|settings| House::pool(settings).prompt = "Be brief.".to_owned());
    assert_eq!(house.workers(), 5, "the file still says two");
    house.adopt(|settings| House::pool(settings).workers = 3);
    assert_eq!(house.workers(), 3);
}

#[tokio::test(start_paused = true)]
async fn those_who_work_and_wait_are_the_same_ones() {
    let mut house = House::new();
    let pool = house.pools.get("one").unwrap();
    let busy = [pool.try_worker(Origin::Turn).unwrap(), pool.try_worker(Origin::Turn).unwrap()];
    let waits = pool.queue_up(Asker::turn(UserId::new())).unwrap();
    house.adopt(|settings| House::pool(settings).description = "other".to_owned());
    let load = house.pools.get("one").unwrap().load();
    assert_eq!((load.running, load.waiting()), (2, 1));
    house.adopt(|settings| House::pool(settings).workers = 3);
    let served = waits.worker().await.unwrap();
    drop((busy, served));
    assert_eq!(house.pools.get("one").unwrap().load().running, 0);
}

#[test]
fn each_setting_of_a_pool_is_live() {
    type Row = (&'static str, fn(&mut PoolSettings));
    let mut house = House::new();
    let seen = |house: &House| {
        let pool = house.pools.get("one").unwrap();
        let style = &pool.style;
        let numbers = (pool.window_tokens, style.max_output_tokens, pool.restart);
        let effort = style.effort.as_deref().unwrap_or_default().to_owned();
        let words = [&*pool.description, &*pool.system, &effort].map(str::to_owned);
        format!("{words:?} {numbers:?} {:?} {:?}", style.temperature, pool.route())
    };
    let rows: [Row; 8] = [
        ("description", |pool| pool.description = "another".to_owned()),
        ("prompt", |pool| pool.prompt = "Be long.".to_owned()),
        ("temperature", |pool| pool.temperature = Some(0.5)),
        ("effort", |pool| pool.effort = Some(crate::config::Effort::High)),
        ("route", |pool| pool.route = vec!["near/b".to_owned(), "offline".to_owned()]),
        ("window_tokens", |pool| pool.window_tokens = 9_000),
        ("max_output_tokens", |pool| pool.max_output_tokens = 99),
        ("restart", |pool| pool.restart = crate::config::Restart::Reset),
    ];
    for (name, change) in rows {
        let before = seen(&house);
        house.adopt(|settings| change(House::pool(settings)));
        assert_ne!(seen(&house), before, "{name}");
    }
    house.adopt(|settings| {
        let two = settings.pools["one"].clone();
        settings.pools = BTreeMap::from([("two".to_owned(), two)]);
    });
    assert_eq!(house.pools.names(), "two");
    assert!(house.pools.get("one").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_model_s_health_is_kept_with_its_account() {
    type Row = (&'static str, bool, fn(&mut Settings));
    let ill = |house: &House| {
        let legs = house.pools.get("one").unwrap().legs();
        legs[0].breaker == BreakerState::Open
    };
    let rows: [Row; 6] = [
        ("nothing", true, |_| {}),
        ("the pool", true, |settings| House::pool(settings).workers = 4),
        ("its room", true, |settings| House::near(settings).max_concurrent = None),
        ("its patience", true, |settings| House::near(settings).turn_ms = 5),
        ("its address", false, |settings| House::near(settings).base_url += "0"),
        ("its key", false, |settings| {
            House::near(settings).api_key = Some(SecretString::from("another".to_owned()));
        }),
    ];
    for (name, kept, change) in rows {
        let mut house = House::new();
        for _ in 0..limits::BREAKER_FAILURES_MAX {
            let pool = house.pools.get("one").unwrap();
            let (_, mut attempt) = pool.route.round().next().await.unwrap();
            let reason = crate::model::Reason::ProviderUnavailable;
            attempt.failed(&Failure { reason, retry: Retry::Soon, status: None, code: None });
        }
        assert!(ill(&house));
        house.adopt(change);
        assert_eq!(ill(&house), kept, "{name}");
    }
}

#[test]
fn a_provider_of_which_nothing_changed_is_the_same_one() {
    let mut house = House::new();
    let is_same = |house: &House, before: &Providers, name: &str| {
        std::sync::Arc::ptr_eq(&house.providers[name], &before[name])
    };
    let before = house.providers.clone();
    house.adopt(|settings| House::pool(settings).workers = 4);
    assert!(is_same(&house, &before, "near") && is_same(&house, &before, "offline"));
    house.adopt(|settings| House::near(settings).model = "c".to_owned());
    assert!(!is_same(&house, &before, "near") && is_same(&house, &before, "offline"));
    house.adopt(|settings| settings.offline.words = Some(3));
    assert!(!is_same(&house, &before, "offline"));
}
