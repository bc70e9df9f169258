//! The turn that is being answered: its stream of progress and what is known of it so far.

use std::sync::Arc;

use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use tokio::time::Instant;

use super::{Workshop, command::Branch, history, pace::Pace};
use crate::{
    lifecycle::Working,
    limits,
    model::{PoolName, ProviderName, Reason, Routing, Timing},
    pool::{Pool, Progress, Prompt, Worker},
    provider::{Failure, Piece, Retry},
    store::Turn,
};

/// A turn that was accepted and has not started.
pub(super) struct Waiting {
    /// Its ids.
    pub(super) turn: Turn,
    /// What it has to answer.
    pub(super) question: Arc<str>,
    /// What is told as history.
    pub(super) branch: Option<Branch>,
    /// Who answers.
    pub(super) pool: Arc<Pool>,
    /// Why they do.
    pub(super) routing: Routing,
    /// When it was accepted.
    pub(super) accepted: Instant,
    /// A drain waits for it.
    pub(super) working: Working,
}

/// The turn that is being answered.
pub(super) struct Running {
    /// Its ids.
    pub(super) turn: Turn,
    /// What it answers.
    pub(super) question: Arc<str>,
    /// Who answers.
    pub(super) pool: PoolName,
    /// The provider that is asked now.
    pub(super) provider: ProviderName,
    /// The model that is asked now.
    pub(super) model: Arc<str>,
    /// Starts and resets that are not durable yet. Readers may see its text when there are none.
    beginnings: u32,
    /// Text that came before that.
    pub(super) early: String,
    /// Bytes of the answer.
    pub(super) length: u64,
    /// The model's reasoning, as far as it is kept.
    pub(super) reasoning: String,
    /// Text that no checkpoint holds yet, and when the first of it came.
    pub(super) unsaved: String,
    pub(super) unsaved_since: Option<Instant>,
    /// How often its growth is news.
    pub(super) pace: Pace,
    accepted: Instant,
    started: Instant,
    first_token: Option<Instant>,
    progress: BoxStream<'static, Progress>,
    _worker: Worker,
    working: Working,
}

/// What the running turn wants its writer to know.
#[derive(Debug)]
pub(super) enum Step {
    /// Text was added.
    Grew,
    /// Something that no reader sees.
    Quiet,
    /// The text so far is void.
    Reset(Reason),
    /// The answer is whole.
    Ended(crate::provider::Ending),
    /// There will be no more of it.
    Failed(Failure),
}

impl Running {
    /// Starts the turn: the request leaves at once.
    pub(super) fn start(
        workshop: &Workshop,
        waiting: Waiting,
        worker: Worker,
        remote: Option<Arc<str>>,
    ) -> Self {
        let (provider, model) = waiting
            .pool
            .first()
            .map_or_else(|| ("offline".into(), "offline".into()), |(p, m)| (p.clone(), m.clone()));
        let progress = answer(workshop, &waiting, remote);
        Self {
            pool: waiting.pool.name.clone(),
            turn: waiting.turn,
            question: waiting.question,
            provider,
            model,
            beginnings: 1,
            early: String::new(),
            length: 0,
            reasoning: String::new(),
            unsaved: String::new(),
            unsaved_since: None,
            pace: Pace::default(),
            accepted: waiting.accepted,
            started: Instant::now(),
            first_token: None,
            progress,
            _worker: worker,
            working: waiting.working,
        }
    }

    /// The next step. Hands over its text, and whether that is news at once. Cancel-safe.
    pub(super) async fn step(&mut self, grow: impl FnMut(&str, bool)) -> Step {
        let first = self.progress.next().await;
        self.take(first, grow)
    }

    /// More text may be taken: what readers cannot see yet is limited.
    pub(super) fn hungry(&self) -> bool {
        self.is_visible() || self.early.len() < limits::EARLY_TEXT_BYTES_MAX
    }

    /// Readers may see its text.
    pub(super) fn is_visible(&self) -> bool {
        self.beginnings == 0
    }

    /// A start or reset is durable. Gives the text that readers may see by that.
    pub(super) fn reveal(&mut self) -> String {
        self.beginnings = self.beginnings.saturating_sub(1);
        if self.is_visible() { std::mem::take(&mut self.early) } else { String::new() }
    }

    /// What a drain waits for; held until the end of the turn is shown.
    pub(super) fn working(&self) -> Working {
        self.working.clone()
    }

