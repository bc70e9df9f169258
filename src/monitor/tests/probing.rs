//! When providers are probed, and what is remembered of it.

use std::collections::VecDeque;

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::sleep;

use super::*;
use crate::{
    config::PoolSettings,
    lifecycle::Lifecycle,
    model::Clock,
    monitor::probing::{Findings, Prober},
    pool::Pools,
    provider::{Answer, Failure, Probed, Provider, Providers, Request, Retry},
    tool::Toolbox,
};

/// A provider that answers probes as a test says, and keeps when it was probed for which models.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Probed>>,
    probes: Mutex<Vec<(Instant, String)>>,
}

/// As `Providers` hold it: another box is another provider.
struct Near(Arc<Scripted>, ProviderName);

impl Near {
    fn of(script: &Arc<Scripted>) -> Providers {
        let near: Arc<dyn Provider> = Arc::new(Self(script.clone(), "near".into()));
        [("near".into(), near)].into()
    }
}

impl Provider for Near {
    fn name(&self) -> &ProviderName {
        &self.1
    }

    fn ask(&self, _: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let reason = Reason::Internal;
        async move { Err(Failure { reason, retry: Retry::Never, status: None, code: None }) }
            .boxed()
    }

    fn probe(&self, models: Vec<Arc<str>>) -> Option<BoxFuture<'static, Probed>> {
        self.0.probes.lock().unwrap().push((Instant::now(), models.join(" ")));
        let answer = self.0.answers.lock().unwrap().pop_front();
        Some(async { answer.unwrap_or_else(|| well(&[])) }.boxed())
    }
}

fn well(unknown: &[&str]) -> Probed {
    let unknown = unknown.iter().map(|model| Arc::from(*model)).collect();
    Probed::Well { took: Duration::from_millis(7), unknown, unlisted: vec![] }
}

struct House {
    script: Arc<Scripted>,
    settings: Settings,
    live: LiveSettings,
    pools: Pools,
    findings: Findings,
    lifecycle: Lifecycle,
    began: Instant,
}

impl House {
    /// A pool that asks `near/a`, and a prober.
    fn new(probe_seconds: u32, answers: &[Probed]) -> Self {
        let script = Arc::new(Scripted::default());
        script.answers.lock().unwrap().extend(answers.iter().cloned());
        let pool = PoolSettings { route: vec!["near/a".to_owned()], ..PoolSettings::default() };
        let mut settings =
            Settings { pools: [("one".to_owned(), pool)].into(), ..Settings::default() };
        settings.monitor.probe_seconds = probe_seconds;
        let live = LiveSettings::new(Arc::new(settings.clone())).0;
        let pools = Pools::new(&settings, &Near::of(&script), &Toolbox::default());
        let (findings, lifecycle) = (Findings::default(), Lifecycle::default());
        let clock = Clock::at(Timestamp(1_000));
        let prober = Prober::new(pools.clone(), live.clone(), clock, findings.clone());
        lifecycle.spawn(prober.run(lifecycle.closing().clone()));
        let began = Instant::now();
        Self { script, settings, live, pools, findings, lifecycle, began }
    }

    /// Other settings hold; `anew`, by another provider of the same name.
    fn adopt(&mut self, anew: bool, change: impl FnOnce(&mut Settings)) {
        let was = self.settings.clone();
        change(&mut self.settings);
        if anew {
            let asked = (&Near::of(&self.script), &Toolbox::default());
            self.pools.adopt(&was, &self.settings, asked);
        }
        self.live.adopt(Arc::new(self.settings.clone()), vec![]);
    }

    /// Seconds from the start to each probe.
    fn probes(&self) -> Vec<u64> {
        let probes = self.script.probes.lock().unwrap();
        probes.iter().map(|(at, _)| (*at - self.began).as_secs()).collect()
    }

    fn found(&self) -> Option<Finding> {
        self.findings.all().remove("near")
    }
}

