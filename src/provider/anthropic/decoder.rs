//! Messages: events to pieces.
//!
//! Deliberately absent: going on after `pause_turn`. It comes from the provider's own server tools,
//! which we never ask for; should it come, the answer ends there.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    model::{FinishReason, Usage},
    provider::{
        Ending, Failure, Piece,
        decode::{self, Calls, Decoder, Fragment, Pieces, parse},
        lenient::{Count, Text, or_default},
        refusal,
        replays::Replays,
        sse::{self, Event},
        truncated,
    },
};

/// Reads one message.
#[derive(Debug, Default)]
pub(in crate::provider) struct MessagesDecoder {
    calls: Calls,
    /// The block that is a tool call of ours and has not stopped.
    calling: Option<u64>,
    replays: Replays,
    /// The block that is a thought and has not stopped, where it is to be sent again.
    thinking: Option<Thought>,
    finish: Option<FinishReason>,
    usage: Option<Tokens>,
    model: String,
}

impl Decoder for MessagesDecoder {
    fn event(&mut self, event: &Event, pieces: &mut Pieces) -> Result<(), Failure> {
        if decode::is_done(event) {
            return self.finish(pieces);
        }
        let kind = decode::kind(event)?;
        match &*kind {
            "content_block_delta" => self.delta(&parse(&event.data)?, pieces),
            "content_block_start" => self.block(&parse(&event.data)?, pieces),
            "content_block_stop" => {
                self.calling = None;
                self.calls.emit(pieces);
                self.thought(pieces)
            }
            "message_start" => {
                self.message(&parse::<Start<'_>>(&event.data)?.message);
                Ok(())
            }
            "message_delta" => {
                let MessageDelta { delta, usage } = parse(&event.data)?;
                self.count(usage);
                self.stop(&delta.stop_reason);
                Ok(())
            }
            "message_stop" => self.end(pieces),
            "error" => Err(refusal::in_stream(&event.data)),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        self.finish.ok_or_else(truncated)?;
        self.end(pieces)
    }

    fn whole(&mut self, body: &str, pieces: &mut Pieces) -> Result<(), Failure> {
        let message: Message<'_> = parse(body)?;
        if &*message.kind == "error" {
            return Err(refusal::in_stream(body));
        }
        if &*message.kind != "message" {
            return Err(sse::unreadable());
        }
        self.message(&message);
        for (index, content_block) in (0..).map(Count).zip(message.content) {
            self.block(&Block { index, content_block }, pieces)?;
        }
        self.end(pieces)
    }
}

impl MessagesDecoder {
    /// `replays`: what of the answer is to be sent again.
    pub(in crate::provider) fn new(replays: Replays) -> Self {
        Self { replays, ..Self::default() }
    }

    fn message(&mut self, message: &Message<'_>) {
        self.model.push_str(&message.model);
        self.count(message.usage);
        self.stop(&message.stop_reason);
    }

    fn block(&mut self, start: &Block<'_>, pieces: &mut Pieces) -> Result<(), Failure> {
        let block = &start.content_block;
        self.calling = None;
        self.thought(pieces)?;
        match &*block.kind {
            "text" => decode::text(pieces, &block.text),
            "thinking" => {
                decode::thinks(pieces);
                decode::reasoning(pieces, &block.thinking);
                self.think(|| Thought::Thinking {
                    thinking: block.thinking.to_string(),
                    signature: block.signature.to_string(),
                });
            }
            "redacted_thinking" => {
                decode::thinks(pieces);
                self.think(|| Thought::RedactedThinking { data: block.data.to_string() });
            }
            "tool_use" => {
                self.calling = Some(start.index.0);
                // A stream begins with an empty object and fills it; a whole answer has it full.
                let input = block.input.map_or("", |input| input.get());
                self.calls.add(&Fragment {
                    index: start.index.0,
                    id: &block.id,
                    name: &block.name,
                    arguments: if input == "{}" { "" } else { input },
                    extra: None,
                })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn delta(&mut self, change: &BlockDelta<'_>, pieces: &mut Pieces) -> Result<(), Failure> {
        let delta = &change.delta;
        match &*delta.kind {
            "text_delta" => decode::text(pieces, &delta.text),
            "thinking_delta" => {
                decode::reasoning(pieces, &delta.thinking);
                if let Some(Thought::Thinking { thinking, .. }) = &mut self.thinking {
                    self.replays.room_for(thinking.len() + delta.thinking.len())?;
                    thinking.push_str(&delta.thinking);
                }
            }
            "signature_delta" => {
                if let Some(Thought::Thinking { signature, .. }) = &mut self.thinking {
                    (*delta.signature).clone_into(signature);
                }
            }
            "input_json_delta" if self.calling == Some(change.index.0) => {
                let (index, arguments) = (change.index.0, &*delta.partial_json);
                self.calls.add(&Fragment { index, id: "", name: "", arguments, extra: None })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn think(&mut self, thought: impl FnOnce() -> Thought) {
        self.thinking = self.replays.wanted().then(thought);
    }

    /// A thought has ended. One without a signature the provider would not know again.
    fn thought(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        match self.thinking.take() {
            None => Ok(()),
            Some(Thought::Thinking { signature, .. }) if signature.is_empty() => Ok(()),
            Some(thought) => {
                let thought = to_raw_value(&thought).map_err(|_| sse::unreadable())?;
                self.replays.add(thought, pieces)
            }
        }
    }

    /// The counts are cumulative, and later ones may correct what the start said.
    fn count(&mut self, new: Tokens) {
        let old = self.usage.unwrap_or_default();
        let newer = |new: Count, old: Count| if new.0 > 0 { new } else { old };
        let usage = Tokens {
            fresh: newer(new.fresh, old.fresh),
            cached: newer(new.cached, old.cached),
            kept: newer(new.kept, old.kept),
            output: newer(new.output, old.output),
        };
        self.usage = (usage != Tokens::default()).then_some(usage);
    }

    fn stop(&mut self, reason: &Text<'_>) {
        self.finish = match reason.filled() {
            None => return,
            Some("max_tokens" | "model_context_window_exceeded") => Some(FinishReason::Length),
            Some("tool_use") => Some(FinishReason::ToolCalls),
            Some("refusal") => Some(FinishReason::Refusal),
            Some(_) => Some(FinishReason::Stop),
        };
    }

    fn end(&mut self, pieces: &mut Pieces) -> Result<(), Failure> {
        self.thought(pieces)?;
        self.calls.emit(pieces);
        // Where servers differ, what was seen counts for more than the word they end with.
        let finish_reason = match self.finish {
            Some(FinishReason::Stop | FinishReason::ToolCalls) | None if self.calls.any() => {
                FinishReason::ToolCalls
            }
            Some(FinishReason::ToolCalls) | None => FinishReason::Stop,
            Some(reason) => reason,
        };
        let (usage, model) = (self.usage.map(Usage::from), decode::model(&self.model));
        pieces.push_back(Piece::End(Ending { finish_reason, usage, model }));
        Ok(())
    }
}

/// A block of thinking, as it was sent and is sent again.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thought {
    Thinking { thinking: String, signature: String },
    RedactedThinking { data: String },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Start<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    message: Message<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    stop_reason: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    content: Vec<ContentBlock<'a>>,
    #[serde(deserialize_with = "or_default")]
    usage: Tokens,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Block<'a> {
    index: Count,
    #[serde(borrow, deserialize_with = "or_default")]
    content_block: ContentBlock<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContentBlock<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    thinking: Text<'a>,
    #[serde(borrow)]
    signature: Text<'a>,
    #[serde(borrow)]
    data: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BlockDelta<'a> {
    index: Count,
    #[serde(borrow, deserialize_with = "or_default")]
    delta: Delta<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    thinking: Text<'a>,
    #[serde(borrow)]
    signature: Text<'a>,
    #[serde(borrow)]
    partial_json: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageDelta<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    delta: StopDelta<'a>,
    #[serde(deserialize_with = "or_default")]
    usage: Tokens,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StopDelta<'a> {
    #[serde(borrow)]
    stop_reason: Text<'a>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(default)]
struct Tokens {
    #[serde(rename = "input_tokens")]
    fresh: Count,
    #[serde(rename = "cache_read_input_tokens")]
    cached: Count,
    #[serde(rename = "cache_creation_input_tokens")]
    kept: Count,
    #[serde(rename = "output_tokens")]
    output: Count,
}

impl From<Tokens> for Usage {
    /// Anthropic counts what came from or went to the cache beside the input; we count it in.
    fn from(tokens: Tokens) -> Self {
        let Tokens { fresh, cached, kept, output } = tokens;
        Self {
            input: fresh.0.saturating_add(cached.0).saturating_add(kept.0),
            output: output.0,
            cached: cached.0,
            kept: kept.0,
            estimated: false,
        }
    }
}
