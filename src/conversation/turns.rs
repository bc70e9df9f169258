//! The life of a turn: started, grown, ended.
//!
//! Invariant: each turn that was accepted is ended by exactly one of the functions here.

use std::sync::Arc;

use super::{
    command::{Ended, Refusal, Reply, answer_to},
    feed::Shown,
    running::{Running, Step, Waiting},
    writer::{Phase, Settle, Writer},
};
use crate::{
    lifecycle::Working,
    limits,
    model::{AnswerStatus, Event, FinishReason, Message, Reason, Role, TurnError, TurnId, Usage},
    pool::Worker,
    provider::{Ending, Failure, Retry},
    store::{Turn, Write},
};

/// Bytes of text that make one token, on average, where a provider does not count.
const BYTES_PER_TOKEN_ESTIMATE: u64 = 4;

impl Writer {
    /// Starts the turn that has waited longest, where nothing runs.
    pub(super) fn start_next(&mut self) {
        if let Some(waiting) = self.queue.pop_front() {
            self.seat(waiting);
        }
    }

    /// Gives the turn a worker now, or has it wait for one.
    fn seat(&mut self, waiting: Waiting) {
        if let Some(worker) = waiting.pool.try_worker() {
            let (event, running) = self.begin(waiting, worker);
            self.phase = running;
            self.commit(Vec::new(), vec![event], None);
            return;
        }
        match waiting.pool.worker() {
            Ok(worker) => self.phase = Phase::Waiting(Box::new(waiting), worker),
            Err(_full) => {
                let error = TurnError {
                    reason: Reason::ProviderUnavailable,
                    retryable: true,
                    retry_after_ms: None,
                };
                self.phase = Phase::Ending(waiting.turn.turn);
                self.end_unstarted(waiting, Cut::Failed(error), None);
            }
        }
    }

    /// The worker that the next turn waited for is there.
    pub(super) fn start(&mut self, worker: Worker) {
        let phase = std::mem::replace(&mut self.phase, Phase::Idle);
        let Phase::Waiting(waiting, _) = phase else { return };
        let (event, running) = self.begin(*waiting, worker);
        self.phase = running;
        self.commit(Vec::new(), vec![event], None);
    }

    /// Asks the pool; the event says so once the caller has committed it.
    pub(super) fn begin(&mut self, waiting: Waiting, worker: Worker) -> (Shown, Phase) {
        // Whatever comes of the answer, the provider's copy is of use only if it says so again.
        let remote = self.record.remote.take();
        let remote = remote.filter(|(_, upto)| Some(*upto) == waiting.parent).map(|(id, _)| id);
        self.afterglow = None;
        let (turn, routing) = (waiting.turn.turn, waiting.routing.clone());
        let running = Running::start(&self.workshop, waiting, worker, remote);
        let started = self.number(Event::TurnStarted {
            turn,
            pool: running.pool.clone(),
            provider: running.provider.clone(),
            model: running.model.clone(),
            routing,
        });
        (Shown::new(started, None), Phase::Running(Box::new(running)))
    }

    /// The running turn came along.
    pub(super) fn stepped(&mut self, step: Step) {
        match step {
            Step::Grew | Step::Quiet => {}
            Step::Reset(because) => {
                let Phase::Running(running) = &self.phase else { return };
                let turn = running.turn.turn;
                self.workshop.store.checkpoint(turn, 0, "");
                let reset = self.number(Event::TurnReset { turn, because });
                self.commit(Vec::new(), vec![Shown::new(reset, None)], None);
            }
            Step::Ended(ending) => match std::mem::replace(&mut self.phase, Phase::Idle) {
                Phase::Running(running) => {
                    self.end_running(*running, &Outcome::Completed(ending), None);
                }
                other => self.phase = other,
            },
            Step::Failed(failure) => {
                tracing::warn!(conversation = %self.record.id, %failure, "a turn failed");
                self.end_current(Cut::Failed(turn_error(&failure)), None);
            }
        }
    }

