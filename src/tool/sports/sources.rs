//! Whom the tools of sports ask: ESPN and The Odds API, each with its manners.

use std::{sync::Arc, time::Duration};

use chrono::NaiveDate;

use super::{
    credits::Credits,
    espn::Scoreboard,
    game::Game,
    league::League,
    odds_api::{self, Priced, Row},
    prices::Wanted,
};
use crate::{
    config::{EspnSettings, SourceSettings},
    limits,
    model::Timestamp,
    tool::{
        Trouble, Unbuildable,
        source::{Allowance, Key, Manners, Question, Source, USER_AGENT, Verdict},
    },
};

/// ESPN's scoreboards.
#[derive(Clone)]
pub(super) struct Espn(Source);

impl Espn {
    /// None where it is not allowed.
    pub(super) fn new(settings: &EspnSettings) -> Result<Option<Self>, Unbuildable> {
        if !settings.enabled {
            return Ok(None);
        }
        let manners = Manners {
            name: "ESPN",
            user_agent: settings.user_agent.clone(),
            key: Key::None,
            allows: Allowance::of(limits::ESPN_REQUESTS_PER_MINUTE_MAX, 0),
            judge: Box::new(|reply| match reply.status {
                200..=299 => Verdict::Answer,
                429 => Verdict::Exhausted(reply.retry_after()),
                // No key is refused, for there is none; whatever else it says, it has changed.
                _ => Verdict::Failed,
            }),
        };
        Ok(Some(Self(Source::new(&settings.base_url, manners)?)))
    }

    pub(super) fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The games of one day, or those that it shows on its own accord: the day's, or the week's.
    pub(super) async fn games(
        &self,
        league: &League,
        day: Option<NaiveDate>,
    ) -> Result<Vec<Game>, Trouble> {
        let path = ["apis", "site", "v2", "sports"].into_iter().chain(league.espn_path.split('/'));
        let path: Vec<_> = path.chain(["scoreboard"]).collect();
        let dates = day.map(|day| day.format("%Y%m%d").to_string());
        let group = Some(league.espn_group).filter(|group| !group.is_empty());
        let query = [("dates", dates.as_deref()), ("groups", group)];
        let query: Vec<_> = query.into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
        let question = Question { path: &path, query: &query, keeps: limits::SCORES_KEPT };
        let scoreboard = self.0.ask::<Scoreboard>(&question).await?;
        let games = scoreboard.and_then(|scoreboard| scoreboard.games(league.periods));
        games.ok_or(Trouble::Unavailable(self.name()))
    }
}

/// The Odds API.
#[derive(Clone)]
pub(super) struct OddsApi {
    source: Source,
    credits: Arc<Credits>,
}

impl OddsApi {
    /// None where it has no key.
    pub(super) fn new(settings: &SourceSettings) -> Result<Option<Self>, Unbuildable> {
        let Some(key) = settings.api_key.clone() else { return Ok(None) };
        let credits = Arc::new(Credits::default());
        let seen = credits.clone();
        let manners = Manners {
            name: "The Odds API",
            user_agent: USER_AGENT.to_owned(),
            key: Key::Query("apiKey", key),
            allows: Allowance::of(settings.requests_per_minute, settings.requests_per_day),
            judge: Box::new(move |reply| odds_api::judge(reply, &seen)),
        };
        let source = Source::new(&settings.base_url, manners)?;
        Ok(Some(Self { source, credits }))
    }

    pub(super) fn name(&self) -> &'static str {
        self.source.name()
    }

    /// What has to be said of the credits when they run low.
    pub(super) fn credits_left(&self) -> Option<String> {
        self.credits.told()
    }

    /// The games of the last days, those that are played, and those to come. How many days makes no
    /// difference to what it costs, so all that there are: they are one answer for all who ask.
    pub(super) async fn scores(
        &self,
        league: &League,
        now: Timestamp,
    ) -> Result<Vec<Game>, Trouble> {
        let days = limits::SCORES_DAYS_BACK.to_string();
        let query = [("dateFormat", "iso"), ("daysFrom", &*days)];
        let rows = self.ask(league, "scores", &query, limits::SCORES_KEPT).await?;
        odds_api::scores(&rows, now).ok_or(Trouble::Unavailable(self.name()))
    }

    /// The games that are played or to come, with prices.
    pub(super) async fn odds(
        &self,
        league: &League,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Vec<Priced>, Trouble> {
        let markets = wanted.market.each().iter().map(|(key, _)| *key);
        let markets = markets.collect::<Vec<_>>().join(",");
        let query = [
            ("dateFormat", "iso"),
            ("regions", wanted.region.key()),
            ("markets", &markets),
            ("oddsFormat", wanted.format.key()),
        ];
        let rows = self.ask(league, "odds", &query, limits::ODDS_KEPT).await?;
        odds_api::odds(&rows, now).ok_or(Trouble::Unavailable(self.name()))
    }

    /// What it lists of a league; nothing of one that it does not list, as a tournament that is over.
    async fn ask(
        &self,
        league: &League,
        what: &str,
        query: &[(&str, &str)],
        keeps: Duration,
    ) -> Result<Arc<Vec<Row>>, Trouble> {
        let path = ["v4", "sports", league.odds_key, what];
        let question = Question { path: &path, query, keeps };
        Ok(self.source.ask(&question).await?.unwrap_or_default())
    }
}
