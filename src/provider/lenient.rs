//! JSON fields as servers really write them: absent, null, of another type, or borrowed as they are.
//!
//! Invariant: a field that we only read for its content never makes a whole event unreadable.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::model::Usage;

/// A string; empty where it is null, absent or something else. Borrowed unless it holds escapes.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    /// The string, if there is one.
    pub(super) fn filled(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&*self.0)
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader::<Self>(PhantomData))
    }
}

/// A number of tokens or a place in a list; 0 where it is anything but a natural number.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader::<Self>(PhantomData))
    }
}

/// What OpenAI says of the tokens read: how many of them came from its cache.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Cached {
    cached_tokens: Count,
}

/// Tokens by the names of OpenAI's dialects, which some servers mix.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "they are the wire's")]
pub(super) struct Tokens {
    input_tokens: Count,
    prompt_tokens: Count,
    output_tokens: Count,
    completion_tokens: Count,
    #[serde(deserialize_with = "or_default")]
    input_tokens_details: Cached,
    #[serde(deserialize_with = "or_default")]
    prompt_tokens_details: Cached,
}

impl Tokens {
    /// None where nothing was counted.
    pub(super) fn usage(self) -> Option<Usage> {
        let either = |a: Count, b: Count| a.0.max(b.0);
        let input = either(self.input_tokens, self.prompt_tokens);
        let output = either(self.output_tokens, self.completion_tokens);
        let (new, old) = (self.input_tokens_details, self.prompt_tokens_details);
        let cached = either(new.cached_tokens, old.cached_tokens);
        (input > 0 || output > 0).then_some(Usage { input, output, cached, ..Usage::default() })
    }
}

/// What a scalar of each JSON type means to a lenient field.
trait Scalar<'a>: Default {
    fn borrowed(_: &'a str) -> Self {
        Self::default()
    }
    fn owned(_: &str) -> Self {
        Self::default()
    }
    fn number(_: u64) -> Self {
        Self::default()
    }
}

impl<'de: 'a, 'a> Scalar<'de> for Text<'a> {
    fn borrowed(text: &'de str) -> Self {
        Self(Cow::Borrowed(text))
    }
    fn owned(text: &str) -> Self {
        Self(Cow::Owned(text.to_owned()))
    }
    fn number(number: u64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

impl Scalar<'_> for Count {
    fn number(number: u64) -> Self {
        Self(number)
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Scalar<'de>> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        Ok(T::borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::owned(text))
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number))
    }
    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// The first element of a list, without a list being made; the default where there is none.
pub(super) fn first<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_any(First(PhantomData))
}

struct First<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }
    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        let first = list.next_element_seed(PhantomData::<T>)?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

/// A value whose `null` means the default.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(PhantomData::<Option<T>>.deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_borrowed_and_whatever_else_is_there_is_empty() {
        let text = |json| serde_json::from_str::<Text<'_>>(json).unwrap();
        assert!(matches!(text(r#""plain ä""#).0, Cow::Borrowed("plain ä")));
        assert_eq!(&*text(r#""a\nb""#), "a\nb");
        assert_eq!(&*text("429"), "429");
        for other in ["null", "true", "-1", "0.5", "[1,[2]]", r#"{"a":{"b":1}}"#] {
            assert_eq!(text(other).filled(), None, "{other}");
        }
    }

    #[test]
    fn a_count_is_a_natural_number_or_nothing() {
        for (json, count) in [("7", 7), ("-7", 0), ("null", 0), (r#""7""#, 0), ("[]", 0)] {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap(), Count(count), "{json}");
        }
    }
}
