//! Rules: what a value must be, told in words, read from a text, and checked.

use std::net::SocketAddr;

use toml::Value;
use tracing_subscriber::EnvFilter;

use crate::{
    limits::{POOL_WORD_BYTES_MAX, POOL_WORDS_MAX, SETTING_SHOWN_CHARS_MAX},
    model::Metric,
};

/// What is right for one setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// `true` or `false`.
    Switch,
    /// A whole number, both ends included.
    Whole(u32, u32),
    /// Any number, both ends included.
    Number(u32, u32),
    /// Any amount that is not negative: bytes are more than a `u32`.
    Amount,
    /// The name of something that is measured.
    Metric,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any of these words, perhaps none.
    SomeOf(&'static [&'static str]),
    /// Text with something in it.
    Text,
    /// A path.
    Path,
    /// An address with its port.
    Address,
    /// Where a provider answers.
    Url,
    /// Where somebody outside is told something; its path may be all that keeps others out.
    Hook,
    /// Names of providers, in order.
    Route,
    /// A time zone of the IANA database.
    Zone,
    /// Words, phrases or messages, perhaps none.
    Words,
    /// What `tracing` takes for a filter.
    Filter,
    /// Fit for an HTTP header, at least this long, and never shown.
    Secret(usize),
}

impl Rule {
    /// Whether the value is right.
    pub(super) fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Switch, Value::Boolean(_)) => true,
            (Self::Whole(from, to) | Self::Number(from, to), Value::Integer(number)) => {
                (i64::from(from)..=i64::from(to)).contains(number)
            }
            (Self::Number(from, to), Value::Float(number)) => {
                (f64::from(from)..=f64::from(to)).contains(number)
            }
            (Self::Amount, Value::Integer(number)) => *number >= 0,
            (Self::Amount, Value::Float(number)) => number.is_finite() && *number >= 0.0,
            (Self::Route, Value::Array(entries)) => {
                !entries.is_empty() && entries.iter().all(|entry| Self::Text.fits(entry))
            }
            (Self::SomeOf(words), Value::Array(entries)) => {
                entries.iter().all(|entry| Self::OneOf(words).fits(entry))
            }
            (Self::Words, Value::Array(entries)) => {
                let short = |entry: &Value| {
                    entry.as_str().is_some_and(|text| text.len() <= POOL_WORD_BYTES_MAX)
                };
                entries.len() <= POOL_WORDS_MAX
                    && entries.iter().all(|entry| Self::Text.fits(entry) && short(entry))
            }
            (rule, Value::String(text)) => rule.fits_text(text),
            _ => false,
        }
    }

    fn fits_text(self, text: &str) -> bool {
        match self {
            Self::OneOf(words) => words.contains(&text),
            Self::Metric => Metric::named(text).is_some(),
            Self::Text | Self::Path => !text.trim().is_empty(),
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::Url | Self::Hook => is_url(text),
            Self::Zone => text.parse::<chrono_tz::Tz>().is_ok(),
            Self::Filter => EnvFilter::try_new(text).is_ok(),
            Self::Secret(least) => {
                text.chars().count() >= least && text.chars().all(|c| c.is_ascii_graphic())
            }
            Self::Switch
            | Self::Whole(..)
            | Self::Number(..)
            | Self::Amount
            | Self::Route
            | Self::SomeOf(_)
            | Self::Words => false,
        }
    }

    /// What a text from the environment says under this rule. What cannot be read stays text, so
    /// that the check refuses it and the error can show it.
    pub(super) fn read(self, text: &str) -> Value {
        let number = |parsed: Option<Value>| parsed.unwrap_or_else(|| Value::from(text));
        match self {
            Self::Switch => match text {
                "true" | "1" => Value::Boolean(true),
                "false" | "0" => Value::Boolean(false),
                _ => Value::from(text),
            },
            Self::Whole(..) => number(text.parse().ok().map(Value::Integer)),
            Self::Number(..) | Self::Amount => number(text.parse().ok().map(Value::Float)),
            Self::Route | Self::Words | Self::SomeOf(_) => {
                Value::Array(text.split(',').map(|entry| Value::from(entry.trim())).collect())
            }
            _ => Value::from(text),
        }
    }

    /// The value as an error may show it.
    pub(super) fn show(self, value: &Value) -> String {
        let hidden = match (self, value) {
            (Self::Secret(_), _) => true,
            // A table where a value should be, or the other way round, can hold anything.
            (_, Value::Table(_)) => return "a table".to_owned(),
            (Self::Url, Value::String(text)) => text.contains(['@', '?', '#']),
            (Self::Hook, Value::String(text)) => match site(text) {
                Some(site) => return format!("{site}/… (its path is not shown)"),
                None => true,
            },
            _ => false,
        };
        if hidden {
            return "(not shown)".to_owned();
        }
        let text = value.to_string();
        match text.char_indices().nth(SETTING_SHOWN_CHARS_MAX) {
            Some(_) => text.chars().take(SETTING_SHOWN_CHARS_MAX).chain(['…']).collect(),
            None => text,
        }
    }

    /// What would be right, in words that complete "is not …".
    pub(super) fn right(self) -> String {
        match self {
            Self::Switch => "true or false".to_owned(),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::Number(from, to) => format!("a number from {from} to {to}"),
            Self::Amount => "a number that is not negative".to_owned(),
            Self::Metric => {
                let names: Vec<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
                format!("one of {}", names.join(", "))
            }
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::SomeOf(words) => format!("a list of any of {}", words.join(", ")),
            Self::Text => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Address => "an address with a port, such as 127.0.0.1:8000".to_owned(),
            Self::Url | Self::Hook => {
                "an http:// or https:// URL without user name, password, query and fragment"
                    .to_owned()
            }
            Self::Route => {
                "a list of providers, such as [\"openai\", \"anthropic/claude-sonnet-5-5\"]"
                    .to_owned()
            }
            Self::Zone => "a time zone, such as Europe/Berlin or UTC".to_owned(),
            Self::Words => format!(
                "a list of at most {POOL_WORDS_MAX} texts, each of at most {POOL_WORD_BYTES_MAX} bytes"
            ),
            Self::Filter => "a log filter, such as operatoros=debug,warn".to_owned(),
            Self::Secret(least) => {
                format!("visible ASCII characters without a space, at least {least} of them")
            }
        }
    }
}

/// The scheme and host of an address, which are no secret.
pub(super) fn site(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    Some(format!("{}://{}", url.scheme(), url.host_str()?))
}

/// A user name, a password or a query can hold a key, and the error would show it.
fn is_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}
