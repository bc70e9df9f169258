//! Tests of a route that heeds how its providers fare: who is asked, who is not, and when again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use tokio::time::{Instant, sleep};

use crate::{
    config::{PoolSettings, ProviderSettings, Settings},
    limits,
    model::{BreakerState, FinishReason, ProviderName, Reason},
    pool::{Pool, Pools, Progress, Prompt},
    provider::{Answer, Ending, Failure, Piece, Provider, Providers, Request, Retry},
    tool::Toolbox,
};

/// What every request to a provider meets until the test says otherwise.
#[derive(Clone, Copy)]
enum Mood {
    /// Answers, so many milliseconds later, for as long again.
    Answers(u64),
    Fails(Reason, Retry),
    /// Breaks off after the first piece.
    Breaks,
}

const DOWN: Mood = Mood::Fails(Reason::ProviderUnavailable, Retry::Soon);
const REJECTS: Mood = Mood::Fails(Reason::ProviderRejected, Retry::Never);
const NO_KEY: Mood = Mood::Fails(Reason::ProviderAuth, Retry::Never);

const fn limited(seconds: u64) -> Mood {
    Mood::Fails(Reason::ProviderRateLimited, Retry::After(Duration::from_secs(seconds)))
}

const fn failure(reason: Reason, retry: Retry) -> Failure {
    Failure { reason, retry, status: None, code: None }
}

struct Moody {
    name: ProviderName,
    mood: Mutex<Mood>,
}

impl Provider for Moody {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, _request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let mood = *self.mood.lock().unwrap();
        let answer = async_stream::stream! {
            match mood {
                Mood::Answers(ms) => {
                    sleep(Duration::from_millis(ms)).await;
                    yield Ok(Piece::Text("t".to_owned()));
                    sleep(Duration::from_millis(ms)).await;
                    let finish_reason = FinishReason::Stop;
                    yield Ok(Piece::End(Ending { finish_reason, usage: None, model: None }));
                }
                Mood::Breaks => {
                    yield Ok(Piece::Text("t".to_owned()));
                    yield Err(failure(Reason::ProviderTruncated, Retry::Soon));
                }
                Mood::Fails(..) => {}
            }
        };
        async move {
            match mood {
                Mood::Fails(reason, retry) => Err(failure(reason, retry)),
                _ => Ok(answer.boxed()),
            }
        }
        .boxed()
    }
}

/// Providers `a`, `b` and `c`, and pools that ask them.
struct Clinic {
    providers: BTreeMap<char, Arc<Moody>>,
    pools: Pools,
}

impl Clinic {
    /// Pool `one` has this route; `two` asks `a` alone. `a` may be asked so much at a time.
    fn new(route: &[&str], max_concurrent: Option<u32>) -> Self {
        let providers: BTreeMap<char, Arc<Moody>> = ['a', 'b', 'c']
            .map(|name| {
                let mood = Mutex::new(Mood::Answers(100));
                (name, Arc::new(Moody { name: name.to_string().as_str().into(), mood }))
            })
            .into();
        let asked: Providers = providers
            .values()
            .map(|moody| (moody.name.clone(), moody.clone() as Arc<dyn Provider>))
            .collect();
        let pool = |route: &[&str]| PoolSettings {
            route: route.iter().map(|stop| (*stop).to_owned()).collect(),
            ..PoolSettings::default()
        };
        let pools = [("one".to_owned(), pool(route)), ("two".to_owned(), pool(&["a"]))].into();
        let usual = Settings::default();
        let a = ProviderSettings { max_concurrent, ..usual.providers["openai"].clone() };
        let known = [("a".to_owned(), ProviderSettings { model: "a".to_owned(), ..a })].into();
        let settings = Settings { pools, providers: known, ..usual };
        Self { pools: Pools::new(&settings, &asked, &Toolbox::default()), providers }
    }

    fn feels(&self, who: char, mood: Mood) {
        *self.providers[&who].mood.lock().unwrap() = mood;
    }

    fn pool(&self, name: &str) -> Arc<Pool> {
        self.pools.get(name).unwrap().clone()
    }

