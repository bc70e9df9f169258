//! Tests of the providers against recorded bodies and a faulty server.

mod bodies;
mod calls;
mod conversation;
mod faults;
mod golden;
mod probing;
mod quota;
mod refusals;
mod server;
mod timing;
mod tools;

use std::{fmt::Write, sync::Arc};

use futures_util::{Stream, StreamExt};

use serde_json::{json, value::RawValue};

use super::{Failure, Item, Offer, Piece, Replay, Request, Style, ToolCall};
use crate::model::ToolSpec;

/// A request with these items, for no model in particular.
pub(super) fn request(items: &[Item]) -> Request {
    Request {
        model: "a-model".into(),
        pool: "general".into(),
        agent: None,
        system: "You are concise.".into(),
        items: items.to_vec(),
        tools: Offer::default(),
        style: Style { temperature: None, effort: None, max_output_tokens: 1_024 },
        remote: None,
        trace: None,
    }
}

/// Two tools, of which one wants exactly one text.
fn offer() -> Offer {
    let spec = |name: &str, description: &str, parameters| ToolSpec {
        name: name.into(),
        description: description.into(),
        parameters: Arc::new(parameters),
    };
    let symbol = json!({"symbol": {"type": "string"}, "limit": {"type": "integer"}});
    let quote = json!({"type": "object", "properties": symbol, "required": ["symbol"]});
    let tools = [
        spec("get_quote", "Latest quote", quote),
        spec("get_time", "What time it is", json!({"type": "object", "properties": {}})),
    ];
    Offer { tools: tools.into(), closed: false }
}

fn call(id: &str, name: &str, arguments: &str) -> Item {
    Item::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn result(call: &str, output: &str, failed: bool) -> Item {
    Item::ToolResult { call: call.into(), output: output.into(), failed }
}

fn replay(provider: &str, body: &str) -> Item {
    let body = serde_json::from_str::<Box<RawValue>>(body).unwrap().into();
    Item::Replay(Replay { provider: provider.into(), body })
}

fn user(text: &str) -> Item {
    Item::User(text.into())
}

fn assistant(text: &str) -> Item {
    Item::Assistant(text.into())
}

/// A question that took two tools to answer, one of which failed, and a further one.
pub(super) fn long_conversation() -> Vec<Item> {
    let call = |id, symbol| call(id, "get_quote", &format!(r#"{{"symbol":"{symbol}"}}"#));
    vec![
        user("Quote MSFT and IBM"),
        assistant("I look."),
        call("call_1", "MSFT"),
        call("call_2", "IBM"),
        result("call_1", r#"{"price":"402.10"}"#, false),
        result("call_2", "upstream timeout", true),
        assistant("MSFT stands at 402.10."),
        user(""),
        user("And in euros?"),
    ]
}

/// All pieces of an answer, one kind a line, tokens apart by `|`.
async fn told(answer: impl Stream<Item = Result<Piece, Failure>>) -> String {
    let mut answer = std::pin::pin!(answer);
    let (mut told, mut last) = (String::new(), "");
    while let Some(piece) = answer.next().await {
        let (kind, what) = match piece {
            Ok(Piece::Text(text)) => ("text", format!("{text:?}")),
            Ok(Piece::Reasoning(text)) => ("reasoning", format!("{text:?}")),
            Ok(Piece::Replay(replay)) => ("replay", replay.body.get().to_owned()),
            Ok(Piece::ToolCall(call)) => {
                ("call", format!("{} {} {}", call.id, call.name, call.arguments))
            }
            Ok(Piece::Remote(id)) => ("remote", id.to_string()),
            Ok(Piece::End(end)) => ("end", format!("{end:?}")),
            Err(failure) => ("failure", format!("{failure}, retry {:?}", failure.retry)),
        };
        let what = what.trim_matches('"');
        match kind {
            // How a text is cut into pieces depends on how it arrived.
            "text" | "reasoning" if kind == last => told.push_str(what),
            _ if last.is_empty() => write!(told, "{kind} {what}").unwrap(),
            _ => write!(told, "\n{kind} {what}").unwrap(),
        }
        last = kind;
    }
    told
}
