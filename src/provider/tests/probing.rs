//! What a probe sends, and what it makes of each answer.

use std::{sync::Arc, time::Duration};

use super::server::{Exchange, Server};
use crate::{
    config::{OfflineSettings, ProviderKind},
    limits,
    provider::{self, OFFLINE, Probed},
};

const KEY: &str = "Incorrect API key provided: sk-test";

/// The probe of a server that gives these answers in turn, and what it was sent. Of how long that
/// took a test says nothing.
async fn probed(
    kind: ProviderKind,
    models: &[&str],
    answers: &[(&str, &str)],
) -> (Probed, Vec<Exchange>) {
    let server = Server::start().await;
    let provider = server.provider(kind, |_| {});
    let probe = provider.probe(models.iter().map(|model| Arc::from(*model)).collect()).unwrap();
    let answering = async {
        let mut sent = Vec::new();
        for (status, json) in answers {
            sent.push(server.answers(status, json).await);
        }
        sent
    };
    let (probed, sent) = tokio::join!(probe, answering);
    let took = Duration::ZERO;
    let probed = match probed {
        Probed::Well { unknown, unlisted, .. } => Probed::Well { took, unknown, unlisted },
        Probed::Reticent { .. } => Probed::Reticent { took },
        other => other,
    };
    (probed, sent)
}

fn well(unknown: &[&str], unlisted: &[&str]) -> Probed {
    let names = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect();
    Probed::Well { took: Duration::ZERO, unknown: names(unknown), unlisted: names(unlisted) }
}

const RETICENT: Probed = Probed::Reticent { took: Duration::ZERO };
const LIST: &str = r#"{"object":"list","data":[{"id":"a-model","object":"model"},{"id":"b:8b"}]}"#;

#[tokio::test]
async fn it_gets_the_list_and_posts_nothing() {
    let rows = [
        (ProviderKind::Openai, "GET /v1/models HTTP/1.1", "authorization: Bearer sk-test"),
        (ProviderKind::OpenaiChat, "GET /v1/models HTTP/1.1", "authorization: Bearer sk-test"),
        (ProviderKind::Anthropic, "GET /v1/models?limit=1000 HTTP/1.1", "x-api-key: sk-test"),
    ];
    for (kind, line, key) in rows {
        let (probed, sent) = probed(kind, &["a-model", "b"], &[("200 OK", LIST)]).await;
        assert_eq!(probed, well(&[], &[]));
        let head = &sent[0].head;
        assert!(head.starts_with(line) && head.contains(key), "{head}");
        let versioned = head.contains("anthropic-version: 2023-06-01");
        assert_eq!(versioned, kind == ProviderKind::Anthropic, "{head}");
    }
    let offline = provider::build(&[].into(), &OfflineSettings::default()).unwrap();
    assert!(offline[OFFLINE].probe(vec![]).is_none(), "it has no server");
}

#[tokio::test]
async fn an_answer_says_how_the_server_is() {
    let error = |code: &str| format!(r#"{{"error":{{"message":"{KEY}","code":"{code}"}}}}"#);
    let scope = r#"{"error":{"message":"Missing scopes: api.model.read.","code":null}}"#;
    let rows: [(&str, &str, Probed); 15] = [
        ("200 OK", LIST, well(&[], &[])),
        ("200 OK", r#"{"data":[{"id":"other/*"}]}"#, well(&[], &[])),
        ("200 OK", r#"{"data":[{"id":"models/a-model"}]}"#, well(&[], &[])),
        ("200 OK", r#"{"data":[]}"#, RETICENT),
        ("200 OK", "<html>", RETICENT),
        ("401 Unauthorized", &error("invalid_api_key"), Probed::Refused),
        ("401 Unauthorized", r#"{"detail":"no"}"#, Probed::Refused),
        ("401 Unauthorized", scope, RETICENT),
        ("403 Forbidden", scope, RETICENT),
        ("403 Forbidden", &error("unsupported_country_region_territory"), Probed::Refused),
        ("404 Not Found", "{}", RETICENT),
        ("405 Method Not Allowed", "{}", RETICENT),
        ("501 Not Implemented", "{}", RETICENT),
        ("503 Service Unavailable", "{}", Probed::Failing),
        (
            "429 Too Many Requests\r\nretry-after: 90",
            "{}",
            Probed::Busy(Some(Duration::from_secs(90))),
        ),
    ];
    for (status, json, expected) in rows {
        let (found, _) = probed(ProviderKind::OpenaiChat, &["a-model"], &[(status, json)]).await;
        assert_eq!(found, expected, "{status} {json}");
        assert!(!format!("{found:?}").contains("sk-test"));
    }
}

#[tokio::test]
async fn a_model_is_unknown_where_the_server_says_so_itself() {
    let list = ("200 OK", LIST);
    let gone =
        r#"{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}}"#;
    let rows = [
        (("200 OK", r#"{"id":"meta/c"}"#), well(&[], &[])),
        (("404 Not Found", gone), well(&["meta/c"], &[])),
        (("404 Not Found", r#"{"detail":"Not Found"}"#), well(&[], &["meta/c"])),
        (("500 Oh", "{}"), well(&[], &["meta/c"])),
    ];
    for (answer, expected) in rows {
        let (found, sent) = probed(ProviderKind::Openai, &["meta/c", "b"], &[list, answer]).await;
        assert_eq!(found, expected, "{answer:?}");
        assert!(sent[1].head.starts_with("GET /v1/models/meta%2Fc "), "{}", sent[1].head);
    }
}

#[tokio::test]
async fn who_does_not_answer_in_time_cannot_be_reached() {
    let server = Server::start().await;
    let provider = server.provider(ProviderKind::Openai, |_| {});
    let waiting = async {
        let silent = server.request().await;
        tokio::time::pause();
        tokio::time::advance(limits::PROBE_WITHIN).await;
        silent
    };
    let (probed, _silent) = tokio::join!(provider.probe(vec![]).unwrap(), waiting);
    assert_eq!(probed, Probed::Unreachable);
    let gone = Server::start().await.provider(ProviderKind::Openai, |_| {});
    assert_eq!(gone.probe(vec![]).unwrap().await, Probed::Unreachable);
}
