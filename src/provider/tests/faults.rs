//! What servers do to us, over real sockets.

use futures_util::StreamExt;

use super::{request, server::Server, told, user};
use crate::{
    config::ProviderKind::{self, Anthropic, Openai, OpenaiChat},
    limits::SSE_EVENT_BYTES_MAX,
    model::Reason,
    provider::{Failure, Piece, Provider, Request, Retry},
};

const TOKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

/// Everything that is told of one ask.
async fn asked(provider: &dyn Provider) -> String {
    match provider.ask(request(&[user("hello")])).await {
        Ok(answer) => told(answer).await,
        Err(failure) => format!("{failure}, retry {:?}", failure.retry),
    }
}

/// What becomes of an answer that the server begins so and then closes.
async fn streamed(body: &[u8]) -> String {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    tokio::join!(asked(&*provider), server.streams(body)).0
}

#[tokio::test]
async fn a_trace_is_told_only_to_those_whose_settings_say_so() {
    let told = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for kind in [Openai, OpenaiChat, Anthropic] {
        for (trace, expected) in [(false, None), (true, Some(told))] {
            let server = Server::start().await;
            let provider = server.provider(kind, |settings| settings.trace = trace);
            let asked = Request { trace: told.parse().ok(), ..request(&[user("hello")]) };
            let (_, exchange) = tokio::join!(provider.ask(asked), server.streams(b""));
            let mut lines = exchange.head.lines();
            let header = lines.find_map(|line| line.strip_prefix("traceparent: "));
            assert_eq!(header, expected, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_comes_from_each_kind_with_its_own_manners() {
    let rows: [(ProviderKind, &[u8], &str, &[&str]); 3] = [
        (
            Openai,
            include_bytes!("../../../tests/fixtures/openai/responses_stream_conversation.sse"),
            "POST /v1/responses HTTP/1.1",
            &["authorization: Bearer sk-test"],
        ),
        (
            OpenaiChat,
            include_bytes!("../../../tests/fixtures/openai/chat_stream_crlf_comments.sse"),
            "POST /v1/chat/completions HTTP/1.1",
            &["authorization: Bearer sk-test"],
        ),
        (
            Anthropic,
            include_bytes!("../../../tests/fixtures/anthropic/text.sse"),
            "POST /v1/messages HTTP/1.1",
            &["x-api-key: sk-test", "anthropic-version: 2023-06-01"],
        ),
    ];
    for (kind, body, line, headers) in rows {
        let server = Server::start().await;
        let provider = server.provider(kind, |_| {});
        let (told, exchange) = tokio::join!(asked(&*provider), server.streams(body));
        assert!(told.contains("\nend Ending"), "{told}");
        let mut lines = exchange.head.lines();
        assert_eq!(lines.next(), Some(line));
        let user_agent = concat!("user-agent: operatoros/", env!("CARGO_PKG_VERSION"));
        let all = [user_agent, "content-type: application/json", "accept-encoding: identity"];
        for header in headers.iter().chain(&all) {
            assert!(exchange.head.lines().any(|line| line == *header), "{header}");
        }
        assert_eq!(exchange.body["stream"], true);
    }
}

#[tokio::test]
async fn a_server_of_ones_own_needs_no_key() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |settings| settings.api_key = None);
    let (_, exchange) = tokio::join!(asked(&*provider), server.streams(TOKEN.as_bytes()));
    assert!(!exchange.head.contains("authorization"));
}

#[tokio::test]
async fn the_next_question_takes_the_same_connection() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let serving = async {
        let mut exchange = server.request().await;
        exchange.stream_chunked(&[TOKEN, "data: [DONE]\n\n"]).await;
        exchange.next().await.stream_chunked(&[TOKEN, "data: [DONE]\n\n"]).await;
    };
    let asking = async { (asked(&*provider).await, asked(&*provider).await) };
    let ((first, second), ()) = tokio::join!(asking, serving);
    assert!(first.starts_with("text a\nend"));
    assert_eq!(first, second);
}

#[tokio::test]
async fn nobody_listens() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    drop(server);
    assert_eq!(asked(&*provider).await, "ProviderUnavailable (status None, code None), retry Soon");
}

#[tokio::test]
async fn somebody_listens_and_says_nothing() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |settings| settings.first_token_ms = 50);
    let silent = async { server.request().await.closed().await };
    let (told, ()) = tokio::join!(asked(&*provider), silent);
    assert_eq!(told, "DeadlineExceeded (status None, code None), retry Soon");
}

