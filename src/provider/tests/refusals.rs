//! Every recorded error, and what is made of it.

use std::{fs, path::Path, time::Duration};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    model::Reason::{
        self, ContextTooLong, ProviderAuth, ProviderQuota, ProviderRateLimited, ProviderRejected,
        ProviderUnavailable,
    },
    provider::{
        Failure,
        Retry::{self, After, Never, Soon},
        refusal,
    },
};

const fn after(ms: u64) -> Retry {
    After(Duration::from_millis(ms))
}

type Row = (&'static str, Reason, Retry, Option<&'static str>);

const RECORDED: [Row; 23] = [
    ("openai/error_400_context_chat", ContextTooLong, Never, Some("context_length_exceeded")),
    ("openai/error_400_context_responses", ContextTooLong, Never, Some("context_length_exceeded")),
    (
        "openai/error_400_previous_response_not_found",
        ProviderRejected,
        Never,
        Some("previous_response_not_found"),
    ),
    ("openai/error_400_tools_need_responses", ProviderRejected, Never, Some("tools_unsupported")),
    (
        "openai/error_400_unsupported_parameter",
        ProviderRejected,
        Never,
        Some("unsupported_parameter"),
    ),
    ("openai/error_401_invalid_key", ProviderAuth, Never, Some("invalid_api_key")),
    ("openai/error_403_region", ProviderAuth, Never, Some("unsupported_country_region_territory")),
    ("openai/error_404_assistants_sunset", ProviderRejected, Never, Some("invalid_request_error")),
    ("openai/error_404_model", ProviderRejected, Never, Some("model_not_found")),
    ("openai/error_429_insufficient_quota", ProviderQuota, Never, Some("insufficient_quota")),
    ("openai/error_429_requests", ProviderRateLimited, after(360_000), Some("rate_limit_exceeded")),
    ("openai/error_429_spend_limit", ProviderQuota, Never, Some("insufficient_quota")),
    ("openai/error_429_tokens", ProviderRateLimited, after(1_324), Some("rate_limit_exceeded")),
    ("openai/error_500", ProviderUnavailable, Soon, Some("server_error")),
    ("openai/error_503", ProviderUnavailable, after(5_000), Some("server_is_overloaded")),
    ("anthropic/error_400_sampling_param", ProviderRejected, Never, Some("invalid_request_error")),
    ("anthropic/error_400_too_long", ContextTooLong, Never, Some("invalid_request_error")),
    ("anthropic/error_401", ProviderAuth, Never, Some("authentication_error")),
    ("anthropic/error_403", ProviderAuth, Never, Some("permission_error")),
    ("anthropic/error_404_model", ProviderRejected, Never, Some("not_found_error")),
    ("anthropic/error_413", ContextTooLong, Never, Some("request_too_large")),
    ("anthropic/error_429", ProviderRateLimited, after(38_000), Some("rate_limit_error")),
    ("anthropic/error_500", ProviderUnavailable, Soon, Some("api_error")),
];

#[test]
fn every_recorded_error_is_classified() {
    let last = ("anthropic/error_529", ProviderUnavailable, Soon, Some("overloaded_error"));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, reason, retry, code) in RECORDED.into_iter().chain([last]) {
        let recorded = fs::read_to_string(fixtures.join(format!("{name}.http"))).unwrap();
        let (status, headers, body) = parse(&recorded);
        let expected = Failure { reason, retry, status: Some(status), code };
        assert_eq!(refusal::classify(status, &headers, body.as_bytes()), expected, "{name}");
    }
    let recorded = |vendor| {
        let files = fs::read_dir(fixtures.join(vendor)).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|kind| kind == "http")).count()
    };
    assert_eq!(recorded("openai") + recorded("anthropic"), RECORDED.len() + 1);
}

fn parse(recorded: &str) -> (u16, HeaderMap, &str) {
    let recorded = recorded.split_once("\r\n\r\n").or_else(|| recorded.split_once("\n\n"));
    let (head, body) = recorded.unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    (status, headers(lines.map(|line| line.split_once(": ").unwrap())), body)
}

pub(super) fn headers<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    let header = |(name, value): (&str, &str)| {
        (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
    };
    lines.into_iter().map(header).collect()
}