    fn state(&self) -> BreakerState {
        self.pool("one").legs()[0].breaker
    }

    /// Who was asked, and the end: `.` whole, else the reason and the seconds to wait.
    async fn ask(&self, pool: &str) -> String {
        let prompt = Prompt::default();
        let steps: Vec<_> = self.pool(pool).answer(prompt).collect().await;
        steps.iter().map(told).collect()
    }

    async fn asks(&self, times: usize) -> String {
        let mut told = Vec::new();
        for _ in 0..times {
            told.push(self.ask("one").await);
        }
        told.join(" ")
    }
}

fn told(progress: &Progress) -> String {
    match progress {
        Progress::Asking { provider, .. } => provider.to_string(),
        Progress::Piece(Piece::End(_)) => ".".to_owned(),
        Progress::Piece(_) => String::new(),
        Progress::Hedging { provider, .. } => format!("+{provider}"),
        Progress::Dropped { provider, .. } => format!("-{provider}"),
        Progress::Failed(failure) => match failure.retry {
            Retry::Never => format!(" {:?}", failure.reason),
            Retry::Soon => format!(" {:?} soon", failure.reason),
            Retry::After(pause) => format!(" {:?} {}s", failure.reason, pause.as_secs_f32().ceil()),
        },
        other => super::step(other),
    }
}

