//! Tools over the wire: answers that call them and the request that follows, as recorded; servers that
//! take none.

use std::{fs, path::Path};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use super::{assistant, call, golden, offer, replay, request, result, server::Server, told, user};
use crate::{
    config::ProviderKind,
    limits::REPLAY_BYTES_MAX,
    provider::{
        Item, Piece, Provider, Request,
        anthropic::{MessagesBody, MessagesDecoder},
        decode::{self, Body, Decoder},
        openai::{ResponseBody, ResponsesDecoder},
        openai_chat::{ChatBody, ChatDecoder},
        sse,
    },
};

fn fixture(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)).unwrap()
}

/// The request that follows on a recorded answer which calls a tool.
fn following(stream: &str, decoder: impl Decoder) -> Request {
    let body = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(fixture(stream)))]);
    let (events, unread) = sse::events(body);
    let pieces = decode::pieces(Body::Stream(events, unread), decoder).collect::<Vec<_>>();
    let mut items = vec![user("Quote MSFT")];
    let mut results = Vec::new();
    for piece in pieces.now_or_never().expect("nothing waits") {
        match (piece.unwrap(), items.last_mut()) {
            (Piece::Text(more), Some(Item::Assistant(text))) => {
                *text = format!("{text}{more}").into();
            }
            (Piece::Text(text), _) => items.push(assistant(&text)),
            (Piece::Replay(replay), _) => items.push(Item::Replay(replay)),
            (Piece::ToolCall(call), _) => {
                results.push(result(&call.id, r#"{"price":"402.10"}"#, false));
                items.push(Item::ToolCall(call));
            }
            _ => {}
        }
    }
    items.append(&mut results);
    let mut request = request(&items);
    request.tools = offer();
    request
}

/// Whether everything that we send stands in what was recorded.
fn is_within(ours: &Value, recorded: &Value) -> bool {
    match (ours, recorded) {
        (Value::Object(ours), Value::Object(recorded)) => ours.iter().all(|(name, value)| {
            // What may be left out of a message: a kind, and that its content is one text.
            let plain = |recorded: &Value| recorded.as_str() == value[0]["text"].as_str();
            match recorded.get(name) {
                Some(recorded) => is_within(value, recorded) || plain(recorded),
                None => *value == "message",
            }
        }),
        (Value::Array(ours), Value::Array(recorded)) => {
            ours.len() == recorded.len() && ours.iter().zip(recorded).all(|(a, b)| is_within(a, b))
        }
        // Arguments as text, however they are written.
        (Value::String(ours), Value::String(recorded)) => {
            let parsed = |json| serde_json::from_str::<Value>(json).ok();
            ours == recorded || (parsed(ours).is_some() && parsed(ours) == parsed(recorded))
        }
        (ours, recorded) => ours == recorded,
    }
}

#[test]
fn the_request_that_follows_on_calls_is_the_recorded_one() {
    let recorded = |path| serde_json::from_slice::<Value>(&fixture(path)).unwrap();
    let request = following(
        "openai/responses_stream_function_call.sse",
        ResponsesDecoder::new(golden::replays()),
    );
    let ours = serde_json::to_value(ResponseBody::new(&request, &"here".into(), None)).unwrap();
    let theirs = recorded("openai/responses_function_call_followup_stateless.request.json");
    assert!(is_within(&ours["input"], &theirs["input"]), "{ours:#}");

    let request = following("anthropic/tool_use.sse", MessagesDecoder::new(golden::replays()));
    let mut ours = serde_json::to_value(MessagesBody::new(&request, &"here".into())).unwrap();
    // The recorded request caches the system prompt only.
    ours["messages"][1]["content"][1].as_object_mut().unwrap().remove("cache_control");
    let theirs = recorded("anthropic/tool_result_followup.request.json");
    assert!(is_within(&ours["messages"], &theirs["messages"]), "{ours:#}");

    let mut request = following("openai/chat_stream_tool_call.sse", ChatDecoder::default());
    request.system = "You are a concise assistant.".into();
    let ours = serde_json::to_value(ChatBody::new(&request, &"here".into(), false)).unwrap();
    let theirs = recorded("openai/chat_tool_followup.request.json");
    assert!(is_within(&ours["messages"], &theirs["messages"]), "{ours:#}");
}

#[test]
fn thoughts_are_sent_again_as_they_came() {
    let start =
        |block| format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
    let delta = |of| format!(r#"{{"type":"content_block_delta","index":0,"delta":{of}}}"#);
    let think = |text: &str| delta(format!(r#"{{"type":"thinking_delta","thinking":"{text}"}}"#));
    let redacted = start(r#"{"type":"redacted_thinking","data":"d"}"#);
    let thinking = start(r#"{"type":"thinking","thinking":"","signature":""}"#);
    let signed = delta(r#"{"type":"signature_delta","signature":"s"}"#.to_owned());
    let stop = r#"{"type":"content_block_stop","index":0}"#.to_owned();
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#.to_owned();
    let told = |events: &[&String]| {
        let events: Vec<_> = events.iter().map(|event| event.as_str()).collect();
        golden::events(&events, MessagesDecoder::new(golden::replays()))
    };
    let ended = "end Ending { finish_reason: Stop, usage: None, model: None }";
    let again = r#"replay {"type":"thinking","thinking":"a\tä","signature":"s"}"#;
    let said = format!("reasoning a\\tä\n{again}\n");
    let rows: [(&[&String], String); 4] = [
        (
            &[&redacted, &stop, &end],
            format!(
                "reasoning \nreplay {{\"type\":\"redacted_thinking\",\"data\":\"d\"}}\n{ended}"
            ),
        ),
        (&[&thinking, &think("a\\t"), &think("ä"), &signed, &stop, &end], format!("{said}{ended}")),
        // Some servers leave the ends of blocks out.
        (&[&thinking, &think("a\\t"), &think("ä"), &signed, &end], format!("{said}{ended}")),
        (&[&thinking, &think("a"), &stop, &end], format!("reasoning a\n{ended}")),
    ];
    for (events, expected) in rows {
        assert_eq!(told(events), expected);
    }
    let half = "x".repeat(REPLAY_BYTES_MAX / 2);
    let long = told(&[&thinking, &think(&half), &think(&half), &signed, &stop, &end]);
    assert!(long.ends_with("failure AnswerTooLong (status None, code None), retry Never"));
}

#[test]
fn a_chat_server_is_sent_again_what_it_sent_with_its_calls_and_others_are_not() {
    let thinks = r#"{"choices":[{"delta":{"reasoning_content":"I lo\no"}}]}"#;
    let more = r#"{"choices":[{"delta":{"reasoning_content":"k.","reasoning":"k."}}]}"#;
    let calls = r#"{"choices":[{"delta":{"tool_calls":[
        {"index":0,"id":"c","function":{"name":"f"},"extra_content":{"google":{"thought_signature":"s"}}},
        {"index":1,"id":"d","function":{"name":"g"},"extra_content":null}]}}]}"#
        .replace('\n', "");
    let stop = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let end = "call d g {}\nend Ending { finish_reason: ToolCalls, usage: None, model: None }";
    let again =
        r#"{"reasoning_content":"I lo\nok.","extra_content":{"google":{"thought_signature":"s"}}}"#;
    let events = [thinks, more, &calls, stop];
    let told = golden::events(&events, ChatDecoder::new(golden::replays()));
    let said = r"reasoning I lo\nok.";
    assert_eq!(told, format!("{said}\nreplay {again}\ncall c f {{}}\n{end}"));
    let told = golden::events(&events, ChatDecoder::default());
    assert_eq!(told, format!("{said}\ncall c f {{}}\n{end}"));
    // By another name they are not wanted back, and of a text without calls nothing is.
    let events = [&*thinks.replace("reasoning_content", "reasoning"), &calls, stop];
    let told = golden::events(&events, ChatDecoder::new(golden::replays()));
    assert!(told.contains(r#"replay {"extra_content":{"google""#), "{told}");
    let told = golden::events(&[thinks, "[DONE]"], ChatDecoder::new(golden::replays()));
    assert!(!told.contains("replay"), "{told}");

    let items = [user("Hm?"), replay("here", again), call("c", "f", "{}"), call("d", "g", "{}")];
    let sent = |provider: &str| {
        let request = request(&items);
        let body = serde_json::to_value(ChatBody::new(&request, &provider.into(), false)).unwrap();
        let message = &body["messages"][2];
        let extra = |call: usize| message["tool_calls"][call]["extra_content"].clone();
        (message["reasoning_content"].clone(), extra(0), extra(1))
    };
    let signed = serde_json::json!({"google": {"thought_signature": "s"}});
    assert_eq!(sent("here"), ("I lo\nok.".into(), signed, Value::Null));
    assert_eq!(sent("elsewhere"), (Value::Null, Value::Null, Value::Null));
}

#[test]
fn what_is_sent_again_stands_in_one_document_too() {
    let response = r#"{"status":"completed","output":[
        {"type":"reasoning","encrypted_content":"e"},
        {"type":"reasoning","summary":[]},
        {"type":"message","phase":"commentary","content":[{"type":"output_text","text":"a"}]},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}"#;
    let message = r#"{"type":"message","stop_reason":"tool_use","content":[
        {"type":"thinking","thinking":"t","signature":"s"},
        {"type":"text","text":"a"},
        {"type":"tool_use","id":"c","name":"f","input":{}}]}"#;
    let end = "call c f {}\nend Ending { finish_reason: ToolCalls, usage: None, model: None }";
    assert_eq!(
        golden::whole(response, ResponsesDecoder::new(golden::replays())),
        format!(
            r#"replay {{"type":"reasoning","encrypted_content":"e"}}
replay {{"type":"message","phase":"commentary","content":[{{"type":"output_text","text":"a"}}]}}
text a
{end}"#
        )
    );
    assert_eq!(
        golden::whole(message, MessagesDecoder::new(golden::replays())),
        format!(
            "reasoning t\nreplay {}\ntext a\n{end}",
            r#"{"type":"thinking","thinking":"t","signature":"s"}"#
        )
    );
}

#[test]
fn an_answer_that_is_cut_off_calls_nothing() {
    let chat = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a"}}]},"finish_reason":"length"}]}"#;
    let response = r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a"}]}}"#;
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#;
    let part = r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a"}}"#;
    let stop =
        |why: &str| format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{why}"}}}}"#);
    let messages = |why| {
        let events = [start, part, &stop(why), r#"{"type":"message_stop"}"#];
        golden::events(&events, MessagesDecoder::default())
    };
    let rows = [
        (golden::events(&[chat], ChatDecoder::default()), "Length"),
        (golden::events(&[response], ResponsesDecoder::default()), "Length"),
        (messages("max_tokens"), "Length"),
        (messages("tool_use"), "ToolCalls"),
        // Some servers end so whatever they have said.
        (messages("end_turn"), "ToolCalls"),
    ];
    for (told, reason) in rows {
        let end = format!("\nend Ending {{ finish_reason: {reason}, usage: None, model: None }}");
        assert!(told.starts_with("call c f {\"a") && told.ends_with(&end), "{told}");
    }
}

pub(super) async fn asked(provider: &dyn Provider, request: Request) -> String {
    match provider.ask(request).await {
        Ok(answer) => told(answer).await,
        Err(failure) => format!("{failure}, retry {:?}", failure.retry),
    }
}

const NO_TOOLS: &str = r#"{"error":{"message":"m does not support tools","type":"api_error"}}"#;

pub(super) fn offering(items: &[Item]) -> Request {
    let mut request = request(items);
    request.tools = offer();
    request
}

#[tokio::test]
async fn a_server_that_takes_no_tools_is_asked_without_from_then_on() {
    use ProviderKind::{Anthropic, Openai, OpenaiChat};
    let rows: [(ProviderKind, &str, &str); 5] = [
        (OpenaiChat, "400 Bad Request", "openai/chat_stream_text_usage.sse"),
        (OpenaiChat, "404 Not Found", "openai/chat_stream_text_usage.sse"),
        (OpenaiChat, "500 Internal Server Error", "openai/chat_stream_text_usage.sse"),
        (Openai, "400 Bad Request", "openai/responses_stream_text.sse"),
        (Anthropic, "400 Bad Request", "anthropic/text.sse"),
    ];
    for (kind, status, answer) in rows {
        let (server, answer) = (Server::start().await, fixture(answer));
        let provider = server.provider(kind, |_| {});
        let items = [user("hello"), call("c", "get_time", "{}"), result("c", "noon", false)];
        let serving = async {
            let refused = server.answers(status, NO_TOOLS).await;
            (refused.body, server.streams(&answer).await.body, server.streams(&answer).await.body)
        };
        let asking = async {
            let first = asked(&*provider, offering(&items)).await;
            (first, asked(&*provider, offering(&items)).await)
        };
        let ((first, second), (refused, without, later)) = tokio::join!(asking, serving);
        assert!(first.starts_with("text ") && first == second, "{first}\n{second}");
        assert!(refused["tools"].is_array(), "{refused}");
        assert_eq!(without, later);
        assert_eq!(without["tools"], Value::Null);
        let sent = without.to_string();
        assert!(sent.contains(r"hello\n\n(get_time {} answered: noon)"), "{sent}");
        assert!(!sent.contains("tool_calls") && !sent.contains("tool_use"), "{sent}");
    }
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_one() {
    let bad_schema = r#"{"error":{"message":"Invalid schema for function 'get_quote'"}}"#;
    for error in [bad_schema, r#"{"error":{"code":"context_length_exceeded"}}"#] {
        let server = Server::start().await;
        let provider = server.provider(ProviderKind::OpenaiChat, |_| {});
        let serving = server.answers("400 Bad Request", error);
        let (told, _) = tokio::join!(asked(&*provider, offering(&[user("hello")])), serving);
        assert!(told.ends_with("retry Never"), "{told}");
    }
}

#[tokio::test]
async fn who_refuses_that_none_may_be_called_may_take_them_nevertheless() {
    let server = Server::start().await;
    let provider = server.provider(ProviderKind::OpenaiChat, |_| {});
    let answer = fixture("openai/chat_stream_text_usage.sse");
    let serving = async {
        server.answers("400 Bad Request", NO_TOOLS).await;
        server.streams(&answer).await;
        server.streams(&answer).await.body
    };
    let asking = async {
        let mut closed = offering(&[user("hello")]);
        closed.tools.closed = true;
        asked(&*provider, closed).await;
        asked(&*provider, offering(&[user("hello")])).await
    };
    let (_, open) = tokio::join!(asking, serving);
    assert_eq!(open["tools"].as_array().unwrap().len(), 2);
}
