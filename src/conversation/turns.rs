//! The life of a turn: started, grown, ended.
//!
//! Invariant: each turn that was accepted is ended by exactly one of the functions here.

use std::sync::Arc;

use tracing::Span;

use super::{
    command::{Ended, Refusal, Reply, answer_to},
    feed::Shown,
    running::{Running, Step, Waiting, over_budget},
    specialists::told_of,
    spending::Bill,
    title,
    writer::{Closing, Phase, Settle, Tally, Writer},
};
use crate::{
    budget::Exhausted,
    limits, meter,
    model::{
        AnswerStatus, Event, FinishReason, Message, Reason, Role, ToolPhase, TurnError, TurnId,
    },
    pool::{Asker, Busy, Origin, Place, Pool, Queued, Waited, Worker},
    provider::{Failure, Item, Retry},
    store::{Turn, Write},
    wire,
};

impl Writer {
    /// Starts the turn that has waited longest, where nothing runs.
    pub(super) fn start_next(&mut self) {
        let Some((waiting, place)) = self.queue.pop_front() else { return };
        if !waiting.panel.is_empty() {
            return self.start(waiting.holding(place), None);
        }
        if let Some(worker) = waiting.pool.try_worker(Origin::Turn) {
            return self.start(waiting, Some(worker));
        }
        let mut queued = place.queue_up(Asker::turn(self.record.user));
        queued.look();
        self.phase = Phase::Waiting(Box::new(waiting), queued);
    }

    /// A worker for one more turn, or a place among those who wait for one.
    pub(super) fn seat(&self, pool: &Pool) -> Result<Seat, Busy> {
        if let Some(worker) = pool.try_worker(Origin::Turn) {
            return Ok(Seat::Worker(worker));
        }
        let mut queued = pool.queue_up(Asker::turn(self.record.user))?;
        queued.look();
        Ok(Seat::Queued(queued))
    }

    /// What has become of the turn that waits for a worker.
    pub(super) fn waited(&mut self, waited: Waited) {
        match waited {
            Waited::Served(worker) => match std::mem::replace(&mut self.phase, Phase::Idle) {
                Phase::Waiting(waiting, _) => self.start(*waiting, Some(worker)),
                other => self.phase = other,
            },
            // While something is in flight its readers do not know all that wait yet.
            Waited::Moved(_) if self.in_flight.is_empty() => self.show_positions(),
            Waited::Moved(_) => {}
            Waited::Expired(busy) => {
                self.end_current(Cut::busy(Reason::DeadlineExceeded, busy), None);
            }
        }
    }

    fn start(&mut self, waiting: Waiting, worker: Option<Worker>) {
        let mut shows = Vec::new();
        let begun = self.begin(waiting, worker, &mut shows);
        self.commit(vec![Write::Message(begun)], shows, None);
        self.consult();
    }

    /// Begins to answer. The message and the event say so once the caller has committed them; from
    /// the message a restart knows who was asked, and to read what at the least.
    pub(super) fn begin(
        &mut self,
        waiting: Waiting,
        worker: Option<Worker>,
        shows: &mut Vec<Shown>,
    ) -> Message {
        // Whatever comes of the answer, the provider's copy is of use only if it says so again.
        let remote = self.record.remote.take();
        let told = waiting.branch.map(|branch| branch.head);
        let remote = remote.filter(|(_, upto)| Some(*upto) == told).map(|(id, _)| id);
        self.afterglow = None;
        let (turn, routing) = (waiting.turn.turn, waiting.routing.clone());
        // What has waited is answered as the settings are now; a pool that is no more ends its queue.
        let pool = self.workshop.pools.as_now(&waiting.pool).unwrap_or(waiting.pool);
        let waiting = Waiting { pool, ..waiting };
        let (specialists, part_of) = (waiting.panel.specialists.clone(), waiting.part_of);
        let running = Running::start(&self.workshop, waiting, worker, remote);
        running.span.record("pool", running.pool.name.as_str());
        tracing::info!(target: "telemetry", parent: running.span.id(), "started");
        let started = self.number(Event::TurnStarted {
            turn,
            pool: running.pool.name.clone(),
            agent: running.pool.agent_name().cloned(),
            provider: running.voice().0.clone(),
            model: running.model().clone(),
            routing,
            specialists: specialists.clone(),
            part_of,
        });
        shows.push(Shown::new(started, None));
        for specialist in &specialists {
            let told = self.number(told_of(turn, specialist, ToolPhase::Started, None));
            shows.push(Shown::new(told, None));
        }
        let begun = match specialists.as_slice() {
            [] => self.asked(&running),
            // Whoever is to make one answer of several has read nothing yet.
            _ => Message { provider: None, model: None, ..self.answered(&running) },
        };
        self.phase = Phase::Running(Box::new(running));
        begun
    }

    /// The message of an answer whose pool is asked.
    pub(super) fn asked(&self, running: &Running) -> Message {
        Message { usage: Some(running.least_usage()), ..self.answered(running) }
    }

