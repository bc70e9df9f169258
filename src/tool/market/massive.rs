//! Massive, which was Polygon: securities of the United States, currencies and crypto currencies.
//!
//! Its free plan gives daily bars, news and names, five requests a minute; it refuses snapshots, which
//! have the price of this minute, with 403. So a snapshot is asked for first, and once it was refused not
//! again for a while. The last two daily bars tell more than the previous close, for as much.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Days, NaiveDate, Timelike, Utc};
use chrono_tz::{America::New_York, Tz};
use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    super::{
        Trouble, Unbuildable,
        decimal::Decimal,
        lenient::{Number, Text, Whole, list, or_default},
        source::{Allowance, Key, Manners, Question, Reply, Source, USER_AGENT},
    },
    Answered, Market, NewsOf,
    findings::{AsOf, Close, Day, History, Listing, Quote, Report},
    symbol::Symbol,
};
use crate::{config::SourceSettings, limits, model::Clock};

/// Massive.
pub(super) struct Massive {
    source: Source,
    clock: Clock,
    /// The key's plan has no snapshots; looked at again then.
    no_snapshots_until: Mutex<Option<Instant>>,
}

/// Massive, if there is a key for it.
pub(super) fn market(
    settings: &SourceSettings,
    clock: &Clock,
) -> Result<Option<Massive>, Unbuildable> {
    let Some(key) = &settings.api_key else { return Ok(None) };
    let manners = Manners {
        name: "Massive",
        user_agent: USER_AGENT.to_owned(),
        key: Key::Bearer(key.clone()),
        allows: Allowance::of(settings.requests_per_minute, settings.requests_per_day),
        // What its statuses mean is what they are.
        judge: Box::new(|reply: &Reply<'_>| reply.by_status()),
    };
    let source = Source::new(&settings.base_url, manners)?;
    Ok(Some(Massive { source, clock: clock.clone(), no_snapshots_until: Mutex::default() }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bars {
    #[serde(deserialize_with = "list")]
    results: Vec<Bar>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Bar {
    o: Number,
    h: Number,
    l: Number,
    c: Number,
    v: Number,
    /// Milliseconds.
    t: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Snapshot {
    status: Text,
    #[serde(deserialize_with = "or_default")]
    ticker: Ticker,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Ticker {
    #[serde(deserialize_with = "or_default")]
    day: Bar,
    #[serde(deserialize_with = "or_default")]
    prev_day: Bar,
    #[serde(deserialize_with = "or_default")]
    min: Bar,
    #[serde(deserialize_with = "or_default")]
    last_trade: Trade,
    /// Nanoseconds.
    updated: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Trade {
    p: Number,
    /// Nanoseconds.
    t: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct News {
    #[serde(deserialize_with = "list")]
    results: Vec<Article>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Article {
    title: Text,
    published_utc: Text,
    #[serde(deserialize_with = "or_default")]
    publisher: Publisher,
    #[serde(deserialize_with = "list")]
    insights: Vec<Insight>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Publisher {
    name: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Insight {
    ticker: Text,
    sentiment: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names {
    #[serde(deserialize_with = "list")]
    results: Vec<Security>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Security {
    ticker: Text,
    name: Text,
    market: Text,
    locale: Text,
    currency_name: Text,
}

impl Market for Massive {
    fn name(&self) -> &'static str {
        self.source.name()
    }

    fn quote<'a>(&'a self, symbol: &'a Symbol) -> BoxFuture<'a, Answered<Quote>> {
        async move {
            match self.snapshot(symbol).await? {
                Some(quote) => Ok(Some(quote)),
                None => self.last_close(symbol).await,
            }
        }
        .boxed()
    }

    fn history<'a>(&'a self, symbol: &'a Symbol, days: u32) -> BoxFuture<'a, Answered<History>> {
        async move {
            let closes = self.closes(symbol, days, limits::MARKET_HISTORY_KEEPS).await?;
            let Some(last) = closes.last() else { return Ok(None) };
            let last = self.as_of(symbol, last.date);
            Ok(Some(History { closes, last, currency: symbol.currency(), adjusted: true }))
        }
        .boxed()
    }

    fn news<'a>(&'a self, of: &'a NewsOf) -> BoxFuture<'a, Answered<Vec<Report>>> {
        self.reports(of.symbol.as_ref()).boxed()
    }

    fn find<'a>(&'a self, query: &'a str) -> BoxFuture<'a, Answered<Vec<Listing>>> {
        self.listings(query).boxed()
    }
}

impl Massive {
    /// The price of this minute, where the plan has it; of stocks alone.
    async fn snapshot(&self, symbol: &Symbol) -> Answered<Quote> {
        if symbol.is_prefixed() || self.has_no_snapshots() {
            return Ok(None);
        }
        let path = ["v2", "snapshot", "locale", "us", "markets", "stocks", "tickers"];
        let path: Vec<_> = path.into_iter().chain([symbol.as_str()]).collect();
        let keeps = limits::MARKET_MOMENT_KEEPS;
        let question = Question { path: &path, query: &[], keeps };
        match self.source.ask::<Snapshot>(&question).await {
            Ok(snapshot) => Ok(snapshot.and_then(|snapshot| moment(&snapshot, symbol))),
            Err(Trouble::Key(_)) => {
                *self.no_snapshots() = Some(Instant::now() + limits::MARKET_UNCOVERED_FOR);
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }

    fn has_no_snapshots(&self) -> bool {
        self.no_snapshots().is_some_and(|until| until > Instant::now())
    }

    fn no_snapshots(&self) -> MutexGuard<'_, Option<Instant>> {
        self.no_snapshots_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn last_close(&self, symbol: &Symbol) -> Answered<Quote> {
        let keeps = limits::MARKET_CLOSE_KEEPS;
        let mut closes = self.closes(symbol, limits::MARKET_CLOSED_DAYS_MAX, keeps).await?;
        let Some(Close { date, price, day }) = closes.pop() else { return Ok(None) };
        let before = closes.pop().map(|close| close.price);
        let as_of = self.as_of(symbol, date);
        Ok(Some(Quote { price, as_of, before, day, currency: symbol.currency() }))
    }

    /// The daily bars of so many days, oldest first.
    async fn closes(
        &self,
        symbol: &Symbol,
        days: u32,
        keeps: Duration,
    ) -> Result<Vec<Close>, Trouble> {
        let zone = zone(symbol);
        let to = self.clock.now().to_utc().with_timezone(&zone).date_naive();
        let from = to.checked_sub_days(Days::new(days.into())).unwrap_or(to);
        let (from, to) = (from.to_string(), to.to_string());
        let path = ["v2", "aggs", "ticker", symbol.as_str(), "range", "1", "day", &from, &to];
        let query = [("adjusted", "true"), ("sort", "asc"), ("limit", "5000")];
        let bars = self.source.ask::<Bars>(&Question { path: &path, query: &query, keeps }).await?;
        let bars = bars.iter().flat_map(|bars| &bars.results);
        let mut closes: Vec<_> = bars.filter_map(|bar| close(bar, zone)).collect();
        closes.sort_by_key(|close| close.date);
        Ok(closes)
    }

    /// A bar of today may be of a day that is not over.
    fn as_of(&self, symbol: &Symbol, date: NaiveDate) -> AsOf {
        let now = self.clock.now().to_utc().with_timezone(&zone(symbol));
        let is_over =
            now.date_naive() != date || (!symbol.never_closes() && now.hour() >= CLOSED_AT);
        if is_over { AsOf::Close(date) } else { AsOf::Within(date) }
    }

    async fn reports(&self, symbol: Option<&Symbol>) -> Answered<Vec<Report>> {
        let about = symbol.map(|symbol| ("ticker", symbol.as_str()));
        let query = [("order", "desc"), ("sort", "published_utc"), ("limit", NEWS_LIMIT)];
        let query: Vec<_> = about.into_iter().chain(query).collect();
        let path = ["v2", "reference", "news"];
        let keeps = limits::MARKET_NEWS_KEEPS;
        let news = self.source.ask::<News>(&Question { path: &path, query: &query, keeps }).await?;
        let articles = news.iter().flat_map(|news| &news.results);
        let reports: Vec<_> = articles.filter_map(|article| report(article, symbol)).collect();
        Ok(Some(reports))
    }

    async fn listings(&self, query: &str) -> Answered<Vec<Listing>> {
        let asked = [("search", query), ("active", "true"), ("limit", "100")];
        let path = ["v3", "reference", "tickers"];
        let keeps = limits::MARKET_NAMES_KEEP;
        let question = Question { path: &path, query: &asked, keeps };
        let names = self.source.ask::<Names>(&question).await?;
        let names = names.iter().flat_map(|names| &names.results);
        let mut listings: Vec<_> = names.filter_map(listing).collect();
        // It answers by the alphabet, not by what fits.
        listings.sort_by_key(|listing| rank(listing, query));
        Ok(Some(listings))
    }
}

/// The hour in New York from which on a bar of today is taken for whole.
const CLOSED_AT: u32 = 17;
const NEWS_LIMIT: &str = "10";

/// Where its days begin and end.
fn zone(symbol: &Symbol) -> Tz {
    if symbol.never_closes() { Tz::UTC } else { New_York }
}

fn close(bar: &Bar, zone: Tz) -> Option<Close> {
    let date = DateTime::from_timestamp_millis(bar.t.0?)?.with_timezone(&zone).date_naive();
    Some(Close { date, price: paid(bar.c)?, day: day(bar) })
}

fn day(bar: &Bar) -> Day {
    Day { open: paid(bar.o), high: paid(bar.h), low: paid(bar.l), volume: paid(bar.v) }
}

/// What has not happened yet is at 0.
fn paid(number: Number) -> Option<Decimal> {
    number.0.filter(|number| *number > Decimal::ZERO)
}

/// What of a snapshot is newest: the last trade, else the last minute. Before the first trade of a day
/// it is neither.
fn moment(snapshot: &Snapshot, symbol: &Symbol) -> Option<Quote> {
    let Ticker { day: today, prev_day, min, last_trade, updated } = &snapshot.ticker;
    let happened = |at: Whole| at.0.filter(|at| *at > 0);
    let trade = paid(last_trade.p).zip(happened(last_trade.t).map(DateTime::from_timestamp_nanos));
    let updated = happened(*updated).map(DateTime::from_timestamp_nanos);
    let minute = happened(min.t).and_then(DateTime::from_timestamp_millis);
    let minute = paid(min.c).zip(minute.or(updated));
    let (price, at): (_, DateTime<Utc>) = trade.or(minute)?;
    let delayed = &snapshot.status.0 != "OK";
    Some(Quote {
        price,
        as_of: AsOf::Moment { at, delayed },
        before: paid(prev_day.c),
        day: day(today),
        currency: symbol.currency(),
    })
}

fn report(article: &Article, symbol: Option<&Symbol>) -> Option<Report> {
    let at = DateTime::parse_from_rfc3339(article.published_utc.filled()?).ok()?.to_utc();
    let insight = article.insights.iter().find(|insight| match symbol {
        Some(symbol) => insight.ticker.0 == symbol.as_str(),
        None => true,
    });
    Some(Report {
        title: article.title.filled()?.to_owned(),
        publisher: article.publisher.name.0.clone(),
        at,
        sentiment: insight.and_then(|insight| insight.sentiment.filled()).map(str::to_owned),
    })
}

fn listing(of: &Security) -> Option<Listing> {
    let told = |text: &Text| text.filled().map(str::to_owned);
    Some(Listing {
        symbol: told(&of.ticker)?,
        name: told(&of.name)?,
        kind: told(&of.market),
        place: told(&of.locale).map(|locale| locale.to_uppercase()),
        currency: told(&of.currency_name).map(|currency| currency.to_uppercase()),
    })
}

/// The symbol itself, then names that begin so, then the others; of these the shortest.
fn rank(listing: &Listing, query: &str) -> (u8, usize) {
    let (name, query) = (listing.name.to_lowercase(), query.to_lowercase());
    let place = match () {
        () if listing.symbol.to_lowercase() == query => 0,
        () if name.starts_with(&query) => 1,
        () => 2,
    };
    (place, name.len())
}
