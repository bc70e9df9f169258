//! Tests of pools: whom a route asks, and for how long.

mod adopt;
mod agents;
mod breaker;
mod health;
mod hedging;
mod queue;
mod remote;
mod tool_use;
mod workers;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{Asker, BadSize, Origin, Pool, Pools, Progress, Prompt};
use crate::{
    config::{PoolSettings, Restart, Settings},
    limits,
    model::{FinishReason, ProviderName, Reason, UserId},
    provider::{
        Answer, Ending, Failure, OFFLINE, Piece, Provider, Providers, Replay, Request, Retry,
        ToolCall,
    },
    tool::Toolbox,
};

/// What a provider does when it is asked: the letters of a plan.
///
/// `t` text, `r` reasoning, `p` what is to be replayed, `c` `s` `u` calls of the tools `echo`, `slow` and one
/// that is not there, `w` the end to wait for them, `e` the end; `N`, `S`, `0`–`9` fail: never, soon, after ten times so
/// many seconds. A capital at the beginning refuses before the answer begins.
struct Planned {
    name: ProviderName,
    plans: Mutex<VecDeque<&'static str>>,
}

impl Provider for Planned {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, _request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let plan = self.plans.lock().unwrap().pop_front().unwrap_or("N");
        let mut pieces: Vec<_> = plan.chars().map(piece).collect();
        let refused = pieces.first_mut().and_then(|first| first.as_mut().err().cloned());
        let answer = match refused {
            Some(failure) => Err(failure),
            None => Ok(stream::iter(pieces).boxed()),
        };
        async move { answer }.boxed()
    }
}

fn piece(letter: char) -> Result<Piece, Failure> {
    let failed = |retry| {
        Err(Failure { reason: Reason::ProviderUnavailable, retry, status: None, code: None })
    };
    match letter {
        't' => Ok(Piece::Text("t".to_owned())),
        'r' => Ok(Piece::Reasoning("r".to_owned())),
        'e' => {
            let finish_reason = FinishReason::Stop;
            Ok(Piece::End(Ending { finish_reason, usage: None, model: None }))
        }
        'w' => {
            let finish_reason = FinishReason::ToolCalls;
            Ok(Piece::End(Ending { finish_reason, usage: None, model: None }))
        }
        'p' => {
            let body = RawValue::from_string("1".to_owned()).unwrap().into();
            Ok(Piece::Replay(Replay { provider: "a".into(), body }))
        }
        'c' | 's' | 'u' => {
            let name = match letter {
                'c' => "echo",
                's' => "slow",
                _ => "unknown",
            };
            let (id, arguments) = (name.into(), "{}".into());
            Ok(Piece::ToolCall(ToolCall { id, name: name.into(), arguments }))
        }
        'N' => failed(Retry::Never),
        'S' => failed(Retry::Soon),
        tens => failed(Retry::After(Duration::from_secs(
            u64::from(tens.to_digit(10).expect("a digit")) * 10,
        ))),
    }
}

