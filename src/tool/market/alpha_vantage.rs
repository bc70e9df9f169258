//! Alpha Vantage: securities of the whole world, news with sentiment and by topic, symbols by name.
//!
//! Whatever goes wrong comes with status 200 and a text, by which it has to be told apart. Its free plan
//! has 25 requests a day and one a second, the end of each day, and the last hundred of these.

use std::{collections::BTreeMap, time::Duration};

use chrono::{Days, NaiveDate, NaiveDateTime};
use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;

use super::{
    super::{
        Unbuildable,
        lenient::{Number, Text, list, or_default},
        source::{Allowance, Key, Manners, Question, Reply, Source, USER_AGENT, Verdict},
    },
    Answered, Market, NewsOf,
    findings::{AsOf, Close, Day, History, Listing, Quote, Report},
    symbol::Symbol,
};
use crate::{config::SourceSettings, limits, model::Clock};

/// What its news are about, as it names them.
pub(super) const TOPICS: &[&str] = &[
    "blockchain",
    "earnings",
    "economy_fiscal",
    "economy_macro",
    "economy_monetary",
    "energy_transportation",
    "finance",
    "financial_markets",
    "ipo",
    "life_sciences",
    "manufacturing",
    "mergers_and_acquisitions",
    "real_estate",
    "retail_wholesale",
    "technology",
];

/// Alpha Vantage.
pub(super) struct AlphaVantage {
    source: Source,
    clock: Clock,
}

/// Alpha Vantage, if there is a key for it.
pub(super) fn market(
    settings: &SourceSettings,
    clock: &Clock,
) -> Result<Option<AlphaVantage>, Unbuildable> {
    let Some(key) = &settings.api_key else { return Ok(None) };
    let mut allows = Allowance::of(settings.requests_per_minute, settings.requests_per_day);
    // It counts by the second as well, and refuses two at once to who may ask sixty in a minute.
    let requests = settings.requests_per_minute.div_ceil(60);
    allows.push(Allowance { requests, within: Duration::from_secs(1) });
    let manners = Manners {
        name: "Alpha Vantage",
        user_agent: USER_AGENT.to_owned(),
        key: Key::Query("apikey", key.clone()),
        allows,
        judge: Box::new(judge),
    };
    let source = Source::new(&settings.base_url, manners)?;
    Ok(Some(AlphaVantage { source, clock: clock.clone() }))
}

/// How it says that it does not answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Complaint {
    #[serde(rename = "Error Message")]
    error: Text,
    #[serde(rename = "Information")]
    information: Text,
    #[serde(rename = "Note")]
    note: Text,
    message: Text,
}

pub(super) fn judge(reply: &Reply<'_>) -> Verdict {
    let by_status = reply.by_status();
    if by_status != Verdict::Answer {
        return by_status;
    }
    // What is no JSON is found out where it is read.
    let said: Complaint = serde_json::from_slice(reply.body).unwrap_or_default();
    if let Some(error) = said.error.filled() {
        // The others are about what was asked: "Invalid API call" is what it says of an unknown symbol.
        return if error.contains("apikey") { Verdict::Refused } else { Verdict::Nothing };
    }
    let texts = [&said.information, &said.note, &said.message];
    match texts.into_iter().find_map(Text::filled) {
        Some(text) => complaint(&text.to_ascii_lowercase()),
        None => Verdict::Answer,
    }
}