#[tokio::test]
async fn silence_falls_within_an_answer() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |settings| settings.silence_ms = 50);
    let silent = async {
        let mut exchange = server.request().await;
        exchange.begin().await;
        exchange.send(TOKEN).await;
        exchange.closed().await;
    };
    let (told, ()) = tokio::join!(asked(&*provider), silent);
    assert_eq!(told, "text a\nfailure DeadlineExceeded (status None, code None), retry Soon");
}

#[tokio::test]
async fn the_connection_is_cut_in_the_middle_of_a_token() {
    let (half, _) = TOKEN.split_at(20);
    let told = "text a\nfailure ProviderTruncated (status None, code None), retry Soon";
    assert_eq!(streamed(format!("{TOKEN}{half}").as_bytes()).await, told);
    // The server had promised more: the transport itself reports the loss.
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let cut = async {
        let mut exchange = server.request().await;
        exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n").await;
        exchange.send(&format!("{TOKEN}{half}")).await;
    };
    assert_eq!(tokio::join!(asked(&*provider), cut).0, told);
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let told = "failure ProviderProtocol (status None, code None), retry Soon";
    assert_eq!(streamed(b"data: \xFF\xFE\n\n").await, told);
    assert_eq!(streamed(b"data: {\"choices\":\n\n").await, told);
    let endless = format!("data: {}", "x".repeat(SSE_EVENT_BYTES_MAX + 1));
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let endless = async {
        let mut exchange = server.request().await;
        exchange.begin().await;
        exchange.send_for_ever(&endless).await;
    };
    assert_eq!(tokio::join!(asked(&*provider), endless).0, told);
    let compressed = async {
        let mut exchange = server.request().await;
        exchange.send("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n").await;
        exchange.send(&format!("content-length: {}\r\n\r\n{TOKEN}", TOKEN.len())).await;
    };
    let refused = told.strip_prefix("failure ").unwrap();
    assert_eq!(tokio::join!(asked(&*provider), compressed).0, refused);
}

#[tokio::test]
async fn an_event_of_a_megabyte_is_an_event() {
    let text = "x".repeat(1024 * 1024);
    let body = TOKEN.replace("\"a\"", &format!("\"{text}\"")) + "data: [DONE]\n\n";
    assert!(streamed(body.as_bytes()).await.starts_with(&format!("text {text}\nend")));
}

#[tokio::test]
async fn whoever_drops_an_endless_answer_hangs_up() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let endless = async {
        let mut exchange = server.request().await;
        exchange.begin().await;
        exchange.send_for_ever(TOKEN).await;
    };
    let reader = async {
        let answer = provider.ask(request(&[user("hello")])).await.unwrap();
        let pieces: Vec<_> = answer.take(100).collect().await;
        let is_text = |piece: &Result<Piece, Failure>| matches!(piece, Ok(Piece::Text(text)) if text.bytes().all(|byte| byte == b'a'));
        assert!(pieces.iter().all(is_text));
    };
    tokio::join!(endless, reader);
}

#[tokio::test]
async fn an_error_is_an_error_whatever_the_status_says() {
    let error = r#"{"error":{"message":"key sk-secret","type":"x","code":"slow_down"}}"#;
    let rows = [
        (
            "200 OK",
            "failure ProviderRateLimited (status None, code Some(\"slow_down\")), retry Soon",
        ),
        (
            "429 Too Many Requests",
            "ProviderRateLimited (status Some(429), code Some(\"slow_down\")), retry Soon",
        ),
        ("529", "ProviderRateLimited (status Some(529), code Some(\"slow_down\")), retry Soon"),
    ];
    for (status, expected) in rows {
        let server = Server::start().await;
        let provider = server.provider(OpenaiChat, |_| {});
        let (told, _) = tokio::join!(asked(&*provider), server.answers(status, error));
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let elsewhere = "307 Temporary Redirect\r\nlocation: /v2";
    let (told, _) = tokio::join!(asked(&*provider), server.answers(elsewhere, "{}"));
    assert_eq!(told, "ProviderRejected (status Some(307), code None), retry Never");
}

#[tokio::test]
async fn a_failure_shows_no_word_of_the_provider() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let error = r#"{"error":{"message":"sk-secret","type":"sk-secret","code":"sk-secret"}}"#;
    let asking = provider.ask(request(&[user("hello")]));
    let (answer, _) = tokio::join!(asking, server.answers("401 Unauthorized", error));
    let failure = answer.err().unwrap();
    let reason = Reason::ProviderAuth;
    assert_eq!(failure, Failure { reason, retry: Retry::Never, status: Some(401), code: None });
    assert!(!format!("{failure:?} {failure}").contains("sk-secret"));
}
