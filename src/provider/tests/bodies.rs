//! What is sent, one golden body for each dialect.

use serde_json::{Value, json};

use super::{assistant, call, long_conversation, offer, replay, request, result, user};
use crate::provider::{
    Request, anthropic::MessagesBody, openai::ResponseBody, openai_chat::ChatBody,
};

const HERE: &str = "here";

fn asked(model: &str) -> Request {
    let mut request = request(&long_conversation());
    request.model = model.into();
    request.style.temperature = Some(0.5);
    request.style.effort = Some("low".into());
    request
}

fn value(body: impl serde::Serialize) -> Value {
    serde_json::to_value(body).unwrap()
}

#[test]
fn responses() {
    let request = asked("gpt-6-luna");
    insta::assert_json_snapshot!(
        "body_responses",
        value(ResponseBody::new(&request, &HERE.into(), None))
    );
    insta::assert_json_snapshot!(
        "body_responses_remote",
        value(ResponseBody::new(&request, &HERE.into(), Some("conv_1")))
    );
}

#[test]
fn the_results_of_all_tools_go_to_a_conversation_that_holds_the_calls() {
    let mut request = asked("gpt-6-luna");
    request.items.truncate(6);
    let input = &value(ResponseBody::new(&request, &HERE.into(), Some("conv_1")))["input"];
    let calls: Vec<_> = input.as_array().unwrap().iter().map(|item| &item["call_id"]).collect();
    assert_eq!(calls, ["call_1", "call_2"]);
}

#[test]
fn chat_completions() {
    let request = asked("llama3.2");
    insta::assert_json_snapshot!("body_chat", value(ChatBody::new(&request, &HERE.into(), false)));
    let official = value(ChatBody::new(&request, &HERE.into(), true));
    assert_eq!(
        (&official["max_tokens"], &official["max_completion_tokens"]),
        (&Value::Null, &json!(1_024))
    );
    let reasons = value(ChatBody::new(&asked("gpt-6-luna"), &HERE.into(), false));
    assert_eq!(reasons["max_completion_tokens"], 1_024);
    assert_eq!(
        (&reasons["reasoning_effort"], &reasons["temperature"]),
        (&json!("low"), &Value::Null)
    );
}

#[test]
fn messages() {
    let request = asked("claude-sonnet-5-5");
    insta::assert_json_snapshot!("body_messages", value(MessagesBody::new(&request, &HERE.into())));
}

#[test]
fn a_history_that_was_cut_begins_with_the_user() {
    let mut request = request(&[assistant("and so on"), user("Why?")]);
    request.system = "".into();
    request.style.max_output_tokens = 0;
    let body = value(MessagesBody::new(&request, &HERE.into()));
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": [{"type": "text", "text": "Why?"}]}])
    );
    assert_eq!((&body["system"], &body["max_tokens"]), (&Value::Null, &json!(4_096)));
}

#[test]
fn calls_of_another_server_have_ids_that_messages_take() {
    let rows = [
        ("toolu_01-A", "toolu_01-A"),
        ("functions.calculate:0", "functions_2ecalculate_3a0"),
        ("functions.calculate_0", "functions_2ecalculate_5f0"),
        ("ä", "_c3_a4"),
    ];
    for (id, sent) in rows {
        let items = [user("Hm?"), call(id, "get_time", "{}"), result(id, "noon", false)];
        let body = value(MessagesBody::new(&request(&items), &HERE.into()));
        let ids = [
            &body["messages"][1]["content"][0]["id"],
            &body["messages"][2]["content"][0]["tool_use_id"],
        ];
        assert_eq!(ids, [sent, sent]);
    }
}

/// A request in the middle of an answer that has called tools: with what three providers want to see
/// again, a call that is none, and text after a call.
fn calling(model: &str) -> Request {
    let mut request = asked(model);
    request.tools = offer();
    request.items = vec![
        user("Quote MSFT"),
        replay(
            "openai",
            r#"{"type":"reasoning","id":"rs_1","encrypted_content":"e","summary":[]}"#,
        ),
        replay("openai", r#"{"type":"message","id":"msg_1","content":[],"phase":"commentary"}"#),
        replay("anthropic", r#"{"type":"thinking","thinking":"","signature":"s"}"#),
        assistant("I look."),
        replay("anthropic", r#"{"type":"redacted_thinking","data":"d"}"#),
        call("call_1", "get_quote", r#" {"symbol":"MSFT"}"#),
        assistant("\n\n"),
        assistant("And the time."),
        call("call_2", "get_time", "[1"),
        result("call_1", r#"{"price":"402.10"}"#, false),
        result("call_2", "the arguments are not right", true),
    ];
    request
}

#[test]
fn tools_are_offered_and_what_came_with_calls_is_sent_again() {
    let request = calling("gpt-6-luna");
    let body = ResponseBody::new(&request, &"openai".into(), None);
    insta::assert_json_snapshot!("tools_responses", value(body));
    let request = calling("claude-sonnet-5-5");
    let body = MessagesBody::new(&request, &"anthropic".into());
    insta::assert_json_snapshot!("tools_messages", value(body));
    // Without a thought of its own the provider gets calls last.
    let strange = value(MessagesBody::new(&request, &HERE.into()));
    insta::assert_json_snapshot!("tools_messages_strange", strange["messages"][1]);
    let request = calling("llama3.2");
    insta::assert_json_snapshot!("tools_chat", value(ChatBody::new(&request, &HERE.into(), false)));
}

#[test]
fn where_no_tool_may_be_called_they_are_listed_for_the_calls_that_were() {
    let open = calling("gpt-6-luna");
    let mut closed = open.clone();
    closed.tools.closed = true;
    let bodies = |request: &Request| {
        let responses = value(ResponseBody::new(request, &HERE.into(), None));
        let messages = value(MessagesBody::new(request, &HERE.into()));
        [responses, value(ChatBody::new(request, &HERE.into(), false)), messages]
    };
    let choices = [json!("none"), json!("none"), json!({"type": "none"})];
    for ((open, closed), choice) in bodies(&open).iter().zip(bodies(&closed)).zip(choices) {
        assert_eq!((&open["tool_choice"], &closed["tool_choice"]), (&Value::Null, &choice));
        assert_eq!(open["tools"], closed["tools"]);
        assert_eq!(open["tools"].as_array().unwrap().len(), 2);
    }
    closed.tools.tools = [].into();
    for body in bodies(&closed) {
        assert_eq!((&body["tools"], &body["tool_choice"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn only_a_model_that_reasons_and_may_call_tools_is_asked_how_it_thought() {
    let rows = [("gpt-6-luna", false, true), ("gpt-6-luna", true, false), ("gpt-4o", false, false)];
    for (model, closed, asked_for) in rows {
        let mut request = calling(model);
        request.tools.closed = closed;
        let body = value(ResponseBody::new(&request, &HERE.into(), None));
        assert_eq!(body["include"] == json!(["reasoning.encrypted_content"]), asked_for, "{model}");
    }
}
