//! The answers of The Odds API: scores, odds, refusals.

use chrono::DateTime;
use serde::Deserialize;

use super::{
    credits::Credits,
    game::{Game, Side, Stage},
    words::plain,
};
use crate::{
    limits::{ODDS_CREDITS_REST, SPORTS_NAME_CHARS_MAX},
    model::Timestamp,
    tool::source::{Reply, Verdict},
};

/// A game of either list.
#[derive(Deserialize)]
pub(super) struct Row {
    commence_time: String,
    home_team: Option<String>,
    away_team: Option<String>,
    #[serde(default)]
    completed: bool,
    #[serde(default)]
    scores: Option<Vec<Score>>,
    #[serde(default)]
    last_update: Option<String>,
    #[serde(default)]
    bookmakers: Vec<BookmakerRow>,
}

#[derive(Deserialize)]
struct Score {
    name: String,
    score: Option<String>,
}

#[derive(Deserialize)]
struct BookmakerRow {
    title: String,
    last_update: Option<String>,
    #[serde(default)]
    markets: Vec<MarketRow>,
}

#[derive(Deserialize)]
struct MarketRow {
    key: String,
    last_update: Option<String>,
    #[serde(default)]
    outcomes: Vec<OutcomeRow>,
}

#[derive(Deserialize)]
struct OutcomeRow {
    name: String,
    price: f64,
    point: Option<f64>,
}

/// A game with its prices.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Priced {
    /// The game, without a score.
    pub(super) game: Game,
    /// What is offered on it, a bookmaker after the other.
    pub(super) offers: Vec<Offer>,
}

/// What one bookmaker offers in one market.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    /// Who.
    pub(super) bookmaker: String,
    /// In which market: the source's key.
    pub(super) market: String,
    /// When it was seen last.
    pub(super) as_of: Option<Timestamp>,
    /// The prices, as they were asked for: decimal or American.
    pub(super) outcomes: Vec<Outcome>,
}

/// One side of an offer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// A team, `Draw`, `Over` or `Under`.
    pub(super) name: String,
    /// Its price.
    pub(super) price: f64,
    /// The handicap or the total.
    pub(super) point: Option<f64>,
}

impl AsRef<Game> for Priced {
    fn as_ref(&self) -> &Game {
        &self.game
    }
}

/// The games of a `/scores`. None where one cannot be understood.
pub(super) fn scores(rows: &[Row], now: Timestamp) -> Option<Vec<Game>> {
    rows.iter().filter(|row| row.is_a_game()).map(|row| row.game(now)).collect()
}

/// The games of an `/odds`, with what is offered on them.
pub(super) fn odds(rows: &[Row], now: Timestamp) -> Option<Vec<Priced>> {
    let priced = |row: &Row| {
        let offers = row.bookmakers.iter().flat_map(BookmakerRow::offers);
        Some(Priced { game: row.game(now)?, offers: offers.collect() })
    };
    rows.iter().filter(|row| row.is_a_game()).map(priced).collect()
}

impl Row {
    /// It is about two who meet, not about who wins a season.
    fn is_a_game(&self) -> bool {
        self.home_team.is_some() && self.away_team.is_some()
    }

    fn game(&self, now: Timestamp) -> Option<Game> {
        let starts = moment(&self.commence_time)?;
        let stage = match &self.scores {
            _ if self.completed => Stage::Final(String::new()),
            None if starts > now => Stage::Scheduled,
            // Neither period nor clock is told.
            _ => Stage::Live(String::new()),
        };
        let as_of = self.last_update.as_deref().and_then(moment);
        let (home, away) =
            (self.side(self.home_team.as_deref()?), self.side(self.away_team.as_deref()?));
        Some(Game { starts, home, away, stage, as_of })
    }

    fn side(&self, name: &str) -> Side {
        let mut scores = self.scores.iter().flatten();
        let score =
            scores.find(|score| score.name == name).and_then(|score| score.score.as_deref());
        let score = score.map(|score| plain(score, SPORTS_NAME_CHARS_MAX));
        let name = plain(name, SPORTS_NAME_CHARS_MAX);
        Side { short: name.clone(), name, also: Vec::new(), score }
    }
}

impl BookmakerRow {
    fn offers(&self) -> impl Iterator<Item = Offer> {
        let bookmaker = plain(&self.title, SPORTS_NAME_CHARS_MAX);
        self.markets.iter().map(move |market| Offer {
            bookmaker: bookmaker.clone(),
            as_of: market
                .last_update
                .as_ref()
                .or(self.last_update.as_ref())
                .and_then(|at| moment(at)),
            market: market.key.clone(),
            outcomes: market.outcomes.iter().map(OutcomeRow::outcome).collect(),
        })
    }
}

impl OutcomeRow {
    fn outcome(&self) -> Outcome {
        let name = plain(&self.name, SPORTS_NAME_CHARS_MAX);
        Outcome { name, price: self.price, point: self.point }
    }
}

fn moment(at: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(at).ok().map(|at| Timestamp(at.timestamp_millis()))
}

/// How many credits are left, after each answer.
const CREDITS_LEFT: &str = "x-requests-remaining";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Complaint {
    error_code: String,
}

/// What an answer means. The words of a refusal are for nobody: they may hold the key.
pub(super) fn judge(reply: &Reply<'_>, credits: &Credits) -> Verdict {
    let left =
        reply.headers.get(CREDITS_LEFT).and_then(|left| left.to_str().ok()?.trim().parse().ok());
    if let Some(left) = left {
        credits.note(left);
    }
    if (200..=299).contains(&reply.status) {
        return if left == Some(0) { Verdict::Last(ODDS_CREDITS_REST) } else { Verdict::Answer };
    }
    let complaint: Complaint = serde_json::from_slice(reply.body).unwrap_or_default();
    match &*complaint.error_code {
        "OUT_OF_USAGE_CREDITS" => Verdict::Exhausted(ODDS_CREDITS_REST),
        "EXCEEDED_FREQ_LIMIT" => Verdict::Exhausted(reply.retry_after()),
        _ => reply.by_status(),
    }
}
