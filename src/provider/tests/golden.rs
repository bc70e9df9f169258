//! Every recorded body, cut in every way, against the pieces it stands for.

use std::{convert::Infallible, fs, path::Path};

use bytes::Bytes;
use futures_util::{FutureExt, stream};

use super::{offer, request, told};
use crate::provider::{
    anthropic::MessagesDecoder,
    decode::{self, Body, Decoder},
    openai::ResponsesDecoder,
    openai_chat::ChatDecoder,
    replays::Replays,
    sse::{self, Event},
};

fn decoded(body: &[u8], size: usize, decoder: impl Decoder) -> String {
    let chunks: Vec<_> =
        body.chunks(size).map(|c| Ok::<_, Infallible>(Bytes::copy_from_slice(c))).collect();
    let (events, unread) = sse::events(stream::iter(chunks));
    let pieces = decode::pieces(Body::Stream(events, unread), decoder);
    told(pieces).now_or_never().expect("nothing waits")
}

/// Decodes every body of this kind and compares with what is written beside this file.
fn check<D: Decoder + Default>(
    (vendor, prefix): (&str, &str),
    bodies: usize,
    of: impl Fn(Replays) -> D,
) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(vendor);
    let mut seen = 0;
    for file in fs::read_dir(fixtures).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if !name.starts_with(prefix) || path.extension().is_none_or(|kind| kind != "sse") {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let whole = decoded(&body, body.len(), D::default());
        for size in [1, 2, 3, 7, 64] {
            assert_eq!(decoded(&body, size, D::default()), whole, "{name} by {size}");
        }
        insta::assert_snapshot!(format!("{vendor}_{name}"), whole);
        again(&format!("{vendor}_{name}"), &body, &whole, &of);
        seen += 1;
    }
    assert_eq!(seen, bodies);
}

/// The same body where tools are offered: what is to be sent again comes along, and nothing else.
fn again<D: Decoder>(name: &str, body: &[u8], told: &str, of: &impl Fn(Replays) -> D) {
    let whole = decoded(body, body.len(), of(replays()));
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(decoded(body, size, of(replays())), whole, "{name} by {size}");
    }
    let is_replay = |line: &&str| line.starts_with("replay ");
    if whole.lines().any(|line| is_replay(&line)) {
        insta::assert_snapshot!(format!("{name}_again"), whole);
    } else {
        assert_eq!(whole, told, "{name}");
    }
}

/// As where the answer may call tools.
pub(super) fn replays() -> Replays {
    let mut request = request(&[]);
    request.tools = offer();
    Replays::new(&request, &"here".into())
}

#[test]
fn responses_are_decoded() {
    check(("openai", "responses_"), 10, ResponsesDecoder::new);
}

#[test]
fn chat_completions_are_decoded() {
    check(("openai", "chat_"), 9, ChatDecoder::new);
}

#[test]
fn messages_are_decoded() {
    check(("anthropic", ""), 12, MessagesDecoder::new);
}

/// What servers that are not the vendor's own send, too.
fn variant<D: Decoder + Default>(datas: &[&str]) -> String {
    events(datas, D::default())
}

/// What is told of these events.
pub(super) fn events(datas: &[&str], decoder: impl Decoder) -> String {
    let body = format!("data: {}\n\n", datas.join("\n\ndata: "));
    decoded(body.as_bytes(), 64, decoder)
}

const TEXT: &str = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;

/// What a compatible server sends, and what is told of it before its end.
type Chat<'a> = (&'a [&'a str], &'a str);

