//! Specialists: several pools are asked the same, each in a conversation of its own, and one answer
//! is made of theirs.
//!
//! Invariants: a specialist for whom nobody waits any more is stopped; it asks nobody in turn; no
//! worker is kept while specialists are waited for.

use std::sync::Arc;

use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, join_all},
    stream::FuturesUnordered,
};
use tokio::sync::oneshot;

use super::{
    command::{Ask, Refusal, Sent},
    ending::Ending,
    feed::Shown,
    history::window_bytes,
    registry::{Handle, Outcome, Registry},
    span::part_span,
    title,
    turns::Cut,
    writer::{Phase, Writer},
};
use crate::{
    limits,
    model::{
        ConversationId, Event, PoolName, Reason, SPECIALIST, Specialist, ToolPhase, TurnError,
        TurnId, TurnRef, UserId,
    },
    pool::{Asker, Origin, Place},
    provider::{Briefing, Opinion},
    store::Write,
    wire,
};

/// Where a specialist answers.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which, and in which turn.
    pub specialist: Specialist,
    /// The way there.
    pub handle: Handle,
}

/// What came of asking a specialist.
pub(super) type Said = Result<Arc<str>, TurnError>;

/// The specialists of a turn, and what is known of their answers.
#[derive(Default)]
pub(super) struct Panel {
    /// Who is asked.
    pub(super) specialists: Vec<Specialist>,
    /// They were asked.
    asked: bool,
    /// What they have said, once they have come to their ends.
    said: Vec<Option<Said>>,
    /// What the answer is made of.
    briefing: Option<Arc<Briefing>>,
    parts: Vec<Part>,
    /// Held until they have answered, so that their answers never find the pool full.
    pub(super) place: Option<Place>,
    /// Hears where they answer.
    shown: Option<Shows>,
}

type Shows = oneshot::Sender<Vec<Part>>;
type ShownTo = oneshot::Receiver<Vec<Part>>;

impl Panel {
    /// These pools, with the turns that their answers will be; and where whoever asks will hear of
    /// them. Nobody hears of none.
    pub(super) fn of(pools: &[PoolName]) -> (Self, Option<ShownTo>) {
        if pools.is_empty() {
            return (Self::default(), None);
        }
        let promise = |pool: &PoolName| Specialist {
            pool: pool.clone(),
            conversation: ConversationId::new(),
            turn: TurnId::new(),
        };
        let (shown, shown_to) = oneshot::channel();
        let said = pools.iter().map(|_| None).collect();
        let specialists = pools.iter().map(promise).collect();
        (Self { specialists, said, shown: Some(shown), ..Self::default() }, Some(shown_to))
    }

    /// Nobody is to be asked first.
    pub(super) fn is_empty(&self) -> bool {
        self.specialists.is_empty()
    }

    /// Says where they answer, to whoever has asked; who sees it knows the turn already.
    pub(super) fn show_parts(&mut self) {
        if let Some(shown) = self.shown.take() {
            // Whoever has asked may have left.
            drop(shown.send(std::mem::take(&mut self.parts)));
        }
    }

    /// What the answer is made of, once they have answered.
    pub(super) fn briefing(&self) -> Option<&Arc<Briefing>> {
        self.briefing.as_ref()
    }

    /// They have come to their ends. Fails where nobody has answered.
    fn brief(&mut self, question: &Arc<str>, window_tokens: u32) -> Result<(), TurnError> {
        let said = self.said.drain(..).map(|said| said.unwrap_or(Err(error(Reason::Internal))));
        let said: Vec<Said> = said.collect();
        if said.iter().all(Result::is_err) {
            let retryable = said.iter().any(|said| matches!(said, Err(error) if error.retryable));
            return Err(TurnError { retryable, ..error(Reason::SpecialistsFailed) });
        }
        // Some of the window is left to what was said before.
        let room = window_bytes(window_tokens).saturating_sub(question.len()) / 4 * 3;
        let told_bytes_max = (room / said.len()).min(limits::SPECIALIST_TOLD_BYTES_MAX);
        let opinion = |(specialist, said): (&Specialist, Said)| Opinion {
            pool: specialist.pool.clone(),
            said: said.map_err(|error| wire::reason_code(error.reason)),
        };
        let opinions = self.specialists.iter().zip(said).map(opinion).collect();
        self.briefing = Some(Arc::new(Briefing::new(question.clone(), opinions, told_bytes_max)));
        Ok(())
    }
}

