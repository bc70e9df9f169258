//! Scores: what is played now, what was, what is to come.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use chrono_tz::America::New_York;
use futures_util::{FutureExt, future::BoxFuture};
use serde::Deserialize;
use serde_json::json;

use super::{
    game::{Game, Stage, moment, of_team},
    league::League,
    listing::Listing,
    sources::{Espn, OddsApi},
    words::plain,
};
use crate::{
    limits::{SCORES_DAYS_BACK, SCORES_NEAR, SPORTS_NAME_CHARS_MAX},
    model::{Clock, Timestamp, ToolSpec},
    tool::{Found, Tool, Trouble, arguments, spec},
};

struct SportsScores {
    spec: ToolSpec,
    sources: Sources,
    clock: Clock,
}

/// Who is asked, and who is asked where that fails.
#[derive(Clone)]
struct Sources {
    first: ScoreSource,
    otherwise: Option<ScoreSource>,
}

#[derive(Clone)]
enum ScoreSource {
    Espn(Espn),
    OddsApi(OddsApi),
}

/// Tells scores by these sources; none where there are none.
pub(super) fn tool(
    espn: Option<Espn>,
    odds_api: Option<OddsApi>,
    clock: Clock,
) -> Option<Arc<dyn Tool>> {
    let parameters = json!({
        "type": "object",
        "properties": {
            "league": { "type": "string", "enum": League::names().collect::<Vec<_>>() },
            "team": {
                "type": "string",
                "description": "A team's usual name, such as Lakers; all games if left out",
            },
            "date": {
                "type": "string",
                "description": "A day in New York: YYYY-MM-DD, today, yesterday or tomorrow. If left \
                                out: what is played now, with the latest results and the next games",
            },
        },
        "required": ["league"],
        "additionalProperties": false,
    });
    let description = "Live scores, results and games to come of a league. Call it whenever a \
                       result, a running game or a game of these days is asked for.";
    // ESPN goes first where it is allowed: it knows period and clock, and takes no credits, of which
    // odds need all there are. Where it fails there is the one that has promised to answer.
    let sources = [espn.map(ScoreSource::Espn), odds_api.map(ScoreSource::OddsApi)];
    let mut sources = sources.into_iter().flatten();
    let sources = Sources { first: sources.next()?, otherwise: sources.next() };
    let spec = spec("sports_scores", description, parameters);
    Some(Arc::new(SportsScores { spec, sources, clock }))
}

#[derive(Deserialize)]
struct Arguments {
    league: String,
    team: Option<String>,
    date: Option<String>,
}

