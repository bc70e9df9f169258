//! Time, the gateway and the system belong to the test.

mod probing;

use std::time::Duration;

use proptest::prelude::*;

use super::{
    gateway::{Probes, Signs, keyless},
    history::{History, Point},
    keeping::Keeping,
    *,
};
use crate::{
    config::{AgentSettings, PoolSettings, Settings, SettingsState},
    conversation::tests::stage::Stage,
    limits,
    model::{BreakerState, Certificate, LegLoad, Part, Reason},
    store,
};

fn settings() -> LiveSettings {
    let settings = Settings { data_dir: "".into(), ..Settings::default() };
    LiveSettings::new(Arc::new(settings)).0
}

#[tokio::test(start_paused = true)]
async fn it_measures_at_once_and_then_at_its_pace() {
    let stage = Stage::new();
    let look = || Gauges { connections: 3, ..Gauges::default() };
    let monitor = Monitor::start(&stage.registry, &settings(), look);
    let mut samples = monitor.samples();
    samples.changed().await.expect("it measures");
    assert_eq!((samples.borrow().rev, samples.borrow().at), (1, Timestamp(1_000)));
    let (vitals, _) = monitor.look();
    assert!(vitals.memory_bytes.is_some_and(|bytes| bytes > 0), "{vitals:?}");
    assert_eq!(vitals.gauges.connections, 3);
    let before = Instant::now();
    samples.changed().await.expect("it goes on");
    assert_eq!(before.elapsed(), Duration::from_secs(2));
    assert!(monitor.look().0.uptime_ms >= 2_000);
    stage.registry.workshop().clock.advance(Duration::from_secs(60));
    assert_eq!(monitor.began(), Timestamp(1_000), "a clock that is set changes nothing about it");
    let frame = samples.borrow().frame();
    assert!(frame.as_str().contains(r#""connections":3"#), "{frame}");
    assert!(frame.as_str().contains(r#"{"check":"store","state":"ok"}"#), "{frame}");
    let chart = monitor.chart(Metric::Connections, &(Timestamp(0)..Timestamp(i64::MAX)));
    assert_eq!(chart.all, Some([3.0; 3]));
    stage.registry.workshop().lifecycle.drain(Duration::ZERO).await;
    while samples.changed().await.is_ok() {}
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_told_at_once() {
    let stage = Stage::new();
    let monitor = Monitor::start(&stage.registry, &settings(), Gauges::default);
    let mut samples = monitor.samples();
    samples.changed().await.expect("it measures");
    let (before, changes) = (Instant::now(), samples.borrow_and_update().changes);
    stage.registry.workshop().lifecycle.draining().reach();
    samples.changed().await.expect("it goes on");
    assert_eq!(before.elapsed(), limits::PULSE_EVERY);
    let sample = samples.borrow();
    assert_eq!((sample.vitals.gauges.health, sample.changes), (Health::Draining, changes + 1));
}

/// The route of an agent counts as that of its pool does.
#[tokio::test]
async fn providers_without_a_key_are_those_that_some_route_names() {
    let agent = AgentSettings { route: Some(vec!["anthropic/x".into()]), ..Default::default() };
    let agents = BTreeMap::from([("own".to_owned(), agent)]);
    let pool = PoolSettings { route: vec!["first|openai".into()], agents, ..Default::default() };
    let pools = BTreeMap::from([("law".to_owned(), pool)]);
    let settings = Settings { pools, ..Settings::default() };
    assert_eq!(keyless(&Stage::new().registry, &settings), ["anthropic", "openai"]);
}

// ---- health ---------------------------------------------------------------------------------

fn signs() -> Signs {
    let store = store::Health {
        writable: true,
        bytes: Some(1),
        free_bytes: Some(1 << 40),
        commit: None,
        waiting_bytes: 0,
        cache_bytes: 0,
    };
    let pools = vec![
        ("general".into(), vec![leg("a", None), leg("b", None)]),
        ("sports".into(), vec![leg("b", None)]),
    ];
    Signs {
        draining: false,
        store,
        probes: Probes::default(),
        pools,
        keyless: vec![],
        findings: BTreeMap::default(),
        heard: BTreeMap::default(),
        settings: SettingsState::default(),
    }
}

/// A model that fails, where there is a reason.
fn leg(provider: &str, because: Option<Reason>) -> LegLoad {
    LegLoad {
        provider: provider.into(),
        model: "m".into(),
        breaker: if because.is_some() { BreakerState::Open } else { BreakerState::Closed },
        rests_ms: None,
        because,
        first_token_ms: None,
    }
}

fn vitals(change: impl FnOnce(&mut Vitals)) -> Vitals {
    let mut vitals = Vitals {
        memory_bytes: Some(1 << 20),
        machine_memory_bytes: Some((10, 100)),
        open_files: Some(10),
        open_files_max: Some(100),
        ..Vitals::default()
    };
    change(&mut vitals);
    vitals
}

/// What is not well, as `part state: what was seen`.
#[track_caller]
fn check(vitals: impl FnOnce(&mut Vitals), signs_are: impl FnOnce(&mut Signs), expect: &[&str]) {
    let mut signs = signs();
    signs_are(&mut signs);
    let mut vitals = self::vitals(vitals);
    let checks = judge(&mut vitals, &signs);
    let bad = checks.iter().filter(|check| check.state != State::Ok);
    let told: Vec<String> = bad
        .map(|check| {
            assert!(check.advice.is_some(), "it says what to do: {check:?}");
            format!("{} {}: {}", check.part.word(), check.state.word(), check.says)
        })
        .collect();
    assert_eq!(told, expect);
    let expected = if expect.is_empty() { Health::Ok } else { Health::Degraded };
    assert_eq!(vitals.gauges.health, expected);
}

#[test]
fn a_part_says_what_is_wrong_with_it() {
    check(|_| {}, |_| {}, &[]);
    check(
        |_| {},
        |signs| signs.store.writable = false,
        &["store failing: it reads, but cannot write, so new messages are refused"],
    );
    check(|_| {}, |s| s.probes.readable = false, &["store failing: it cannot be read"]);
    check(|_| {}, |s| s.store.free_bytes = Some(100 << 20), &["disk degraded: 100 MB free"]);
    check(|_| {}, |s| s.store.free_bytes = Some(1 << 20), &["disk failing: 1 MB free"]);
    check(
        |vitals| vitals.machine_memory_bytes = Some((91, 100)),
        |_| {},
        &["memory degraded: 91 bytes of 100 bytes in use, 1 MB of it by the gateway"],
    );
    check(
        |vitals| vitals.open_files = Some(96),
        |_| {},
        &["files failing: 96 of 100 descriptors in use"],
    );
    check(
        |vitals| {
            vitals.gauges.queue_age = Duration::from_secs(12);
            vitals.gauges.turns_open = 3;
        },
        |_| {},
        &["queue degraded: 3 turns wait, the longest for 12.0 s"],
    );
    check(
        |vitals| {
            vitals.gauges.task_lag = Duration::from_secs(400);
            vitals.gauges.tasks_queued = 2;
        },
        |_| {},
        &["tasks degraded: 2 wait, the most overdue is 400 s late"],
    );
    check(
        |vitals| vitals.loop_lag = Duration::from_millis(700),
        |_| {},
        &["loop degraded: at most 700 ms late"],
    );
    check(
        |_| {},
        |signs| signs.settings.refused = Some("line 3".into()),
        &["settings degraded: their file was refused; what held before still does"],
    );
    check(
        |_| {},
        |signs| signs.probes.clock_jumped_ms = Some(-60_000),
        &["clock degraded: was set back by 60 s"],
    );
}

#[test]
fn a_certificate_is_judged_by_its_dates() {
    const DAY: i64 = 86_400_000;
    let shown = |day: i64, refused| {
        let (from, until) = (Timestamp(10 * DAY), Timestamp(100 * DAY));
        let now = Timestamp(day * DAY);
        move |vitals: &mut Vitals| {
            vitals.gauges.certificate = Some(Certificate { from, until, now, refused });
        }
    };
    let told = |day, refused, expect: &[&str]| check(shown(day, refused), |_| {}, expect);
    told(
        9,
        None,
        &["certificate failing: is not good before 1970-01-11 00:00 UTC, so clients refuse it"],
    );
    told(10, None, &[]);
    told(86, None, &[]);
    told(87, None, &["certificate degraded: good for 13 days, until 1970-04-11 00:00 UTC"]);
    told(100, None, &["certificate degraded: good for 0 s, until 1970-04-11 00:00 UTC"]);
    told(
        101,
        None,
        &["certificate failing: ran out on 1970-04-11 00:00 UTC, so clients refuse it"],
    );
    let refused = "; its newer files were refused: one cannot be read";
    let good = "certificate degraded: good for 30 days, until 1970-04-11 00:00 UTC";
    told(70, Some("one cannot be read"), &[&format!("{good}{refused}")]);
    let over = "certificate failing: ran out on 1970-04-11 00:00 UTC, so clients refuse it";
    told(101, Some("one cannot be read"), &[&format!("{over}{refused}")]);
    let checks = |vitals: &mut Vitals| judge(vitals, &signs());
    let is_there = |checks: &[Check]| checks.iter().any(|check| check.part == Part::Certificate);
    assert!(!is_there(&checks(&mut vitals(|_| {}))), "without TLS there is none to look at");
    let mut good = vitals(shown(70, None));
    let all = checks(&mut good);
    assert_eq!(all.last().unwrap().says, "good for 30 days, until 1970-04-11 00:00 UTC");
    assert_eq!(Metric::CertificateExpires.of(&good), Some(30.0 * 86_400.0));
    assert_eq!(Metric::CertificateExpires.of(&vitals(|_| {})), None);
}

#[test]
fn providers_are_judged_by_what_is_known() {
    check(
        |_| {},
        |signs| signs.pools[0].1[0] = leg("a", Some(Reason::ProviderAuth)),
        &["providers degraded: a/m refuses its key"],
    );
    check(
        |_| {},
        |signs| {
            let down = leg("b", Some(Reason::ProviderUnavailable));
            (signs.pools[0].1[1], signs.pools[1].1[0]) = (down.clone(), down);
        },
        &["providers failing: b/m fails; nobody is left to answer for sports"],
    );
    // Who has no key is passed over, which is how it was set.
    let keyless = |signs: &mut Signs| signs.keyless = vec!["c".to_owned()];
    check(|_| {}, keyless, &[]);
    let mut signs = signs();
    keyless(&mut signs);
    let checks = judge(&mut vitals(|_| {}), &signs);
    let told = checks.iter().find(|check| check.part == Part::Providers).unwrap();
    assert_eq!(told.says, "every model with a key can be asked; c: no key");
}

// ---- history --------------------------------------------------------------------------------

const MINUTE: i64 = 60_000;

fn connections(count: usize) -> Vitals {
    let gauges = Gauges { connections: count, ..Gauges::default() };
    let pace = crate::model::Pace { turns_ended: count as u64, ..Default::default() };
    Vitals { pace, gauges, ..Vitals::default() }
}

fn all() -> Range<Timestamp> {
    Timestamp(0)..Timestamp(i64::MAX)
}

#[test]
fn a_minute_is_folded_and_what_adds_up_is_added() {
    let mut history = History::default();
    for (at, count) in [(0, 4), (20_000, 1), (40_000, 1), (MINUTE, 9)] {
        let over = history.fold(Timestamp(at), &connections(count));
        assert_eq!(over.is_some(), at == MINUTE, "at {at}");
    }
    let now = Timestamp(MINUTE);
    let chart = history.chart(Metric::Connections, &all(), now);
    assert_eq!(chart.all, Some([1.0, 5.5, 9.0]));
    let values: Vec<_> = chart.points.iter().filter_map(|point| point.value).collect();
    assert_eq!(values, [[1.0, 2.0, 4.0], [9.0, 9.0, 9.0]]);
    assert_eq!(history.chart(Metric::TurnsEnded, &all(), now).total, Some(15.0));
    assert_eq!(history.chart(Metric::Cpu, &all(), now).all, None);
    let first = Timestamp(0)..Timestamp(MINUTE);
    assert_eq!(history.chart(Metric::Connections, &first, now).all, Some([1.0, 2.0, 4.0]));
}

#[test]
fn a_day_is_remembered_and_a_chart_is_small() {
    let mut history = History::default();
    let minutes = 2 * i64::try_from(limits::HISTORY_POINTS_MAX).unwrap();
    for minute in 0..minutes {
        history.fold(Timestamp(minute * MINUTE), &connections(usize::try_from(minute).unwrap()));
    }
    assert_eq!(history.points().count(), limits::HISTORY_POINTS_MAX);
    let now = Timestamp((minutes - 1) * MINUTE);
    let chart = history.chart(Metric::Connections, &all(), now);
    assert!(chart.points.len() <= limits::CHART_POINTS_MAX, "{}", chart.points.len());
    assert_eq!(chart.all.map(|[_, _, most]| most), Some(2_879.0));
    let hour = Timestamp(now.0 - 59 * MINUTE)..Timestamp(i64::MAX);
    let chart = history.chart(Metric::Connections, &hour, now);
    assert_eq!((chart.points.len(), chart.every_s), (60, 60));
    assert!(chart.points.iter().all(|point| point.value.is_some()), "{chart:?}");
}

#[test]
fn a_clock_that_is_set_back_tells_what_was_after_it() {
    let mut history = History::default();
    for (minute, count) in [(10, 1), (11, 2), (12, 3), (11, 9), (12, 9), (13, 9)] {
        history.fold(Timestamp(minute * MINUTE), &connections(count));
    }
    let minutes: Vec<i64> = history.points().map(|point| point.minute).collect();
    assert_eq!(minutes, [10, 11, 12]);
}

#[test]
fn a_restart_forgets_nothing_but_what_is_torn() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Keeping::beside(dir.path()).is_none(), "that is no directory of ours");
    std::fs::write(dir.path().join("operatoros.json"), "{}").unwrap();
    let now = Timestamp(3 * MINUTE);
    let (mut keeping, points) = Keeping::beside(dir.path()).unwrap().read(now);
    assert!(points.is_empty());
    let mut history = History::default();
    for (minute, count) in [(0, 5), (1, 7), (2, 0)] {
        let over = history.fold(Timestamp(minute * MINUTE), &connections(count));
        if let Some(point) = over {
            keeping.append(&point);
        }
    }
    let path = dir.path().join("history");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"at\":12")).unwrap();
    let (_, points) = Keeping::beside(dir.path()).unwrap().read(now);
    let own: Vec<Point> = history.points().cloned().collect();
    // What was not measured is no number, which is unlike itself.
    assert_eq!(format!("{points:?}"), format!("{own:?}"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole, "what was torn is left out");
    let late = Timestamp(i64::from(u32::MAX) * 1_000);
    let (_, points) = Keeping::beside(dir.path()).unwrap().read(late);
    assert!(points.is_empty(), "what is older than a day is forgotten");
}

proptest! {
    /// Whatever was measured, and wherever the minutes fall.
    #[test]
    fn a_chart_lies_between_the_least_and_the_most(
        measured in proptest::collection::vec((0_i64..600, 0_usize..1_000), 1..200),
    ) {
        let mut measured = measured;
        measured.sort_unstable();
        let mut history = History::default();
        for (minute, count) in &measured {
            history.fold(Timestamp(minute * MINUTE), &connections(*count));
        }
        let now = Timestamp(600 * MINUTE);
        let chart = history.chart(Metric::Connections, &all(), now);
        let counts = || measured.iter().map(|(_, count)| f64::from(u32::try_from(*count).unwrap()));
        let (least, most) = (counts().fold(f64::MAX, f64::min), counts().fold(0.0, f64::max));
        let [min, mean, max] = chart.all.unwrap();
        prop_assert_eq!((min, max), (least, most));
        prop_assert!(min <= mean && mean <= max);
        let sum: f64 = counts().sum();
        let total = history.chart(Metric::TurnsEnded, &all(), now).total.unwrap();
        prop_assert!((total - sum).abs() <= sum * 1e-5, "{} and {}", total, sum);
    }
}
