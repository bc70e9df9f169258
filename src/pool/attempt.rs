//! One answer from a route: another stop before the first token, honesty after it.
//!
//! Invariant: what a reader was shown is never silently replaced; a restart is said as `Reset`.

use std::{sync::Arc, time::Duration};

use async_stream::stream;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, sleep};

use super::{
    Pool,
    contest::{Contest, Opened, Step},
    health::Attempt,
    route::{Leg, keep_hopeful},
};
use crate::{
    config::Restart,
    limits,
    model::{ProviderName, Reason, Traced},
    provider::{Answer, Ending, Failure, Item, Offer, Piece, Request, Retry, Style, ToolCall},
    tool::Trouble,
};

/// What the pool is asked.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The conversation, oldest first; the last item is to be answered.
    pub items: Vec<Item>,
    /// No tool may be called.
    pub closed: bool,
    /// OpenAI's conversation that holds all but the last item. Of an answer that has begun nobody knows what
    /// it has added to it, so that it is for the first one alone.
    pub remote: Option<Arc<str>>,
    /// Tokens of the answer at the most, where that is less than the pool's own maximum.
    pub max_output_tokens: Option<u32>,
    /// A second provider may be asked where the first keeps silent: what it reads can be paid.
    pub hedge: bool,
    /// The turn or task that asks, for log and traces.
    pub span: Traced,
}

impl Default for Prompt {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            closed: false,
            remote: None,
            max_output_tokens: None,
            hedge: false,
            span: Traced::none(),
        }
    }
}

/// How an answer comes along.
#[derive(Debug)]
pub enum Progress {
    /// This provider is asked now, and nobody else.
    Asking {
        /// Who.
        provider: ProviderName,
        /// For which model.
        model: Arc<str>,
    },
    /// This one is asked as well, since the other keeps silent.
    Hedging {
        /// Who.
        provider: ProviderName,
        /// For which model.
        model: Arc<str>,
    },
    /// Of two this one is asked no more: the other spoke first.
    Dropped {
        /// Who.
        provider: ProviderName,
        /// For which model.
        model: Arc<str>,
    },
    /// A piece of the answer. After `Piece::End` only `Piece::Remote` follows.
    Piece(Piece),
    /// The answer stops for the tools that the model has called; so much it has taken until there.
    Paused(Ending),
    /// A tool is called.
    Calling(ToolCall),
    /// A tool has come to its end.
    Called {
        /// Which call.
        call: ToolCall,
        /// What it has found, in a few words.
        outcome: Result<String, Trouble>,
    },
    /// All have, and the model is asked again.
    GoingOn {
        /// What it has to read by now.
        prompt_bytes: u64,
    },
    /// What came so far is void; the answer starts over.
    Reset {
        /// Why.
        because: Reason,
        /// What it starts with: what was said before tools were called.
        kept: Arc<str>,
    },
    /// No answer, or no more of it. Nothing follows.
    Failed(Failure),
}

impl Progress {
    pub(super) fn asking(leg: &Leg) -> Self {
        Self::Asking { provider: leg.provider.name().clone(), model: leg.model.clone() }
    }
}

