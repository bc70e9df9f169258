//! A second provider where the first keeps silent: who is heard, who is dropped, and that it is never
//! both.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_stream::stream;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::{only, piece};
use crate::{
    config::{PoolSettings, Restart},
    model::{Day, ProviderName},
    pool::{Pool, Progress, Prompt},
    provider::{Answer, Failure, Piece, Provider, Providers, Request},
};

/// Answers with a pause before each piece: `500t 0e` speaks after half a second, and ends at once.
/// Its texts say whose they are: `a0.1` is the second piece of the first answer of `a`.
struct Slow {
    name: ProviderName,
    plans: Mutex<VecDeque<String>>,
    asked: AtomicUsize,
    open: Arc<AtomicUsize>,
}

/// A request that somebody listens to.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Provider for Slow {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, _request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let plan = self.plans.lock().unwrap().pop_front().unwrap_or("0N".to_owned());
        let of = format!("{}{}", self.name, self.asked.fetch_add(1, Ordering::Relaxed));
        self.open.fetch_add(1, Ordering::Relaxed);
        let open = Open(self.open.clone());
        let answer = stream! {
            let _open = open;
            for (number, word) in plan.split_inclusive('e').next().unwrap_or("").split_whitespace().enumerate() {
                let (pause, letter) = word.split_at(word.len() - 1);
                sleep(Duration::from_millis(pause.parse().unwrap())).await;
                yield match piece(letter.chars().next().unwrap()) {
                    Ok(Piece::Text(_)) => Ok(Piece::Text(format!("{of}.{number}"))),
                    other => other,
                };
            }
        };
        async move { Ok(answer.boxed()) }.boxed()
    }
}

/// A pool that asks `a`, and `b` as well after so many milliseconds.
fn pool(hedge_ms: u64, restart: Restart, plans: [&[String]; 2]) -> (Arc<Pool>, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let slow = |(name, plans): (&str, &[String])| {
        let plans = Mutex::new(plans.to_vec().into());
        let (name, asked) = (ProviderName::from(name), AtomicUsize::new(0));
        let provider = Slow { name: name.clone(), plans, asked, open: open.clone() };
        (name, Arc::new(provider) as Arc<dyn Provider>)
    };
    let providers: Providers = ["a", "b"].into_iter().zip(plans).map(slow).collect();
    let route = ["a", "b", "offline"].map(str::to_owned).to_vec();
    let settings =
        PoolSettings { route, hedge_ms: Some(hedge_ms), restart, ..PoolSettings::default() };
    (only(settings, &providers), open)
}

fn prompt(hedge: bool) -> Prompt {
    Prompt { hedge, ..Prompt::default() }
}

fn told(progress: &Progress) -> String {
    match progress {
        Progress::Piece(Piece::Text(text)) => text.clone(),
        other => super::step(other),
    }
}

/// Asks a pool that hedges after a second, and says how it went and how long it took.
async fn check(a: &str, b: &str, expected: &str, ms: u64) -> Arc<Pool> {
    let plans = [a, b].map(|plans| plans.split('/').map(str::to_owned).collect::<Vec<_>>());
    let (pool, open) = pool(1_000, Restart::Keep, [&plans[0], &plans[1]]);
    let before = Instant::now();
    let steps: Vec<_> = pool.clone().answer(prompt(true)).collect().await;
    let heard: Vec<_> = steps.iter().map(told).collect();
    assert_eq!(heard.join(" "), expected, "a: {a}, b: {b}");
    assert_eq!(before.elapsed().as_millis(), ms.into(), "a: {a}, b: {b}");
    assert_eq!(open.load(Ordering::Relaxed), 0, "no request is left");
    pool
}