    /// The running turn came along.
    pub(super) fn stepped(&mut self, step: Step) {
        match step {
            Step::Grew | Step::Quiet => {}
            Step::Heard(of, said) => self.heard(of, said),
            Step::AllHeard => self.brief(),
            Step::Seated(worker) => {
                let Phase::Running(running) = &mut self.phase else { return };
                running.read(&self.workshop, worker);
            }
            Step::Read(items) => self.ask_pool(items),
            Step::Calling(call) => self.show_tool(&call, None),
            Step::Called(call, outcome) => self.show_tool(&call, Some(outcome)),
            Step::GoingOn => self.go_on_asking(),
            Step::Reset(because) => {
                let Phase::Running(running) = &mut self.phase else { return };
                let (turn, fits) = (running.turn.turn, running.fit(&self.workshop));
                let _taken = self.workshop.store.checkpoint(turn, 0, "");
                let reset = self.number(Event::TurnReset { turn, because });
                self.commit(Vec::new(), vec![Shown::new(reset, None)], None);
                self.go_on(fits);
            }
            Step::Ended(finish_reason) => {
                self.attribute();
                self.complete(finish_reason);
            }
            Step::Failed(failure) => {
                if let Phase::Running(running) = &self.phase {
                    // Entered, so that a line in JSON lists the spans around it as well.
                    running.span.in_scope(|| tracing::warn!(%failure, "a turn failed"));
                }
                self.end_current(Cut::Failed(turn_error(&failure)), None);
            }
        }
    }

    fn complete(&mut self, finish_reason: FinishReason) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Running(running) => {
                self.end_running(*running, &Outcome::Completed(finish_reason), None);
            }
            other => self.phase = other,
        }
    }

    /// The history is read: the request leaves, as far as the budgets go.
    fn ask_pool(&mut self, items: Vec<Item>) {
        let Phase::Running(running) = &mut self.phase else { return };
        let asked = running.ask(&self.workshop, items);
        if asked.is_ok() && running.panel.briefing().is_some() {
            self.note_asked();
        }
        self.go_on(asked);
    }

    /// Ends the running turn where a budget does.
    pub(super) fn go_on(&mut self, allowed: Result<(), Exhausted>) {
        if let Err(exhausted) = allowed {
            self.end_current(Cut::Failed(turn_error(&over_budget(&exhausted))), None);
        }
    }

    /// Stops the turn, wherever it stands.
    pub(super) fn cancel(&mut self, turn: TurnId, reply: Reply<Ended>) {
        let queued = self.queue.iter().position(|(waiting, _)| waiting.turn.turn == turn);
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
            Some((waiting, _)) => self.end_unstarted(waiting, Cut::Cancelled, Some(settle)),
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
        while let Some((waiting, _)) = self.queue.pop_front() {
            self.end_unstarted(waiting, cut, None);
        }
    }

    /// Cuts what the conversation is doing.
    pub(super) fn end_current(&mut self, cut: Cut, settle: Option<Settle>) {
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
        let last = running.usage(outcome.reason());
        let (usage, bill) = (running.in_all(last), self.bill(&mut running, &last));
        outcome.tell(&running.span, length);
        let event = match outcome {
            Outcome::Cut(cut) => cut.event(turn, length),
            Outcome::Completed(finish_reason) => Event::TurnCompleted {
                turn,
                finish_reason: *finish_reason,
                usage,
                cost_usd: running.cost(&self.workshop.prices.load(), &last),
                length,
                timing: running.timing(),
                provider: running.voice().0.clone(),
                model: running.model().clone(),
            },
        };
        let reasoning = std::mem::take(&mut running.reasoning);
        let message = Message {
            text: text.clone(),
            status: Some(outcome.status()),
            usage: Some(usage),
            finish_reason: outcome.finish_reason(),
            reasoning: (!reasoning.is_empty()).then(|| reasoning.into()),
            ..self.answered(&running)
        };
        let head = message.id;
        let titled = self.title(&running.question, outcome);
        running.pool.meter().wrote(running.unsaved.len() as u64);
        let closing =
            Closing { working: running.working(), bill, tally: running.tally(outcome.how()) };
        self.end((message, event), titled, settle, closing);
        if matches!(outcome, Outcome::Completed(_)) {
            self.afterglow = Some((head, running.afterglow()));
        }
    }

    /// Ends a turn that had not started.
    fn end_unstarted(&mut self, waiting: Waiting, cut: Cut, settle: Option<Settle>) {
        let message = Message {
            status: Some(cut.status()),
            pool: Some(waiting.pool.name.clone()),
            specialists: waiting.panel.specialists,
            agent: waiting.pool.agent_name().cloned(),
            ..self.answer(&waiting.turn)
        };
        let event = cut.event(waiting.turn.turn, 0);
        Outcome::Cut(cut).tell(&waiting.span, 0);
        let (took, how) = (waiting.accepted.elapsed(), cut.how());
        let tally = Tally { pool: waiting.pool, how, took };
        let closing = Closing { working: waiting.working, bill: None, tally };
        self.end((message, event), None, settle, closing);
    }

    /// Ends a turn; what follows from its end is shown with it.
    fn end(
        &mut self,
        (answer, event): (Message, Event),
        then: Option<Event>,
        settle: Option<Settle>,
        closing: Closing,
    ) {
        let mut shows = vec![Shown::new(self.number(event), Some(answer.text.clone()))];
        shows.extend(then.map(|event| Shown::new(self.number(event), None)));
        let mut writes = vec![Write::CloseTurn(answer.turn), Write::Message(answer)];
        writes.extend(closing.bill.iter().flat_map(Bill::writes));
        self.commit_end(writes, shows, settle, closing);
    }

    /// A conversation without a title gets one from its first exchange.
    fn title(&mut self, question: &str, outcome: &Outcome) -> Option<Event> {
        let wanted = self.record.title.is_none() && matches!(outcome, Outcome::Completed(_));
        let title = wanted.then(|| title::of(question)).flatten()?;
        self.record.title = Some(title.clone());
        Some(Event::ConversationUpdated { title: Some(title), pool: None, agent: None, head: None })
    }

    /// The message of an answer that has no word yet.
    pub(super) fn answer(&self, turn: &Turn) -> Message {
        let (id, now) = (self.record.id, self.now());
        Message {
            id: turn.answer,
            parent: Some(turn.message),
            status: Some(AnswerStatus::Running),
            ..Message::new(id, turn.turn, Role::Assistant, "".into(), now)
        }
    }

    /// The same of a turn that has begun.
    fn answered(&self, running: &Running) -> Message {
        Message {
            pool: Some(running.pool.name.clone()),
            agent: running.pool.agent_name().cloned(),
            provider: Some(running.voice().0.clone()),
            model: Some(running.model().clone()),
            specialists: running.panel.specialists.clone(),
            ..self.answer(&running.turn)
        }
    }

    /// Says where the waiting turns stand.
    pub(super) fn show_positions(&self) {
        let numbered = self.waiting().zip(self.first_position()..);
        let numbered = numbered.map(|(waiting, position)| (waiting.turn.turn, position));
        self.feed.show_positions(numbered.collect(), self.now());
    }

    /// The turns that wait, in order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        let seated = match &self.phase {
            Phase::Waiting(waiting, _) => Some(&**waiting),
            _ => None,
        };
        seated.into_iter().chain(self.queue.iter().map(|(waiting, _)| waiting))
    }

    /// Where the first of them stands: in the pool's queue, else right behind the running one.
    pub(super) fn first_position(&self) -> u64 {
        match &self.phase {
            Phase::Waiting(_, queued) => queued.position(),
            _ => 1,
        }
    }
}

