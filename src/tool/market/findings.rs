//! What markets have to say, whoever says it, as it is told to a model and to readers.

use chrono::{DateTime, NaiveDate, Utc};

use super::{super::Found, super::decimal::Decimal, symbol::Symbol};
use crate::limits;

/// What a security costs.
#[derive(Debug, Clone)]
pub(super) struct Quote {
    pub(super) price: Decimal,
    pub(super) as_of: AsOf,
    /// The close of the trading day before.
    pub(super) before: Option<Decimal>,
    pub(super) day: Day,
    pub(super) currency: Option<String>,
}

/// When a price was one.
#[derive(Debug, Clone, Copy)]
pub(super) enum AsOf {
    /// At the end of a trading day.
    Close(NaiveDate),
    /// In the middle of a trading day, nobody says when.
    Within(NaiveDate),
    /// At this time, told at once or with a delay of usually 15 minutes.
    Moment { at: DateTime<Utc>, delayed: bool },
}

/// One trading day, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Day {
    pub(super) open: Option<Decimal>,
    pub(super) high: Option<Decimal>,
    pub(super) low: Option<Decimal>,
    pub(super) volume: Option<Decimal>,
}

/// Trading days, oldest first; never empty.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) closes: Vec<Close>,
    /// What the last one is: its close, unless it is not over.
    pub(super) last: AsOf,
    pub(super) currency: Option<String>,
    /// Whether splits were taken out.
    pub(super) adjusted: bool,
}

/// How one of them ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Close {
    pub(super) date: NaiveDate,
    pub(super) price: Decimal,
    pub(super) day: Day,
}

/// A report.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) title: String,
    pub(super) publisher: String,
    pub(super) at: DateTime<Utc>,
    pub(super) sentiment: Option<String>,
}

/// A security that was found by its name.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) place: Option<String>,
    pub(super) currency: Option<String>,
}

impl AsOf {
    /// As it is told behind a price.
    fn told(self) -> String {
        match self {
            Self::Close(date) => format!("close of {date}"),
            Self::Within(date) => format!("so far on {date}"),
            Self::Moment { at, delayed } => {
                let delayed = if delayed { ", delayed" } else { "" };
                format!("{} UTC{delayed}", at.format("%Y-%m-%d %H:%M:%S"))
            }
        }
    }

    /// What the price is not.
    fn caution(self) -> &'static str {
        match self {
            Self::Close(_) => "the end of that trading day, not a live price",
            Self::Within(_) => "that trading day is not over; not a live price",
            Self::Moment { delayed: true, .. } => "usually 15 minutes behind",
            Self::Moment { delayed: false, .. } => "the latest price that is known",
        }
    }
}

impl Quote {
    pub(super) fn told(&self, symbol: &Symbol, source: &str) -> Found {
        let (price, as_of) = (money(self.price, self.currency.as_deref()), self.as_of.told());
        let percent = self.before.and_then(|before| self.price.percent_above(before));
        let percent = percent.map(|percent| format!(", {percent:+.2} %")).unwrap_or_default();
        let summary = format!("{symbol} {price}{percent} ({as_of}, {source})");
        let caution = self.as_of.caution();
        let mut lines = vec![format!("{symbol}: {price}, {as_of}: {caution}.")];
        lines.extend(self.currency.is_none().then(|| NO_CURRENCY.to_owned()));
        lines.extend(self.before.map(|before| {
            let by = self.price.minus(before);
            format!("Change {by:+.2}{percent} on the close before, {before:.2}.")
        }));
        let Day { open, high, low, volume } = self.day;
        for (name, value) in [("Open", open), ("High", high), ("Low", low)] {
            lines.extend(value.map(|value| format!("{name} {value:.2}")));
        }
        lines.extend(volume.map(|volume| format!("Volume {volume}")));
        lines.push(format!("Source: {source}."));
        Found { text: lines.join("\n"), summary }
    }
}