/// Each of these texts also praises premium plans, so the order matters.
fn complaint(text: &str) -> Verdict {
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if says(&["invalid inputs"]) {
        Verdict::Nothing
    } else if says(&["per second"]) {
        Verdict::Exhausted(Duration::from_secs(2))
    } else if says(&["per minute"]) {
        Verdict::Exhausted(limits::SOURCE_REST_ASSUMED)
    } else if says(&["per day", "rate limit", "call frequency"]) {
        // Nobody says when its day begins.
        Verdict::Exhausted(limits::MARKET_DAY_LOOKED_AT_EVERY)
    } else if says(&["premium", "demo", "apikey", "api key"]) {
        Verdict::Refused
    } else {
        Verdict::Failed
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GlobalQuote {
    #[serde(rename = "Global Quote", deserialize_with = "or_default")]
    quote: QuoteRow,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct QuoteRow {
    #[serde(rename = "02. open")]
    open: Number,
    #[serde(rename = "03. high")]
    high: Number,
    #[serde(rename = "04. low")]
    low: Number,
    #[serde(rename = "05. price")]
    price: Number,
    #[serde(rename = "06. volume")]
    volume: Number,
    #[serde(rename = "07. latest trading day")]
    day: Text,
    #[serde(rename = "08. previous close")]
    before: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Daily {
    #[serde(rename = "Time Series (Daily)", deserialize_with = "or_default")]
    days: BTreeMap<String, DailyRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DailyRow {
    #[serde(rename = "1. open")]
    open: Number,
    #[serde(rename = "2. high")]
    high: Number,
    #[serde(rename = "3. low")]
    low: Number,
    #[serde(rename = "4. close")]
    close: Number,
    #[serde(rename = "5. volume")]
    volume: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Feed {
    #[serde(deserialize_with = "list")]
    feed: Vec<Item>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    title: Text,
    /// `20261120T143000`, in UTC.
    time_published: Text,
    source: Text,
    overall_sentiment_label: Text,
    #[serde(deserialize_with = "list")]
    ticker_sentiment: Vec<TickerSentiment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TickerSentiment {
    ticker: Text,
    ticker_sentiment_label: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Matches {
    #[serde(rename = "bestMatches", deserialize_with = "list")]
    matches: Vec<Match>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Match {
    #[serde(rename = "1. symbol")]
    symbol: Text,
    #[serde(rename = "2. name")]
    name: Text,
    #[serde(rename = "3. type")]
    kind: Text,
    #[serde(rename = "4. region")]
    region: Text,
    #[serde(rename = "8. currency")]
    currency: Text,
}

impl Market for AlphaVantage {
    fn name(&self) -> &'static str {
        self.source.name()
    }

    fn quote<'a>(&'a self, symbol: &'a Symbol) -> BoxFuture<'a, Answered<Quote>> {
        async move {
            let query = [("function", "GLOBAL_QUOTE"), ("symbol", symbol.as_str())];
            let answer = self.ask::<GlobalQuote>(&query, limits::MARKET_CLOSE_KEEPS).await?;
            Ok(answer.and_then(|answer| quote(&answer.quote, symbol)))
        }
        .boxed()
    }

    fn history<'a>(&'a self, symbol: &'a Symbol, days: u32) -> BoxFuture<'a, Answered<History>> {
        async move {
            let function = ("function", "TIME_SERIES_DAILY");
            let query = [function, ("symbol", symbol.as_str()), ("outputsize", "compact")];
            let answer = self.ask::<Daily>(&query, limits::MARKET_HISTORY_KEEPS).await?;
            let today = self.clock.now().to_utc().date_naive();
            let from = today.checked_sub_days(Days::new(days.into())).unwrap_or_default();
            Ok(answer.and_then(|answer| history(&answer, symbol, from)))
        }
        .boxed()
    }

    fn news<'a>(&'a self, of: &'a NewsOf) -> BoxFuture<'a, Answered<Vec<Report>>> {
        async move {
            let mut query = vec![("function", "NEWS_SENTIMENT"), ("sort", "LATEST")];
            query.extend(of.symbol.as_ref().map(|symbol| ("tickers", symbol.as_str())));
            query.extend(of.topic.map(|topic| ("topics", topic)));
            let answer = self.ask::<Feed>(&query, limits::MARKET_NEWS_KEEPS).await?;
            let items = answer.iter().flat_map(|answer| &answer.feed);
            let reports = items.filter_map(|item| report(item, of.symbol.as_ref()));
            let reports: Vec<_> = reports.collect();
            Ok(Some(reports))
        }
        .boxed()
    }

    fn find<'a>(&'a self, query: &'a str) -> BoxFuture<'a, Answered<Vec<Listing>>> {
        async move {
            let query = [("function", "SYMBOL_SEARCH"), ("keywords", query)];
            let answer = self.ask::<Matches>(&query, limits::MARKET_NAMES_KEEP).await?;
            let matches = answer.iter().flat_map(|answer| &answer.matches);
            let listings: Vec<_> = matches.filter_map(listing).collect();
            Ok(Some(listings))
        }
        .boxed()
    }
}

impl AlphaVantage {
    async fn ask<T>(&self, query: &[(&str, &str)], keeps: Duration) -> Answered<std::sync::Arc<T>>
    where
        T: serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        self.source.ask::<T>(&Question { path: &["query"], query, keeps }).await
    }
}

/// It is the end of a day also where it was just made: nothing says that a day is not over.
fn quote(row: &QuoteRow, symbol: &Symbol) -> Option<Quote> {
    let day = Day { open: row.open.0, high: row.high.0, low: row.low.0, volume: row.volume.0 };
    Some(Quote {
        price: row.price.0?,
        as_of: AsOf::Close(row.day.filled()?.parse().ok()?),
        before: row.before.0,
        day,
        currency: symbol.currency(),
    })
}

fn history(daily: &Daily, symbol: &Symbol, from: NaiveDate) -> Option<History> {
    let days = daily.days.iter().filter_map(|(date, row)| {
        let day = Day { open: row.open.0, high: row.high.0, low: row.low.0, volume: row.volume.0 };
        Some(Close { date: date.parse().ok()?, price: row.close.0?, day })
    });
    let mut closes: Vec<_> = days.filter(|close| close.date >= from).collect();
    closes.sort_by_key(|close| close.date);
    let last = AsOf::Close(closes.last()?.date);
    Some(History { closes, last, currency: symbol.currency(), adjusted: false })
}

fn report(item: &Item, symbol: Option<&Symbol>) -> Option<Report> {
    let at = NaiveDateTime::parse_from_str(item.time_published.filled()?, "%Y%m%dT%H%M%S").ok()?;
    let of = item.ticker_sentiment.iter().find(|of| match symbol {
        Some(symbol) => of.ticker.0 == symbol.as_str(),
        None => false,
    });
    let sentiment = of.map_or(&item.overall_sentiment_label, |of| &of.ticker_sentiment_label);
    Some(Report {
        title: item.title.filled()?.to_owned(),
        publisher: item.source.0.clone(),
        at: at.and_utc(),
        sentiment: sentiment.filled().map(str::to_owned),
    })
}

fn listing(found: &Match) -> Option<Listing> {
    let told = |text: &Text| text.filled().map(str::to_owned);
    Some(Listing {
        symbol: told(&found.symbol)?,
        name: told(&found.name)?,
        kind: told(&found.kind),
        place: told(&found.region),
        currency: told(&found.currency),
    })
}
