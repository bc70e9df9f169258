//! Markets: quotes, daily closes, news and symbols, of whichever source knows them.
//!
//! Invariant: each text says who said it and of when it is; that nothing is known of a symbol is an
//! answer, not a failure.

mod alpha_vantage;
mod findings;
mod massive;
mod symbol;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{
    findings::{History, Listing, Quote, Report},
    symbol::Symbol,
};
use super::{Found, Offer, Tool, Trouble, Unbuildable, arguments, spec};
use crate::{
    config::ToolSettings,
    limits::{MARKET_DAYS_ASSUMED, MARKET_DAYS_MAX, MARKET_DAYS_MIN, MARKET_QUERY_CHARS_MAX},
    model::{Clock, ToolSpec},
};

/// The names of these tools.
const NAMES: [&str; 4] = ["find_symbol", "market_history", "market_news", "market_quote"];

/// What a market answers; `None` where it knows nothing of what was asked.
type Answered<T> = Result<Option<T>, Trouble>;

/// A source that knows markets.
trait Market: Send + Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// What it costs.
    fn quote<'a>(&'a self, symbol: &'a Symbol) -> BoxFuture<'a, Answered<Quote>>;

    /// What it cost on each of so many days back.
    fn history<'a>(&'a self, symbol: &'a Symbol, days: u32) -> BoxFuture<'a, Answered<History>>;

    /// What is reported.
    fn news<'a>(&'a self, of: &'a NewsOf) -> BoxFuture<'a, Answered<Vec<Report>>>;

    /// What is called so.
    fn find<'a>(&'a self, query: &'a str) -> BoxFuture<'a, Answered<Vec<Listing>>>;
}

/// Of what news are wanted.
struct NewsOf {
    symbol: Option<Symbol>,
    topic: Option<&'static str>,
}

/// The sources, each question's in the order in which they are asked.
struct Markets {
    /// Massive's free plan answers five times a minute, Alpha Vantage's 25 times a day; of the same
    /// quality, the end of the day, but Massive's closes go back two years and know of splits.
    prices: Vec<Arc<dyn Market>>,
    /// Alpha Vantage knows the exchanges of the world, says the currency and puts what fits first. Symbols
    /// hardly change, so that few of its 25 requests are needed.
    names: Vec<Arc<dyn Market>>,
    /// Alpha Vantage alone sorts news by topic.
    topics: Vec<Arc<dyn Market>>,
}

/// The tools that these settings allow.
pub(super) fn offer(settings: &ToolSettings, clock: &Clock) -> Result<Offer, Unbuildable> {
    let massive = massive::market(&settings.massive, clock)?;
    let massive = massive.map(|market| Arc::new(market) as Arc<dyn Market>);
    let alpha_vantage = alpha_vantage::market(&settings.alpha_vantage, clock)?;
    let alpha_vantage = alpha_vantage.map(|market| Arc::new(market) as Arc<dyn Market>);
    if massive.is_none() && alpha_vantage.is_none() {
        return Ok(Offer::missing(&NAMES, "ALPHA_API_KEY or POLYGON_KEY"));
    }
    let order = |of: [&Option<Arc<dyn Market>>; 2]| of.into_iter().flatten().cloned().collect();
    let markets = Arc::new(Markets {
        prices: order([&massive, &alpha_vantage]),
        names: order([&alpha_vantage, &massive]),
        topics: alpha_vantage.iter().cloned().collect(),
    });
    let tool = |spec, look| -> Arc<dyn Tool> {
        Arc::new(MarketTool { spec, markets: markets.clone(), look })
    };
    Ok(Offer::of([
        tool(find_spec(), |markets, json| find(markets, json).boxed()),
        tool(history_spec(), |markets, json| history(markets, json).boxed()),
        tool(news_spec(&markets), |markets, json| news(markets, json).boxed()),
        tool(quote_spec(), |markets, json| quote(markets, json).boxed()),
    ]))
}

