//! Time is passed, never waited for; quantiles are held to the sorted truth.

use std::sync::Arc;

use proptest::prelude::*;
use tokio::time::advance;

use super::*;
use crate::{limits, model::PoolName};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn pool(meter: &Meter, name: &str) -> Arc<PoolMeter> {
    meter.pool(&PoolName::from(name))
}

fn spread(micros: &[u64]) -> Spread {
    let mut spread = Spread::default();
    for micros in micros {
        spread.count(Duration::from_micros(*micros));
    }
    spread
}

proptest! {
    #[test]
    fn a_quantile_is_near_the_sorted_truth(
        mut micros in prop::collection::vec(16_u64..(1 << 30), 1..400),
        percent in 1_u64..=100,
    ) {
        let spread = spread(&micros);
        micros.sort_unstable();
        let rank = (micros.len() as u64 * percent).div_ceil(100);
        let truth = Duration::from_micros(micros[usize::try_from(rank).unwrap() - 1]);
        let told = spread.quantile(percent).unwrap();
        prop_assert!(told.abs_diff(truth) <= truth / 20, "{told:?} for {truth:?}");
    }

    #[test]
    fn what_was_counted_apart_adds_up(
        micros in prop::collection::vec(0_u64..(1 << 40), 1..200),
        cut in 0_usize..200,
    ) {
        let (one, other) = micros.split_at(cut.min(micros.len()));
        let mut sum = spread(one);
        sum.add(&spread(other));
        let whole = spread(&micros);
        for percent in [1, 50, 95, 99, 100] {
            prop_assert_eq!(sum.quantile(percent), whole.quantile(percent));
        }
    }

    #[test]
    fn a_window_holds_what_is_recent_and_no_more(
        steps in prop::collection::vec(0_u64..40_000, 1..100),
    ) {
        let (slice, slices) = (Duration::from_secs(5), 12);
        let mut window = Window::<u64>::new(slice, slices);
        let (mut age, mut told) = (Duration::ZERO, Vec::new());
        for step in steps {
            age += ms(step);
            *window.at(age) += 1;
            told.push(age);
            let covered = window.covered(age);
            let truth = told.iter().filter(|then| **then >= age.saturating_sub(covered)).count() as u64;
            prop_assert_eq!(window.recent(age).sum::<u64>(), truth);
            prop_assert!(covered <= slice * 12);
            prop_assert!(covered >= age.min(slice * 11));
        }
    }
}

#[test]
fn what_is_shorter_than_a_millisecond_or_longer_than_all_buckets_has_its_place() {
    for (micros, told) in [(0, 0), (1, 1), (31, 31), (32, 33), (1 << 30, 1_056_964_608)] {
        let mut spread = Spread::default();
        spread.count(Duration::from_micros(micros));
        assert_eq!(spread.quantile(50), Some(Duration::from_micros(told)), "{micros}");
    }
    assert_eq!(Spread::default().quantiles(), None);
}

#[tokio::test(start_paused = true)]
async fn turns_are_told_by_how_they_ended_lately_and_ever() {
    let meter = Meter::default();
    let sports = pool(&meter, "sports");
    for how in [Ended::Completed, Ended::Completed, Ended::Completed, Ended::Failed] {
        sports.ended(how, Some(ms(700)));
    }
    sports.ended(Ended::Cancelled, Some(ms(20)));
    sports.ended(Ended::Interrupted, None);
    let figures = sports.figures(Day(0));
    let ended = Outcomes { completed: 3, failed: 1, cancelled: 1, interrupted: 1 };
    assert_eq!((figures.ended, figures.lately), (ended, ended));
    assert_eq!(figures.error_rate(), Some(0.25), "who is stopped has not failed");
    assert_eq!((figures.duration.total(), figures.duration.sum), (5, ms(2_820)));

    advance(limits::METER_SLICE * u32::try_from(limits::METER_SLICES).unwrap()).await;
    let figures = sports.figures(Day(0));
    assert_eq!((figures.ended, figures.lately), (ended, Outcomes::default()));
    assert_eq!(figures.error_rate(), None);
}

