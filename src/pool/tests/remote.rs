//! The provider's own copy of a conversation: who is asked by it, and from when on nobody is.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};

use super::{only, piece};
use crate::{
    config::{PoolSettings, Restart},
    model::{ProviderName, Reason},
    pool::Prompt,
    provider::{Answer, Failure, Provider, Request, Retry},
};

/// Answers as the other tests' plans say, but that `R` refuses with a status; notes `+` where it is asked
/// by its copy, and `-` where it is told everything.
struct Holding {
    name: ProviderName,
    plans: Mutex<VecDeque<String>>,
    noted: Arc<Mutex<String>>,
}

impl Provider for Holding {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let by = if request.remote.is_some() { "+" } else { "-" };
        self.noted.lock().unwrap().extend([self.name.as_str(), by]);
        let plan = self.plans.lock().unwrap().pop_front().unwrap_or_else(|| "R".to_owned());
        let refused = Failure {
            reason: Reason::ProviderUnavailable,
            retry: Retry::Soon,
            status: Some(503),
            code: None,
        };
        let answer = if plan == "R" {
            Err(refused)
        } else {
            Ok(stream::iter(plan.chars().map(piece).collect::<Vec<_>>()).boxed())
        };
        async move { answer }.boxed()
    }
}

/// Both plans, and who was asked how.
async fn check(restart: Restart, plans: [&str; 2], expected: &str) {
    let noted = Arc::new(Mutex::new(String::new()));
    let holding = |(name, plans): (&str, &str)| -> (ProviderName, Arc<dyn Provider>) {
        let plans = Mutex::new(plans.split_whitespace().map(str::to_owned).collect());
        (name.into(), Arc::new(Holding { name: name.into(), plans, noted: noted.clone() }))
    };
    let providers = ["a", "b"].into_iter().zip(plans).map(holding).collect();
    let route = vec!["a".to_owned(), "b".to_owned()];
    let pool = only(PoolSettings { route, restart, ..PoolSettings::default() }, &providers);
    let prompt = Prompt { remote: Some("conv_1".into()), ..Prompt::default() };
    pool.answer(prompt).collect::<Vec<_>>().await;
    assert_eq!(*noted.lock().unwrap(), expected, "{plans:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_begun_is_the_last_to_know_the_copy() {
    let (keep, reset) = (Restart::Keep, Restart::Reset);
    for (restart, plans, expected) in [
        (keep, ["te", ""], "a+"),
        // Who refuses has taken nothing in.
        (keep, ["R te", "R"], "a+b+a+"),
        // The connection broke: before the first word, after a thought, in the middle of a call.
        (keep, ["S", "te"], "a+b-"),
        (keep, ["rS te", "R"], "a+b-a-"),
        (keep, ["cS te", "R"], "a+b-a-"),
        (keep, ["R cS te", "R R"], "a+b+a+b-a-"),
        (reset, ["tS te", "R"], "a+b-a-"),
    ] {
        check(restart, plans, expected).await;
    }
}