/// The pauses between probes; jitter makes each up to a tenth shorter.
#[track_caller]
fn assert_pauses(probes: &[u64], expected: &[u64]) {
    let pauses: Vec<u64> = probes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let fits = |(pause, most): (&u64, &u64)| pause <= most && *pause + 1 >= most * 9 / 10;
    assert!(pauses.len() >= expected.len(), "{probes:?}");
    assert!(pauses.iter().zip(expected).all(fits), "{pauses:?} and not {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_probed_at_once_and_then_at_a_pace_that_fits_what_was_found() {
    let gone = Probed::Unreachable;
    let busy = Probed::Busy(Some(Duration::from_secs(900)));
    let rows: [(&[Probed], &[u64]); 4] = [
        (&[], &[300, 300, 300]),
        (
            &[gone.clone(), gone.clone(), gone.clone(), gone.clone(), gone.clone(), gone],
            &[5, 10, 20, 40, 60, 60, 300],
        ),
        (&[Probed::Refused, Probed::Refused], &[300, 300]),
        (&[busy], &[900, 300]),
    ];
    for (answers, pauses) in rows {
        let house = House::new(300, answers);
        sleep(Duration::from_secs(2_000)).await;
        assert_eq!(house.probes()[0], 0);
        assert_pauses(&house.probes(), pauses);
        house.lifecycle.drain(Duration::ZERO).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_found_is_known_until_it_is_otherwise() {
    let house = House::new(300, &[Probed::Unreachable, Probed::Unreachable]);
    sleep(Duration::from_secs(1)).await;
    let found = house.found().expect("it was probed");
    assert!(!found.is_up() && found.since == Timestamp(1_000), "{found:?}");
    sleep(Duration::from_secs(20)).await;
    let found = house.found().expect("it was probed again");
    assert_eq!((found.is_up(), found.took()), (true, Some(Duration::from_millis(7))));
}

#[tokio::test(start_paused = true)]
async fn other_settings_are_probed_at_once_and_the_same_ones_are_not() {
    let mut house = House::new(300, &[Probed::Refused]);
    sleep(Duration::from_secs(100)).await;
    assert!(!house.found().unwrap().is_up());
    house.adopt(false, |settings| settings.echo = true);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(house.probes(), [0], "nothing of it changed");
    house.adopt(true, |_| {});
    sleep(Duration::from_secs(1)).await;
    assert_eq!(house.probes(), [0, 101], "a key may have changed");
    assert!(house.found().unwrap().is_up());
    house.adopt(true, |settings| {
        settings.pools.get_mut("one").unwrap().route.push("near/b".to_owned());
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(house.script.probes.lock().unwrap()[2].1, "a b");
    house.adopt(false, |settings| settings.monitor.probe_seconds = 10);
    sleep(Duration::from_secs(11)).await;
    assert!(house.probes().len() >= 4, "{:?}", house.probes());
    house.adopt(false, |settings| settings.monitor.probe_seconds = 0);
    sleep(Duration::from_secs(1)).await;
    let probes = house.probes();
    sleep(Duration::from_secs(9_000)).await;
    assert_eq!((house.probes(), house.found()), (probes, None), "none is probed, nothing is known");
}

#[tokio::test(start_paused = true)]
async fn a_pool_knows_nothing_of_it() {
    let house = House::new(1, &[]);
    sleep(Duration::from_secs(60)).await;
    assert!(house.probes().len() > 50);
    let figures = house.pools.meter().figures(crate::model::Day::of(Timestamp(1_000)));
    assert!(figures.models.values().all(|model| model.attempts == 0), "{:?}", figures.models);
    let pool = house.pools.get("one").unwrap();
    assert_eq!((pool.legs()[0].breaker, pool.heard().count()), (BreakerState::Closed, 0));
}

// ---- what the check makes of it -------------------------------------------------------------

fn finding(probed: &Probed) -> Finding {
    Finding { probed: probed.clone(), since: Timestamp(0), at: Instant::now() }
}

#[track_caller]
fn check_found(provider: &str, probed: &Probed, expect: &[&str]) {
    let found = |signs: &mut Signs| drop(signs.findings.insert(provider.into(), finding(probed)));
    check(|_| {}, found, expect);
}

#[test]
fn a_finding_is_told_and_fails_where_nobody_is_left() {
    check_found("a", &Probed::Refused, &["providers degraded: a refuses its key"]);
    let deserted = "nobody is left to answer for sports";
    check_found(
        "b",
        &Probed::Unreachable,
        &[&format!("providers failing: b cannot be reached since 00:00 UTC; {deserted}")],
    );
    check_found(
        "b",
        &Probed::Failing,
        &[&format!("providers failing: b answers only errors since 00:00 UTC; {deserted}")],
    );
    check_found("a", &well(&["m"]), &["providers degraded: a does not know the model m"]);
    for fine in [well(&["other"]), Probed::Busy(None), Probed::Reticent { took: Duration::ZERO }] {
        check_found("b", &fine, &[]);
    }
}

#[test]
fn what_a_turn_met_later_counts_for_more() {
    let heard = Instant::now();
    let before = heard.checked_sub(Duration::from_secs(60)).unwrap();
    for (probed, model) in
        [(Probed::Refused, "other"), (Probed::Unreachable, "m"), (well(&["m"]), "m")]
    {
        let found = |at: Instant| {
            let (finding, key) = (finding(&probed), ("b".into(), model.into()));
            move |signs: &mut Signs| {
                signs.findings.insert("b".into(), Finding { at, ..finding });
                signs.heard.insert(key, heard);
            }
        };
        check(|_| {}, found(before), &[]);
        let mut signs = signs();
        found(Instant::now())(&mut signs);
        let checks = judge(&mut vitals(|_| {}), &signs);
        let told = checks.iter().find(|check| check.part == Part::Providers).unwrap();
        assert_eq!(told.state, State::Failing, "{told:?}");
    }
}

#[test]
fn what_is_well_says_how_fast() {
    let mut signs = signs();
    signs.findings.insert("a".into(), finding(&well(&[])));
    let took = Duration::from_millis(12);
    let other = Probed::Well { took, unknown: vec![], unlisted: vec!["m".into()] };
    signs.findings.insert("b".into(), finding(&other));
    let checks = judge(&mut vitals(|_| {}), &signs);
    assert_eq!(signs.providers_down(), 0);
    let told = checks.iter().find(|check| check.part == Part::Providers).unwrap();
    assert_eq!(
        told.says,
        "every model can be asked; a answers in 7 ms; b answers in 12 ms and does not list m"
    );
    assert!(told.advice.is_some(), "{told:?}");
}