impl Tool for SportsScores {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call(&self, json: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>> {
        let (sources, now) = (self.sources.clone(), self.clock.now());
        async move {
            let Arguments { league, team, date } = arguments(&json)?;
            let is_given = |text: &String| !text.trim().is_empty();
            let day = date.filter(is_given).map(|date| day_named(&date, now)).transpose()?;
            let wanted = Wanted { league: League::named(&league)?, day, now };
            Ok(sources.look(&wanted).await?.found(&wanted, team.filter(is_given).as_deref()))
        }
        .boxed()
    }
}

/// The games that are asked for.
struct Wanted {
    league: &'static League,
    day: Option<NaiveDate>,
    now: Timestamp,
}

/// Games, and who tells of them.
struct Told {
    games: Vec<Game>,
    source: &'static str,
    /// What has to be known of the source.
    caveat: String,
}

impl Sources {
    async fn look(&self, wanted: &Wanted) -> Result<Told, Trouble> {
        match (self.first.look(wanted).await, &self.otherwise) {
            (Err(_), Some(otherwise)) => otherwise.look(wanted).await,
            (told, _) => told,
        }
    }
}

impl ScoreSource {
    async fn look(&self, &Wanted { league, day, now }: &Wanted) -> Result<Told, Trouble> {
        match self {
            Self::Espn(espn) => {
                let games = espn.games(league, day).await?;
                let caveat = "unofficial, at most half a minute old".to_owned();
                Ok(Told { games, source: espn.name(), caveat })
            }
            Self::OddsApi(odds_api) => {
                let earliest = day_at(now) - Days::new(SCORES_DAYS_BACK - 1);
                if day.is_some_and(|day| day < earliest) {
                    let why = format!("{} knows results since {earliest} only", odds_api.name());
                    return Err(Trouble::Arguments(why));
                }
                let games = odds_api.scores(league, now).await?;
                let games = match day {
                    Some(day) => {
                        games.into_iter().filter(|game| day_at(game.starts) == day).collect()
                    }
                    None => games,
                };
                let no_clock = "which tells no period or clock".to_owned();
                let caveat = [Some(no_clock), odds_api.credits_left()].into_iter().flatten();
                let caveat = caveat.collect::<Vec<_>>().join("; ");
                Ok(Told { games, source: odds_api.name(), caveat })
            }
        }
    }
}

impl Told {
    fn found(self, Wanted { league, day, now }: &Wanted, team: Option<&str>) -> Found {
        let Self { games, source, caveat } = self;
        let name = league.name;
        let day = day.map(|day| format!(" on {day} (New York)")).unwrap_or_default();
        let heading =
            format!("{name} games{day}, from {source} ({caveat}), asked {}:", moment(*now));
        if games.is_empty() {
            let text = format!("{heading} there are none.");
            return Found { text, summary: format!("{name}: no games{day} ({source})") };
        }
        let of_team = of_team(&games, team);
        if of_team.is_empty() {
            let team = plain(team.unwrap_or_default(), SPORTS_NAME_CHARS_MAX);
            let mut list = Listing::under(format!("{heading} none of “{team}”. There are:"));
            for game in &games {
                list.add(&[game.sides()]);
            }
            let summary = format!("{name}: no game of {team}{day} ({source})");
            return Found { text: list.told(), summary };
        }
        let mut games = if day.is_empty() { near(of_team, *now) } else { of_team };
        games.sort_by_key(|game| (game.stage.rank(), game.starts));
        let mut list = Listing::under(heading);
        for game in &games {
            list.add(&[game.line()]);
        }
        let summary = match &*games {
            [game] => game.summary(),
            games => format!("{name}: {}", counted(games)),
        };
        Found { text: list.told(), summary: format!("{summary} ({source})") }
    }
}

/// What is played, was played lately and will be soon; where nothing is that near, the last and the next.
fn near(games: Vec<&Game>, now: Timestamp) -> Vec<&Game> {
    let is_near = |game: &Game| {
        game.starts.since(now).max(now.since(game.starts)) <= SCORES_NEAR
            || matches!(game.stage, Stage::Live(_))
    };
    let (mut near, far): (Vec<_>, Vec<_>) = games.into_iter().partition(|game| is_near(game));
    let is_any = |near: &[&Game], rank| near.iter().any(|game| game.stage.rank() == rank);
    let last = far.iter().filter(|game| matches!(game.stage, Stage::Final(_)));
    let last = last.max_by_key(|game| game.starts);
    let next = far.iter().filter(|game| matches!(game.stage, Stage::Scheduled));
    let next = next.min_by_key(|game| game.starts);
    for game in [last, next].into_iter().flatten() {
        if !is_any(&near, game.stage.rank()) {
            near.push(game);
        }
    }
    near
}

fn counted(games: &[&Game]) -> String {
    let count = |rank: usize, word: &str| {
        let count = games.iter().filter(|game| game.stage.rank() == rank).count();
        (count > 0).then(|| format!("{count} {word}"))
    };
    let words = ["live", "final", "to come", "not played"];
    let told = words.into_iter().enumerate().filter_map(|(rank, word)| count(rank, word));
    told.collect::<Vec<_>>().join(", ")
}

/// The day that somebody has named.
fn day_named(name: &str, now: Timestamp) -> Result<NaiveDate, Trouble> {
    let today = day_at(now);
    let day = match &*name.trim().to_lowercase() {
        "today" => Some(today),
        "yesterday" => today.pred_opt(),
        "tomorrow" => today.succ_opt(),
        day => NaiveDate::parse_from_str(day, "%Y-%m-%d").ok(),
    };
    day.ok_or_else(|| {
        let name = plain(name, SPORTS_NAME_CHARS_MAX);
        Trouble::Arguments(format!("“{name}” is no day: YYYY-MM-DD, today, yesterday or tomorrow"))
    })
}

/// The day in New York: ESPN's scoreboards go by it, and an evening in Europe belongs to the same one.
fn day_at(at: Timestamp) -> NaiveDate {
    at.to_utc().with_timezone(&New_York).date_naive()
}