fn check_chat(rows: &[Chat<'_>], how: &str) {
    for (datas, told) in rows {
        let end = format!("end Ending {{ finish_reason: {how}, usage: None, model: None }}");
        assert_eq!(variant::<ChatDecoder>(datas), format!("{told}\n{end}"), "{datas:?}");
    }
}

#[test]
fn a_compatible_chat_server_may_say_it_otherwise() {
    let rows: [Chat<'_>; 5] = [
        (&[TEXT, "[DONE]"], "text a"),
        (&[TEXT, "", STOP], "text a"),
        (&[TEXT, STOP, "[DONE]", "[DONE]"], "text a"),
        (&["{}", r#"{"choices":null,"error":null}"#, TEXT, STOP], "text a"),
        (
            &[r#"{"choices":[{"delta":{"reasoning":"r","reasoning_content":null}}]}"#, TEXT, STOP],
            "reasoning r\ntext a",
        ),
    ];
    check_chat(&rows, "Stop");
    let failures: [(&[&str], &str); 4] = [
        (&[TEXT], "text a\nfailure ProviderTruncated"),
        (&["[DONE]"], "failure ProviderTruncated"),
        (&[r#"{"error":"out of memory"}"#], "failure ProviderUnavailable"),
        (&["<html>"], "failure ProviderProtocol"),
    ];
    for (datas, failure) in failures {
        let told = variant::<ChatDecoder>(datas);
        assert_eq!(told, format!("{failure} (status None, code None), retry Soon"), "{datas:?}");
    }
}

#[test]
fn what_was_said_by_now_may_stand_beside_each_delta_or_in_the_end() {
    let message = r#"{"choices":[{"message":{"content":"a"}}]}"#;
    let rows: [Chat<'_>; 3] = [
        (
            &[
                r#"{"choices":[{"delta":{"content":""},"message":{"content":""}}]}"#,
                r#"{"choices":[{"delta":{"content":"a"},"message":{"content":"a"}}]}"#,
                r#"{"choices":[{"delta":{"content":"b"},"message":{"content":"ab"}}]}"#,
                r#"{"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}]}"#,
            ],
            "text ab",
        ),
        (
            &[
                r#"{"choices":[{"delta":{"reasoning":"r"}}]}"#,
                TEXT,
                r#"{"choices":[{"message":{"reasoning":"r","content":"a"}}]}"#,
                STOP,
            ],
            "reasoning r\ntext a",
        ),
        (&[message, message, STOP], "text aa"),
    ];
    check_chat(&rows, "Stop");
}

#[test]
fn a_call_is_put_together_however_a_server_counts_and_names_it() {
    let call = |index: u32, id: &str, function: &str| {
        format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":{index},"id":"{id}","function":{{{function}}}}}]}}}}]}}"#
        )
    };
    let f = r#""name":"f","arguments":"#;
    let f = |arguments: &str| format!("{f}\"{arguments}\"");
    let (none, one, begun) = (&*f(""), &*f("1"), &*f("[1,"));
    let rest = r#""arguments":"2]""#;
    let [x, y, first, second] =
        [(0, "x"), (0, "y"), (0, ""), (1, "")].map(|(i, id)| call(i, id, none));
    let rows: [Chat<'_>; 6] = [
        (&[&x, &y, STOP], "call x f {}\ncall y f {}"),
        (&[&first, &second, "[DONE]"], "call call_1 f {}\ncall call_2 f {}"),
        (&[&call(0, "", one), &call(0, "", one), STOP], "call call_1 f 1\ncall call_2 f 1"),
        (&[&call(0, "x", begun), &call(0, "", rest), STOP], "call x f [1,2]"),
        (&[&call(0, "x", begun), &call(0, "random", rest), STOP], "call x f [1,2]"),
        (&[&x, &call(0, "x", begun), &call(0, "x", rest), STOP], "call x f [1,2]"),
    ];
    check_chat(&rows, "ToolCalls");
}

#[test]
fn tokens_are_counted_by_whatever_name_and_zeros_are_no_count() {
    let chat = |usage: &str| {
        let usage = format!(r#"{{"choices":[],"usage":{usage}}}"#);
        variant::<ChatDecoder>(&[TEXT, STOP, &usage])
    };
    let response = |usage: &str| {
        let event = format!(r#"{{"type":"response.completed","response":{{"usage":{usage}}}}}"#);
        variant::<ResponsesDecoder>(&[&event])
    };
    let some = "Some(Usage { input: 3, output: 2, cached: 1, kept: 0, estimated: false })";
    let rows = [
        (
            r#"{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}"#,
            some,
        ),
        (
            r#"{"input_tokens":3,"output_tokens":2,"input_tokens_details":{"cached_tokens":1}}"#,
            some,
        ),
        (
            r#"{"input_tokens":3,"prompt_tokens":3,"output_tokens":2,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}"#,
            some,
        ),
        (r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, "None"),
        ("{}", "None"),
        ("null", "None"),
    ];
    for (usage, counted) in rows {
        for told in [chat(usage), response(usage)] {
            assert!(told.contains(&format!("usage: {counted}, ")), "{usage}: {told}");
        }
    }
}

#[test]
fn events_need_no_names_and_some_may_be_missing() {
    let text =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#;
    let stop = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    let end = "text a\nend Ending { finish_reason: Stop, usage: None, model: None }";
    assert_eq!(variant::<MessagesDecoder>(&[text, stop]), end);
    assert_eq!(variant::<MessagesDecoder>(&[text, stop, "[DONE]"]), end);
    let text = r#"{"type":"response.output_text.delta","delta":"a"}"#;
    let stop = r#"{"type":"response.completed"}"#;
    assert_eq!(variant::<ResponsesDecoder>(&[text, stop, "[DONE]"]), end);
    assert_eq!(
        variant::<ResponsesDecoder>(&[text, r#"{"type":"error","error":{"code":"slow_down"}}"#]),
        "text a\nfailure ProviderRateLimited (status None, code Some(\"slow_down\")), retry Soon"
    );
}

#[test]
fn an_answer_may_come_in_one_document() {
    let chat = r#"{"model":"m","choices":[{"message":{"content":"a","tool_calls":null},"finish_reason":"stop"}]}"#;
    let message = r#"{"type":"message","model":"m","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#;
    let response = r#"{"status":"completed","error":null,"model":"m","output":[{"type":"message","content":[{"type":"output_text","text":"a"}]}]}"#;
    let end = "text a\nend Ending { finish_reason: Stop, usage: None, model: Some(\"m\") }";
    assert_eq!(document::<ChatDecoder>(chat), end);
    assert_eq!(document::<MessagesDecoder>(message), end);
    assert_eq!(document::<ResponsesDecoder>(response), end);
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"sk-secret"}}"#;
    let failure =
        "failure ProviderUnavailable (status None, code Some(\"overloaded_error\")), retry Soon";
    assert_eq!(document::<ChatDecoder>(error), failure);
    assert_eq!(document::<MessagesDecoder>(error), failure);
    assert_eq!(document::<ResponsesDecoder>(error), failure);
}

fn document<D: Decoder + Default>(json: &str) -> String {
    whole(json, D::default())
}

/// What is told of an answer in one document.
pub(super) fn whole(json: &str, decoder: impl Decoder) -> String {
    let body = Body::<stream::Empty<Result<Event, _>>>::Whole(json.into());
    told(decode::pieces(body, decoder)).now_or_never().expect("nothing waits")
}

#[test]
fn tool_calls_have_limits() {
    let start = |index: usize| {
        format!(
            r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"tool_use","id":"{index}","name":"f"}}}}"#
        )
    };
    let many: Vec<_> = (0..=crate::limits::TOOL_CALLS_MAX).map(start).collect();
    let many: Vec<_> = many.iter().map(|event| &**event).collect();
    let arguments = "x".repeat(crate::limits::TOOL_ARGUMENTS_BYTES_MAX);
    let long = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":"{arguments}"}}}}"#
    );
    for events in [&many[..], &[&start(0), &long]] {
        let told = variant::<MessagesDecoder>(events);
        assert_eq!(told, "failure AnswerTooLong (status None, code None), retry Never");
    }
}
