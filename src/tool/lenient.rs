//! JSON fields as sources really write them: numbers as strings, null, absent, or of another type.
//!
//! Invariant: a field that cannot be read is as one that is not there; it spoils nothing beside it.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::decimal::Decimal;

/// A string, or a number as it was written; empty where it is neither.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// The string, if there is one.
    pub(super) fn filled(&self) -> Option<&str> {
        let text = self.0.trim();
        (!text.is_empty()).then_some(text)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let is_number = raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let number = || is_number.then(|| raw.get().to_owned());
        let text = serde_json::from_str(raw.get()).ok().or_else(number);
        Ok(Self(text.unwrap_or_default()))
    }
}

/// A number, also one in a string. Its decimals are those that were written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) Option<Decimal>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Text::deserialize(from).map(|text| Self(Decimal::parse(&text.0)))
    }
}

/// A whole number, also one in a string; nanoseconds since 1970 fit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Text::deserialize(from).map(|text| Self(text.0.trim().parse().ok()))
    }
}

/// What of a list can be read; none where it is no list. For `deserialize_with`, beside `default`.
pub(super) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = Box::<RawValue>::deserialize(from)?;
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(list.into_iter().filter_map(|one| serde_json::from_str(one.get()).ok()).collect())
}

/// The default where it is of another type. For `deserialize_with`, beside `default`.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let raw = Box::<RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Row {
        name: Text,
        price: Number,
        at: Whole,
        #[serde(deserialize_with = "list")]
        of: Vec<Row>,
        #[serde(deserialize_with = "or_default")]
        inner: Option<Box<Row>>,
    }

    fn told(row: &Row) -> String {
        let price = row.price.0.map(|price| price.to_string()).unwrap_or_default();
        let at = row.at.0.map(|at| at.to_string()).unwrap_or_default();
        let of: Vec<_> = row.of.iter().map(told).collect();
        let inner = row.inner.as_deref().map(told).unwrap_or_default();
        format!("{}|{price}|{at}|{of:?}|{inner}", row.name.0)
    }

    #[test]
    fn what_can_be_read_is_and_the_rest_is_not_there() {
        for (json, expected) in [
            (r#"{"name":"a\n","price":"302.5500","at":"7"}"#, "a\n|302.55|7|[]|"),
            (
                r#"{"name":12.50,"price":302.55,"at":1795211999999000001}"#,
                "12.50|302.55|1795211999999000001|[]|",
            ),
            (r#"{"name":null,"price":null,"at":null,"of":null,"inner":null}"#, "|||[]|"),
            (r#"{"name":{},"price":"n/a","at":1.5,"of":{},"inner":"x"}"#, "|||[]|"),
            (r#"{"name":true,"price":[1],"at":[],"of":"","inner":3}"#, "|||[]|"),
            (
                r#"{"of":[{"name":"b"},7,null,{"name":"c"}],"inner":{"name":"d"}}"#,
                r#"|||["b|||[]|", "c|||[]|"]|d|||[]|"#,
            ),
            ("{}", "|||[]|"),
        ] {
            let row: Row = serde_json::from_str(json).unwrap();
            assert_eq!(told(&row), expected, "{json}");
        }
    }
}