    /// Stops the turn, wherever it stands.
    pub(super) fn cancel(&mut self, turn: TurnId, reply: Reply<Ended>) {
        let queued = self.queue.iter().position(|waiting| waiting.turn.turn == turn);
        let length = match &self.phase {
            Phase::Running(running) if running.turn.turn == turn => running.length,
            Phase::Waiting(waiting, _) if waiting.turn.turn == turn => 0,
            _ if queued.is_some() => 0,
            _ => return answer_to(reply, Err(Refusal::TurnEnded)),
        };
        let ended = Ended { turn, status: AnswerStatus::Cancelled, length };
        let settle: Settle = Box::new(move |kept: Result<(), _>| {
            answer_to(reply, kept.map(|()| ended).map_err(Refusal::Store));
        });
        match queued.and_then(|place| self.queue.remove(place)) {
            Some(waiting) => self.end_unstarted(waiting, Cut::Cancelled, Some(settle)),
            None => self.end_current(Cut::Cancelled, Some(settle)),
        }
    }

    /// Ends everything that was accepted: the user wants something else now.
    pub(super) fn cancel_all(&mut self) {
        self.end_all(Cut::Cancelled);
    }

    /// Ends everything that was accepted: the gateway goes down.
    pub(super) fn interrupt(&mut self) {
        self.afterglow = None;
        self.end_all(Cut::Interrupted);
    }

    fn end_all(&mut self, cut: Cut) {
        self.end_current(cut, None);
        while let Some(waiting) = self.queue.pop_front() {
            self.end_unstarted(waiting, cut, None);
        }
    }

    /// Cuts what the conversation is doing.
    fn end_current(&mut self, cut: Cut, settle: Option<Settle>) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Running(running) => self.end_running(*running, &Outcome::Cut(cut), settle),
            Phase::Waiting(waiting, _) => {
                self.phase = Phase::Ending(waiting.turn.turn);
                self.end_unstarted(*waiting, cut, settle);
            }
            other => self.phase = other,
        }
    }

    /// Where the provider keeps the last answer now.
    pub(super) fn keep_remote(&mut self, remote: Option<Arc<str>>) {
        if let (Some((answer, _)), Some(id)) = (self.afterglow.take(), remote)
            && self.record.head == Some(answer)
        {
            self.record.remote = Some((id, answer));
            self.commit(Vec::new(), Vec::new(), None);
        }
    }

    /// Ends the running turn with what it has.
    fn end_running(&mut self, mut running: Running, outcome: &Outcome, settle: Option<Settle>) {
        let text = if running.is_visible() {
            self.feed.live_text().unwrap_or_default()
        } else {
            std::mem::take(&mut running.early).into()
        };
        let (turn, length) = (running.turn.turn, text.len() as u64);
        self.phase = Phase::Ending(turn);
        let usage = outcome.usage(length);
        let event = match outcome {
            Outcome::Cut(cut) => cut.event(turn, length),
            Outcome::Completed(ending) => Event::TurnCompleted {
                turn,
                finish_reason: ending.finish_reason,
                usage,
                cost_usd: self.workshop.prices.cost(&running.model, &usage),
                length,
                timing: running.timing(),
                provider: running.provider.clone(),
                model: running.model.clone(),
            },
        };
        let reasoning = std::mem::take(&mut running.reasoning);
        let message = Message {
            text: text.clone(),
            status: Some(outcome.status()),
            pool: Some(running.pool.clone()),
            provider: Some(running.provider.clone()),
            model: Some(running.model.clone()),
            usage: Some(usage),
            finish_reason: outcome.finish_reason(),
            reasoning: (!reasoning.is_empty()).then(|| reasoning.into()),
            ..self.answer(&running.turn)
        };
        let head = message.id;
        self.end(message, event, settle, running.working());
        if matches!(outcome, Outcome::Completed(_)) {
            self.afterglow = Some((head, running.afterglow()));
        }
    }

    /// Ends a turn that had not started.
    fn end_unstarted(&mut self, waiting: Waiting, cut: Cut, settle: Option<Settle>) {
        let message = Message {
            status: Some(cut.status()),
            pool: Some(waiting.pool.name.clone()),
            ..self.answer(&waiting.turn)
        };
        self.end(message, cut.event(waiting.turn.turn, 0), settle, waiting.working);
    }

    fn end(&mut self, answer: Message, event: Event, settle: Option<Settle>, working: Working) {
        let shown = Shown::new(self.number(event), Some(answer.text.clone()));
        let writes = vec![Write::CloseTurn(answer.turn), Write::Message(answer)];
        self.commit_end(writes, shown, settle, working);
    }

    /// The message of an answer that has no word yet.
    pub(super) fn answer(&self, turn: &Turn) -> Message {
        Message {
            id: turn.answer,
            conversation: self.record.id,
            turn: turn.turn,
            role: Role::Assistant,
            text: "".into(),
            at: self.now(),
            parent: Some(turn.message),
            status: Some(AnswerStatus::Running),
            pool: None,
            provider: None,
            model: None,
            usage: None,
            finish_reason: None,
            reasoning: None,
            metadata: None,
        }
    }

    /// Says where the waiting turns stand. The running one is before the first.
    pub(super) fn show_positions(&self) {
        let seated = match &self.phase {
            Phase::Waiting(waiting, _) => Some(&**waiting),
            _ => None,
        };
        let waiting = seated.into_iter().chain(&self.queue);
        let numbered = waiting.zip(1..).map(|(waiting, position)| (waiting.turn.turn, position));
        self.feed.show_positions(numbered.collect(), self.now());
    }
}