/// How one of the tools looks something up.
type Look = fn(Arc<Markets>, Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>>;

struct MarketTool {
    spec: ToolSpec,
    markets: Arc<Markets>,
    look: Look,
}

impl Tool for MarketTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call(&self, arguments: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>> {
        (self.look)(self.markets.clone(), arguments)
    }
}

// ---- the tools ----------------------------------------------------------------------------

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn symbol_property() -> Value {
    json!({
        "type": "string",
        "description": "The symbol as its exchange writes it, such as AAPL or TSCO.LON; also X:BTCUSD \
                        and C:EURUSD. Call find_symbol where only a name is known.",
    })
}

fn quote_spec() -> ToolSpec {
    let parameters = object(&json!({ "symbol": symbol_property() }), &["symbol"]);
    let description = "The latest price of a stock, fund, currency or crypto currency that is known, with \
                       its change. It says of when it is, which often is the end of the last trading day.";
    spec("market_quote", description, parameters)
}

#[derive(Deserialize)]
struct QuoteArguments {
    symbol: String,
}

async fn quote(markets: Arc<Markets>, json: Arc<str>) -> Result<Found, Trouble> {
    let QuoteArguments { symbol } = arguments(&json)?;
    let symbol = &Symbol::read(&symbol)?;
    let asked = first_of(&markets.prices, |market| {
        let quote = market.quote(symbol);
        async move { Ok(quote.await?.map(|quote| quote.told(symbol, market.name()))) }.boxed()
    });
    Ok(asked.await?.unwrap_or_else(|nobody| nobody.told(symbol.as_str())))
}

fn history_spec() -> ToolSpec {
    let days = json!({
        "type": "integer",
        "minimum": MARKET_DAYS_MIN,
        "maximum": MARKET_DAYS_MAX,
        "description": format!("Calendar days back from today; {MARKET_DAYS_ASSUMED} if left out"),
    });
    let properties = json!({ "symbol": symbol_property(), "days": days });
    let description = "Daily closing prices of a stock, fund, currency or crypto currency, with the first, \
                       the last, the highest and the lowest, and the change between.";
    spec("market_history", description, object(&properties, &["symbol"]))
}

#[derive(Deserialize)]
struct HistoryArguments {
    symbol: String,
    days: Option<u32>,
}

async fn history(markets: Arc<Markets>, json: Arc<str>) -> Result<Found, Trouble> {
    let HistoryArguments { symbol, days } = arguments(&json)?;
    let symbol = &Symbol::read(&symbol)?;
    let days = days.unwrap_or(MARKET_DAYS_ASSUMED).clamp(MARKET_DAYS_MIN, MARKET_DAYS_MAX);
    let asked = first_of(&markets.prices, |market| {
        let history = market.history(symbol, days);
        async move { Ok(history.await?.and_then(|history| history.told(symbol, market.name()))) }
            .boxed()
    });
    Ok(asked.await?.unwrap_or_else(|nobody| nobody.told(symbol.as_str())))
}

/// Topics are offered where somebody knows them.
fn news_spec(markets: &Markets) -> ToolSpec {
    let mut properties = json!({ "symbol": symbol_property() });
    if !markets.topics.is_empty() {
        properties["topic"] = json!({ "type": "string", "enum": alpha_vantage::TOPICS });
    }
    let description = "The latest news of markets, with times, publishers and how they sound; of one \
                       symbol where it is given.";
    spec("market_news", description, object(&properties, &[]))
}

#[derive(Deserialize)]
struct NewsArguments {
    symbol: Option<String>,
    topic: Option<String>,
}

async fn news(markets: Arc<Markets>, json: Arc<str>) -> Result<Found, Trouble> {
    let NewsArguments { symbol, topic } = arguments(&json)?;
    let symbol = symbol.filter(|symbol| !symbol.trim().is_empty());
    let symbol = symbol.as_deref().map(Symbol::read).transpose()?;
    let topic = topic.as_deref().map(|topic| known_topic(&markets, topic)).transpose()?;
    let of = &NewsOf { symbol, topic };
    let about = &of.about();
    let order = if of.topic.is_some() { &markets.topics } else { &markets.prices };
    let asked = first_of(order, |market| {
        let reports = market.news(of);
        let told = |reports| findings::reports_told(reports, about, market.name());
        async move { Ok(reports.await?.and_then(told)) }.boxed()
    });
    Ok(asked.await?.unwrap_or_else(|nobody| nobody.told(&format!("news on {about}"))))
}

fn known_topic(markets: &Markets, topic: &str) -> Result<&'static str, Trouble> {
    let known: &[&'static str] =
        if markets.topics.is_empty() { &[] } else { alpha_vantage::TOPICS };
    let topic = known.iter().find(|known| **known == topic).copied();
    topic.ok_or_else(|| {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Trouble::Arguments(format!("there is no such topic; there are: {known}"))
    })
}

impl NewsOf {
    fn about(&self) -> String {
        let topic = self.topic.map(|topic| topic.replace('_', " "));
        let symbol = self.symbol.as_ref().map(ToString::to_string);
        let about: Vec<_> = symbol.into_iter().chain(topic).collect();
        if about.is_empty() { "markets".to_owned() } else { about.join(" and ") }
    }
}

fn find_spec() -> ToolSpec {
    let query = json!({ "type": "string", "description": "The name of a company or fund, or a part of it" });
    let description = "Finds the symbols of companies, funds and currencies by their names.";
    spec("find_symbol", description, object(&json!({ "query": query }), &["query"]))
}

#[derive(Deserialize)]
struct FindArguments {
    query: String,
}

async fn find(markets: Arc<Markets>, json: Arc<str>) -> Result<Found, Trouble> {
    let FindArguments { query } = arguments(&json)?;
    // Small letters and single spaces, so that the same name is one question.
    let query = query.to_lowercase();
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    if query.is_empty() || query.chars().count() > MARKET_QUERY_CHARS_MAX {
        let refusal = format!("a query has 1 to {MARKET_QUERY_CHARS_MAX} characters");
        return Err(Trouble::Arguments(refusal));
    }
    let query = &query;
    let asked = first_of(&markets.names, |market| {
        let listings = market.find(query);
        let told = |listings: Vec<_>| findings::listings_told(&listings, query, market.name());
        async move { Ok(listings.await?.and_then(told)) }.boxed()
    });
    Ok(asked.await?.unwrap_or_else(|nobody| nobody.told(&format!("“{query}”"))))
}

// ---- whom to ask --------------------------------------------------------------------------

/// Those who know nothing, and why others were no help.
#[derive(Default)]
struct Nobody {
    knows: Vec<&'static str>,
    troubles: Vec<Trouble>,
}

/// Asks one after the other, until somebody knows. Where nobody could even be asked, that is the trouble.
async fn first_of<'a>(
    markets: &'a [Arc<dyn Market>],
    ask: impl Fn(&'a dyn Market) -> BoxFuture<'a, Answered<Found>>,
) -> Result<Result<Found, Nobody>, Trouble> {
    let mut nobody = Nobody::default();
    for market in markets {
        match ask(&**market).await {
            Ok(Some(found)) => return Ok(Ok(found)),
            Ok(None) => nobody.knows.push(market.name()),
            Err(trouble) => nobody.troubles.push(trouble),
        }
    }
    if nobody.knows.is_empty() {
        // What passes is worth more to know than what does not.
        let passing = nobody.troubles.iter().position(Trouble::is_passing).unwrap_or(0);
        let trouble =
            (passing < nobody.troubles.len()).then(|| nobody.troubles.swap_remove(passing));
        return Err(trouble.unwrap_or(Trouble::Unavailable("no market")));
    }
    Ok(Err(nobody))
}

impl Nobody {
    fn told(&self, what: &str) -> Found {
        let summary = format!("nothing is known of {what} ({})", self.knows.join(", "));
        let troubles = self.troubles.iter().map(|trouble| format!("\n{trouble}."));
        let sources = self.knows.join(" and ");
        let text =
            format!("Nothing is known of {what} at {sources}.{}", troubles.collect::<String>());
        Found { text, summary }
    }
}
