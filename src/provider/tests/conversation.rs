//! OpenAI's own copy of a conversation: used while it is there, made anew when it is gone.

use std::{iter, sync::Arc};

use super::{assistant, call, offer, replay, request, result, server::Server, told, user};
use crate::{
    config::ProviderKind,
    provider::{Provider, Request},
};

const ANSWER: &[u8] =
    include_bytes!("../../../tests/fixtures/openai/responses_stream_conversation.sse");
const CREATED: &str = include_str!("../../../tests/fixtures/openai/conversation_created.json");
const REMOTE: &str = "remote conv_2034676408d5fdd2830763f6d4cd6ac6489a844e8cd7747c";
const TOLD: &str = "text Saved.\nend Ending";

fn provider(server: &Server) -> Arc<dyn Provider> {
    server.provider(ProviderKind::Openai, |settings| settings.server_state = true)
}

async fn asked(provider: &dyn Provider, request: Request) -> String {
    match provider.ask(request).await {
        Ok(answer) => told(answer).await,
        Err(failure) => format!("{failure}"),
    }
}

/// A conversation of so many messages, the last of them the user's.
fn conversation(messages: usize) -> Request {
    let texts = (0..messages).rev();
    let item = |at: usize| {
        let text = format!("message {at}");
        if at.is_multiple_of(2) { user(&text) } else { assistant(&text) }
    };
    request(&texts.map(item).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_held_conversation_is_sent_what_is_new_and_held_on() {
    let server = Server::start().await;
    let provider = provider(&server);
    let mut request = conversation(3);
    request.remote = Some("conv_1".into());
    let (told, exchange) = tokio::join!(asked(&*provider, request), server.streams(ANSWER));
    assert!(told.starts_with(TOLD) && told.ends_with("\nremote conv_1"), "{told}");
    assert_eq!(exchange.body["conversation"], "conv_1");
    assert_eq!(exchange.body["input"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_held_conversation_that_waits_for_tools_or_was_cut_is_held_no_more() {
    const CALLS: &[u8] =
        include_bytes!("../../../tests/fixtures/openai/responses_stream_function_call.sse");
    const CUT: &[u8] =
        include_bytes!("../../../tests/fixtures/openai/responses_stream_incomplete_max_tokens.sse");
    for answer in [CALLS, CUT, &ANSWER[..ANSWER.len() / 2]] {
        let server = Server::start().await;
        let provider = provider(&server);
        let mut request = conversation(3);
        (request.remote, request.tools) = (Some("conv_1".into()), offer());
        let (told, _) = tokio::join!(asked(&*provider, request), server.streams(answer));
        assert!(!told.contains("remote"), "{told}");
    }
}

#[tokio::test]
async fn a_conversation_that_is_gone_is_replayed_and_held_again() {
    let gone = r#"{"error":{"code":"conversation_not_found","message":"x"}}"#;
    let too_long = r#"{"error":{"code":"context_length_exceeded","message":"x"}}"#;
    let rows = [("404 Not Found", "{}"), ("400 Bad Request", gone), ("400 Bad Request", too_long)];
    for (status, error) in rows {
        let server = Server::start().await;
        let provider = provider(&server);
        let mut request = conversation(3);
        request.remote = Some("conv_gone".into());
        let serving = async {
            server.answers(status, error).await;
            let replayed = server.streams(ANSWER).await;
            (replayed, server.answers("200 OK", CREATED).await)
        };
        let (told, (replayed, held)) = tokio::join!(asked(&*provider, request), serving);
        assert!(told.starts_with(TOLD) && told.ends_with(REMOTE), "{told}");
        assert_eq!(replayed.body["conversation"], serde_json::Value::Null);
        assert_eq!(replayed.body["input"].as_array().unwrap().len(), 3);
        assert!(held.head.starts_with("POST /v1/conversations HTTP"));
        let items = held.body["items"].as_array().unwrap();
        assert_eq!(items.len(), 4);
        assert_eq!(
            (&items[3]["role"], &items[3]["content"]),
            (&"assistant".into(), &"Saved.".into())
        );
    }
}

#[tokio::test]
async fn a_server_that_knows_no_responses_is_asked_by_chat_completions_from_then_on() {
    const CHAT: &[u8] = include_bytes!("../../../tests/fixtures/openai/chat_stream_text_usage.sse");
    let server = Server::start().await;
    let provider = provider(&server);
    let serving = async {
        let first = server.answers("404 Not Found", "404 page not found").await;
        (first, server.streams(CHAT).await)
    };
    let (told, (first, second)) = tokio::join!(asked(&*provider, conversation(1)), serving);
    assert!(told.starts_with("text "), "{told}");
    assert!(first.head.starts_with("POST /v1/responses HTTP"), "{}", first.head);
    assert!(second.head.starts_with("POST /v1/chat/completions HTTP"), "{}", second.head);
    let (told, exchange) = tokio::join!(asked(&*provider, conversation(1)), server.streams(CHAT));
    assert!(told.starts_with("text "), "{told}");
    assert!(exchange.head.starts_with("POST /v1/chat/completions HTTP"), "{}", exchange.head);
}

#[tokio::test]
async fn a_model_that_is_not_there_says_nothing_of_the_dialect() {
    let missing = r#"{"error":{"code":"model_not_found","message":"x"}}"#;
    let server = Server::start().await;
    let provider = provider(&server);
    let serving = server.answers("404 Not Found", missing);
    let (told, _) = tokio::join!(asked(&*provider, conversation(1)), serving);
    assert!(told.contains("model_not_found"), "{told}");
}

#[tokio::test]
async fn another_refusal_is_no_reason_to_replay() {
    let server = Server::start().await;
    let provider = provider(&server);
    let mut request = conversation(1);
    request.remote = Some("conv_1".into());
    let model = r#"{"error":{"code":"model_not_found"}}"#;
    let (told, _) =
        tokio::join!(asked(&*provider, request), server.answers("404 Not Found", model));
    assert_eq!(told, "ProviderRejected (status Some(404), code Some(\"model_not_found\"))");
}

#[tokio::test]
async fn a_long_conversation_is_handed_over_in_parts() {
    let server = Server::start().await;
    let provider = provider(&server);
    let serving = async {
        server.streams(ANSWER).await;
        let mut parts = Vec::new();
        for answer in iter::once(CREATED).chain(["{}", "{}"]) {
            parts.push(server.answers("200 OK", answer).await);
        }
        parts
    };
    let (told, parts) = tokio::join!(asked(&*provider, conversation(45)), serving);
    assert!(told.ends_with(REMOTE), "{told}");
    let sizes: Vec<_> =
        parts.iter().map(|part| part.body["items"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [20, 20, 6]);
    assert!(parts[1].head.contains("/items HTTP") && parts[2].head.contains("/items HTTP"));
}

#[tokio::test]
async fn how_an_answer_came_about_is_not_handed_over() {
    let server = Server::start().await;
    let provider = provider(&server);
    let mut request = request(&[
        user("Quote MSFT"),
        replay("here", r#"{"type":"reasoning","encrypted_content":"e"}"#),
        assistant("I look."),
        call("call_1", "get_quote", "{}"),
        result("call_1", "402.10", false),
    ]);
    request.tools = offer();
    let serving = async {
        server.streams(ANSWER).await;
        server.answers("200 OK", CREATED).await.body
    };
    let (told, held) = tokio::join!(asked(&*provider, request), serving);
    assert!(told.ends_with(REMOTE), "{told}");
    let said: Vec<_> =
        held["items"].as_array().unwrap().iter().map(|item| &item["content"]).collect();
    assert_eq!(said, ["Quote MSFT", "I look.", "Saved."]);
}

#[tokio::test]
async fn a_server_without_conversations_is_asked_for_them_once() {
    let server = Server::start().await;
    let provider = provider(&server);
    let serving = async {
        server.streams(ANSWER).await;
        server.answers("404 Not Found", "{}").await;
        server.streams(ANSWER).await.body
    };
    let asking = async {
        let first = asked(&*provider, conversation(1)).await;
        let mut second = conversation(3);
        second.remote = Some("conv_of_another_day".into());
        (first, asked(&*provider, second).await)
    };
    let ((first, second), body) = tokio::join!(asking, serving);
    assert!(first.starts_with(TOLD) && !first.contains("remote"), "{first}");
    assert_eq!(first, second);
    assert_eq!(body["input"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_id_that_could_change_a_path_is_not_taken() {
    let server = Server::start().await;
    let provider = provider(&server);
    let serving = async {
        server.streams(ANSWER).await;
        server.answers("200 OK", r#"{"id":"../files"}"#).await
    };
    let (told, _) = tokio::join!(asked(&*provider, conversation(1)), serving);
    assert!(told.starts_with(TOLD) && !told.contains("remote"), "{told}");
}