/// Specialists that were asked. Dropped, it stops those that have not come to their ends.
#[derive(Default)]
pub(super) struct Consultation {
    open: Vec<Part>,
    ends: FuturesUnordered<BoxFuture<'static, (TurnId, Said)>>,
}

impl Consultation {
    /// Asks all of them at once.
    fn begin(
        registry: &Registry,
        (user, whole): (UserId, TurnRef),
        specialists: &[Specialist],
        ask: &Ask,
    ) -> Self {
        let mut asked = Self::default();
        for specialist in specialists {
            let turn = specialist.turn;
            let title = title::of(&ask.text).map(|of| format!("{}: {of}", specialist.pool).into());
            match registry.part(user, whole, specialist, title) {
                Ok(handle) => {
                    let ending = Ending::watch(&handle);
                    let pool = Some(specialist.pool.clone());
                    let span = part_span(&ask.span);
                    let sent = handle.ask(Ask { pool, turn: Some(turn), span, ..ask.clone() });
                    asked.ends.push(async move { (turn, end(sent, ending, turn).await) }.boxed());
                    asked.open.push(Part { specialist: specialist.clone(), handle });
                }
                Err(refusal) => {
                    let refused = Err(refused(&refusal));
                    asked.ends.push(async move { (turn, refused) }.boxed());
                }
            }
        }
        asked
    }

    /// The next one that has come to its end; none where all have. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<(TurnId, Said)> {
        let (turn, said) = self.ends.next().await?;
        self.open.retain(|part| part.specialist.turn != turn);
        Some((turn, said))
    }
}

impl Drop for Consultation {
    fn drop(&mut self) {
        for part in &self.open {
            // One that comes to its end in this moment is as good.
            drop(part.handle.cancel(part.specialist.turn));
        }
    }
}

/// How a specialist's turn ends.
async fn end(sent: Outcome<Sent>, ending: Ending, turn: TurnId) -> Said {
    sent.known().await.map_err(|refusal| refused(&refusal))?;
    let end = ending.of(turn).await.ok_or(error(Reason::Internal))?;
    match end.event.event {
        Event::TurnFailed { error, .. } => Err(error),
        Event::TurnCancelled { .. } => Err(error(Reason::Cancelled)),
        Event::TurnInterrupted { .. } => Err(error(Reason::Interrupted)),
        _ => Ok(end.answer),
    }
}

/// Why a specialist was not even asked.
fn refused(refusal: &Refusal) -> TurnError {
    match refusal {
        Refusal::PoolFull(busy) => busy_error(busy.retry_after),
        Refusal::BudgetExhausted(exhausted) => TurnError {
            retry_after_ms: u64::try_from(exhausted.renews_in.as_millis()).ok(),
            ..error(Reason::BudgetExhausted)
        },
        Refusal::Overloaded => error(Reason::Overloaded),
        Refusal::Draining => error(Reason::Interrupted),
        _ => error(Reason::Internal),
    }
}

fn busy_error(retry_after: std::time::Duration) -> TurnError {
    let retry_after_ms = u64::try_from(retry_after.as_millis()).ok();
    TurnError { retry_after_ms, ..error(Reason::QueueFull) }
}

fn error(reason: Reason) -> TurnError {
    let retryable = !matches!(reason, Reason::Cancelled);
    TurnError { reason, retryable, retry_after_ms: None }
}

/// What readers of a turn are told of one of its specialists.
pub(super) fn told_of(
    turn: TurnId,
    specialist: &Specialist,
    phase: ToolPhase,
    error: Option<TurnError>,
) -> Event {
    Event::TurnTool {
        turn,
        tool: SPECIALIST.into(),
        phase,
        call: specialist.turn.to_string().into(),
        summary: Some(specialist.pool.as_str().into()),
        error,
    }
}