#[tokio::test(start_paused = true)]
async fn who_fails_again_and_again_is_not_asked_for_a_while() {
    let clinic = Clinic::new(&["a", "b"], None);
    clinic.feels('a', DOWN);
    assert_eq!(clinic.asks(7).await, "ab. ab. ab. ab. ab. b. b.");
    assert_eq!(
        (clinic.state(), clinic.pool("one").legs()[1].breaker),
        (BreakerState::Open, BreakerState::Closed,)
    );
    // All pools that name the model heed it, and where nobody else is left the end comes at once.
    let asked = Instant::now();
    assert_eq!(clinic.ask("two").await, " ProviderUnavailable 5s");
    assert_eq!(asked.elapsed(), Duration::ZERO);
    sleep(limits::BREAKER_OPEN_FIRST).await;
    assert_eq!(clinic.asks(2).await, "ab. b.");
    sleep(limits::BREAKER_OPEN_FIRST * 2).await;
    clinic.feels('a', Mood::Answers(100));
    assert_eq!((clinic.state(), clinic.asks(2).await.as_str()), (BreakerState::HalfOpen, "a. a."));
    assert_eq!(clinic.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn only_one_tries_whether_it_is_well_again() {
    let clinic = Clinic::new(&["a", "b"], None);
    clinic.feels('a', DOWN);
    clinic.asks(5).await;
    sleep(limits::BREAKER_OPEN_FIRST).await;
    clinic.feels('a', Mood::Answers(100));
    let together = tokio::join!(clinic.ask("one"), clinic.ask("one"), clinic.ask("one"));
    assert_eq!(together, ("a.".to_owned(), "b.".to_owned(), "b.".to_owned()));
    // Whoever tries and leaves gives the right to try to the next.
    clinic.feels('a', DOWN);
    clinic.asks(6).await;
    sleep(limits::BREAKER_OPEN_MAX).await;
    clinic.feels('a', Mood::Answers(100));
    let left = clinic.pool("one").answer(Prompt::default());
    assert!(left.take(2).collect::<Vec<_>>().now_or_never().is_none());
    assert_eq!(clinic.ask("one").await, "a.");
}

#[tokio::test(start_paused = true)]
async fn what_counts_and_for_how_long() {
    for (mood, times, expected, then) in [
        (DOWN, 5, "ab. ab. ab. ab. ab.", "b."),
        (REJECTS, 6, "ab. ab. ab. ab. ab. ab.", "ab."),
        (NO_KEY, 1, "ab.", "b."),
        (Mood::Fails(Reason::DeadlineExceeded, Retry::Soon), 5, "ab. ab. ab. ab. ab.", "b."),
        (Mood::Fails(Reason::ContextTooLong, Retry::Never), 6, "ab. ab. ab. ab. ab. ab.", "ab."),
        (limited(30), 1, "ab.", "b."),
        (limited(0), 6, "ab. ab. ab. ab. ab. ab.", "ab."),
    ] {
        let clinic = Clinic::new(&["a", "b"], None);
        clinic.feels('a', mood);
        assert_eq!(clinic.asks(times).await, expected);
        assert_eq!(clinic.asks(1).await, then, "{expected}");
    }
    // An answer that breaks off counts as well, although it had begun.
    let clinic = Clinic::new(&["a", "b"], None);
    clinic.feels('a', Mood::Breaks);
    let broken = ["a ProviderTruncated soon"; 5].join(" ");
    assert_eq!(clinic.asks(6).await, broken + " b.");
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_a_pause_is_left_alone_until_then() {
    let clinic = Clinic::new(&["a", "b"], None);
    clinic.feels('a', limited(30));
    assert_eq!(clinic.asks(2).await, "ab. b.");
    clinic.feels('a', Mood::Answers(0));
    assert_eq!(clinic.ask("two").await, " ProviderRateLimited 30s");
    sleep(Duration::from_secs(29)).await;
    assert_eq!(clinic.asks(1).await, "b.");
    sleep(Duration::from_secs(1)).await;
    // That is no illness: everybody may ask again at once.
    let together = tokio::join!(clinic.ask("one"), clinic.ask("one"));
    assert_eq!(together, ("a.".to_owned(), "a.".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_dead_key_is_not_asked_and_does_not_hide_who_may_be_well_soon() {
    let clinic = Clinic::new(&["a", "b"], None);
    clinic.feels('a', NO_KEY);
    clinic.feels('b', limited(40));
    assert_eq!(clinic.asks(2).await, "ab ProviderRateLimited 40s  ProviderRateLimited 40s");
    assert_eq!(clinic.ask("two").await, " ProviderAuth");
}

#[tokio::test(start_paused = true)]
async fn of_equals_the_quickest_is_asked_and_the_others_are_tried_now_and_then() {
    let clinic = Clinic::new(&["a|b", "c"], None);
    clinic.feels('a', Mood::Answers(300));
    assert_eq!(clinic.asks(5).await, "a. b. b. b. b.", "each is tried first");
    clinic.feels('b', Mood::Answers(800));
    assert_eq!(clinic.asks(4).await, "b. b. a. a.", "once is not believed");
    clinic.feels('b', Mood::Answers(10));
    assert_eq!(clinic.asks(3).await, "a. a. a.");
    sleep(limits::LATENCY_LIVES).await;
    assert_eq!(clinic.asks(2).await, "a. b.", "both are tried again");
    let names = ["a/a|b/b".to_owned(), "c/c".to_owned()];
    assert_eq!(clinic.pool("one").route(), names);
    // Of equals that are away the others come next, and then the stops behind them.
    clinic.feels('a', NO_KEY);
    clinic.feels('b', NO_KEY);
    let told = clinic.asks(3).await;
    assert!(told.ends_with(" c."), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_asked_for_no_more_than_it_may() {
    let clinic = Clinic::new(&["a", "b"], Some(2));
    let three = tokio::join!(clinic.ask("one"), clinic.ask("one"), clinic.ask("one"));
    assert_eq!(three, ("a.".to_owned(), "a.".to_owned(), "b.".to_owned()), "the next is asked");
    // Where nobody else is left it is waited for: two at a time, each for 200 ms.
    let began = Instant::now();
    let four = (0..4).map(|_| clinic.ask("two"));
    let told = futures_util::future::join_all(four).await;
    assert_eq!((told.join(" ").as_str(), began.elapsed().as_millis()), ("a. a. a. a.", 400));
    // Not for ever.
    clinic.feels('a', Mood::Answers(40_000));
    let began = Instant::now();
    let three = tokio::join!(clinic.ask("two"), clinic.ask("two"), async {
        let told = clinic.ask("two").await;
        (told, began.elapsed())
    });
    assert_eq!(three.2, (" ProviderUnavailable 30s".to_owned(), limits::PROVIDER_ROOM_WITHIN));
}
