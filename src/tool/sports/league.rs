//! The leagues: what people call them, and what the sources do.

use super::{prices::Region, words};
use crate::tool::Trouble;

/// One league, by its names in both sources.
#[derive(Debug)]
pub(super) struct League {
    /// What most people call it.
    pub(super) name: &'static str,
    /// What else it is called, in small letters.
    aliases: &'static [&'static str],
    /// Its key at The Odds API.
    pub(super) odds_key: &'static str,
    /// Its path at ESPN: the sport, then the league.
    pub(super) espn_path: &'static str,
    /// What ESPN calls all its teams, where it shows but the ranked ones otherwise; else empty.
    pub(super) espn_group: &'static str,
    /// How its time is told.
    pub(super) periods: Periods,
    /// Whose bookmakers are asked when nobody says.
    pub(super) region: Region,
}

/// What a game is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Periods {
    /// `Q4 2:11`
    Quarters,
    /// `H2 2:11`
    Halves,
    /// `P3 2:11`
    Thirds,
    /// As the source tells it: `Top 5th`, `67'`.
    Told,
}

impl Periods {
    /// The letter before a period's number, and how many there are before overtime.
    pub(super) fn numbered(self) -> Option<(char, i64)> {
        match self {
            Self::Quarters => Some(('Q', 4)),
            Self::Halves => Some(('H', 2)),
            Self::Thirds => Some(('P', 3)),
            Self::Told => None,
        }
    }
}

impl League {
    /// The one that is called so.
    pub(super) fn named(name: &str) -> Result<&'static Self, Trouble> {
        let asked = words::folded(name).join(" ");
        let is_it = |known: &str| words::folded(known).join(" ") == asked;
        let found = LEAGUES.iter().find(|league| {
            let slug = league.espn_path.split_once('/').map_or("", |(_, slug)| slug);
            let keys = [league.name, league.odds_key, league.espn_path, slug];
            keys.iter().chain(league.aliases).any(|known| is_it(known))
        });
        found.ok_or_else(|| {
            let names: Vec<_> = Self::names().collect();
            let asked = words::plain(name, crate::limits::SPORTS_NAME_CHARS_MAX);
            Trouble::Arguments(format!(
                "no league “{asked}” is known; known are: {}",
                names.join(", ")
            ))
        })
    }

    /// What they are called.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        LEAGUES.iter().map(|league| league.name)
    }
}

macro_rules! leagues {
    ($($name:literal [$($alias:literal)*] $odds_key:literal $espn_path:literal $espn_group:literal
        $periods:ident $region:ident;)+) => {
        &[$(League {
            name: $name,
            aliases: &[$($alias),*],
            odds_key: $odds_key,
            espn_path: $espn_path,
            espn_group: $espn_group,
            periods: Periods::$periods,
            region: Region::$region,
        }),+]
    };
}

#[rustfmt::skip]
const LEAGUES: &[League] = leagues! {
    "NFL" ["national football league" "american football"]
        "americanfootball_nfl" "football/nfl" "" Quarters Us;
    "college football" ["ncaaf" "ncaa football" "cfb" "fbs"]
        "americanfootball_ncaaf" "football/college-football" "80" Quarters Us;
    "NBA" ["national basketball association" "basketball"]
        "basketball_nba" "basketball/nba" "" Quarters Us;
    "WNBA" ["womens national basketball association"]
        "basketball_wnba" "basketball/wnba" "" Quarters Us;
    "men's college basketball" ["college basketball" "ncaab" "ncaa basketball" "ncaam" "cbb" "march madness"]
        "basketball_ncaab" "basketball/mens-college-basketball" "50" Halves Us;
    "women's college basketball" ["wncaab" "ncaaw" "ncaa womens basketball"]
        "basketball_wncaab" "basketball/womens-college-basketball" "50" Quarters Us;
    "MLB" ["major league baseball" "baseball"]
        "baseball_mlb" "baseball/mlb" "" Told Us;
    "NHL" ["national hockey league" "hockey" "ice hockey"]
        "icehockey_nhl" "hockey/nhl" "" Thirds Us;
    "MLS" ["major league soccer"]
        "soccer_usa_mls" "soccer/usa.1" "" Told Us;
    "Liga MX" ["mexican league"]
        "soccer_mexico_ligamx" "soccer/mex.1" "" Told Us;
    "Premier League" ["epl" "english premier league"]
        "soccer_epl" "soccer/eng.1" "" Told Uk;
    "Championship" ["efl championship" "english championship"]
        "soccer_efl_champ" "soccer/eng.2" "" Told Uk;
    "Scottish Premiership" ["spfl"]
        "soccer_spl" "soccer/sco.1" "" Told Uk;
    "La Liga" ["laliga" "spanish league"]
        "soccer_spain_la_liga" "soccer/esp.1" "" Told Eu;
    "Bundesliga" ["german bundesliga" "1 bundesliga"]
        "soccer_germany_bundesliga" "soccer/ger.1" "" Told Eu;
    "Serie A" ["italian serie a"]
        "soccer_italy_serie_a" "soccer/ita.1" "" Told Eu;
    "Ligue 1" ["french ligue 1" "ligue one"]
        "soccer_france_ligue_one" "soccer/fra.1" "" Told Eu;
    "Eredivisie" ["dutch league"]
        "soccer_netherlands_eredivisie" "soccer/ned.1" "" Told Eu;
    "Primeira Liga" ["liga portugal" "portuguese league"]
        "soccer_portugal_primeira_liga" "soccer/por.1" "" Told Eu;
    "Brasileirão" ["brazil serie a" "brazilian league"]
        "soccer_brazil_campeonato" "soccer/bra.1" "" Told Eu;
    "Champions League" ["uefa champions league" "ucl"]
        "soccer_uefa_champs_league" "soccer/uefa.champions" "" Told Eu;
    "Europa League" ["uefa europa league" "uel"]
        "soccer_uefa_europa_league" "soccer/uefa.europa" "" Told Eu;
    "World Cup" ["fifa world cup"]
        "soccer_fifa_world_cup" "soccer/fifa.world" "" Told Eu;
};
