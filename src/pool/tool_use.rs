//! An answer that stops for tools: the model calls them, they are carried out, and it goes on.
//!
//! Invariants: what one round has shown stays, whatever the next one does; a call is answered exactly
//! once, also one that was refused; after `limits::TOOL_ROUNDS_MAX` no tool may be called any more.

use std::sync::Arc;

use async_stream::stream;
use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use super::{
    Pool,
    attempt::{Progress, Prompt},
    span::tool_span,
};
use crate::{
    limits,
    model::{BYTES_PER_TOKEN_LEAST, FinishReason},
    provider::{Ending, Item, Piece, ToolCall},
    tool::{Found, Trouble},
    wire,
};

impl Pool {
    /// Asks the stops of the route until one answers, and carries out what tools the model calls.
    /// Dropping the stream closes the request and ends what tools have begun.
    pub fn answer(self: Arc<Self>, prompt: Prompt) -> BoxStream<'static, Progress> {
        if self.tools.is_empty() {
            return self.reply(prompt);
        }
        stream! {
            let mut prompt = prompt;
            let mut shown = String::new();
            for rounds in 1_u32.. {
                let mut round = Round::new(&shown, &prompt);
                let mut reply = self.clone().reply(prompt.clone());
                let ending = loop {
                    match reply.next().await.map(|step| round.take(step)) {
                        Some(Taken::Show(progress)) => yield progress,
                        Some(Taken::Kept) => {}
                        Some(Taken::Called(ending)) => break ending,
                        None => return,
                    }
                };
                drop(reply);
                yield Progress::Paused(ending);
                let Said { items, calls, text } = round.end();
                shown.push_str(&text);
                for call in &calls {
                    yield Progress::Calling(call.clone());
                }
                let mut results = vec![None; calls.len()];
                let mut under_way = self.carry_out(&calls, &prompt.span);
                while let Some((at, outcome)) = under_way.next().await {
                    if let (Some(call), Some(result)) = (calls.get(at), results.get_mut(at)) {
                        *result = Some(item(call, &outcome));
                        let outcome = outcome.map(|found| found.summary);
                        yield Progress::Called { call: call.clone(), outcome };
                    }
                }
                let read = items.into_iter().chain(results.into_iter().flatten());
                self.go_on(&mut prompt, read.collect(), rounds);
                yield Progress::GoingOn { prompt_bytes: self.prompt_bytes(&prompt.items) };
            }
        }
        .boxed()
    }

    /// The calls, all at once, each with its place.
    fn carry_out(
        self: &Arc<Self>,
        calls: &[ToolCall],
        parent: &Span,
    ) -> FuturesUnordered<BoxFuture<'static, (usize, Result<Found, Trouble>)>> {
        let one = |(at, call): (usize, &ToolCall)| -> BoxFuture<'static, _> {
            if at >= limits::TOOL_CALLS_AT_ONCE_MAX {
                return Box::pin(std::future::ready((at, Err(Trouble::TooMany))));
            }
            let (pool, call, span) = (self.clone(), call.clone(), tool_span(parent, call));
            let told = span.clone();
            let called = async move {
                let began = Instant::now();
                let outcome = pool.tools.call(&call.name, call.arguments).await;
                let failed = outcome.as_ref().err().map(Trouble::reason);
                if let Some(reason) = failed {
                    told.record("error.type", wire::reason_code(reason));
                }
                if let Some(tool) = pool.tools.known(&call.name) {
                    pool.meter.called(tool.clone(), failed, began.elapsed());
                }
                (at, outcome)
            };
            Box::pin(called.instrument(span))
        };
        calls.iter().enumerate().map(one).collect()
    }

    /// What the next round is asked.
    fn go_on(&self, prompt: &mut Prompt, read: Vec<Item>, rounds: u32) {
        prompt.items.extend(read);
        // The provider's copy of the conversation ends in calls that it has not seen answered.
        prompt.remote = None;
        prompt.hedge = false;
        let window = u64::from(self.window_tokens) * BYTES_PER_TOKEN_LEAST;
        prompt.closed = rounds >= limits::TOOL_ROUNDS_MAX
            || self.prompt_bytes(&prompt.items) + limits::TOOL_OUTPUT_BYTES_MAX as u64 > window;
    }
}