#[tokio::test(start_paused = true)]
async fn who_speaks_first_answers() {
    for (a, b, expected, ms) in [
        ("900t 0e", "", "a: a0.0 e", 900),
        ("5000t 0e", "100t 700t 0e", "a: +b: -a b: b0.0 b0.1 e", 1_800),
        ("1500t 0e", "5000t 0e", "a: +b: -b a0.0 e", 1_500),
        // At the same moment whoever was asked first.
        ("1500t 0e", "500t 0e", "a: +b: -b a0.0 e", 1_500),
        // Whoever fails leaves it to the other.
        ("1500N", "1000t 0e", "a: +b: b: b0.0 e", 2_000),
        ("3000t 0e", "100N", "a: +b: a: a0.0 e", 3_000),
        ("1500N", "1000N", "a: +b: b: N", 2_000),
        // Before that time the next one is asked as ever, and may be helped itself.
        ("100N", "100t 0e", "a: b: b0.0 e", 200),
        // A model that reasons has begun.
        ("500r 5000t 0e", "", "a: r a0.1 e", 5_500),
        // After its first word a provider has all the time it wants.
        ("500t 9000t 0e", "", "a: a0.0 a0.1 e", 9_500),
    ] {
        check(a, b, expected, ms).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_outrun_is_known_to_be_slow_and_not_to_be_ill() {
    let pool = check("5000t 0e", "100t 0e", "a: +b: -a b: b0.0 e", 1_100).await;
    let legs = pool.legs();
    let known: Vec<_> = legs.iter().map(|leg| (leg.first_token_ms, leg.is_asked())).collect();
    assert_eq!(known[..2], [(Some(1_100), true), (Some(100), true)]);
    let figures = pool.meter().figures(Day(0));
    assert_eq!((figures.hedges, figures.hedges_won), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_as_well_who_is_not_well_or_cannot_be_paid() {
    let plans = ["0N", "5000t 0e", "5000t 0e"].map(str::to_owned);
    // It wants to be left alone for half a minute.
    let (pool, _) = pool(1_000, Restart::Keep, [&plans, &["03".to_owned()]]);
    for (hedge, expected) in [(true, "a: b: 3"), (true, "a: a1.0 e"), (false, "a: a2.0 e")] {
        let steps: Vec<_> = pool.clone().answer(prompt(hedge)).collect().await;
        let mut heard: Vec<_> = steps.iter().map(told).collect();
        // The offline provider answers whom nobody else did, and hedges nothing.
        heard.retain(|step| step != "offline:");
        assert_eq!(heard.join(" "), expected);
        sleep(Duration::from_secs(if hedge { 0 } else { 60 })).await;
    }
}

/// What whoever reads the answer would be shown, checked step by step.
#[derive(Default)]
struct Shown {
    asked: String,
    hedges: usize,
    texts: Vec<String>,
    ends: usize,
}

impl Shown {
    fn take(&mut self, progress: &Progress, open: usize) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.ends, 0, "nothing follows the end");
        match progress {
            Progress::Asking { provider, .. } => self.asked = provider.to_string(),
            Progress::Hedging { .. } => self.hedges += 1,
            Progress::Dropped { .. } | Progress::Piece(Piece::Reasoning(_)) => {}
            Progress::Piece(Piece::Text(text)) => {
                prop_assert_eq!(open, 1, "nobody else is asked any more");
                prop_assert!(text.starts_with(&self.asked), "{} is not by {}", text, self.asked);
                self.texts.push(text.clone());
            }
            Progress::Piece(_) | Progress::Failed(_) => self.ends += 1,
            Progress::Reset { .. } => self.texts.clear(),
            other => prop_assert!(false, "no tool was offered: {other:?}"),
        }
        let of = |text: &String| {
            let (of, number) = text.split_once('.')?;
            Some((of.to_owned(), number.parse::<usize>().ok()?))
        };
        let places: Vec<_> = self.texts.iter().filter_map(of).collect();
        let one = places.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1);
        prop_assert!(one, "one answer of one provider, in order: {:?}", self.texts);
        Ok(())
    }
}

fn plans() -> impl Strategy<Value = Vec<String>> {
    let letter =
        prop_oneof![4 => Just('t'), 1 => Just('r'), 1 => Just('e'), 1 => Just('N'), 2 => Just('S')];
    let word = (0_u64..3_000, letter).prop_map(|(pause, letter)| format!("{pause}{letter}"));
    let plan = prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "));
    prop::collection::vec(plan, 0..4)
}

proptest! {
    #[test]
    fn whatever_they_do_one_is_shown(
        a in plans(), b in plans(), hedge_ms in 1_u64..2_500, restarts: bool,
    ) {
        let restart = if restarts { Restart::Reset } else { Restart::Keep };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (pool, open) = pool(hedge_ms, restart, [&a, &b]);
            let mut answer = pool.answer(prompt(true));
            let mut shown = Shown::default();
            while let Some(progress) = answer.next().await {
                shown.take(&progress, open.load(Ordering::Relaxed))?;
            }
            prop_assert!(shown.hedges <= 1);
            prop_assert_eq!(open.load(Ordering::Relaxed), 0, "every request is closed");
            Ok(())
        })?;
    }
}
