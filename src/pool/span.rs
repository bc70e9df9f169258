//! What a trace tells of an attempt at a provider, by OpenTelemetry's conventions for generative models.
//!
//! Invariant: where no trace is recorded, an attempt costs a look at a flag, and a piece nothing. What
//! was said is in it only where that was switched on.

use serde_json::{Value, json};
use tracing::{Level, Span, field::Empty};

use super::route::Leg;
use crate::{
    model::{FinishReason, Traced},
    provider::{Ending, Failure, Item, Piece, Request, ToolCall},
    wire,
};

/// One attempt.
pub(super) struct ChatSpan {
    span: Span,
    /// What is said, where that is wanted.
    said: Option<String>,
}

impl ChatSpan {
    /// An attempt that begins, for the turn or task of `parent`. Its place in the trace goes into the
    /// request; whether the provider is told is for its settings to say.
    pub(super) fn begin(parent: &Traced, leg: &Leg, request: &mut Request) -> Self {
        let id = fastrand::u64(1..);
        let span = tracing::info_span!(
            target: "telemetry",
            parent: parent.id(),
            "chat",
            otel.kind = "client",
            id = format!("{id:016x}"),
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = leg.vendor.as_str(),
            gen_ai.request.model = &*request.model,
            gen_ai.request.max_tokens = request.style.max_output_tokens,
            gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.system_instructions = Empty,
            gen_ai.input.messages = Empty,
            gen_ai.output.messages = Empty,
            error.type = Empty,
        );
        request.trace = parent.told_by(id, !span.is_disabled());
        let wanted =
            !span.is_disabled() && tracing::enabled!(target: "telemetry::content", Level::INFO);
        if wanted {
            let system = json!([{ "type": "text", "content": &*request.system }]);
            let input: Vec<Value> = request.items.iter().map(message).collect();
            span.record("gen_ai.system_instructions", system.to_string());
            span.record("gen_ai.input.messages", Value::from(input).to_string());
        }
        Self { span, said: wanted.then(String::new) }
    }

    /// A piece of the answer came.
    pub(super) fn heard(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => {
                if let Some(said) = &mut self.said {
                    said.push_str(text);
                }
            }
            Piece::End(ending) => self.ended(ending),
            _ => {}
        }
    }

    /// There was no answer, or no more of it.
    pub(super) fn failed(&mut self, failure: &Failure) {
        self.span.record("error.type", wire::reason_code(failure.reason));
        self.tell_what_was_said("error");
    }

    fn ended(&mut self, ending: &Ending) {
        let reason = finish(ending.finish_reason);
        self.span.record("gen_ai.response.finish_reasons", reason);
        if let Some(model) = &ending.model {
            self.span.record("gen_ai.response.model", &**model);
        }
        if let Some(usage) = &ending.usage {
            self.span.record("gen_ai.usage.input_tokens", usage.input);
            self.span.record("gen_ai.usage.output_tokens", usage.output);
        }
        self.tell_what_was_said(reason);
        // The stream may go on for a while; the answer does not.
        self.span = Span::none();
    }

    fn tell_what_was_said(&mut self, reason: &str) {
        if let Some(said) = self.said.take() {
            let parts = json!([{ "type": "text", "content": said }]);
            let output = json!([{ "role": "assistant", "parts": parts, "finish_reason": reason }]);
            self.span.record("gen_ai.output.messages", output.to_string());
        }
    }
}

/// A tool that is called, for the turn or task of `parent`.
pub(super) fn tool_span(parent: &Span, call: &ToolCall) -> Span {
    tracing::info_span!(
        target: "telemetry",
        parent: parent,
        "execute_tool",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = &*call.name,
        gen_ai.tool.call.id = &*call.id,
        gen_ai.tool.type = "function",
        error.type = Empty,
    )
}

fn message(item: &Item) -> Value {
    let text = |role: &str, text: &str| json!({ "role": role, "parts": [{ "type": "text", "content": text }] });
    match item {
        Item::User(said) => text("user", said),
        Item::Briefing(briefing) => text("user", briefing.prompt()),
        Item::Assistant(said) => text("assistant", said),
        Item::Replay(_) => json!({ "role": "assistant", "parts": [] }),
        Item::ToolCall(call) => {
            let (id, name, arguments) = (&*call.id, &*call.name, &*call.arguments);
            let part =
                json!({ "type": "tool_call", "id": id, "name": name, "arguments": arguments });
            json!({ "role": "assistant", "parts": [part] })
        }
        Item::ToolResult { call, output, .. } => {
            let part =
                json!({ "type": "tool_call_response", "id": &**call, "response": &**output });
            json!({ "role": "tool", "parts": [part] })
        }
    }
}

fn finish(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Refusal => "refusal",
        FinishReason::Stop | FinishReason::Command => "stop",
    }
}
