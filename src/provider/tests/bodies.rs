//! What is sent, one golden body for each dialect.

use serde_json::{Value, json};

use super::{long_conversation, request, user};
use crate::provider::{
    Request, anthropic::MessagesBody, openai::ResponseBody, openai_chat::ChatBody,
};

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
    insta::assert_json_snapshot!("body_responses", value(ResponseBody::new(&request, None)));
    insta::assert_json_snapshot!(
        "body_responses_remote",
        value(ResponseBody::new(&request, Some("conv_1")))
    );
}

#[test]
fn the_results_of_all_tools_go_to_a_conversation_that_holds_the_calls() {
    let mut request = asked("gpt-6-luna");
    request.items.truncate(6);
    let input = &value(ResponseBody::new(&request, Some("conv_1")))["input"];
    let calls: Vec<_> = input.as_array().unwrap().iter().map(|item| &item["call_id"]).collect();
    assert_eq!(calls, ["call_1", "call_2"]);
}

#[test]
fn chat_completions() {
    let request = asked("llama3.2");
    insta::assert_json_snapshot!("body_chat", value(ChatBody::new(&request, false)));
    let official = value(ChatBody::new(&request, true));
    assert_eq!(
        (&official["max_tokens"], &official["max_completion_tokens"]),
        (&Value::Null, &json!(1_024))
    );
    let reasons = value(ChatBody::new(&asked("gpt-6-luna"), false));
    assert_eq!(reasons["max_completion_tokens"], 1_024);
    assert_eq!(
        (&reasons["reasoning_effort"], &reasons["temperature"]),
        (&json!("low"), &Value::Null)
    );
}

#[test]
fn messages() {
    let request = asked("claude-sonnet-5-5");
    insta::assert_json_snapshot!("body_messages", value(MessagesBody::new(&request)));
}

#[test]
fn a_history_that_was_cut_begins_with_the_user() {
    let mut request = request(&[super::assistant("and so on"), user("Why?")]);
    request.system = "".into();
    request.style.max_output_tokens = 0;
    let body = value(MessagesBody::new(&request));
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": [{"type": "text", "text": "Why?"}]}])
    );
    assert_eq!((&body["system"], &body["max_tokens"]), (&Value::Null, &json!(4_096)));
}
