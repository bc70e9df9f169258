//! The provider that needs no network: it says so, shows what the gateway understood, and streams.
//!
//! Invariants: the same request gets the same answer at the same pace; it never pretends to be a
//! model.

mod calls;
mod words;

use std::{sync::Arc, time::Duration};

use async_stream::stream;
use futures_util::{StreamExt, future::BoxFuture};
use tokio::time::{Instant, sleep_until};

use self::{calls::calls, words::words};
use super::{Answer, Ending, Failure, Item, Piece, Provider, Request, truncated};
use crate::{
    config::OfflineSettings,
    model::{FinishReason, ProviderName, Usage},
};

/// What settings and answers call it.
pub const OFFLINE: &str = "offline";

/// Answers without a model.
#[derive(Debug)]
pub(super) struct Offline {
    name: ProviderName,
    settings: OfflineSettings,
}

/// The provider for these settings.
pub(super) fn provider(settings: OfflineSettings) -> Arc<dyn Provider> {
    Arc::new(Offline { name: OFFLINE.into(), settings })
}

impl Provider for Offline {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let answer = answer(request, self.settings.clone());
        Box::pin(async move { Ok(answer) })
    }
}

fn answer(request: Request, settings: OfflineSettings) -> Answer {
    stream! {
        let pace = Pace::new(&settings);
        let read = request.system.len() + request.items.iter().map(Item::bytes).sum::<usize>();
        let end = |finish_reason, bytes: usize| {
            let usage = Some(Usage::estimate(read as u64, bytes as u64));
            Piece::End(Ending { finish_reason, usage, model: Some(OFFLINE.into()) })
        };
        let (mut said, mut bytes) = (0, 0);
        let calls = calls(&request);
        if !calls.is_empty() && settings.fail_after_words != Some(0) {
            pace.wait_for(0).await;
            for call in calls {
                bytes += call.name.len() + call.arguments.len();
                yield Ok(Piece::ToolCall(call));
            }
            yield Ok(end(FinishReason::ToolCalls, bytes));
            return;
        }
        for word in words(&request, settings.words) {
            pace.wait_for(said).await;
            if settings.fail_after_words == Some(said) {
                yield Err(truncated());
                return;
            }
            said += 1;
            bytes += word.len();
            yield Ok(Piece::Text(word));
        }
        if settings.fail_after_words.is_some_and(|words| words >= said) {
            yield Err(truncated());
            return;
        }
        yield Ok(end(FinishReason::Stop, bytes));
    }
    .boxed()
}

/// When each word is due. Reckoned from the start, so that no delay adds up.
struct Pace {
    first: Instant,
    /// Nanoseconds.
    between: Option<u64>,
}

impl Pace {
    fn new(settings: &OfflineSettings) -> Self {
        let first = Instant::now() + Duration::from_millis(settings.first_word_ms);
        let between = 1_000_000_000_u64.checked_div(settings.words_per_second.into());
        Self { first, between }
    }

    async fn wait_for(&self, word: u32) {
        let due = self.between.map(|between| Duration::from_nanos(between * u64::from(word)));
        match due {
            Some(due) => sleep_until(self.first + due).await,
            None if word == 0 => sleep_until(self.first).await,
            // As fast as possible, and yet other tasks of the worker have their turn.
            None => tokio::task::coop::consume_budget().await,
        }
    }
}