fn pool(restart: Restart, workers: u32, plans: [&[&'static str]; 2]) -> Arc<Pool> {
    let planned = |(name, plans): (&str, &[&'static str])| {
        let plans = Mutex::new(plans.iter().copied().collect());
        let provider: Arc<dyn Provider> = Arc::new(Planned { name: name.into(), plans });
        (ProviderName::from(name), provider)
    };
    let providers = ["a", "b"].into_iter().zip(plans).map(planned).collect();
    let route = vec!["a".to_owned(), "b/large".to_owned()];
    only(PoolSettings { route, workers, restart, ..PoolSettings::default() }, &providers)
}

fn only(settings: PoolSettings, providers: &Providers) -> Arc<Pool> {
    let pools = BTreeMap::from([("only".to_owned(), settings)]);
    let settings = Settings { pools, ..Settings::default() };
    Pools::new(&settings, providers, &Toolbox::default()).get("only").expect("it was set").clone()
}

/// Asks and says how it went: `a:` and `b:` are asked, pieces as in plans, `!` a reset, and the
/// last letter of a failure.
async fn check(restart: Restart, plans: [&[&'static str]; 2], expected: &str, seconds: [f64; 2]) {
    let before = Instant::now();
    let prompt = Prompt::default();
    let steps: Vec<_> = pool(restart, 1, plans).answer(prompt).collect().await;
    let told: String = steps.iter().map(step).collect();
    assert_eq!(told, expected, "{plans:?}");
    let took = before.elapsed().as_secs_f64();
    let [least, most] = seconds;
    assert!(took >= least && took <= most + 0.01, "{plans:?} took {took} s");
}

fn step(progress: &Progress) -> String {
    match progress {
        Progress::Asking { provider, .. } => format!("{provider}:"),
        Progress::Piece(Piece::Text(_)) => "t".to_owned(),
        Progress::Piece(Piece::Reasoning(_)) => "r".to_owned(),
        Progress::Piece(Piece::End(_)) => "e".to_owned(),
        Progress::Piece(other) => format!("{other:?}"),
        Progress::Hedging { provider, .. } => format!("+{provider}:"),
        Progress::Dropped { provider, .. } => format!("-{provider}"),
        Progress::Paused(_) => "‖".to_owned(),
        Progress::Calling(call) => format!("{}(", call.name),
        Progress::Called { call, outcome } => match outcome {
            Ok(found) => format!("{}={found})", call.name),
            Err(trouble) => {
                format!("{}!{})", call.name, crate::wire::reason_code(trouble.reason()))
            }
        },
        Progress::GoingOn { .. } => ">".to_owned(),
        Progress::Reset { kept, .. } => format!("!{kept}"),
        Progress::Failed(failure) => match failure.retry {
            Retry::Never => "N".to_owned(),
            Retry::Soon => "S".to_owned(),
            Retry::After(pause) => (pause.as_secs() / 10).to_string(),
        },
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_first_word_the_route_is_followed() {
    for (a, b, expected, seconds) in [
        (&["tte"][..], &[][..], "a:tte", [0.0, 0.0]),
        (&["N"], &["te"], "a:b:te", [0.0, 0.0]),
        (&["rN"], &["te"], "a:rb:te", [0.0, 0.0]),
        (&["N"], &["N"], "a:b:N", [0.0, 0.0]),
        // The first pause is between 3/4 and all of half a second; the next twice as long.
        (&["S", "te"], &["N"], "a:b:a:te", [0.375, 0.5]),
        (&["N", "te"], &["S"], "a:b:a:te", [0.375, 0.5]),
        (&["S", "S", "te"], &["S", "S"], "a:b:a:b:a:te", [1.125, 1.5]),
        (&["S", "S", "S"], &["S", "S", "S"], "a:b:a:b:a:b:S", [1.125, 1.5]),
        // A provider's own pause is kept, unless another may be asked sooner or it is too long.
        (&["1", "te"], &["N"], "a:b:a:te", [10.0, 10.0]),
        (&["1"], &["S", "te"], "a:b:b:te", [0.375, 0.5]),
        (&["1"], &["S", "N"], "a:b:b:0", [0.375, 0.5]),
        (&["2", "te"], &["2"], "a:b:a:te", [20.0, 20.0]),
        (&["3"], &["3"], "a:b:3", [0.0, 0.0]),
    ] {
        check(Restart::Keep, [a, b], expected, seconds).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_it_the_answer_is_kept_or_starts_over_once() {
    let (keep, reset) = (Restart::Keep, Restart::Reset);
    for (restart, a, b, expected) in [
        (keep, &["tS"][..], &["te"][..], "a:tS"),
        (reset, &["tS"], &["te"], "a:tb:!te"),
        (reset, &["tN"], &["rte"], "a:tb:r!te"),
        (reset, &["tS"], &["e"], "a:tb:!e"),
        (reset, &["tS"], &["tS"], "a:tb:!tS"),
        // Nobody took over, so what was said stands.
        (reset, &["tN"], &["N"], "a:tb:N"),
        (reset, &["N", "te"], &["tS"], "a:b:ta:!te"),
    ] {
        check(restart, [a, b], expected, [0.0, 1.0]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_scaled_within_its_limits() {
    let pool = pool(Restart::Keep, 2, [&[], &[]]);
    let asker = Asker::turn(UserId::new());
    let (_busy, _too) = (pool.try_worker(Origin::Turn), pool.try_worker(Origin::Turn));
    let waiting = pool.queue_up(asker).unwrap();
    assert_eq!((pool.load().running, pool.load().queued), (2, [0, 0, 1, 0]));
    assert_eq!(pool.scale(3), Ok(2));
    assert!(waiting.worker().now_or_never().is_some_and(|worker| worker.is_ok()));
    for bad in [0, limits::WORKERS_MAX + 1] {
        assert_eq!(pool.scale(bad), Err(BadSize(bad)));
    }
    assert_eq!(pool.load().workers, 3);
}

#[test]
fn a_route_names_models_and_skips_who_is_not_there() {
    let offline = crate::provider::build(&BTreeMap::new(), &Settings::default().offline).unwrap();
    let set = |route: &[&str]| PoolSettings {
        route: route.iter().map(|stop| (*stop).to_owned()).collect(),
        ..PoolSettings::default()
    };
    for (route, expected) in [
        (&["nobody", "offline"][..], &["offline/offline"][..]),
        (&["nobody"], &["offline/offline"]),
        (&["offline/slow", "nobody/x"], &["offline/slow"]),
        (&[], &["offline/offline"]),
    ] {
        assert_eq!(only(set(route), &offline).route(), expected, "{route:?}");
    }
    assert_eq!(OFFLINE, "offline");
}
