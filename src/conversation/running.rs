//! The turn that is being answered: its stream of progress and what is known of it so far.

mod expense;

use std::sync::Arc;

use expense::Round;
pub use expense::over_budget;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use tokio::time::Instant;

use super::{
    Workshop,
    command::Branch,
    history,
    pace::Pace,
    specialists::{Consultation, Panel, Said},
    spending::Voice,
    writer::Tally,
};
use crate::{
    budget::{Exhausted, Reservation},
    lifecycle::Working,
    limits, meter,
    model::{FinishReason, Reason, Routing, Timing, Traced, TurnId, TurnRef, Usage},
    pool::{Place, Pool, Progress, Prompt, Queued, Waited, Worker},
    provider::{Ending, Failure, Item, OFFLINE, Piece, Retry, ToolCall},
    store::{StoreError, Turn},
    tool::Trouble,
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
    /// What may be spent on it.
    pub(super) reservation: Reservation,
    /// When it was accepted.
    pub(super) accepted: Instant,
    /// A drain waits for it.
    pub(super) working: Working,
    /// Who is asked first.
    pub(super) panel: Panel,
    /// The turn for which it is asked of a specialist.
    pub(super) part_of: Option<TurnRef>,
    /// Log and traces of it.
    pub(super) span: Traced,
}

impl Waiting {
    /// The same with a place in the pool's queue for whoever makes one answer of several.
    pub(super) fn holding(mut self, place: Place) -> Self {
        self.panel.place = Some(place);
        self
    }
}

/// The turn that is being answered.
pub(super) struct Running {
    /// Its ids.
    pub(super) turn: Turn,
    /// What it answers.
    pub(super) question: Arc<str>,
    /// Who answers.
    pub(super) pool: Arc<Pool>,
    /// What may be spent on it; its bill takes it along.
    pub(super) reservation: Option<Reservation>,
    /// A provider was asked.
    pub(super) asked: bool,
    /// Who is asked now.
    voice: Voice,
    /// Who wrote what there is, where somebody else is asked by now.
    spoke: Option<Voice>,
    /// Who is asked as well, while neither has spoken.
    hedge: Option<Voice>,
    /// What was read and written and made void, and by whom.
    void: Vec<(Voice, Usage)>,
    /// What it took until it stopped for tools, each time.
    rounds: Vec<Round>,
    /// Text and reasoning that those account for, in bytes.
    accounted: (u64, u64),
    /// Tools are at work, and nobody is asked.
    paused: bool,
    /// The model that the provider says has answered.
    answered_by: Option<Arc<str>>,
    /// What the provider counted.
    counted: Option<Usage>,
    /// Bytes that a model had to read.
    prompt_bytes: u64,
    /// Bytes that the answer may have, and what a longer one is.
    bytes_max: u64,
    outgrown: Failure,
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
    /// When it had its worker, which specialists delay.
    seated: Instant,
    first_token: Option<Instant>,
    source: Source,
    /// None while specialists are asked.
    worker: Option<Worker>,
    working: Working,
    /// Who is asked first.
    pub(super) panel: Panel,
    /// What is told as history.
    pub(super) branch: Option<Branch>,
    /// Log and traces of it.
    pub(super) span: Traced,
}

