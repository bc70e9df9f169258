//! Chat Completions: chunks to pieces. Lenient, for dozens of servers speak it in their own way.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::Again;
use crate::{
    limits::REPLAY_BYTES_MAX,
    model::{FinishReason, Usage},
    provider::{
        Ending, Failure, Piece,
        decode::{self, Calls, Decoder, Fragment, Pieces, parse},
        lenient::{Count, Text, Tokens, first, or_default},
        refusal,
        replays::Replays,
        sse::{self, Event},
        truncated,
    },
};

/// Reads one completion.
#[derive(Debug, Default)]
pub(in crate::provider) struct ChatDecoder {
    calls: Calls,
    replays: Replays,
    /// What the model has thought until it called, under the one name by which a server wants it back.
    thoughts: String,
    /// A choice was seen, so there is an answer that can end.
    begun: bool,
    /// A `delta` said something.
    grew: bool,
    refused: bool,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    model: String,
}

impl Decoder for ChatDecoder {
    fn event(&mut self, event: &Event, pieces: &mut Pieces) -> Result<(), Failure> {
        if !decode::is_done(event) {
            return self.chunk(&event.data, pieces);
        }
        // Some servers say that they are done in place of a finish reason.
        self.begun.then_some(()).ok_or_else(truncated)?;
        self.end(pieces)
    }

    fn finish(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        self.finish.ok_or_else(truncated)?;
        self.end(pieces)
    }

    fn whole(&mut self, body: &str, pieces: &mut Pieces) -> Result<(), Failure> {
        self.chunk(body, pieces)?;
        self.begun.then_some(()).ok_or_else(sse::unreadable)?;
        self.end(pieces)
    }
}

impl ChatDecoder {
    /// `replays`: what of the answer is to be sent again.
    pub(in crate::provider) fn new(replays: Replays) -> Self {
        Self { replays, ..Self::default() }
    }

    fn chunk(&mut self, json: &str, pieces: &mut Pieces) -> Result<(), Failure> {
        let chunk: Chunk<'_> = parse(json)?;
        if chunk.error.is_some() {
            return Err(refusal::in_stream(json));
        }
        self.usage = chunk.usage.and_then(Tokens::usage).or(self.usage);
        if self.model.is_empty() {
            self.model.push_str(&chunk.model);
        }
        let Some(choice) = chunk.choice else { return Ok(()) };
        self.begun = true;
        self.grew |= !choice.delta.is_empty();
        self.delta(&choice.delta, pieces)?;
        // Beside deltas it says again what they have said.
        if !self.grew {
            self.delta(&choice.message, pieces)?;
        }
        match choice.finish_reason.filled() {
            None => Ok(()),
            Some("error") => Err(refusal::in_stream(json)),
            Some(reason) => {
                self.finish = Some(self.reason(reason));
                self.call(pieces)
            }
        }
    }

    fn delta(&mut self, delta: &Delta<'_>, pieces: &mut Pieces) -> Result<(), Failure> {
        let thought = delta.reasoning_content.filled().or(delta.reasoning.filled());
        decode::reasoning(pieces, thought.unwrap_or_default());
        // Should they become too long, it is the replay that is refused.
        if self.replays.wanted() && self.thoughts.len() <= REPLAY_BYTES_MAX {
            self.thoughts.push_str(&delta.reasoning_content);
        }
        decode::text(pieces, &delta.content);
        self.refused |= delta.refusal.filled().is_some();
        decode::text(pieces, &delta.refusal);
        for part in &delta.tool_calls {
            self.calls.add(&Fragment {
                index: part.index.0,
                id: &part.id,
                name: &part.function.name,
                arguments: &part.function.arguments,
                extra: part.extra_content,
            })?;
        }
        Ok(())
    }

    /// Where servers differ, what was seen counts for more than the word they end with.
    fn reason(&self, reason: &str) -> FinishReason {
        match reason {
            "length" | "max_tokens" => FinishReason::Length,
            "content_filter" => FinishReason::ContentFilter,
            _ if self.refused || reason == "refusal" => FinishReason::Refusal,
            _ if self.calls.any() => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        }
    }

    /// Emits the calls, each behind what its server wants to see again with it.
    fn call(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        for (call, extra) in self.calls.take() {
            let thoughts = Some(std::mem::take(&mut self.thoughts)).filter(|text| !text.is_empty());
            if thoughts.is_some() || extra.is_some() {
                let (reasoning_content, extra_content) =
                    (thoughts.map(Cow::Owned), extra.as_deref());
                let again = to_raw_value(&Again { reasoning_content, extra_content });
                self.replays.add(again.map_err(|_| sse::unreadable())?, pieces)?;
            }
            pieces.push_back(Piece::ToolCall(call));
        }
        Ok(())
    }

    fn end(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        self.call(pieces)?;
        let finish_reason = self.finish.unwrap_or_else(|| self.reason("stop"));
        let model = decode::model(&self.model);
        pieces.push_back(Piece::End(Ending { finish_reason, usage: self.usage, model }));
        Ok(())
    }
}

/// One chunk, or a whole completion: its choice has `message` in place of `delta`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow, rename = "choices", deserialize_with = "first")]
    choice: Option<Choice<'a>>,
    usage: Option<Tokens>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    delta: Delta<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    message: Delta<'a>,
    #[serde(borrow)]
    finish_reason: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Text<'a>,
    #[serde(borrow)]
    refusal: Text<'a>,
    #[serde(borrow)]
    reasoning_content: Text<'a>,
    #[serde(borrow)]
    reasoning: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    tool_calls: Vec<CallPart<'a>>,
}

impl Delta<'_> {
    fn is_empty(&self) -> bool {
        let texts = [&self.content, &self.refusal, &self.reasoning_content, &self.reasoning];
        self.tool_calls.is_empty() && texts.iter().all(|text| text.filled().is_none())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CallPart<'a> {
    index: Count,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    function: FunctionPart<'a>,
    #[serde(borrow)]
    extra_content: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FunctionPart<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    arguments: Text<'a>,
}
