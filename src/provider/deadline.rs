//! How long an answer may take: to its first piece, between two signs of life, as a whole.
//!
//! Invariant: one timer an answer, armed again only when it fires; a token costs no timer.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::{Answer, Failure, Piece, Retry};
use crate::{config::ProviderSettings, model::Reason};

/// The deadlines of every answer of one provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// From the asking to the first piece, or to the first thought where none is shown; what carries
    /// neither, such as a ping, does not count.
    first: Duration,
    /// Between two signs of life after that, of whatever kind.
    silence: Duration,
    /// From the asking to the end.
    turn: Duration,
}

impl From<&ProviderSettings> for Deadlines {
    fn from(settings: &ProviderSettings) -> Self {
        Self {
            first: Duration::from_millis(settings.first_token_ms),
            silence: Duration::from_millis(settings.silence_ms),
            turn: Duration::from_millis(settings.turn_ms),
        }
    }
}

/// Where a transport notes that its other end is alive.
#[derive(Debug, Clone)]
pub(super) struct Pulse {
    asked: Instant,
    /// Milliseconds after `asked`.
    heard: Arc<AtomicU64>,
}

impl Pulse {
    fn new() -> Self {
        Self { asked: Instant::now(), heard: Arc::default() }
    }

    /// Something arrived, be it a comment that no decoder will see.
    pub(super) fn beat(&self) {
        let after = u64::try_from(self.asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(after, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.asked + Duration::from_millis(self.heard.load(Ordering::Relaxed))
    }
}

/// Asks, and breaks off the asking or the answer at the first deadline that passes.
pub(super) fn within<F, A>(
    deadlines: Deadlines,
    ask: F,
) -> BoxFuture<'static, Result<Answer, Failure>>
where
    F: FnOnce(Pulse) -> A + Send + 'static,
    A: Future<Output = Result<Answer, Failure>> + Send + 'static,
{
    Box::pin(async move {
        let pulse = Pulse::new();
        let due = pulse.asked + deadlines.first.min(deadlines.turn);
        let answer = timeout_at(due, ask(pulse.clone())).await.map_err(|_| passed())??;
        let phase = Phase::Waiting;
        Ok(Timed { answer, deadlines, pulse, phase, timer: Box::pin(sleep_until(due)) }.boxed())
    })
}

fn passed() -> Failure {
    Failure { reason: Reason::DeadlineExceeded, retry: Retry::Soon, status: None, code: None }
}

enum Phase {
    /// No piece came yet, nor has the model begun to think.
    Waiting,
    /// Pieces come.
    Answering,
    /// The end came; what follows is no longer the answer.
    Ended,
}

struct Timed {
    answer: Answer,
    deadlines: Deadlines,
    pulse: Pulse,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
}

impl Timed {
    fn due(&self) -> Instant {
        let whole = self.pulse.asked + self.deadlines.turn;
        match self.phase {
            Phase::Waiting => whole.min(self.pulse.asked + self.deadlines.first),
            Phase::Answering => whole.min(self.pulse.last() + self.deadlines.silence),
            Phase::Ended => whole,
        }
    }

    /// A deadline passed: the upstream request goes, and the reader is told unless it has its end.
    fn break_off(&mut self) -> Option<Result<Piece, Failure>> {
        self.answer = stream::empty().boxed();
        (!matches!(self.phase, Phase::Ended)).then_some(Err(passed()))
    }
}

impl Stream for Timed {
    type Item = Result<Piece, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while let Poll::Ready(piece) = self.answer.poll_next_unpin(cx) {
            // An upstream that is never slow would never let the timer speak.
            if piece.is_some() && self.pulse.asked.elapsed() >= self.deadlines.turn {
                return Poll::Ready(self.break_off());
            }
            match piece {
                Some(Ok(Piece::End(_))) => self.phase = Phase::Ended,
                Some(Ok(_)) if matches!(self.phase, Phase::Waiting) => {
                    self.pulse.beat();
                    self.phase = Phase::Answering;
                    let due = self.due();
                    self.timer.as_mut().reset(due);
                }
                _ => {}
            }
            if !matches!(&piece, Some(Ok(Piece::Reasoning(text))) if text.is_empty()) {
                return Poll::Ready(piece);
            }
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let due = self.due();
            if due <= Instant::now() {
                return Poll::Ready(self.break_off());
            }
            self.timer.as_mut().reset(due);
        }
    }
}
