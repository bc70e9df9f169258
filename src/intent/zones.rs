//! Time zones, by the names that people say.

use chrono_tz::{TZ_VARIANTS, Tz};

/// What is said for short, and the zone that is meant; the others that are said so mean several.
const SHORT: &[(&str, Tz)] = &[
    ("utc", Tz::UTC),
    ("gmt", Tz::GMT),
    ("cet", Tz::CET),
    ("cest", Tz::CET),
    ("eet", Tz::EET),
    ("eest", Tz::EET),
    ("est", Tz::America__New_York),
    ("edt", Tz::America__New_York),
    ("pst", Tz::America__Los_Angeles),
    ("pdt", Tz::America__Los_Angeles),
];

/// The zone of that name: `Europe/Berlin`, `UTC`, `CET`.
pub fn zone_called(name: &str) -> Option<Tz> {
    let short =
        SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)).map(|(_, zone)| *zone);
    let long = || named(name).filter(|_| name.contains('/'));
    short.or_else(long)
}

/// The zone of that name or city: `New York`.
pub fn zone_at(place: &str) -> Option<Tz> {
    let city = || {
        let city = place.trim().replace(' ', "_");
        let is_it = |zone: &&Tz| {
            let last = zone.name().split_once('/').filter(|(region, _)| REGIONS.contains(region));
            last.is_some_and(|(_, name)| name.eq_ignore_ascii_case(&city))
        };
        TZ_VARIANTS.iter().find(is_it).copied()
    };
    zone_called(place).or_else(city)
}

/// What holds cities; the others hold countries and their parts.
const REGIONS: &[&str] = &["Africa", "America", "Asia", "Australia", "Europe"];

fn named(name: &str) -> Option<Tz> {
    TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)).copied()
}
