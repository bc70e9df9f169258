//! Chat Completions: chunks to pieces. Lenient, for dozens of servers speak it in their own way.

use serde::Deserialize;

use crate::{
    model::{FinishReason, Usage},
    provider::{
        Ending, Failure, Piece,
        decode::{self, Calls, Decoder, Fragment, Pieces, parse},
        lenient::{Cached, Count, Text, first, or_default},
        refusal,
        sse::{self, Event},
        truncated,
    },
};

/// Reads one completion.
#[derive(Debug, Default)]
pub(in crate::provider) struct ChatDecoder {
    calls: Calls,
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
        self.end(self.begun, pieces).ok_or_else(truncated)
    }

    fn finish(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        self.end(self.finish.is_some(), pieces).ok_or_else(truncated)
    }

    fn whole(&mut self, body: &str, pieces: &mut Pieces) -> Result<(), Failure> {
        self.chunk(body, pieces)?;
        self.end(self.begun, pieces).ok_or_else(sse::unreadable)
    }
}

impl ChatDecoder {
    fn chunk(&mut self, json: &str, pieces: &mut Pieces) -> Result<(), Failure> {
        let chunk: Chunk<'_> = parse(json)?;
        if chunk.error.is_some() {
            return Err(refusal::in_stream(json));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
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
                self.calls.emit(pieces);
                Ok(())
            }
        }
    }

    fn delta(&mut self, delta: &Delta<'_>, pieces: &mut Pieces) -> Result<(), Failure> {
        let thought = delta.reasoning_content.filled().or(delta.reasoning.filled());
        decode::reasoning(pieces, thought.unwrap_or_default());
        decode::text(pieces, &delta.content);
        self.refused |= delta.refusal.filled().is_some();
        decode::text(pieces, &delta.refusal);
        for part in &delta.tool_calls {
            self.calls.add(&Fragment {
                index: part.index.0,
                id: &part.id,
                name: &part.function.name,
                arguments: &part.function.arguments,
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

    /// Emits the end, if the answer has one.
    fn end(&mut self, has_one: bool, pieces: &mut Pieces) -> Option<()> {
        has_one.then_some(())?;
        self.calls.emit(pieces);
        let finish_reason = self.finish.unwrap_or_else(|| self.reason("stop"));
        let model = decode::model(&self.model);
        pieces.push_back(Piece::End(Ending { finish_reason, usage: self.usage, model }));
        Some(())
    }
}

/// One chunk, or a whole completion: its choice has `message` in place of `delta`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    error: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow, rename = "choices", deserialize_with = "first")]
    choice: Option<Choice<'a>>,
    usage: Option<ChatUsage>,
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
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FunctionPart<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    arguments: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ChatUsage {
    prompt_tokens: Count,
    completion_tokens: Count,
    #[serde(deserialize_with = "or_default")]
    prompt_tokens_details: Cached,
}

impl From<ChatUsage> for Usage {
    fn from(usage: ChatUsage) -> Self {
        Self {
            input: usage.prompt_tokens.0,
            output: usage.completion_tokens.0,
            cached: usage.prompt_tokens_details.cached_tokens.0,
            estimated: false,
        }
    }
}
