//! Tests of the tools of sports: what they ask, what they make of the answers, and what no answer spoils.

mod faults;
mod reading;

use std::{fmt::Write as _, sync::Mutex};

use super::*;
use crate::{
    config::{EspnSettings, SourceSettings},
    model::Timestamp,
    tool::{
        Toolbox,
        tests::server::{Server, http},
    },
};

const KEY: &str = "k3y-0f-the-odds";
/// Sunday, 2026-11-22 19:32 UTC.
const NOW: Timestamp = Timestamp(1_795_375_920_000);

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/", $name))
    };
}
use fixture;

/// What is asked, and where.
struct Stage {
    server: Server,
    tools: Toolbox,
}

impl Stage {
    /// With ESPN, The Odds API, or both.
    async fn of(sources: &str) -> Self {
        let server = Server::start().await;
        let mut settings = ToolSettings::default();
        let base_url = server.base_url();
        let odds_api = SourceSettings { base_url: base_url.clone(), ..settings.odds_api.clone() };
        settings.odds_api = odds_api;
        settings.espn = EspnSettings { base_url, ..settings.espn };
        settings.espn.enabled = sources.contains("ESPN");
        settings.odds_api.api_key = sources.contains("Odds").then(|| KEY.to_owned().into());
        let offer = offer(&settings, &Clock::at(NOW)).unwrap();
        Self { server, tools: Toolbox::of(offer.tools, offer.missing) }
    }

    /// Calls the tool; the server answers with these, one after the other. Told is what was asked, then
    /// text and summary.
    async fn call(&self, name: &str, arguments: &str, replies: &[&str]) -> String {
        let asked = Mutex::new(Vec::new());
        let left = Mutex::new(replies.iter().rev().copied().collect::<Vec<_>>());
        let reply =
            |_: &str| left.lock().unwrap().pop().unwrap_or("HTTP/1.1 500 Oh\r\n\r\n").to_owned();
        let told = tokio::select! {
            told = self.tools.call(name, arguments.into()) => told,
            () = async { self.server.serve(&asked, reply).await } => unreachable!(),
        };
        let told = match told {
            Ok(found) => format!("{}\n=> {}", found.text, found.summary),
            Err(trouble) => format!("!{trouble}"),
        };
        let asked = asked.into_inner().unwrap().join("\n");
        if asked.is_empty() { told } else { format!("{asked}\n{told}") }
    }
}

#[tokio::test]
async fn a_tool_is_there_with_a_source_and_else_says_what_to_set() {
    for (sources, expected) in [
        (
            "",
            "-sports_odds: ODDS_API_KEY, -sports_scores: ODDS_API_KEY or tools.espn.enabled = true",
        ),
        ("ESPN", "sports_scores, -sports_odds: ODDS_API_KEY"),
        ("Odds", "sports_odds, sports_scores"),
        ("ESPN, Odds", "sports_odds, sports_scores"),
    ] {
        let Stage { tools, .. } = Stage::of(sources).await;
        let there = tools.specs().iter().map(|spec| spec.name.to_string());
        let missing = tools.missing().map(|(name, wants)| format!("-{name}: {wants}"));
        assert_eq!(there.chain(missing).collect::<Vec<_>>().join(", "), expected, "{sources}");
    }
}