/// What a pool gives to a turn.
pub(super) enum Seat {
    /// It waits behind others of its conversation first.
    Held(Place),
    /// It starts at once.
    Worker(Worker),
    /// It starts when it is its turn.
    Queued(Queued),
    /// It starts at once without one: it is the turn of its specialists first, and whoever makes
    /// one answer of theirs must not keep a worker idle meanwhile.
    Later(Place),
}

/// How a turn turns out.
#[derive(Debug)]
enum Outcome {
    Completed(FinishReason),
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

    fn how(&self) -> meter::Ended {
        match self {
            Self::Completed(_) => meter::Ended::Completed,
            Self::Cut(cut) => cut.how(),
        }
    }

    fn finish_reason(&self) -> Option<FinishReason> {
        match self {
            Self::Completed(finish_reason) => Some(*finish_reason),
            Self::Cut(_) => None,
        }
    }

    /// Tells log and traces of it.
    fn tell(&self, span: &Span, length: u64) {
        let outcome = match self.status() {
            AnswerStatus::Failed => "failed",
            AnswerStatus::Cancelled => "cancelled",
            AnswerStatus::Interrupted => "interrupted",
            AnswerStatus::Completed | AnswerStatus::Running => "completed",
        };
        span.record("outcome", outcome);
        if let Some(reason) = self.reason() {
            span.record("error.type", wire::reason_code(reason));
        }
        span.in_scope(|| tracing::debug!(length, "a turn ended"));
    }

    /// Why it failed, where it did.
    fn reason(&self) -> Option<Reason> {
        match self {
            Self::Cut(Cut::Failed(error)) => Some(error.reason),
            Self::Cut(_) | Self::Completed(_) => None,
        }
    }
}

impl Cut {
    /// The pool has no worker for it in time.
    pub(super) fn busy(reason: Reason, busy: Busy) -> Self {
        let retry_after_ms = u64::try_from(busy.retry_after.as_millis()).ok();
        Self::Failed(TurnError { reason, retryable: true, retry_after_ms })
    }

    fn status(self) -> AnswerStatus {
        match self {
            Self::Failed(_) => AnswerStatus::Failed,
            Self::Cancelled => AnswerStatus::Cancelled,
            Self::Interrupted => AnswerStatus::Interrupted,
        }
    }

    fn how(self) -> meter::Ended {
        match self {
            Self::Failed(_) => meter::Ended::Failed,
            Self::Cancelled => meter::Ended::Cancelled,
            Self::Interrupted => meter::Ended::Interrupted,
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
