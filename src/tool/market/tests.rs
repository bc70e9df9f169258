//! Tests of markets: what is told of recorded answers, and who is asked when somebody does not know.

use std::{fmt::Write, sync::Mutex};

use tokio::time;

use super::{
    super::{
        Toolbox, build,
        source::Verdict,
        tests::server::{Server, http},
    },
    findings::{AsOf, Close, Day},
    *,
};
use crate::{limits, model::Timestamp, tool::decimal::Decimal};

const KEY: &str = "k3y-0f-the-tests";
/// Saturday, 2026-11-21 12:00 UTC.
const NOW: Timestamp = Timestamp(1_795_262_400_000);

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/", $name))
    };
}

/// How a source answers in a row.
type Answers<'a> = &'a dyn Fn(&str) -> String;

fn ok(json: &str) -> String {
    http("200 OK", json)
}

/// Massive, as its free plan answers.
fn massive(target: &str) -> String {
    let begins = |with| target.starts_with(with);
    if begins("/v2/snapshot/locale/us/markets/stocks/tickers/LIVE") {
        ok(fixture!("massive/snapshot_ticker.json"))
    } else if begins("/v2/snapshot/locale/us/markets/stocks/tickers/") {
        fixture!("massive/error_403.http").to_owned()
    } else if begins("/v2/aggs/ticker/AAPL/") {
        ok(fixture!("massive/aggs_day.json"))
    } else if begins("/v2/aggs/ticker/") {
        ok(fixture!("massive/prev_close_empty.json"))
    } else if begins("/v2/reference/news") && !target.contains("ticker=ZZZZZ") {
        ok(fixture!("massive/news.json"))
    } else if begins("/v3/reference/tickers?search=apple&") {
        ok(fixture!("massive/tickers.json"))
    } else {
        fixture!("massive/error_404.http").to_owned()
    }
}

/// Alpha Vantage, which knows IBM.
fn alpha_vantage(target: &str) -> String {
    let asks = |what| target.contains(what);
    ok(match () {
        () if asks("SYMBOL_SEARCH") && asks("business") => {
            fixture!("alphavantage/symbol_search.json")
        }
        () if asks("SYMBOL_SEARCH") => r#"{"bestMatches": []}"#,
        () if asks("NEWS_SENTIMENT") && asks("ZZZZZ") => {
            r#"{"Information": "Invalid inputs. Please refer to the API documentation."}"#
        }
        () if asks("NEWS_SENTIMENT") => fixture!("alphavantage/news_sentiment.json"),
        () if asks("GLOBAL_QUOTE") && asks("IBM") => fixture!("alphavantage/global_quote.json"),
        () if asks("GLOBAL_QUOTE") => fixture!("alphavantage/global_quote_unknown_symbol.json"),
        () if asks("IBM") => fixture!("alphavantage/time_series_daily.json"),
        () => fixture!("alphavantage/error_message.json"),
    })
}

/// Both sources in the test's hands, and the tools that ask them.
struct Stage {
    massive: Server,
    alpha_vantage: Server,
    tools: Toolbox,
    asked: Mutex<Vec<String>>,
}

impl Stage {
    async fn new(keyed: &[&str]) -> Self {
        let (massive, alpha_vantage) = (Server::start().await, Server::start().await);
        let mut settings = ToolSettings::default();
        settings.massive.base_url = massive.base_url();
        settings.alpha_vantage.base_url = alpha_vantage.base_url();
        // How often may be asked is the matter of other tests.
        settings.massive.requests_per_minute = 0;
        settings.alpha_vantage.requests_per_minute = 0;
        for (name, source) in
            [("massive", &mut settings.massive), ("alpha_vantage", &mut settings.alpha_vantage)]
        {
            source.api_key = keyed.contains(&name).then(|| KEY.to_owned().into());
        }
        let tools = build(&settings, &Clock::at(NOW)).unwrap();
        Self { massive, alpha_vantage, tools, asked: Mutex::default() }
    }

    async fn both() -> Self {
        Self::new(&["massive", "alpha_vantage"]).await
    }

    /// What a call comes to, while the sources answer so.
    async fn call_with(
        &self,
        (name, arguments): (&str, &str),
        massive: impl Fn(&str) -> String,
        alpha_vantage: impl Fn(&str) -> String,
    ) -> Result<Found, Trouble> {
        let called = tokio::select! {
            called = self.tools.call(name, arguments.into()) => called,
            never = self.massive.serve(&self.asked, massive) => never,
            never = self.alpha_vantage.serve(&self.asked, alpha_vantage) => never,
        };
        assert!(!format!("{called:?}").contains(KEY), "{called:?}");
        called
    }

