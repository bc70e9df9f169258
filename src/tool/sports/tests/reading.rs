//! What is read: leagues, teams, periods, prices.

use super::{NOW, fixture};
use crate::tool::sports::{
    espn::Scoreboard,
    game::{Game, Side, Stage, of_team},
    league::{League, Periods},
    listing::Listing,
    odds_api::{Offer, Outcome},
    prices::{self, Format},
};

#[test]
fn a_league_has_the_names_that_people_use() {
    for (name, key) in [
        ("NFL", "americanfootball_nfl"),
        ("ncaaf", "americanfootball_ncaaf"),
        ("College Basketball", "basketball_ncaab"),
        ("womens college basketball", "basketball_wncaab"),
        ("EPL", "soccer_epl"),
        ("english premier league", "soccer_epl"),
        ("soccer_epl", "soccer_epl"),
        ("eng.1", "soccer_epl"),
        ("hockey/nhl", "icehockey_nhl"),
        ("la liga", "soccer_spain_la_liga"),
        ("brasileirao", "soccer_brazil_campeonato"),
        ("UEFA Champions League", "soccer_uefa_champs_league"),
    ] {
        assert_eq!(League::named(name).unwrap().odds_key, key, "{name}");
    }
    let refused = League::named("Quidditch\nworld cup").unwrap_err().to_string();
    let begin = "no league “Quidditch world cup” is known; known are: NFL, college football, NBA, ";
    assert!(refused.starts_with(begin) && refused.ends_with(", World Cup"), "{refused}");
}

#[test]
fn each_name_of_a_league_is_its_own() {
    for name in League::names() {
        assert_eq!(League::named(name).unwrap().name, name);
    }
}

fn side(name: &str) -> Side {
    Side { name: name.to_owned(), short: name.to_owned(), also: Vec::new(), score: None }
}

fn game(home: &str, away: &str) -> Game {
    Game { starts: NOW, home: side(home), away: side(away), stage: Stage::Scheduled, as_of: None }
}

#[test]
fn a_team_is_found_by_the_words_that_people_use() {
    let games = [
        game("Los Angeles Lakers", "Boston Celtics"),
        game("New York Giants", "New York Jets"),
        game("San Francisco 49ers", "St. Louis Rams"),
        game("Atlético Madrid", "Paris Saint Germain"),
        game("Manchester United", "Manchester City"),
        game("Kansas City Chiefs", "Dallas Cowboys"),
    ];
    for (team, homes) in [
        ("lakers", "Los Angeles Lakers"),
        ("LA Lakers", "Los Angeles Lakers"),
        ("ny jets", "New York Giants"),
        ("Niners", "San Francisco 49ers"),
        ("Saint Louis", "San Francisco 49ers"),
        ("atletico", "Atlético Madrid"),
        ("PSG", "Atlético Madrid"),
        ("man utd", "Manchester United"),
        ("Lakers vs Celtics", "Los Angeles Lakers"),
        ("new york city", ""),
        ("knicks", ""),
        ("city", "Manchester United, Kansas City Chiefs"),
    ] {
        let found: Vec<_> =
            of_team(&games, Some(team)).iter().map(|game| &*game.home.name).collect();
        assert_eq!(found.join(", "), homes, "{team}");
    }
    assert_eq!(of_team(&games, None).len(), games.len());
}