impl History {
    /// What there is to tell of it; nothing where it is empty.
    pub(super) fn told(&self, symbol: &Symbol, source: &str) -> Option<Found> {
        let (first, last) = (self.closes.first()?, self.closes.last()?);
        let high = self.closes.iter().max_by_key(|close| close.high())?;
        let low = self.closes.iter().min_by_key(|close| close.low())?;
        let price = money(last.price, self.currency.as_deref());
        let by = last.price.minus(first.price);
        let percent = last.price.percent_above(first.price);
        let percent = percent.map(|percent| format!(", {percent:+.2} %")).unwrap_or_default();
        let (from, to, days) = (first.date, last.date, self.closes.len());
        let summary = format!(
            "{symbol} {:.2} to {price}{percent} ({from} to {to}, daily closes, {source})",
            first.price
        );
        let adjusted =
            if self.adjusted { "adjusted for splits" } else { "not adjusted for splits" };
        let mut lines = vec![
            format!(
                "{symbol}: {days} daily closes, {from} to {to}, {adjusted}; end of day, not live."
            ),
            match &self.currency {
                Some(currency) => format!("In {currency}."),
                None => NO_CURRENCY.to_owned(),
            },
        ];
        if let AsOf::Within(date) = self.last {
            lines.push(format!("{date} is not over: its price is the latest that is known."));
        }
        let (was, is) = (first.price, last.price);
        lines.push(format!("First {was:.2}, last {is:.2}, change {by:+.2}{percent}."));
        lines.push(format!("Highest {:.2} within {}.", high.high(), high.date));
        lines.push(format!("Lowest {:.2} within {}.", low.low(), low.date));
        lines.extend(self.table());
        lines.push(format!("Source: {source}."));
        Some(Found { text: lines.join("\n"), summary })
    }

    /// The newest first; of many days every so many, counted from the last.
    fn table(&self) -> impl Iterator<Item = String> {
        let every = self.closes.len().div_ceil(limits::MARKET_ROWS_MAX).max(1);
        let note = if every > 1 { format!(", every {every} trading days") } else { String::new() };
        let rows = self.closes.iter().rev().step_by(every);
        let rows = rows.map(|close| format!("{} {:.2}", close.date, close.price));
        std::iter::once(format!("Closes{note}:")).chain(rows)
    }
}

impl Close {
    fn high(&self) -> Decimal {
        self.day.high.unwrap_or(self.price)
    }

    fn low(&self) -> Decimal {
        self.day.low.unwrap_or(self.price)
    }
}

/// News as they are told, the newest first.
pub(super) fn reports_told(mut reports: Vec<Report>, about: &str, source: &str) -> Option<Found> {
    reports.sort_by_key(|report| std::cmp::Reverse(report.at));
    reports.truncate(limits::MARKET_REPORTS_MAX);
    let newest = reports.first()?.at.format("%Y-%m-%d %H:%M UTC");
    let s = if reports.len() == 1 { "" } else { "s" };
    let summary = format!("{} report{s} on {about}, newest {newest} ({source})", reports.len());
    let mut lines = vec![format!("News on {about}, newest first, times in UTC.")];
    lines.extend(reports.iter().map(|report| {
        let at = report.at.format("%Y-%m-%d %H:%M");
        let (title, publisher) = (one_line(&report.title), one_line(&report.publisher));
        let sentiment = report.sentiment.as_deref().map(one_line);
        let sentiment = sentiment.map(|said| format!(", sentiment {said}")).unwrap_or_default();
        format!("{at} {title} ({publisher}){sentiment}")
    }));
    lines.push(format!("Source: {source}."));
    Some(Found { text: lines.join("\n"), summary })
}

/// Securities as they are told, the best match first.
pub(super) fn listings_told(listings: &[Listing], query: &str, source: &str) -> Option<Found> {
    let listings = listings.get(..limits::MARKET_LISTINGS_MAX).unwrap_or(listings);
    let symbols: Vec<_> = listings.iter().map(|listing| one_line(&listing.symbol)).collect();
    symbols.first()?;
    let summary = format!("“{query}”: {} ({source})", symbols.join(", "));
    let mut lines = vec![format!("Symbols for “{query}”, best match first.")];
    lines.extend(listings.iter().zip(&symbols).map(|(listing, symbol)| {
        let more = [&listing.kind, &listing.place, &listing.currency];
        let more = more.into_iter().flatten().map(|what| format!(", {}", one_line(what)));
        format!("{symbol}: {}{}", one_line(&listing.name), more.collect::<String>())
    }));
    lines.push(format!("Source: {source}."));
    Some(Found { text: lines.join("\n"), summary })
}

/// Other people's words on one line, and not many of them: they are told, not followed.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut chars = line.chars();
    let cut: String = chars.by_ref().take(limits::MARKET_WORDS_CHARS_MAX).collect();
    if chars.next().is_some() { format!("{cut}…") } else { cut }
}

const NO_CURRENCY: &str = "The source does not say in which currency.";

fn money(price: Decimal, currency: Option<&str>) -> String {
    match currency {
        Some(currency) => format!("{price:.2} {currency}"),
        None => format!("{price:.2}"),
    }
}