    async fn call(&self, name: &str, arguments: &str) -> Result<Found, Trouble> {
        self.call_with((name, arguments), massive, alpha_vantage).await
    }

    /// What the sources were asked since this was last said.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn summary(called: Result<Found, Trouble>) -> String {
    called.map_or_else(|trouble| format!("!{trouble}"), |found| found.summary)
}

#[tokio::test]
async fn what_is_told_says_whose_it_is_and_of_when() {
    let (stage, mut told) = (Stage::both().await, String::new());
    for (name, arguments) in [
        ("market_quote", r#"{"symbol": "live"}"#),
        ("market_quote", r#"{"symbol": "AAPL"}"#),
        ("market_quote", r#"{"symbol": "IBM"}"#),
        ("market_quote", r#"{"symbol": "IBM.LON"}"#),
        ("market_quote", r#"{"symbol": "XYZQ"}"#),
        ("market_quote", r#"{"symbol": "../v3"}"#),
        ("market_quote", r#"{"ticker": "AAPL"}"#),
        ("market_history", r#"{"symbol": "AAPL"}"#),
        ("market_history", r#"{"symbol": "IBM", "days": 1}"#),
        ("market_history", r#"{"symbol": "XYZQ", "days": 100000}"#),
        ("market_news", r#"{"symbol": "AAPL"}"#),
        ("market_news", r#"{"symbol": "IBM", "topic": "technology"}"#),
        ("market_news", r#"{"topic": "gossip"}"#),
        ("market_news", r#"{"symbol": "ZZZZZ"}"#),
        ("market_news", "{}"),
        ("find_symbol", r#"{"query": " International  Business"}"#),
        ("find_symbol", r#"{"query": "Apple"}"#),
        ("find_symbol", r#"{"query": "zz&zz"}"#),
        ("find_symbol", r#"{"query": " "}"#),
    ] {
        let found = stage.call(name, arguments).await;
        writeln!(told, "# {name} {arguments}").unwrap();
        for target in stage.asked() {
            writeln!(told, "> {target}").unwrap();
        }
        match found {
            Ok(Found { text, summary }) => writeln!(told, "{text}\n= {summary}\n").unwrap(),
            Err(trouble) => writeln!(told, "! {trouble}\n").unwrap(),
        }
    }
    insta::assert_snapshot!("told", told.replace(KEY, "KEY"));
}

#[tokio::test]
async fn where_one_cannot_answer_the_other_is_asked() {
    let refused = |_: &str| fixture!("massive/error_401.http").to_owned();
    let limited = |_: &str| fixture!("massive/error_429.http").to_owned();
    let gone = |_: &str| http("503 Service Unavailable", "<html>");
    let html = |_: &str| ok("<html>");
    let spent = |_: &str| ok(fixture!("alphavantage/limit_information_daily.json"));
    let keyless = |_: &str| ok(fixture!("alphavantage/error_apikey.json"));
    let limit = "Massive has been asked as often as it allows; again in 60 s";
    let rows: [(Answers<'_>, Answers<'_>, &str, &str); 10] = [
        (
            &massive,
            &alpha_vantage,
            "AAPL",
            "AAPL 272.35 USD, +0.85 % (close of 2026-11-20, Massive)",
        ),
        (&massive, &gone, "AAPL", "AAPL 272.35 USD, +0.85 % (close of 2026-11-20, Massive)"),
        (
            &limited,
            &alpha_vantage,
            "IBM",
            "IBM 302.55 USD, +0.55 % (close of 2026-11-20, Alpha Vantage)",
        ),
        (
            &gone,
            &alpha_vantage,
            "IBM",
            "IBM 302.55 USD, +0.55 % (close of 2026-11-20, Alpha Vantage)",
        ),
        (
            &html,
            &alpha_vantage,
            "IBM",
            "IBM 302.55 USD, +0.55 % (close of 2026-11-20, Alpha Vantage)",
        ),
        (
            &refused,
            &alpha_vantage,
            "IBM",
            "IBM 302.55 USD, +0.55 % (close of 2026-11-20, Alpha Vantage)",
        ),
        (&massive, &spent, "XYZQ", "nothing is known of XYZQ (Massive)"),
        (
            &refused,
            &spent,
            "IBM",
            "!Alpha Vantage has been asked as often as it allows; again in 60 min",
        ),
        (&refused, &keyless, "IBM", "!Massive refuses the key, or its plan does not cover this"),
        (&limited, &keyless, "IBM", &format!("!{limit}")),
    ];
    for (massive, alpha_vantage, symbol, expected) in rows {
        let stage = Stage::both().await;
        let arguments = format!(r#"{{"symbol": "{symbol}"}}"#);
        let call = ("market_quote", &*arguments);
        assert_eq!(summary(stage.call_with(call, massive, alpha_vantage).await), expected);
    }
}

#[tokio::test]
async fn what_has_not_happened_yet_is_not_told() {
    const NOTHING: &str = r#"{"o":0,"h":0,"l":0,"c":0,"v":0}"#;
    let snapshot = |min: &str, trade: &str, day: &str| {
        ok(&format!(
            r#"{{"status":"OK","ticker":{{"ticker":"AAPL","day":{day},"lastTrade":{trade},
            "min":{min},"prevDay":{{"c":270.05}},"updated":1795211999999000000}}}}"#
        ))
    };
    let zeros = r#"{"av":0,"t":0,"n":0,"o":0,"h":0,"l":0,"c":0,"v":0,"vw":0}"#;
    let close = "AAPL 272.35 USD, +0.85 % (close of 2026-11-20, Massive)";
    let now = "AAPL 272.41 USD, +0.87 % (2026-11-20 21:59:59 UTC, Massive)";
    for (min, trade, day, expected, opened) in [
        (zeros, "null", NOTHING, close, true),
        (zeros, r#"{"p":0,"t":1795211999999000000}"#, NOTHING, close, true),
        (r#"{"c":0,"t":1795211940000}"#, "null", NOTHING, close, true),
        (zeros, r#"{"p":272.41,"t":1795211999999000000}"#, NOTHING, now, false),
        (r#"{"c":272.41,"t":0}"#, r#"{"p":0,"t":0}"#, NOTHING, now, false),
        (r#"{"c":272.41,"t":0}"#, "null", r#"{"o":270.1,"h":273,"l":269.55,"v":9}"#, now, true),
    ] {
        let stage = Stage::new(&["massive"]).await;
        let answers = |target: &str| {
            let is_asked = target.starts_with("/v2/snapshot/");
            if is_asked { snapshot(min, trade, day) } else { massive(target) }
        };
        let call = ("market_quote", r#"{"symbol": "AAPL"}"#);
        let found = stage.call_with(call, answers, alpha_vantage).await.unwrap();
        assert_eq!(found.summary, expected, "{min} {trade} {day}");
        let told = found.text.lines().filter(|line| line.starts_with(['O', 'H', 'L', 'V']));
        assert_eq!(told.count(), if opened { 4 } else { 0 }, "{}", found.text);
    }
}

#[tokio::test]
async fn a_plan_without_prices_of_this_minute_is_not_asked_for_them_each_time() {
    let stage = Stage::both().await;
    let asked = async |symbol: &str| {
        stage.call("market_quote", &format!(r#"{{"symbol": "{symbol}"}}"#)).await.unwrap();
        let asked = stage.asked();
        let massive = asked.iter().filter(|target| target.starts_with("/v"));
        massive.map(|target| target.split('/').nth(2).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asked("AAPL").await, ["snapshot", "aggs"]);
    assert_eq!(asked("AAPL").await, Vec::<String>::new());
    assert_eq!(asked("IBM").await, ["aggs"]);
    assert_eq!(asked("X:BTCUSD").await, ["aggs"]);
    time::pause();
    time::advance(limits::MARKET_UNCOVERED_FOR).await;
    time::resume();
    assert_eq!(asked("AAPL").await, ["snapshot", "aggs"]);
}

#[tokio::test]
async fn one_key_is_enough_and_without_any_it_is_said_what_is_missing() {
    for (keyed, call, expected) in [
        (
            "massive",
            ("find_symbol", r#"{"query": "apple"}"#),
            "“apple”: AAPL, APLE, AAPD (Massive)",
        ),
        (
            "massive",
            ("market_news", r#"{"topic": "ipo"}"#),
            "!there is no such topic; there are: none",
        ),
        ("massive", ("market_quote", r#"{"symbol": "IBM"}"#), "nothing is known of IBM (Massive)"),
        (
            "alpha_vantage",
            ("market_history", r#"{"symbol": "IBM"}"#),
            "IBM 300.90 to 302.55 USD, +0.55 % (2026-11-19 to 2026-11-20, daily closes, Alpha Vantage)",
        ),
    ] {
        let stage = Stage::new(&[keyed]).await;
        assert_eq!(summary(stage.call(call.0, call.1).await), expected, "{keyed}");
        let news = stage.tools.specs().iter().find(|spec| &*spec.name == "market_news").unwrap();
        assert_eq!(news.parameters["properties"]["topic"].is_object(), keyed == "alpha_vantage");
    }
    let stage = Stage::new(&[]).await;
    for name in NAMES {
        let missing = stage.tools.missing().find(|(missing, _)| &***missing == name);
        assert_eq!(missing.unwrap().1, "ALPHA_API_KEY or POLYGON_KEY");
    }
}

#[test]
fn what_alpha_vantage_complains_of_is_told_apart() {
    let headers = reqwest::header::HeaderMap::new();
    let day = Verdict::Exhausted(limits::MARKET_DAY_LOOKED_AT_EVERY);
    for (body, expected) in [
        (fixture!("alphavantage/global_quote.json"), Verdict::Answer),
        (fixture!("alphavantage/global_quote_unknown_symbol.json"), Verdict::Answer),
        (fixture!("alphavantage/error_apikey.json"), Verdict::Refused),
        (fixture!("alphavantage/error_message.json"), Verdict::Nothing),
        (fixture!("alphavantage/limit_information_daily.json"), day),
        (
            r#"{"Information": "We have detected your API key as ABC and our standard API rate limit is 25 requests per day. Please subscribe"}"#,
            day,
        ),
        (
            r#"{"Information": "Please consider spreading out your free API requests more sparingly (1 request per second). You may subscribe to lift the free key rate limit (25 requests per day)"}"#,
            Verdict::Exhausted(std::time::Duration::from_secs(2)),
        ),
        (
            r#"{"Note": "Our standard API call frequency is 5 calls per minute and 500 calls per day."}"#,
            Verdict::Exhausted(limits::SOURCE_REST_ASSUMED),
        ),
        (
            r#"{"Information": "Thank you! This is a premium endpoint. You may subscribe to instantly unlock all premium endpoints"}"#,
            Verdict::Refused,
        ),
        (r#"{"Information": "The **demo** API key is for demo purposes only."}"#, Verdict::Refused),
        (
            r#"{"Information": "Invalid inputs. Please refer to the API documentation"}"#,
            Verdict::Nothing,
        ),
        (r#"{"message": "Endpoint request timed out"}"#, Verdict::Failed),
        (r#"{"Information": {"not": "a text"}}"#, Verdict::Answer),
    ] {
        let reply =
            super::super::source::Reply { status: 200, headers: &headers, body: body.as_bytes() };
        assert_eq!(alpha_vantage::judge(&reply), expected, "{body}");
    }
}

#[test]
fn many_days_are_told_in_few_rows() {
    let start = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    for (days, rows, every) in [(1, 1, 1), (30, 30, 1), (31, 16, 2), (500, 30, 17)] {
        let closes = start.iter_days().take(days).zip(100_i64..).map(|(date, price)| Close {
            date,
            price: Decimal::parse(&price.to_string()).unwrap(),
            day: Day::default(),
        });
        let closes: Vec<_> = closes.collect();
        let last = AsOf::Within(closes.last().unwrap().date);
        let history = History { closes, last, currency: None, adjusted: true };
        let told = history.told(&Symbol::read("X").unwrap(), "The Source").unwrap().text;
        let table = told.lines().skip_while(|line| !line.starts_with("Closes"));
        assert_eq!(table.count() - 2, rows, "{told}");
        assert_eq!(told.contains(&format!("every {every} trading days")), every > 1);
        assert!(told.contains("is not over") && told.contains("does not say in which currency"));
    }
}

#[test]
fn other_peoples_words_stay_on_their_line() {
    for (text, expected) in [
        ("  a\n\n# b\t\u{7}c ", "a # b c"),
        (&"ä".repeat(300), &format!("{}…", "ä".repeat(limits::MARKET_WORDS_CHARS_MAX))),
    ] {
        assert_eq!(findings::one_line(text), expected);
    }
}
