//! The offline provider calls what it is told to.

use std::sync::Arc;

use super::{
    assistant, call, request, result,
    tools::{asked, offering},
    user,
};
use crate::{
    config::OfflineSettings,
    provider::{self, OFFLINE, Provider},
};

fn offline() -> Arc<dyn Provider> {
    provider::build(&[].into(), &OfflineSettings::default()).unwrap()[OFFLINE].clone()
}

#[tokio::test(start_paused = true)]
async fn the_offline_provider_calls_the_tools_that_a_message_names() {
    let rows: [(&str, &[&str]); 10] = [
        ("get_quote MSFT", &[r#"call_1 get_quote {"symbol":"MSFT"}"#]),
        (
            "What says get_quote:  MSFT at noon? ",
            &[r#"call_1 get_quote {"symbol":"MSFT at noon"}"#],
        ),
        (
            r#"get_quote {"symbol": "MSFT", "limit": 5} please"#,
            &[r#"call_1 get_quote {"symbol": "MSFT", "limit": 5}"#],
        ),
        (
            "get_quote {\"symbol\":\n\"IBM\"} and get_time\nget_quote “ä”",
            &[
                "call_1 get_quote {\"symbol\":\n\"IBM\"}",
                "call_2 get_time {}",
                r#"call_3 get_quote {"symbol":"“ä”"}"#,
            ],
        ),
        (
            "get_time in Berlin, get_quote X",
            &["call_1 get_time {}", r#"call_2 get_quote {"symbol":"X"}"#],
        ),
        ("get_quote", &["call_1 get_quote {}"]),
        ("get_quote {broken", &[r#"call_1 get_quote {"symbol":"{broken"}"#]),
        ("forget_time, get_times, get_time_", &[]),
        ("hello", &[]),
        ("", &[]),
    ];
    for (message, calls) in rows {
        let told = asked(&*offline(), offering(&[user(message)])).await;
        if calls.is_empty() {
            assert!(told.starts_with("text No model"), "{message}: {told}");
            continue;
        }
        let calls: Vec<_> = calls.iter().map(|call| format!("call {call}\n")).collect();
        let end = told.strip_prefix(&*calls.concat()).unwrap_or_else(|| panic!("{told}"));
        assert!(end.starts_with("end Ending { finish_reason: ToolCalls, usage: Some("), "{end}");
    }
    let mut closed = offering(&[user("get_time")]);
    closed.tools.closed = true;
    for request in [closed, request(&[user("get_time")])] {
        assert!(asked(&*offline(), request).await.starts_with("text "));
    }
}

#[tokio::test(start_paused = true)]
async fn then_it_says_which_tool_has_said_what() {
    let items = [
        user("hello"),
        assistant("Hi."),
        user("get_quote X, get_time"),
        call("call_1", "get_quote", r#"{"symbol":"X"}"#),
        call("call_2", "get_time", "{}"),
        result("call_1", "no such symbol", true),
        result("call_2", "noon", false),
    ];
    let told = asked(&*offline(), offering(&items)).await;
    insta::assert_snapshot!("offline_tools", told.replace("\\n", "\n").replace('|', ""));
}
