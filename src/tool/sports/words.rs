//! Words of names: so that “Atlético” is found by “atletico”, and a team by any of its names.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The words of a text in small letters, without accents and punctuation.
pub(super) fn folded(text: &str) -> Vec<String> {
    let lower = text.chars().flat_map(char::to_lowercase);
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(lower);
    // An accent is a character of its own now; an apostrophe belongs to its word: men's, mens.
    let is_accent = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    let kept: String = decomposed.filter(|&c| !is_accent(c) && c != '\'' && c != '’').collect();
    let words = kept.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// All that was asked for is among these names.
pub(super) fn are_among(asked: &[String], names: &[&str]) -> bool {
    let known: Vec<_> = names.iter().flat_map(|name| folded(name)).collect();
    asked.iter().all(|asked| {
        let begins =
            |word: &str| asked.chars().count() >= PREFIX_CHARS_MIN && word.starts_with(&**asked);
        let is_there = |asked: &str| known.iter().any(|word| word == asked);
        let meant = SHORT.iter().filter(|(short, _)| short == asked);
        known.iter().any(|word| word == asked || begins(word))
            || meant.into_iter().any(|(_, long)| long.split(' ').all(is_there))
    })
}

/// So many letters of a word stand for it.
const PREFIX_CHARS_MIN: usize = 3;

/// What people say for words of names that do not begin so.
const SHORT: &[(&str, &str)] = &[
    ("la", "los angeles"),
    ("ny", "new york"),
    ("sf", "san francisco"),
    ("st", "saint"),
    ("saint", "st"),
    ("utd", "united"),
    ("niners", "49ers"),
    ("sixers", "76ers"),
    ("cavs", "cavaliers"),
    ("mavs", "mavericks"),
    ("pats", "patriots"),
    ("bucs", "buccaneers"),
    ("jags", "jaguars"),
    ("wolves", "timberwolves"),
    ("wolves", "wolverhampton"),
    ("dbacks", "diamondbacks"),
    ("habs", "canadiens"),
    ("barca", "barcelona"),
    ("spurs", "tottenham"),
    ("psg", "paris saint germain"),
];

/// A source's words as one short line: whatever it says, it is a name and not a paragraph.
pub(super) fn plain(text: &str, chars_max: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(chars_max).collect()
}
