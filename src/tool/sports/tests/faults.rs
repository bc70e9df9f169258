//! What sources do to us: refusals, nonsense, too much, nothing at all.

use std::time::Duration;

use super::{KEY, Stage, fixture};
use crate::tool::tests::server::http;

#[tokio::test]
async fn a_refusal_says_what_to_do_and_nothing_of_what_the_source_says() {
    let coded = |status: &str, code: &str| {
        http(status, &format!(r#"{{"message": "no, {KEY}", "error_code": "{code}"}}"#))
    };
    let key = "!The Odds API refuses the key, or its plan does not cover this";
    let unwell = "!The Odds API does not answer";
    let exhausted = "!The Odds API has been asked as often as it allows; again in";
    for (reply, expected) in [
        (fixture!("odds_api/error_401_invalid_key.http").to_owned(), key.to_owned()),
        (coded("401 Unauthorized", "MISSING_KEY"), key.to_owned()),
        (coded("401 Unauthorized", "DEACTIVATED_KEY"), key.to_owned()),
        (coded("401 Unauthorized", "OUT_OF_USAGE_CREDITS"), format!("{exhausted} 60 min")),
        (coded("429 Too Many Requests", "EXCEEDED_FREQ_LIMIT"), format!("{exhausted} 60 s")),
        (http("429 Too Many Requests", "slow down"), format!("{exhausted} 60 s")),
        (fixture!("odds_api/error_422_missing_region.http").to_owned(), unwell.to_owned()),
        (coded("500 Oh", "OH"), unwell.to_owned()),
        (http("200 OK", "<html>down for repairs</html>"), unwell.to_owned()),
        (http("200 OK", r#"[{"id": "aba110", "commence_ti"#), unwell.to_owned()),
        (http("200 OK", r#"{"message": "unexpected"}"#), unwell.to_owned()),
        (http("302 Found\r\nlocation: http://elsewhere.invalid/", ""), unwell.to_owned()),
    ] {
        for tool in ["sports_odds", "sports_scores"] {
            let stage = Stage::of("Odds").await;
            let told = stage.call(tool, r#"{"league": "NFL"}"#, &[&reply]).await;
            let (asked, told) = told.split_once('\n').unwrap();
            assert!(asked.contains(KEY), "it is asked with the key: {asked}");
            assert_eq!(told, expected, "{tool} {reply}");
        }
    }
}

#[tokio::test]
async fn a_scoreboard_that_has_changed_is_no_answer() {
    let event = r#"{"events": [{"date": "2026-11-22", "competitions": []}]}"#;
    for reply in [
        fixture!("espn/error_400_daterange.http").to_owned(),
        http("403 Forbidden", "<html>no browsers</html>"),
        http("404 Not Found", "{}"),
        http("200 OK", "<html></html>"),
        http("200 OK", r#"{"leagues": []}"#),
        http("200 OK", r#"{"events": {}}"#),
        http("200 OK", event),
    ] {
        let stage = Stage::of("ESPN").await;
        let told = stage.call("sports_scores", r#"{"league": "NBA"}"#, &[&reply]).await;
        let path = "/apis/site/v2/sports/basketball/nba/scoreboard";
        assert_eq!(told, format!("{path}\n!ESPN does not answer"), "{reply}");
    }
}

#[tokio::test]
async fn who_asks_espn_says_who_it_is() {
    let stage = Stage::of("ESPN").await;
    let reply = http("200 OK", fixture!("espn/scoreboard_empty.json"));
    let call = stage.tools.call("sports_scores", r#"{"league": "NFL"}"#.into());
    let (found, exchange) = tokio::join!(call, stage.server.answers(&reply));
    assert_eq!(found.unwrap().summary, "NFL: no games (ESPN)");
    let agent = "user-agent: OperatorOS/0.1 (+https://github.com/operatoros/operatoros)";
    assert!(exchange.head.lines().any(|line| line == agent), "{}", exchange.head);
}

#[tokio::test]
async fn neither_silence_nor_a_flood_is_waited_out() {
    for floods in [false, true] {
        let stage = Stage::of("ESPN").await;
        let call = stage.tools.call("sports_scores", r#"{"league": "NFL"}"#.into());
        let answering = async {
            let mut exchange = stage.server.request().await;
            if floods {
                exchange.send("HTTP/1.1 200 OK\r\n\r\n").await;
                exchange.send_for_ever(&"[".repeat(64 * 1024)).await;
            } else {
                tokio::time::pause();
                tokio::time::advance(Duration::from_secs(8)).await;
                exchange.closed().await;
                tokio::time::resume();
            }
        };
        let (told, ()) = tokio::join!(call, answering);
        assert_eq!(told.unwrap_err().to_string(), "ESPN does not answer", "{floods}");
    }
}