#[tokio::test(start_paused = true)]
async fn first_tokens_are_told_of_each_pool_and_of_all() {
    let meter = Meter::default();
    (1..=100).for_each(|n| pool(&meter, "sports").first_token(ms(n)));
    (1..=100).for_each(|n| pool(&meter, "general").first_token(ms(10 * n)));
    let figures = meter.figures(Day(0));
    let near = |told: Duration, truth: u64| {
        assert!(told.abs_diff(ms(truth)) <= ms(truth) / 20, "{told:?} for {truth}");
    };
    let sports = figures.pools[&PoolName::from("sports")].first_token_lately.unwrap();
    near(sports.p50, 50);
    near(sports.p95, 95);
    near(sports.p99, 99);
    // Of all: 100 below 100 ms, and 100 below 1,000 ms.
    near(figures.all.first_token_lately.unwrap().p95, 900);
    let at_most = |bound| {
        let mut sums = figures.all.first_token.cumulative();
        sums.find(|(of, _)| *of == bound).map(|(_, sum)| sum)
    };
    assert_eq!(at_most(Some(ms(100))), Some(110));
    assert_eq!(at_most(None), Some(200));
    assert_eq!(figures.all.first_token.sum, ms(5_050 + 50_500));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted_while_an_answer_streams() {
    let meter = Meter::default();
    let rate = || pool(&meter, "sports").figures(Day(0)).tokens_per_second;
    // 400 bytes a second are a hundred tokens.
    for _ in 0..8 {
        advance(ms(250)).await;
        pool(&meter, "sports").wrote(100);
    }
    assert!((rate() - 100.0).abs() < 1.0, "from the beginning: {}", rate());
    for _ in 0..400 {
        advance(ms(250)).await;
        pool(&meter, "sports").wrote(100);
    }
    assert!((rate() - 100.0).abs() < 1.0, "and as it goes on: {}", rate());
    advance(Duration::from_secs(30)).await;
    assert!((40.0..60.0).contains(&rate()), "{}", rate());
    advance(Duration::from_secs(31)).await;
    assert!(rate().abs() < f64::EPSILON, "silence is no rate: {}", rate());
    assert_eq!(meter.figures(Day(0)).all.written_bytes, 40_800);
}

#[tokio::test(start_paused = true)]
async fn the_cost_is_of_today() {
    let meter = Meter::default();
    let cost = |day| meter.figures(Day(day)).all.cost_today;
    pool(&meter, "sports").spent(Day(7), NanoUsd(5));
    pool(&meter, "general").spent(Day(7), NanoUsd(2));
    pool(&meter, "general").spent(Day(7), NanoUsd(1));
    assert_eq!((cost(7), cost(8)), (NanoUsd(8), NanoUsd(0)));
    pool(&meter, "sports").spent(Day(8), NanoUsd(4));
    pool(&meter, "sports").spent(Day(7), NanoUsd(100));
    assert_eq!(cost(8), NanoUsd(4), "what comes late is not of today");
}

#[tokio::test(start_paused = true)]
async fn attempts_are_told_by_their_reasons() {
    let meter = Meter::default();
    let model = meter.model(&ProviderName::from("openai"), &Arc::from("large"));
    for reason in [Reason::ProviderUnavailable, Reason::ProviderUnavailable, Reason::ProviderAuth] {
        model.asked();
        model.failed(reason);
    }
    model.asked();
    model.first_token(ms(300));
    model.answered();
    let told = model.figures();
    assert_eq!(
        (told.attempts, told.answered, told.attempts_lately, told.failed_lately),
        (4, 1, 4, 3)
    );
    let failed = [(Reason::ProviderUnavailable, 2), (Reason::ProviderAuth, 1)];
    assert_eq!(told.failed, BTreeMap::from(failed));
    let took = told.first_token_lately.unwrap().p50;
    assert!(took.abs_diff(ms(300)) <= ms(15), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn meters_that_nobody_feeds_make_room() {
    let meter = Meter::default();
    let held = pool(&meter, "held");
    held.hedged();
    for n in 0..2 * limits::METERS_MAX {
        pool(&meter, &format!("pool-{n}")).hedged();
    }
    let figures = meter.figures(Day(0));
    assert!(figures.pools.len() <= limits::METERS_MAX);
    assert_eq!(figures.pools[&PoolName::from("held")].hedges, 1);
}