    /// Milliseconds so far.
    pub(super) fn timing(&self) -> Timing {
        let now = Instant::now();
        let ms = |from: Instant, to: Instant| {
            u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
        };
        Timing {
            queued: ms(self.accepted, self.started),
            first_token: ms(self.started, self.first_token.unwrap_or(now)),
            total: ms(self.accepted, now),
        }
    }

    /// What is left of the stream once the answer is whole: the provider may still keep it.
    pub(super) fn afterglow(self) -> BoxFuture<'static, Option<Arc<str>>> {
        let mut progress = self.progress;
        async move {
            while let Some(step) = progress.next().await {
                if let Progress::Piece(Piece::Remote(id)) = step {
                    return Some(id);
                }
            }
            None
        }
        .boxed()
    }

    fn take(&mut self, progress: Option<Progress>, grow: impl FnMut(&str, bool)) -> Step {
        match progress {
            Some(Progress::Piece(Piece::Text(text))) => {
                self.push(&text, grow);
                if self.length > limits::ANSWER_BYTES_MAX as u64 {
                    return Step::Failed(TOO_LONG);
                }
                return Step::Grew;
            }
            Some(Progress::Piece(Piece::Reasoning(text))) => self.reason(&text),
            // Only after the end does it matter where the provider keeps the answer.
            Some(Progress::Piece(Piece::Remote(_))) => {}
            Some(Progress::Piece(Piece::ToolCall(call))) => {
                // No tool was offered, so a call can only be a model's mistake.
                tracing::warn!(turn = %self.turn.turn, tool = %call.name, "unasked tool call");
            }
            Some(Progress::Asking { provider, model }) => {
                self.provider = provider;
                self.model = model;
            }
            Some(Progress::Piece(Piece::End(ending))) => {
                if let Some(model) = &ending.model {
                    self.model = model.clone();
                }
                return Step::Ended(ending);
            }
            Some(Progress::Reset(reason)) => {
                self.forget();
                return Step::Reset(reason);
            }
            Some(Progress::Failed(failure)) => return Step::Failed(failure),
            None => return Step::Failed(BROKEN_OFF),
        }
        Step::Quiet
    }

    fn push(&mut self, text: &str, mut grow: impl FnMut(&str, bool)) {
        if text.is_empty() {
            return;
        }
        let now = Instant::now();
        self.first_token.get_or_insert(now);
        self.unsaved_since.get_or_insert(now);
        self.unsaved.push_str(text);
        self.length += text.len() as u64;
        if self.is_visible() {
            let turns = self.working.task_tracker().len();
            grow(text, self.pace.grew(now, turns));
        } else {
            self.early.push_str(text);
        }
    }

    fn reason(&mut self, text: &str) {
        if self.reasoning.len() + text.len() <= limits::REASONING_BYTES_MAX {
            self.reasoning.push_str(text);
        }
    }

    /// The answer starts over.
    fn forget(&mut self) {
        self.beginnings += 1;
        self.early.clear();
        self.length = 0;
        self.reasoning.clear();
        self.unsaved.clear();
        self.unsaved_since = None;
    }
}

const BROKEN_OFF: Failure =
    Failure { reason: Reason::ProviderTruncated, retry: Retry::Soon, status: None, code: None };

const NO_HISTORY: Failure =
    Failure { reason: Reason::Internal, retry: Retry::Soon, status: None, code: None };

const TOO_LONG: Failure =
    Failure { reason: Reason::AnswerTooLong, retry: Retry::Never, status: None, code: None };

/// Reads the history and asks the pool.
fn answer(
    workshop: &Workshop,
    waiting: &Waiting,
    remote: Option<Arc<str>>,
) -> BoxStream<'static, Progress> {
    let store = workshop.store.clone();
    let (turn, branch) = (waiting.turn.turn, waiting.branch);
    let (question, pool) = (waiting.question.clone(), waiting.pool.clone());
    let asked = async move {
        let window = pool.window_tokens();
        match history::items(&*store, branch, &question, window).await {
            Ok(items) => pool.answer(Prompt { items, remote }),
            Err(error) => {
                tracing::error!(%turn, %error, "the history cannot be read");
                stream::iter([Progress::Failed(NO_HISTORY)]).boxed()
            }
        }
    };
    asked.flatten_stream().boxed()
}