#[test]
fn a_429_has_three_meanings_and_a_400_more() {
    let rows: [(u16, &str, Reason, Retry); 17] = [
        (
            429,
            r#"{"error":{"code":"rate_limit_exceeded","message":"Request too large for gpt"}}"#,
            ContextTooLong,
            Never,
        ),
        (429, r#"{"error":{"code":"organization_usage_limit_exceeded"}}"#, ProviderQuota, Never),
        (
            429,
            r#"{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
            ProviderQuota,
            Never,
        ),
        (
            429,
            r#"{"error":{"type":"rate_limit_error","code":"slow_down"}}"#,
            ProviderRateLimited,
            Soon,
        ),
        (429, "<html>slow down</html>", ProviderRateLimited, Soon),
        (413, "<html>cloudflare</html>", ContextTooLong, Never),
        (402, "", ProviderQuota, Never),
        (301, "", ProviderRejected, Never),
        (409, "", ProviderUnavailable, Soon),
        (502, "\u{FFFD}", ProviderUnavailable, Soon),
        (
            400,
            r#"{"object":"error","message":"This model's maximum context length is 8192"}"#,
            ContextTooLong,
            Never,
        ),
        (
            400,
            r#"{"error":{"code":400,"type":"exceed_context_size_error"}}"#,
            ContextTooLong,
            Never,
        ),
        (400, r#"{"error":"model is required"}"#, ProviderRejected, Never),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."}}"#,
            ProviderQuota,
            Never,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."}}"#,
            ProviderQuota,
            Never,
        ),
        (
            400,
            r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
            ProviderAuth,
            Never,
        ),
        (
            400,
            r#"{"error":{"message":"Invalid input: “Your credit balance is too low”"}}"#,
            ProviderRejected,
            Never,
        ),
    ];
    for (status, body, reason, retry) in rows {
        let failure = refusal::classify(status, &HeaderMap::new(), body.as_bytes());
        assert_eq!((failure.reason, failure.retry), (reason, retry), "{status} {body}");
    }
}

#[test]
fn that_tools_are_not_taken_everybody_says_in_own_words() {
    let no_tools = [
        "registry.ollama.ai/library/gemma3:4b does not support tools",
        "deepseek-reasoner does not support Function Calling",
        r#"No endpoints found that support tool use. Try disabling \"x\"."#,
        "`tool calling` is not supported with this model",
        "Unsupported parameter: 'tools' is not supported with this model.",
        r#"\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"#,
        "tools param requires --jinja flag",
        "Unsupported param: tools",
        "Encrypted content is not supported with this model.",
    ];
    let something_else = [
        "Invalid schema for function 'get_quote'",
        "No tool output found for function call call_1.",
        "Thinking mode does not support this tool_choice",
    ];
    for (says, code) in [(&no_tools[..], Some(refusal::NO_TOOLS)), (&something_else, None)] {
        for message in says {
            for error in [format!(r#""{message}""#), format!(r#"{{"message":"{message}"}}"#)] {
                let body = format!(r#"{{"error":{error}}}"#);
                let failure = refusal::classify(400, &HeaderMap::new(), body.as_bytes());
                assert_eq!(failure.code, code, "{message}");
            }
        }
    }
}

#[test]
fn the_provider_says_when_to_come_back() {
    let date = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");
    let rows: [(&[(&str, &str)], Retry); 8] = [
        (&[("retry-after", "2")], after(2_000)),
        (&[("retry-after", "1.5")], after(1_500)),
        (&[("retry-after", "2"), ("retry-after-ms", "250")], after(250)),
        (&[("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"), date], after(30_000)),
        (&[("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT"), date], Soon),
        (&[("retry-after", "-1"), date], Soon),
        (&[("retry-after", "NaN"), ("retry-after-ms", "inf")], Soon),
        (&[("retry-after", "2"), ("x-should-retry", "false")], Never),
    ];
    for (lines, retry) in rows {
        let headers = headers(lines.iter().copied());
        assert_eq!(refusal::classify(503, &headers, b"").retry, retry, "{lines:?}");
    }
    let told = headers([("x-should-retry", "true")]);
    assert_eq!(refusal::classify(400, &told, b"").retry, Soon);
    assert_eq!(refusal::classify(401, &told, b"").retry, Never);
}