impl Writer {
    /// Asks the specialists of the turn that has just begun: what names them is on its way to the
    /// store, and theirs goes behind it.
    pub(super) fn consult(&mut self) {
        let Phase::Running(running) = &mut self.phase else { return };
        if running.panel.is_empty() || std::mem::replace(&mut running.panel.asked, true) {
            return;
        }
        let whole = TurnRef { conversation: self.record.id, turn: running.turn.turn };
        let (text, span) = (running.question.clone(), running.span.clone());
        let ask = Ask { text, about: running.branch, span, ..Ask::default() };
        let (whole, specialists) = ((self.record.user, whole), &running.panel.specialists);
        let consultation = Consultation::begin(&self.registry, whole, specialists, &ask);
        running.panel.parts.clone_from(&consultation.open);
        running.consult(consultation);
    }

    /// A specialist has come to its end.
    pub(super) fn heard(&mut self, of: TurnId, said: Said) {
        let Phase::Running(running) = &mut self.phase else { return };
        let panel = &mut running.panel;
        let Some(at) = panel.specialists.iter().position(|one| one.turn == of) else { return };
        let (turn, error) = (running.turn.turn, said.as_ref().err().copied());
        let phase = if error.is_none() { ToolPhase::Finished } else { ToolPhase::Failed };
        let told = panel.specialists.get(at).map(|one| told_of(turn, one, phase, error));
        if let Some(place) = panel.said.get_mut(at) {
            *place = Some(said);
        }
        let told = told.map(|told| Shown::new(self.number(told), None));
        self.commit(Vec::new(), told.into_iter().collect(), None);
    }

    /// All have: one answer is made of theirs.
    pub(super) fn brief(&mut self) {
        let Phase::Running(running) = &mut self.phase else { return };
        let (question, pool) = (running.question.clone(), running.pool.clone());
        if let Err(error) = running.panel.brief(&question, pool.window_tokens()) {
            return self.end_current(Cut::Failed(error), None);
        }
        let place = running.panel.place.take();
        match (pool.try_worker(Origin::Turn), place) {
            (Some(worker), _) => running.read(&self.workshop, worker),
            (None, Some(place)) => {
                let mut queued = place.queue_up(Asker::turn(self.record.user));
                queued.look();
                running.queue(queued);
            }
            (None, None) => self.end_current(Cut::Failed(error(Reason::Internal)), None),
        }
    }

    /// Keeps who is asked, and what they read at the least: from here on a restart has to count it.
    pub(super) fn note_asked(&mut self) {
        let Phase::Running(running) = &self.phase else { return };
        let begun = self.asked(running);
        self.commit(vec![Write::Message(begun)], Vec::new(), None);
    }

    /// Names whoever an answer that is whole should have named.
    pub(super) fn attribute(&mut self) {
        let Phase::Running(running) = &mut self.phase else { return };
        let Some(briefing) = running.panel.briefing() else { return };
        let text = if running.is_visible() {
            self.feed.live_text().unwrap_or_default()
        } else {
            running.early.as_str().into()
        };
        let Some(line) = briefing.unsaid(&text) else { return };
        let apart = if text.is_empty() { "" } else { "\n\n" };
        let feed = &self.feed;
        running.push(&format!("{apart}{line}"), |text, announced| feed.grow(text, announced));
    }

    /// Deletes the specialists' conversations that are in memory, so that their readers see it and
    /// what they have cost is counted. The others go with this one's record.
    pub(super) async fn delete_parts(&mut self) {
        let parts = match self.workshop.store.parts(self.record.id).await {
            Ok(parts) => parts,
            Err(error) => {
                tracing::warn!(conversation = %self.record.id, %error, "its parts are not known");
                return;
            }
        };
        let living = parts.into_iter().filter_map(|part| self.registry.living(part));
        // One that cannot be deleted now is deleted with the record.
        drop(join_all(living.map(|handle| handle.delete().known())).await);
    }
}