/// What the turn comes from.
enum Source {
    /// Specialists answer.
    Specialists(Consultation),
    /// They have, and whoever makes one answer of theirs waits for a worker.
    Seat(Queued),
    /// The history is being read; the provider's copy of it is this one.
    History(BoxFuture<'static, Result<Vec<Item>, StoreError>>, Option<Arc<str>>),
    /// The pool answers.
    Answer(BoxStream<'static, Progress>),
}

/// What the running turn wants its writer to know.
#[derive(Debug)]
pub(super) enum Step {
    /// A specialist's turn has come to its end.
    Heard(TurnId, Said),
    /// All have.
    AllHeard,
    /// There is a worker for the rest.
    Seated(Worker),
    /// This is what the pool is to be asked.
    Read(Vec<Item>),
    /// A tool is called.
    Calling(ToolCall),
    /// A tool has come to its end.
    Called(ToolCall, Result<String, Trouble>),
    /// All have, and the model is asked again.
    GoingOn,
    /// Text was added.
    Grew,
    /// Something that no reader sees.
    Quiet,
    /// The text so far is void.
    Reset(Reason),
    /// The answer is whole.
    Ended(FinishReason),
    /// There will be no more of it.
    Failed(Failure),
}

impl Running {
    /// Starts the turn: the request leaves as soon as the history is read.
    pub(super) fn start(
        workshop: &Workshop,
        waiting: Waiting,
        worker: Option<Worker>,
        remote: Option<Arc<str>>,
    ) -> Self {
        let voice = waiting
            .pool
            .first()
            .map_or_else(|| (OFFLINE.into(), OFFLINE.into()), |(p, m)| (p.clone(), m.clone()));
        let asked = Item::User(waiting.question.clone());
        let prompt_bytes = waiting.pool.prompt_bytes(std::slice::from_ref(&asked));
        let source = if waiting.panel.is_empty() {
            Source::History(history(workshop, waiting.branch, asked, &waiting.pool), remote)
        } else {
            // What they will say is no part of what the provider has kept.
            Source::Specialists(Consultation::default())
        };
        Self {
            turn: waiting.turn,
            question: waiting.question,
            prompt_bytes,
            pool: waiting.pool,
            reservation: Some(waiting.reservation),
            asked: false,
            voice,
            spoke: None,
            hedge: None,
            void: Vec::new(),
            rounds: Vec::new(),
            accounted: (0, 0),
            paused: false,
            answered_by: None,
            counted: None,
            bytes_max: limits::ANSWER_BYTES_MAX as u64,
            outgrown: TOO_LONG,
            beginnings: 1,
            early: String::new(),
            length: 0,
            reasoning: String::new(),
            unsaved: String::new(),
            unsaved_since: None,
            pace: Pace::default(),
            accepted: waiting.accepted,
            started: Instant::now(),
            seated: Instant::now(),
            first_token: None,
            source,
            worker,
            working: waiting.working,
            panel: waiting.panel,
            branch: waiting.branch,
            span: waiting.span,
        }
    }

    /// Its specialists are asked.
    pub(super) fn consult(&mut self, consultation: Consultation) {
        self.source = Source::Specialists(consultation);
    }

    /// They have answered; whoever makes one answer of theirs waits for a worker.
    pub(super) fn queue(&mut self, queued: Queued) {
        self.source = Source::Seat(queued);
    }

    /// They have answered, and there is a worker: what was said before is read.
    pub(super) fn read(&mut self, workshop: &Workshop, worker: Worker) {
        self.worker = Some(worker);
        self.seated = Instant::now();
        let question = || Item::User(self.question.clone());
        let asked = self.panel.briefing().cloned().map_or_else(question, Item::Briefing);
        self.source = Source::History(history(workshop, self.branch, asked, &self.pool), None);
    }

    /// The next step. Hands over its text, and whether that is news at once. Cancel-safe.
    pub(super) async fn step(&mut self, grow: impl FnMut(&str, bool)) -> Step {
        match &mut self.source {
            Source::Specialists(consultation) => match consultation.next().await {
                Some((turn, said)) => Step::Heard(turn, said),
                None => Step::AllHeard,
            },
            Source::Seat(queued) => seated(queued.next().await),
            Source::History(read, _) => match read.await {
                Ok(items) => Step::Read(items),
                Err(error) => {
                    self.span.in_scope(|| tracing::error!(%error, "the history cannot be read"));
                    Step::Failed(NO_HISTORY)
                }
            },
            Source::Answer(progress) => {
                let first = progress.next().await;
                self.take(first, grow)
            }
        }
    }

    /// Asks the pool; nobody is asked where the budgets do not go so far.
    pub(super) fn ask(&mut self, workshop: &Workshop, items: Vec<Item>) -> Result<(), Exhausted> {
        self.prompt_bytes = self.pool.prompt_bytes(&items);
        self.fit(workshop)?;
        let remote = match &mut self.source {
            Source::History(_, remote) => remote.take(),
            _ => None,
        };
        let cap = self.reservation.as_ref().and_then(Reservation::cap);
        let max_output_tokens = cap.and_then(|cap| u32::try_from(cap.output_tokens).ok());
        let (hedge, span) = (self.afford_hedge(workshop), self.span.clone());
        let prompt = Prompt { items, remote, max_output_tokens, hedge, span, ..Prompt::default() };
        self.source = Source::Answer(self.pool.clone().answer(prompt));
        Ok(())
    }

    /// Who wrote what there is, or is asked to write.
    pub(super) fn voice(&self) -> &Voice {
        self.spoke.as_ref().unwrap_or(&self.voice)
    }

    /// The model that answers, by the most exact name that is known.
    pub(super) fn model(&self) -> &Arc<str> {
        self.answered_by.as_ref().unwrap_or(&self.voice().1)
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

    /// What its end counts as.
    pub(super) fn tally(&self, how: meter::Ended) -> Tally {
        Tally { pool: self.pool.clone(), how, took: self.accepted.elapsed() }
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
        let source = self.source;
        async move {
            let Source::Answer(mut progress) = source else { return None };
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
        let Some(progress) = progress else { return Step::Failed(BROKEN_OFF) };
        match progress {
            Progress::Piece(piece) => return self.hear(piece, grow),
            Progress::Calling(call) => return Step::Calling(call),
            Progress::Called { call, outcome } => return Step::Called(call, outcome),
            Progress::Failed(failure) => return Step::Failed(failure),
            Progress::GoingOn { prompt_bytes } => {
                self.prompt_bytes = prompt_bytes;
                return Step::GoingOn;
            }
            Progress::Reset { because, kept } => {
                self.forget();
                self.push(&kept, grow);
                self.accounted = (self.length, 0);
                return Step::Reset(because);
            }
            Progress::Asking { provider, model } => {
                (self.asked, self.paused) = (true, false);
                self.hedge = None;
                let before = std::mem::replace(&mut self.voice, (provider, model));
                if self.length > self.accounted.0 {
                    self.spoke.get_or_insert(before);
                }
            }
            Progress::Hedging { provider, model } => self.hedge = Some((provider, model)),
            Progress::Dropped { provider, model } => {
                self.hedge = None;
                self.void.push(((provider, model), Usage::estimate(self.prompt_bytes, 0)));
            }
            Progress::Paused(ending) => self.pause(ending),
        }
        Step::Quiet
    }

    fn hear(&mut self, piece: Piece, grow: impl FnMut(&str, bool)) -> Step {
        match piece {
            Piece::Text(text) => return self.write(&text, grow),
            Piece::End(ending) => return self.ended(ending),
            Piece::Reasoning(text) => self.reason(&text),
            // None may be called any more, so a call can only be a model's mistake.
            Piece::ToolCall(call) => {
                self.span.in_scope(|| tracing::warn!(tool = %call.name, "unasked tool call"));
            }
            // Only after the end does it matter where the provider keeps the answer, and only the
            // pool sends anything again.
            Piece::Remote(_) | Piece::Replay(_) => {}
        }
        Step::Quiet
    }

    /// Adds to the text, as far as there is room.
    fn write(&mut self, text: &str, grow: impl FnMut(&str, bool)) -> Step {
        let room = usize::try_from(self.bytes_max.saturating_sub(self.length));
        let fits = text.floor_char_boundary(room.unwrap_or(usize::MAX));
        self.push(text.split_at(fits).0, grow);
        if fits < text.len() { Step::Failed(self.outgrown.clone()) } else { Step::Grew }
    }

    /// The answer is whole, or as long as a budget has let it become. Where thoughts alone have taken
    /// all the tokens, there is none.
    fn ended(&mut self, ending: Ending) -> Step {
        self.counted = ending.usage;
        self.answered_by = ending.model;
        let capped = self.reservation.as_ref().is_some_and(|given| given.cap().is_some());
        if ending.finish_reason == FinishReason::Length && (capped || self.length == 0) {
            return Step::Failed(self.outgrown.clone());
        }
        Step::Ended(ending.finish_reason)
    }

    /// Adds to the text.
    pub(super) fn push(&mut self, text: &str, mut grow: impl FnMut(&str, bool)) {
        if text.is_empty() {
            return;
        }
        let now = Instant::now();
        if self.first_token.is_none() {
            self.first_token = Some(now);
            tracing::info!(target: "telemetry", parent: self.span.id(), "first token");
            self.pool.meter().first_token(now.saturating_duration_since(self.seated));
        }
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
        let written = self.length - self.accounted.0;
        let usage = Usage::estimate(self.prompt_bytes, written);
        self.void.extend(self.spoke.take().map(|spoke| (spoke, usage)));
        self.early.clear();
        self.length = 0;
        self.reasoning.clear();
        self.unsaved.clear();
        self.unsaved_since = None;
    }
}

/// What has become of the place in the pool's queue.
fn seated(waited: Waited) -> Step {
    match waited {
        Waited::Served(worker) => Step::Seated(worker),
        Waited::Moved(_) => Step::Quiet,
        Waited::Expired(busy) => {
            Step::Failed(Failure { retry: Retry::After(busy.retry_after), ..NO_WORKER })
        }
    }
}

const BROKEN_OFF: Failure =
    Failure { reason: Reason::ProviderTruncated, retry: Retry::Soon, status: None, code: None };

const NO_HISTORY: Failure =
    Failure { reason: Reason::Internal, retry: Retry::Soon, status: None, code: None };

const NO_WORKER: Failure =
    Failure { reason: Reason::DeadlineExceeded, retry: Retry::Soon, status: None, code: None };

const TOO_LONG: Failure =
    Failure { reason: Reason::AnswerTooLong, retry: Retry::Never, status: None, code: None };

/// What the model is told.
fn history(
    workshop: &Workshop,
    branch: Option<Branch>,
    asked: Item,
    pool: &Pool,
) -> BoxFuture<'static, Result<Vec<Item>, StoreError>> {
    let (store, window) = (workshop.store.clone(), pool.window_tokens());
    async move { history::items(&*store, branch, asked, window).await }.boxed()
}