#[tokio::test]
async fn scores_are_told_as_either_source_has_them() {
    let (live, over) = (fixture!("espn/scoreboard_in.json"), fixture!("espn/scoreboard_post.json"));
    let (to_come, none) =
        (fixture!("espn/scoreboard_pre.json"), fixture!("espn/scoreboard_empty.json"));
    let scores = fixture!("odds_api/scores.json");
    let odds_api = "The Odds API";
    let far = ["2026-11-20T18:00", "2026-11-21T02:00", "2026-11-29T18:00", "2026-12-06T18:00"];
    let far = far.map(|starts| {
        let (completed, score) = (starts < "2026-11-22", r#"[{"name": "Gulls", "score": "7"}]"#);
        let scores = if completed { score } else { "null" };
        format!(
            r#"{{"commence_time": "{starts}:00Z", "completed": {completed}, "scores": {scores},
            "home_team": "Gulls", "away_team": "Owls"}}"#
        )
    });
    let far = format!("[{}]", far.join(","));
    let mut told = String::new();
    for (source, arguments, body) in [
        ("ESPN", r#"{"league": "NFL"}"#, live),
        ("ESPN", r#"{"league": "nfl", "team": "gulls", "date": "2026-11-22"}"#, over),
        ("ESPN", r#"{"league": "National Football League", "team": " ", "date": ""}"#, to_come),
        ("ESPN", r#"{"league": "college football", "date": "yesterday"}"#, none),
        ("ESPN", r#"{"league": "NFL", "team": "Lakers"}"#, live),
        (odds_api, r#"{"league": "NFL"}"#, scores),
        (odds_api, r#"{"league": "NFL", "team": "owls"}"#, scores),
        (odds_api, r#"{"league": "NFL", "date": "today"}"#, scores),
        (odds_api, r#"{"league": "NFL", "date": "tomorrow"}"#, scores),
        (odds_api, r#"{"league": "NFL", "date": "2026-11-19"}"#, scores),
        (odds_api, r#"{"league": "NFL", "team": "Gulls"}"#, &far),
        (odds_api, r#"{"league": "Premier League"}"#, "[]"),
        (odds_api, r#"{"league": "NFL", "date": "22.11."}"#, "[]"),
        (odds_api, r#"{"league": "Quidditch"}"#, "[]"),
    ] {
        let stage = Stage::of(source).await;
        let said = stage.call("sports_scores", arguments, &[&http("200 OK", body)]).await;
        writeln!(told, "## {source} {arguments}\n{said}\n").unwrap();
    }
    insta::assert_snapshot!("scores", told);
}

#[tokio::test]
async fn espn_goes_first_and_the_odds_api_where_it_fails() {
    let (espn, scores) = (fixture!("espn/scoreboard_in.json"), fixture!("odds_api/scores.json"));
    let (espn, scores) = (http("200 OK", espn), http("200 OK", scores));
    let refusal = fixture!("espn/error_400_daterange.http");
    for (replies, expected) in [
        (vec![&*espn], "Gulls 21 : 14 Rattlers, Q3 10:32 (ESPN)"),
        (vec![refusal, &scores], "NFL: 1 live, 1 to come (The Odds API)"),
        (vec![refusal, refusal], "!The Odds API does not answer"),
    ] {
        let stage = Stage::of("ESPN, Odds").await;
        let told = stage.call("sports_scores", r#"{"league": "NFL"}"#, &replies).await;
        assert!(told.ends_with(expected), "{told}");
    }
}

#[tokio::test]
async fn odds_are_told_with_what_they_imply() {
    let (decimal, american) = (
        http("200 OK", fixture!("odds_api/odds_decimal.json")),
        fixture!("odds_api/odds_american.http"),
    );
    let few = american.replace("remaining: 487", "remaining: 12");
    let none = http("200 OK", fixture!("odds_api/odds_empty.json"));
    let no_such = fixture!("odds_api/error_404_unknown_sport.http");
    let mut told = String::new();
    for (arguments, reply) in [
        (r#"{"league": "NFL", "market": "all"}"#, american),
        (r#"{"league": "NFL", "team": "Rattlers", "market": "spread"}"#, american),
        (r#"{"league": "NFL", "market": "totals"}"#, &few),
        (r#"{"league": "NFL", "format": "decimal", "region": "uk"}"#, &decimal),
        (r#"{"league": "NFL", "market": "total", "format": "decimal"}"#, &decimal),
        (r#"{"league": "NFL", "team": "Lakers"}"#, american),
        (r#"{"league": "Premier League"}"#, &none),
        (r#"{"league": "World Cup"}"#, no_such),
        (r#"{"league": "NFL", "market": "corners"}"#, &none),
    ] {
        let stage = Stage::of("Odds").await;
        let said = stage.call("sports_odds", arguments, &[reply]).await;
        writeln!(told, "## {arguments}\n{said}\n").unwrap();
    }
    insta::assert_snapshot!("odds", told);
}

#[tokio::test]
async fn who_asks_the_same_soon_takes_no_credits() {
    let stage = Stage::of("Odds").await;
    let reply = fixture!("odds_api/odds_american.http");
    for (arguments, replies, asks) in [
        (r#"{"league": "NFL", "team": "gulls"}"#, vec![reply], true),
        (r#"{"league": "nfl", "team": "rattlers"}"#, vec![], false),
        (r#"{"league": "NFL", "market": "spread"}"#, vec![reply], true),
        (r#"{"league": "NFL", "market": "moneyline", "format": "american"}"#, vec![], false),
    ] {
        let told = stage.call("sports_odds", arguments, &replies).await;
        assert_eq!(told.starts_with("/v4/sports/"), asks, "{told}");
        assert!(!told.contains('!'), "{told}");
    }
}

#[tokio::test]
async fn the_last_credits_are_told_and_then_nobody_asks() {
    let stage = Stage::of("Odds").await;
    let last = fixture!("odds_api/odds_american.http").replace("remaining: 487", "remaining: 0");
    let told = stage.call("sports_odds", r#"{"league": "NFL"}"#, &[&last]).await;
    assert!(told.contains("from The Odds API (0 credits left this month)"), "{told}");
    let exhausted = "!The Odds API has been asked as often as it allows; again in 60 min";
    for arguments in [r#"{"league": "NBA"}"#, r#"{"league": "NFL", "market": "total"}"#] {
        assert_eq!(stage.call("sports_odds", arguments, &[&last]).await, exhausted);
    }
    assert_eq!(stage.call("sports_scores", r#"{"league": "NFL"}"#, &[&last]).await, exhausted);
    let again = stage.call("sports_odds", r#"{"league": "NFL"}"#, &[]).await;
    assert!(again.contains("Harbor City Gulls -165"), "{again}");
}
