//! Tests of tools: what they find, and how they refuse.

pub(super) mod server;

use futures_util::FutureExt;
use serde_json::json;
use tokio::time::sleep;

use super::*;
use crate::{config::TOOLS, model::Timestamp};

/// A tool that finds its own name, after so long.
struct Echo(ToolSpec, Duration);

/// That tool.
pub(crate) fn echo(name: &str, takes: Duration) -> Arc<dyn Tool> {
    Arc::new(Echo(spec(name, "says it", json!({ "type": "object" })), takes))
}

impl Tool for Echo {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn call(&self, _arguments: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>> {
        let (name, takes) = (self.0.name.to_string(), self.1);
        async move {
            sleep(takes).await;
            Ok(Found { text: name.clone(), summary: name })
        }
        .boxed()
    }
}

fn toolbox() -> Toolbox {
    build(&ToolSettings::default(), &Clock::at(Timestamp(1_772_672_400_000))).unwrap()
}

#[tokio::test]
async fn tools_find_what_they_are_for_and_say_what_is_wrong() {
    let tools = toolbox();
    for (name, arguments, expected) in [
        ("calculate", r#"{"expression": "0.1 + 0.2"}"#, "0.1 + 0.2 = 0.3"),
        ("calculate", r#"{"expression": "2^10 - (3 + 4) * 2"}"#, "2^10 - (3 + 4) * 2 = 1010"),
        ("calculate", r#"{"expression": "sqrt(2)*sqrt(2)"}"#, "sqrt(2)*sqrt(2) = 2"),
        (
            "calculate",
            r#"{"expression": "round(2.5) + log10(1000) + ln(E) + abs(-4)"}"#,
            "round(2.5) + log10(1000) + ln(E) + abs(-4) = 11",
        ),
        ("calculate", r#"{"expression": "1/0"}"#, "!ToolRejected \"1/0\" has no finite value"),
        (
            "calculate",
            r#"{"expression": "drop table"}"#,
            "!ToolRejected \"drop table\" is no \
            expression of numbers, + - * / ^, brackets and functions",
        ),
        (
            "calculate",
            "{}",
            "!ToolRejected the arguments are not right: missing field \
            `expression` at line 1 column 2",
        ),
        ("current_time", "{}", "Thursday, 2026-03-05 01:00:00 in UTC (UTC+00:00)"),
        (
            "current_time",
            r#"{"time_zone": "America/New_York"}"#,
            "Wednesday, 2026-03-04 20:00:00 in America/New_York (UTC-05:00)",
        ),
        (
            "current_time",
            r#"{"time_zone": "Mars/Base"}"#,
            "!ToolRejected \"Mars/Base\" is no time zone of the IANA database",
        ),
        (
            "levitate",
            "{}",
            "!ToolRejected there is no such tool; there are: calculate, current_time",
        ),
    ] {
        let told = match tools.call(name, arguments.into()).await {
            Ok(found) => found.text,
            Err(trouble) => {
                format!("!{:?} {trouble}", trouble.reason())
            }
        };
        assert_eq!(told, expected, "{name} {arguments}");
    }
}

#[test]
fn each_tool_that_settings_know_is_there_or_missing() {
    let tools = toolbox();
    let there = tools.specs().iter().map(|spec| spec.name.clone());
    let mut names: Vec<_> = there.chain(tools.missing().map(|(name, _)| name.clone())).collect();
    names.sort();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), TOOLS);
}