/// How a turn turns out.
#[derive(Debug)]
enum Outcome {
    Completed(Ending),
    Cut(Cut),
}

/// How a turn ends that did not come to its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cut {
    Failed(TurnError),
    Cancelled,
    Interrupted,
}

impl Outcome {
    fn status(&self) -> AnswerStatus {
        match self {
            Self::Completed(_) => AnswerStatus::Completed,
            Self::Cut(cut) => cut.status(),
        }
    }

    fn finish_reason(&self) -> Option<FinishReason> {
        match self {
            Self::Completed(ending) => Some(ending.finish_reason),
            Self::Cut(_) => None,
        }
    }

    /// What the provider counted, else what the text's length suggests.
    fn usage(&self, length: u64) -> Usage {
        let counted = match self {
            Self::Completed(ending) => ending.usage,
            Self::Cut(_) => None,
        };
        counted.unwrap_or(Usage {
            input: 0,
            output: length.div_ceil(BYTES_PER_TOKEN_ESTIMATE),
            cached: 0,
            estimated: true,
        })
    }
}

impl Cut {
    fn status(self) -> AnswerStatus {
        match self {
            Self::Failed(_) => AnswerStatus::Failed,
            Self::Cancelled => AnswerStatus::Cancelled,
            Self::Interrupted => AnswerStatus::Interrupted,
        }
    }

    fn event(self, turn: TurnId, length: u64) -> Event {
        match self {
            Self::Failed(error) => Event::TurnFailed { turn, error, length },
            Self::Cancelled => Event::TurnCancelled { turn, length },
            Self::Interrupted => Event::TurnInterrupted { turn, length },
        }
    }
}

/// What a reader is told of a failure.
fn turn_error(failure: &Failure) -> TurnError {
    let retry_after = match failure.retry {
        Retry::After(pause) => Some(pause),
        Retry::Soon => Some(limits::BACKOFF_MAX),
        Retry::Never => None,
    };
    TurnError {
        reason: failure.reason,
        retryable: failure.retry != Retry::Never,
        retry_after_ms: retry_after.and_then(|pause| u64::try_from(pause.as_millis()).ok()),
    }
}
