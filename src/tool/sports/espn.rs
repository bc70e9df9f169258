//! ESPN's scoreboards, as they are. Nobody promises their shape, so whatever can be missing may be.

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::{
    game::{Game, Side, Stage},
    league::Periods,
    words::plain,
};
use crate::{
    limits::SPORTS_NAME_CHARS_MAX,
    model::Timestamp,
    tool::lenient::{self, Text, Whole},
};

/// A scoreboard, as far as it matters.
#[derive(Deserialize)]
pub(super) struct Scoreboard {
    events: Vec<Event>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    date: Text,
    #[serde(deserialize_with = "lenient::list")]
    competitions: Vec<Competition>,
    #[serde(deserialize_with = "lenient::or_default")]
    status: Option<Status>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Competition {
    #[serde(deserialize_with = "lenient::list")]
    competitors: Vec<Competitor>,
    #[serde(deserialize_with = "lenient::or_default")]
    status: Option<Status>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Competitor {
    home_away: Text,
    #[serde(deserialize_with = "lenient::or_default")]
    team: Team,
    score: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Team {
    display_name: Text,
    short_display_name: Text,
    abbreviation: Text,
    location: Text,
    name: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    display_clock: Text,
    period: Whole,
    #[serde(rename = "type", deserialize_with = "lenient::or_default")]
    kind: Kind,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Kind {
    name: Text,
    state: Text,
    completed: bool,
    description: Text,
    short_detail: Text,
}

impl Scoreboard {
    /// Its games. None where there are some and none can be understood.
    pub(super) fn games(&self, periods: Periods) -> Option<Vec<Game>> {
        let games: Vec<_> = self.events.iter().filter_map(|event| event.game(periods)).collect();
        (self.events.is_empty() || !games.is_empty()).then_some(games)
    }
}

impl Event {
    fn game(&self, periods: Periods) -> Option<Game> {
        let competition = self.competitions.first()?;
        let stage = stage(self.status.as_ref().or(competition.status.as_ref())?, periods)?;
        let is_played = matches!(stage, Stage::Live(_) | Stage::Final(_));
        let side = |place: &str| {
            let mut competitors = competition.competitors.iter();
            competitors.find(|competitor| competitor.home_away.0 == place)?.side(is_played)
        };
        let (home, away) = (side("home")?, side("away")?);
        Some(Game { starts: moment(&self.date.0)?, home, away, stage, as_of: None })
    }
}

impl Competitor {
    fn side(&self, is_played: bool) -> Option<Side> {
        let Team { display_name, short_display_name, abbreviation, location, name } = &self.team;
        let whole = told(display_name.filled()?);
        let short = short_display_name.filled().map_or_else(|| whole.clone(), told);
        // Before a game everybody has nought.
        let score = self.score.filled().filter(|_| is_played).map(told);
        let also = [abbreviation, location, name].map(|name| told(&name.0)).to_vec();
        Some(Side { name: whole, short, also, score })
    }
}

fn stage(status: &Status, periods: Periods) -> Option<Stage> {
    let Kind { name, state, completed, description, short_detail } = &status.kind;
    let detail = told(&short_detail.0);
    Some(match &*state.0 {
        "pre" if name.0 == "STATUS_SCHEDULED" => Stage::Scheduled,
        "in" => Stage::Live(clock(status, periods).unwrap_or(detail)),
        "post" if *completed && ["Final", "FT"].contains(&&*detail) => Stage::Final(String::new()),
        "post" if *completed => Stage::Final(detail),
        // Postponed, cancelled, delayed: before it begins or for good.
        "pre" | "post" => Stage::Off(told(&description.0).to_lowercase()),
        _ => return None,
    })
}

/// Where a game of numbered periods is while its clock runs. In a pause the source's own word says more.
fn clock(Status { display_clock, period, kind }: &Status, periods: Periods) -> Option<String> {
    let (letter, last) = periods.numbered()?;
    let period = period.0.filter(|period| *period > 0 && kind.name.0 == "STATUS_IN_PROGRESS")?;
    let period = match period - last {
        ..=0 => format!("{letter}{period}"),
        1 => "OT".to_owned(),
        more => format!("{more}OT"),
    };
    Some(format!("{period} {}", told(&display_clock.0)).trim_end().to_owned())
}

fn told(text: &str) -> String {
    plain(text, SPORTS_NAME_CHARS_MAX)
}

/// `2026-11-22T18:00Z`: no seconds, so no RFC 3339; with them, should they ever come.
fn moment(date: &str) -> Option<Timestamp> {
    let parsed = |format| NaiveDateTime::parse_from_str(date, format).ok();
    let moment = parsed("%Y-%m-%dT%H:%MZ").or_else(|| parsed("%Y-%m-%dT%H:%M:%SZ"))?;
    Some(Timestamp(moment.and_utc().timestamp_millis()))
}
