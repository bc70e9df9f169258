//! A game as either source tells of it, and how it is told.

use super::words;
use crate::model::Timestamp;

/// One game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Game {
    /// When it begins, or began.
    pub(super) starts: Timestamp,
    /// Who plays at home.
    pub(super) home: Side,
    /// Who visits.
    pub(super) away: Side,
    /// How far it is.
    pub(super) stage: Stage,
    /// When the source looked at it last, if it says so.
    pub(super) as_of: Option<Timestamp>,
}

/// One of the two who play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    /// Its whole name.
    pub(super) name: String,
    /// The usual one.
    pub(super) short: String,
    /// More by which it is found.
    pub(super) also: Vec<String>,
    /// What it has scored, as the source writes it.
    pub(super) score: Option<String>,
}

/// How far a game is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is played, with the period and the clock as far as they are known.
    Live(String),
    /// It is over, with what is special about that.
    Final(String),
    /// It is to come.
    Scheduled,
    /// It is not played as planned, and why.
    Off(String),
}

impl Stage {
    /// Its place where games are told.
    pub(super) fn rank(&self) -> usize {
        match self {
            Self::Live(_) => 0,
            Self::Final(_) => 1,
            Self::Scheduled => 2,
            Self::Off(_) => 3,
        }
    }
}

impl Side {
    fn names(&self) -> impl Iterator<Item = &str> {
        [&*self.name, &self.short].into_iter().chain(self.also.iter().map(String::as_str))
    }

    fn scored(&self) -> String {
        match &self.score {
            Some(score) => format!("{} {score}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Game {
    /// Who plays, for a model: the visitors first, as Americans do; “at” says who is at home.
    pub(super) fn sides(&self) -> String {
        format!("{} at {}", self.away.name, self.home.name)
    }

    /// For a model, in a line.
    pub(super) fn line(&self) -> String {
        let sides = format!("{} at {}", self.away.scored(), self.home.scored());
        let starts = moment(self.starts);
        let as_of = self.as_of.map(|at| format!(", as of {}", moment(at))).unwrap_or_default();
        match &self.stage {
            Stage::Live(at) if at.is_empty() => format!("live: {sides} (began {starts}{as_of})"),
            Stage::Live(at) => format!("live, {at}: {sides} (began {starts}{as_of})"),
            Stage::Final(how) if how.is_empty() => format!("final: {sides} (began {starts})"),
            Stage::Final(how) => format!("final, {how}: {sides} (began {starts})"),
            Stage::Scheduled => format!("to come, {starts}: {sides}"),
            Stage::Off(why) => format!("{why}: {sides} (was to begin {starts})"),
        }
    }

    /// For readers, in a few words.
    pub(super) fn summary(&self) -> String {
        let Side { short: home, score: home_score, .. } = &self.home;
        let Side { short: away, score: away_score, .. } = &self.away;
        let sides = match (home_score, away_score) {
            (Some(home_score), Some(away_score)) => {
                format!("{home} {home_score} : {away_score} {away}")
            }
            _ => format!("{home} : {away}"),
        };
        let stage = match &self.stage {
            Stage::Live(at) if at.is_empty() => "live".to_owned(),
            Stage::Final(how) if how.is_empty() => "final".to_owned(),
            Stage::Live(told) | Stage::Off(told) => told.clone(),
            Stage::Final(how) => format!("final, {how}"),
            Stage::Scheduled => moment(self.starts),
        };
        format!("{sides}, {stage}")
    }
}

/// The games of a team, or of two who meet; those of all where nobody is named.
pub(super) fn of_team<'a, T: AsRef<Game>>(games: &'a [T], team: Option<&str>) -> Vec<&'a T> {
    let asked = words::folded(team.unwrap_or_default());
    let by_side = games.iter().filter(|game| {
        let Game { home, away, .. } = (*game).as_ref();
        [home, away].iter().any(|side| words::are_among(&asked, &side.names().collect::<Vec<_>>()))
    });
    let found: Vec<_> = by_side.collect();
    if !found.is_empty() {
        return found;
    }
    let is_name = |word: &String| !["vs", "v", "at", "and", "against"].contains(&&**word);
    let asked: Vec<_> = asked.into_iter().filter(is_name).collect();
    let by_both = games.iter().filter(|game| {
        let Game { home, away, .. } = (*game).as_ref();
        words::are_among(&asked, &home.names().chain(away.names()).collect::<Vec<_>>())
    });
    by_both.collect()
}

impl AsRef<Game> for Game {
    fn as_ref(&self) -> &Game {
        self
    }
}

/// A moment for model and reader.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_utc().format("%a %Y-%m-%d %H:%M UTC").to_string()
}