/// From one request to the calls that end its answer.
struct Round<'a> {
    /// What earlier rounds have shown.
    before: &'a str,
    /// What it is asked.
    prompt: &'a Prompt,
    /// What the model said and called, in order.
    items: Vec<Item>,
    calls: Vec<ToolCall>,
    /// What this one has shown, and from where on it is in no item yet.
    said: String,
    unkept_from: usize,
}

/// What came of a round.
struct Said {
    items: Vec<Item>,
    calls: Vec<ToolCall>,
    text: String,
}

/// What becomes of a piece.
enum Taken {
    Show(Progress),
    Kept,
    /// The answer stops here for its tools.
    Called(Ending),
}

impl<'a> Round<'a> {
    fn new(before: &'a str, prompt: &'a Prompt) -> Self {
        let (items, calls, said) = (Vec::new(), Vec::new(), String::new());
        Self { before, prompt, items, calls, said, unkept_from: 0 }
    }

    fn take(&mut self, step: Progress) -> Taken {
        match step {
            Progress::Piece(Piece::Text(text)) => Taken::Show(self.says(text)),
            Progress::Piece(Piece::Replay(replay)) => {
                self.keep(Item::Replay(replay));
                Taken::Kept
            }
            Progress::Piece(Piece::ToolCall(mut call)) if !self.prompt.closed => {
                if self.knows(&call.id) {
                    // Servers that give no ids are given the same ones again in each round.
                    let unlike = self.prompt.items.len() + self.items.len();
                    call.id = format!("{}_{unlike}", call.id).into();
                }
                self.keep(Item::ToolCall(call.clone()));
                self.calls.push(call);
                Taken::Kept
            }
            Progress::Piece(Piece::End(ending)) if self.stops(&ending) => Taken::Called(ending),
            // What was not shown is as if it had not been said.
            Progress::Asking { .. } if self.said.is_empty() => {
                *self = Self::new(self.before, self.prompt);
                Taken::Show(step)
            }
            Progress::Reset { because, .. } => {
                *self = Self::new(self.before, self.prompt);
                Taken::Show(Progress::Reset { because, kept: self.before.into() })
            }
            other => Taken::Show(other),
        }
    }

    /// There is a call of this id already.
    fn knows(&self, id: &str) -> bool {
        let mut items = self.prompt.items.iter().chain(&self.items);
        items.any(|item| matches!(item, Item::ToolCall(call) if *call.id == *id))
    }

    /// Where an answer was cut off, the arguments of its calls may be as well.
    fn stops(&self, ending: &Ending) -> bool {
        ending.finish_reason == FinishReason::ToolCalls && !self.calls.is_empty()
    }

    /// What is said after tools stands apart from what was said before them.
    fn says(&mut self, text: String) -> Progress {
        if !self.said.is_empty() || self.before.is_empty() {
            self.said.push_str(&text);
            return Progress::Piece(Piece::Text(text));
        }
        self.said.push_str(APART);
        self.unkept_from = APART.len();
        self.said.push_str(&text);
        Progress::Piece(Piece::Text(self.said.clone()))
    }

    fn keep(&mut self, item: Item) {
        let text = self.said.get(self.unkept_from..).unwrap_or_default();
        if !text.is_empty() {
            self.items.push(Item::Assistant(text.into()));
        }
        self.unkept_from = self.said.len();
        self.items.push(item);
    }

    /// What was said behind the last call the model is not told: no dialect has a place for it.
    fn end(self) -> Said {
        Said { items: self.items, calls: self.calls, text: self.said }
    }
}

const APART: &str = "\n\n";

/// What the model is told of a call.
fn item(call: &ToolCall, outcome: &Result<Found, Trouble>) -> Item {
    let (output, failed) = match outcome {
        Ok(found) => (found.text.as_str().into(), false),
        Err(trouble) => (trouble.to_string().into(), true),
    };
    Item::ToolResult { call: call.id.clone(), output, failed }
}
