//! What headers say of a key, and that a spent one is not asked.

use std::time::Duration;

use super::{refusals::headers, request, server::Server, user};
use crate::{
    config::ProviderKind::{self, Anthropic, Openai, OpenaiChat},
    model::Reason,
    provider::{Retry, quota},
};

const NOON: (&str, &str) = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");

/// The headers, and the milliseconds for which nothing is left.
type Row = (&'static [(&'static str, &'static str)], Option<u64>);

#[test]
fn a_key_is_spent_when_nothing_is_left_and_it_is_said_until_when() {
    let rows: [Row; 12] = [
        (&[], None),
        (
            &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1.324s")],
            Some(1_324),
        ),
        (
            &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")],
            Some(360_000),
        ),
        (
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1h2m3s4ms5us"),
            ],
            Some(3_723_004),
        ),
        (&[("x-ratelimit-remaining-tokens", "1"), ("x-ratelimit-reset-tokens", "9s")], None),
        (&[("x-ratelimit-remaining-tokens", "0")], None),
        (&[("x-ratelimit-remaining-tokens", "-1"), ("x-ratelimit-reset-tokens", "-1")], None),
        (&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "0")], None),
        (&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "5 apples")], None),
        (
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "2s"),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "12ms"),
            ],
            Some(2_000),
        ),
        (
            &[
                NOON,
                ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ("anthropic-ratelimit-input-tokens-reset", "2026-11-22T12:00:38Z"),
            ],
            Some(38_000),
        ),
        (
            &[
                NOON,
                ("anthropic-ratelimit-tokens-remaining", "0"),
                ("anthropic-ratelimit-tokens-reset", "2026-11-22T11:59:59Z"),
            ],
            None,
        ),
    ];
    for (lines, ms) in rows {
        let spent = quota::spent(&headers(lines.iter().copied()));
        let rounded = spent.map(|pause| u64::try_from(pause.as_millis()).unwrap());
        assert_eq!(rounded, ms, "{lines:?}");
    }
}

/// Answers the next request with these headers, too.
async fn answers(server: &Server, said: &str, body: &[u8]) {
    let mut exchange = server.request().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
    exchange.send(&format!("{head}{said}\r\n")).await;
    exchange.send(std::str::from_utf8(body).unwrap()).await;
}

#[tokio::test]
async fn who_has_answered_with_the_last_tokens_is_asked_again() {
    let server = Server::start().await;
    let provider = server.provider(OpenaiChat, |_| {});
    let said = "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 59.8s\r\n";
    let body = include_bytes!("../../../tests/fixtures/openai/chat_stream_crlf_comments.sse");
    for _ in 0..2 {
        let asking = provider.ask(request(&[user("hello")]));
        assert!(tokio::join!(asking, answers(&server, said, body)).0.is_ok());
    }
}

#[tokio::test]
async fn a_spent_key_is_not_asked() {
    let rows: [(ProviderKind, &[u8], &str); 3] = [
        (
            Openai,
            include_bytes!("../../../tests/fixtures/openai/responses_stream_conversation.sse"),
            "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 30s\r\n",
        ),
        (
            OpenaiChat,
            include_bytes!("../../../tests/fixtures/openai/chat_stream_crlf_comments.sse"),
            "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 10m0s\r\n\
             x-ratelimit-limit-requests: 20\r\nx-ratelimit-remaining-tokens: 0\r\n\
             x-ratelimit-reset-tokens: 60s\r\n",
        ),
        (
            Anthropic,
            include_bytes!("../../../tests/fixtures/anthropic/text.sse"),
            "date: Sun, 22 Nov 2026 12:00:00 GMT\r\nanthropic-ratelimit-requests-remaining: 0\r\n\
             anthropic-ratelimit-requests-reset: 2026-11-22T12:00:30Z\r\n",
        ),
    ];
    for (kind, body, said) in rows {
        let server = Server::start().await;
        let provider = server.provider(kind, |_| {});
        let request = request(&[user("hello")]);
        let answered = answers(&server, said, body);
        let (first, ()) = tokio::join!(provider.ask(request.clone()), answered);
        assert!(first.is_ok());
        // Nobody would answer, so asking would end in another way.
        let second = provider.ask(request.clone()).await.err().expect("it is refused");
        assert_eq!(second.reason, Reason::ProviderRateLimited, "{kind:?}");
        let Retry::After(pause) = second.retry else { panic!("it says until when") };
        assert!(pause > Duration::from_secs(20) && pause <= Duration::from_secs(30), "{pause:?}");
        // Another model has an allowance of its own.
        let other = crate::provider::Request { model: "another".into(), ..request };
        let (third, _) = tokio::join!(provider.ask(other), server.answers("500 Oh", "{}"));
        assert_eq!(third.err().map(|failure| failure.status), Some(Some(500)));
    }
}
