//! Odds: what bookmakers offer on the games of a league, and what that says.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use serde_json::json;

use super::{
    game::{Stage, moment, of_team},
    league::League,
    listing::Listing,
    odds_api::Priced,
    prices::{self, Format, Market, Region, Wanted},
    sources::OddsApi,
    words::plain,
};
use crate::{
    limits::{ODDS_BOOKMAKERS_MAX, SPORTS_NAME_CHARS_MAX},
    model::{Clock, Timestamp, ToolSpec},
    tool::{Found, Tool, Trouble, arguments, spec},
};

struct SportsOdds {
    spec: ToolSpec,
    odds_api: OddsApi,
    clock: Clock,
}

/// Tells odds by this source.
pub(super) fn tool(odds_api: OddsApi, clock: Clock) -> Arc<dyn Tool> {
    let parameters = json!({
        "type": "object",
        "properties": {
            "league": { "type": "string", "enum": League::names().collect::<Vec<_>>() },
            "team": {
                "type": "string",
                "description": "A team's usual name, such as Lakers; all games if left out",
            },
            "market": {
                "type": "string",
                "enum": ["moneyline", "spread", "total", "all"],
                "description": "Moneyline (who wins) if left out; all of them cost three times as much",
            },
            "format": {
                "type": "string",
                "enum": ["decimal", "american"],
                "description": "How prices are written; if left out, as is usual in the region",
            },
            "region": {
                "type": "string",
                "enum": ["us", "uk", "eu", "au"],
                "description": "Whose bookmakers; if left out, those of the league's country",
            },
        },
        "required": ["league"],
        "additionalProperties": false,
    });
    let description = "What bookmakers offer on running games and games to come, with the \
                       probability that each price implies. Call it whenever present odds, a line \
                       or a favourite is asked for. To explain prices, never to advise a bet.";
    Arc::new(SportsOdds { spec: spec("sports_odds", description, parameters), odds_api, clock })
}

#[derive(Deserialize)]
struct Arguments {
    league: String,
    team: Option<String>,
    market: Option<Market>,
    format: Option<Format>,
    region: Option<Region>,
}

impl Tool for SportsOdds {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call(&self, json: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>> {
        let (odds_api, now) = (self.odds_api.clone(), self.clock.now());
        async move {
            let Arguments { league, team, market, format, region } = arguments(&json)?;
            let league = League::named(&league)?;
            let region = region.unwrap_or(league.region);
            let format = format.unwrap_or(region.format());
            let market = market.unwrap_or(Market::Moneyline);
            let wanted = Wanted { market, region, format };
            let games = odds_api.odds(league, wanted, now).await?;
            let credits =
                odds_api.credits_left().map(|left| format!(" ({left})")).unwrap_or_default();
            let source = odds_api.name();
            let told = Told { league, wanted, games, now, source, credits };
            Ok(told.found(team.filter(|team| !team.trim().is_empty()).as_deref()))
        }
        .boxed()
    }
}

/// Games with their prices, and how they were asked for.
struct Told {
    league: &'static League,
    wanted: Wanted,
    games: Vec<Priced>,
    now: Timestamp,
    source: &'static str,
    credits: String,
}

impl Told {
    fn found(self, team: Option<&str>) -> Found {
        let Self { league: League { name, .. }, wanted, games, now, source, credits } = self;
        let (format, region) = (wanted.format.key(), wanted.region.key());
        let heading = format!(
            "{name} odds ({format}, bookmakers of region {region}), from {source}{credits}, asked {}",
            moment(now)
        );
        if games.is_empty() {
            let text = format!("{heading}: there are none, as out of season. Nothing was charged.");
            return Found { text, summary: format!("{name}: no odds at present ({source})") };
        }
        let mut of_team = of_team(&games, team);
        if of_team.is_empty() {
            let team = plain(team.unwrap_or_default(), SPORTS_NAME_CHARS_MAX);
            let mut list = Listing::under(format!("{heading}: none of “{team}”. There are:"));
            for priced in &games {
                list.add(&[priced.game.sides()]);
            }
            let summary = format!("{name}: no odds of {team} ({source})");
            return Found { text: list.told(), summary };
        }
        of_team.sort_by_key(|priced| priced.game.starts);
        let explained = "Behind each price the probability that it implies, then the fair one: without the \
                         bookmaker's margin (overround). Prices move.";
        let mut list = Listing::under(format!("{heading}. {explained}"));
        for priced in &of_team {
            list.add(&entry(priced, wanted));
        }
        let summary = match &*of_team {
            [priced] => one(priced, wanted),
            games => format!("{name}: odds of {} games", games.len()),
        };
        Found { text: list.told(), summary: format!("{summary} ({source})") }
    }
}

/// The game, then a line for each market of each bookmaker, as many as are allowed.
fn entry(Priced { game, offers }: &Priced, wanted: Wanted) -> Vec<String> {
    let begins = if game.stage == Stage::Scheduled { "begins" } else { "running since" };
    let mut lines = vec![format!("{}, {begins} {}", game.sides(), moment(game.starts))];
    for (market, called) in wanted.market.each() {
        let of_market = offers.iter().filter(|offer| offer.market == *market);
        let told = of_market.take(ODDS_BOOKMAKERS_MAX).map(|offer| {
            let as_of = offer.as_of.map(|at| format!(", {}", moment(at))).unwrap_or_default();
            let prices = prices::line(offer, wanted.format);
            format!("- {called}, {}{as_of}: {prices}", offer.bookmaker)
        });
        lines.extend(told);
    }
    if lines.len() == 1 {
        lines.push("- no prices at present".to_owned());
    }
    lines
}

/// One game for readers: what the first bookmaker offers.
fn one(Priced { game, offers }: &Priced, wanted: Wanted) -> String {
    let mut markets = wanted.market.each().iter();
    let first = markets.find_map(|(market, _)| offers.iter().find(|offer| offer.market == *market));
    match first {
        Some(offer) => format!("{}, {}", prices::brief(offer, wanted.format), offer.bookmaker),
        None => format!("{}: no prices at present", game.sides()),
    }
}