#[test]
fn a_running_game_says_where_it_is() {
    let body = fixture!("espn/scoreboard_in.json");
    let with = |changes: &[(&str, &str)]| {
        changes.iter().fold(body.to_owned(), |body, (from, to)| body.replace(from, to))
    };
    let told = |body: &str, periods| {
        let scoreboard: Scoreboard = serde_json::from_str(body).unwrap();
        scoreboard.games(periods).unwrap().remove(0).summary()
    };
    let halftime = [("STATUS_IN_PROGRESS", "STATUS_HALFTIME"), ("10:32 - 3rd Quarter", "Halftime")];
    let postponed = [
        ("STATUS_IN_PROGRESS", "STATUS_POSTPONED"),
        (r#""state":"in""#, r#""state":"post""#),
        ("10:32 - 3rd Quarter", "Postponed"),
    ];
    let after_overtime = [
        (r#""state":"in","completed":false"#, r#""state":"post","completed":true"#),
        ("10:32 - 3rd Quarter", "Final/OT"),
    ];
    for (changes, periods, expected) in [
        (&[][..], Periods::Quarters, "Gulls 21 : 14 Rattlers, Q3 10:32"),
        (
            &[(r#""period":3"#, r#""period":5"#)],
            Periods::Quarters,
            "Gulls 21 : 14 Rattlers, OT 10:32",
        ),
        (
            &[(r#""period":3"#, r#""period":4"#)],
            Periods::Halves,
            "Gulls 21 : 14 Rattlers, 2OT 10:32",
        ),
        (&[], Periods::Thirds, "Gulls 21 : 14 Rattlers, P3 10:32"),
        (&[("10:32 - 3rd Quarter", "Top 5th")], Periods::Told, "Gulls 21 : 14 Rattlers, Top 5th"),
        (&halftime, Periods::Quarters, "Gulls 21 : 14 Rattlers, Halftime"),
        (&postponed, Periods::Quarters, "Gulls : Rattlers, postponed"),
        (&after_overtime, Periods::Quarters, "Gulls 21 : 14 Rattlers, final, Final/OT"),
        // Numbers instead of strings, and what is not there.
        (
            &[(r#""score":"21""#, r#""score":21"#)],
            Periods::Quarters,
            "Gulls 21 : 14 Rattlers, Q3 10:32",
        ),
        (
            &[(r#""period":3"#, r#""period":null"#)],
            Periods::Quarters,
            "Gulls 21 : 14 Rattlers, 10:32 - 3rd Quarter",
        ),
        (
            &[(r#""shortDisplayName":"Gulls","#, "")],
            Periods::Quarters,
            "Harbor City Gulls 21 : 14 Rattlers, Q3 10:32",
        ),
        (&[("00Z", "00:00Z")], Periods::Quarters, "Gulls 21 : 14 Rattlers, Q3 10:32"),
    ] {
        assert_eq!(told(&with(changes), periods), expected, "{changes:?}");
    }
}

#[test]
fn a_price_says_how_likely_it_makes_an_outcome() {
    let outcome = |name: &str, price, point| Outcome { name: name.to_owned(), price, point };
    for (format, outcomes, expected) in [
        (
            Format::American,
            vec![outcome("A", -165.0, None), outcome("B", 140.0, None)],
            "A -165 (62.3 %, fair 59.9 %), B +140 (41.7 %, fair 40.1 %); overround 3.9 %",
        ),
        (
            Format::Decimal,
            vec![outcome("A", 2.1, None), outcome("Draw", 3.4, None), outcome("B", 3.75, None)],
            "A 2.10 (47.6 %, fair 45.9 %), Draw 3.40 (29.4 %, fair 28.4 %), B 3.75 (26.7 %, fair 25.7 %); \
             overround 3.7 %",
        ),
        (
            Format::American,
            vec![outcome("A", -110.0, Some(-3.5)), outcome("B", -110.0, Some(3.5))],
            "A -3.5 at -110 (52.4 %, fair 50.0 %), B +3.5 at -110 (52.4 %, fair 50.0 %); overround 4.8 %",
        ),
        (
            Format::Decimal,
            vec![outcome("Over", 2.0, Some(44.0)), outcome("Under", 2.0, Some(44.0))],
            "Over 44 at 2.00 (50.0 %, fair 50.0 %), Under 44 at 2.00 (50.0 %, fair 50.0 %); overround 0.0 %",
        ),
        (Format::Decimal, vec![outcome("A", 1.61, None)], "A 1.61 (62.1 %)"),
        (
            Format::American,
            vec![outcome("A", 0.0, None), outcome("B", 100.0, None)],
            "A +0, B +100 (50.0 %)",
        ),
    ] {
        let offer =
            Offer { bookmaker: String::new(), market: String::new(), as_of: None, outcomes };
        assert_eq!(prices::line(&offer, format), expected);
    }
}

#[test]
fn a_long_list_ends_with_how_much_is_left_out() {
    let mut list = Listing::under("games".to_owned());
    for number in 0..100 {
        list.add(&[format!("game {number}")]);
    }
    let told = list.told();
    assert!(told.ends_with("game 79\nand 20 more games: name a team to see its own"), "{told}");
    let mut list = Listing::under("games".to_owned());
    for _ in 0..10 {
        list.add(&["x".repeat(5_000)]);
    }
    assert!(list.told().ends_with("and 8 more games: name a team to see its own"));
}
