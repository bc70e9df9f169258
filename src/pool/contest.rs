//! Who is asked and has not spoken yet: one, or two where the first keeps silent for too long.
//!
//! Invariants: of two exactly one is heard, the one that speaks first; the other is dropped before
//! anything of it is shown, and its request with it. There is no second where nobody who is well may
//! be asked at once.

use std::{collections::VecDeque, sync::Arc};

use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, select_all},
};
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument as _, Span};

use super::{
    Pool,
    attempt::{Progress, Prompt},
    health::Attempt,
    route::{Leg, Round},
    span::ChatSpan,
};
use crate::{
    model::Reason,
    provider::{Answer, Failure, Piece, Request, Retry},
};

/// Those who are asked.
pub(super) struct Contest<'a> {
    pool: &'a Pool,
    prompt: &'a Prompt,
    /// The provider's copy of the conversation, for as long as nobody can have changed it.
    pub(super) remote: Option<Arc<str>>,
    asked: Vec<Asked<'a>>,
    /// When a second is asked as well; none where there shall be no second.
    second_at: Option<Instant>,
    /// What is to be told first.
    telling: VecDeque<Progress>,
    opened: Option<Opened>,
}

/// What happens to them.
pub(super) enum Step {
    /// Whoever listens is to be told.
    Tell(Progress),
    /// One of them gave no answer.
    Failed(Failure),
    /// One of them speaks. Nothing follows.
    Opened(Box<Opened>),
}

/// An answer that has begun.
pub(super) struct Opened {
    pub(super) attempt: Attempt,
    pub(super) answer: Answer,
    pub(super) chat: ChatSpan,
    /// What was said first.
    pub(super) piece: Piece,
}

/// The answer of one who is asked, and what it begins with.
type Opening = BoxFuture<'static, Result<(Answer, Piece), Failure>>;

struct Asked<'a> {
    leg: &'a Leg,
    attempt: Attempt,
    /// It is the second.
    hedge: bool,
    chat: ChatSpan,
    opening: Opening,
}

impl<'a> Contest<'a> {
    /// Asks this one by the provider's copy of the conversation, where it has one, and another one as well
    /// where it keeps silent until then.
    pub(super) fn new(
        (pool, prompt, remote): (&'a Pool, &'a Prompt, Option<Arc<str>>),
        (leg, attempt): (&'a Leg, Attempt),
        second_at: Option<Instant>,
    ) -> Self {
        let (chat, opening) = open(pool, leg, prompt, remote.clone());
        let asked = vec![Asked { leg, attempt, hedge: false, chat, opening }];
        let telling = [Progress::asking(leg)].into();
        Self { pool, prompt, remote, asked, second_at, telling, opened: None }
    }

    /// What happens next; nothing once all have failed. Cancel-safe.
    pub(super) async fn next(&mut self, stops: &mut Round<'a>) -> Option<Step> {
        loop {
            if let Some(progress) = self.telling.pop_front() {
                return Some(Step::Tell(progress));
            }
            if let Some(opened) = self.opened.take() {
                return Some(Step::Opened(Box::new(opened)));
            }
            if self.asked.is_empty() {
                return None;
            }
            let second_at = self.second_at;
            let silence = async {
                match second_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let openings = self.asked.iter_mut().map(|asked| &mut asked.opening);
            let (opening, place) = tokio::select! { biased;
                (opening, place, _) = select_all(openings) => (opening, place),
                () = silence => {
                    self.ask_second(stops);
                    continue;
                }
            };
            let mut ended = self.asked.remove(place);
            match opening {
                Ok((answer, piece)) => self.open(ended, answer, piece),
                Err(failure) => {
                    ended.chat.failed(&failure);
                    ended.attempt.failed(&failure);
                    // What has no status was not refused, and may have broken off after it began.
                    self.remote.take_if(|_| failure.status.is_none());
                    self.telling.extend(self.asked.first().map(|left| Progress::asking(left.leg)));
                    return Some(Step::Failed(failure));
                }
            }
        }
    }

    fn ask_second(&mut self, stops: &mut Round<'a>) {
        self.second_at = None;
        let Some((leg, attempt)) = stops.spare() else { return };
        // The provider's copy of a conversation can take one question at a time.
        let (chat, opening) = open(self.pool, leg, self.prompt, None);
        self.pool.meter.hedged();
        self.telling.push_back(Progress::Hedging {
            provider: leg.provider.name().clone(),
            model: leg.model.clone(),
        });
        self.asked.push(Asked { leg, attempt, hedge: true, chat, opening });
    }

    fn open(&mut self, mut first: Asked<'a>, answer: Answer, piece: Piece) {
        first.attempt.heard(&piece);
        self.remote = None;
        let outran = !self.asked.is_empty();
        for mut slower in self.asked.drain(..) {
            slower.attempt.outrun();
            let provider = slower.leg.provider.name().clone();
            self.telling.push_back(Progress::Dropped { provider, model: slower.leg.model.clone() });
        }
        if first.hedge {
            self.pool.meter.hedge_won();
            // Where the first had failed, it was told by then.
            self.telling.extend(outran.then(|| Progress::asking(first.leg)));
        }
        let Asked { attempt, chat, .. } = first;
        self.opened = Some(Opened { attempt, answer, chat, piece });
    }
}

fn open(pool: &Pool, leg: &Leg, prompt: &Prompt, remote: Option<Arc<str>>) -> (ChatSpan, Opening) {
    let mut request = Request { remote, ..pool.request(leg.model.clone(), prompt) };
    let chat = ChatSpan::begin(&prompt.span, leg, &mut request);
    let asked = leg.provider.ask(request).instrument(Span::clone(&prompt.span));
    let opening = async move {
        let mut answer = asked.await?;
        match answer.next().await {
            Some(piece) => Ok((answer, piece?)),
            None => Err(NOTHING),
        }
    };
    (chat, opening.boxed())
}

/// An answer without a word and without an end.
const NOTHING: Failure =
    Failure { reason: Reason::ProviderTruncated, retry: Retry::Soon, status: None, code: None };