impl Pool {
    /// Asks the stops of the route until one answers. Dropping the stream closes the request.
    pub(super) fn reply(self: Arc<Self>, prompt: Prompt) -> BoxStream<'static, Progress> {
        stream! {
            let (mut resets, mut remote) = (0, prompt.remote.clone());
            let mut patience = self.hedge.filter(|_| prompt.hedge);
            // What was said so far, which only an answer that begins makes void.
            let mut doubted: Option<Reason> = None;
            for round in 1..=limits::ROUTE_ROUNDS_MAX {
                let mut heard: Option<Failure> = None;
                let mut stops = self.route.round();
                while let Some(first) = stops.next().await {
                    let second_at = patience.filter(|_| resets == 0).map(|ms| Instant::now() + ms);
                    let mut contest = Contest::new((&self, &prompt, remote), first, second_at);
                    let mut opened = None;
                    while let Some(step) = contest.next(&mut stops).await {
                        match step {
                            Step::Tell(progress) => {
                                patience.take_if(|_| matches!(progress, Progress::Hedging { .. }));
                                yield progress;
                            }
                            Step::Failed(failure) => keep_hopeful(&mut heard, failure),
                            Step::Opened(begun) => {
                                opened = Some(begun);
                                break;
                            }
                        }
                    }
                    remote = contest.remote;
                    let Some(begun) = opened else { continue };
                    let Opened { mut attempt, mut answer, mut chat, piece } = *begun;
                    let (mut piece, mut spoken) = (Ok(Some(piece)), false);
                    let failure = loop {
                        match piece {
                            Ok(Some(piece)) => {
                                chat.heard(&piece);
                                let speaks = !matches!(piece, Piece::Reasoning(_));
                                if let Some(because) = doubted.take_if(|_| speaks) {
                                    yield Progress::Reset { because, kept: "".into() };
                                }
                                // What nobody was shown is nothing to keep to.
                                spoken |= matches!(piece, Piece::Text(_));
                                yield Progress::Piece(piece);
                            }
                            Ok(None) => return,
                            Err(failure) => break failure,
                        }
                        piece = next(&mut answer, &mut attempt).await;
                    };
                    chat.failed(&failure);
                    if spoken {
                        if self.restart == Restart::Keep || resets == limits::RESETS_MAX {
                            yield Progress::Failed(failure);
                            return;
                        }
                        resets += 1;
                        doubted = Some(failure.reason);
                    }
                    keep_hopeful(&mut heard, failure);
                }
                // Where nobody may be asked, waiting would only keep a worker from others.
                if let Some(pause) = heard.as_ref().and_then(|failure| pause(failure, round)) {
                    sleep(pause).await;
                    continue;
                }
                stops.away.into_iter().for_each(|away| keep_hopeful(&mut heard, away));
                yield Progress::Failed(heard.unwrap_or(NOBODY));
                return;
            }
        }
        .boxed()
    }

    pub(super) fn request(&self, model: Arc<str>, prompt: &Prompt) -> Request {
        let most = self.style.max_output_tokens;
        let max_output_tokens = prompt.max_output_tokens.map_or(most, |less| less.min(most));
        Request {
            model,
            pool: self.name.clone(),
            agent: self.agent_name().cloned(),
            system: self.system.clone(),
            items: prompt.items.clone(),
            tools: Offer { tools: self.tools.specs().clone(), closed: prompt.closed },
            style: Style { max_output_tokens, ..self.style.clone() },
            remote: None,
            trace: None,
        }
    }
}

/// A route without a stop; settings do not let it happen.
const NOBODY: Failure =
    Failure { reason: Reason::Internal, retry: Retry::Never, status: None, code: None };

/// The next piece; `None` once the answer was whole and nothing follows.
async fn next(answer: &mut Answer, attempt: &mut Attempt) -> Result<Option<Piece>, Failure> {
    let next = answer.next().await;
    match &next {
        Some(Ok(piece)) => attempt.heard(piece),
        Some(Err(failure)) => attempt.failed(failure),
        None => {}
    }
    next.transpose()
}

/// How long to wait after this round; `None` when another one is of no use.
fn pause(failure: &Failure, round: u32) -> Option<Duration> {
    match failure.retry {
        _ if round == limits::ROUTE_ROUNDS_MAX => None,
        Retry::Never => None,
        Retry::After(asked) => (asked <= limits::RETRY_AFTER_MAX).then_some(asked),
        Retry::Soon => {
            let full = limits::BACKOFF_FIRST.saturating_mul(1 << (round - 1).min(8));
            let jitter = 1.0 - 0.25 * fastrand::f64();
            Some(full.min(limits::BACKOFF_MAX).mul_f64(jitter))
        }
    }
}
