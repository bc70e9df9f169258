//! Characters that a server has cut in two: one half of a surrogate pair in each of two events.
//!
//! A server that slices its text as JavaScript does can cut between the halves. Each half alone is
//! no text, and JSON that holds it cannot be read.

use std::borrow::Cow;

/// Mends the JSON of one answer's events, one after the other.
#[derive(Debug, Default)]
pub(super) struct Surrogates {
    /// The digits of a first half that waits for its second.
    first: Option<String>,
}

/// What stands for a half whose other half never came.
const REPLACEMENT: &str = "\\ufffd";

impl Surrogates {
    /// The event with whole characters only. A first half at the end of a string waits for the
    /// second one; any other half that stands alone is replaced.
    pub(super) fn mend<'a>(&mut self, json: &'a str) -> Cow<'a, str> {
        if !holds_half(json) {
            return Cow::Borrowed(json);
        }
        let mut mended = String::with_capacity(json.len());
        let mut rest = json;
        while let Some((before, escape)) = next_escape(rest) {
            mended.push_str(before);
            rest = self.take(escape, &mut mended);
        }
        mended.push_str(rest);
        Cow::Owned(mended)
    }

    /// Takes the escape that `text` begins with, and says what follows it.
    fn take<'a>(&mut self, text: &'a str, mended: &mut String) -> &'a str {
        let (escape, rest) = match (half(text), text.split_at_checked(2)) {
            (None, Some(parts)) => parts,
            (None, None) => (text, ""),
            (Some(_), _) => text.split_at(6),
        };
        match half(text) {
            None => mended.push_str(escape),
            Some(Half::First) if matches!(half(rest), Some(Half::Second)) => {
                let (pair, rest) = text.split_at(12);
                mended.push_str(pair);
                return rest;
            }
            Some(Half::First) if rest.starts_with('"') => self.first = Some(escape.to_owned()),
            Some(Half::First) => mended.push_str(REPLACEMENT),
            Some(Half::Second) => match self.first.take() {
                Some(first) => mended.push_str(&(first + escape)),
                None => mended.push_str(REPLACEMENT),
            },
        }
        rest
    }
}

enum Half {
    First,
    Second,
}

/// Which half the text begins with, if any: `\uD800`–`\uDBFF` or `\uDC00`–`\uDFFF`.
fn half(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::First),
        0xDC00..=0xDFFF => Some(Half::Second),
        _ => None,
    }
}

/// Cheap: nearly no event has an escape that begins so.
fn holds_half(json: &str) -> bool {
    memchr::memmem::find(json.as_bytes(), b"\\ud").is_some()
        || memchr::memmem::find(json.as_bytes(), b"\\uD").is_some()
}

/// The text before the next escape, and from it on.
fn next_escape(text: &str) -> Option<(&str, &str)> {
    Some(text.split_at(memchr::memchr(b'\\', text.as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_find_each_other_and_one_alone_is_replaced() {
        let rows: [(&[&str], &[&str]); 8] = [
            (&[r#"{"a":"plain \\ud \n"}"#], &[r#"{"a":"plain \\ud \n"}"#]),
            (&[r#"{"a":"\ud83c\udfc8!"}"#], &[r#"{"a":"\ud83c\udfc8!"}"#]),
            (
                &[r#"{"a":"x\ud83c"}"#, r#"{"a":"\udfc8y"}"#],
                &[r#"{"a":"x"}"#, r#"{"a":"\ud83c\udfc8y"}"#],
            ),
            (
                &[r#"{"a":"\uD83C"}"#, "{}", r#"{"a":"\uDFC8"}"#],
                &[r#"{"a":""}"#, "{}", r#"{"a":"\uD83C\uDFC8"}"#],
            ),
            (&[r#"{"a":"\ud83c!"}"#], &[r#"{"a":"\ufffd!"}"#]),
            (&[r#"{"a":"\udfc8"}"#], &[r#"{"a":"\ufffd"}"#]),
            (
                &[r#"{"a":"\\\ud83c"}"#, r#"{"a":"\udfc8"}"#],
                &[r#"{"a":"\\"}"#, r#"{"a":"\ud83c\udfc8"}"#],
            ),
            (&[r#"{"a":"\ud8"#], &[r#"{"a":"\ud8"#]),
        ];
        for (events, expected) in rows {
            let mut surrogates = Surrogates::default();
            let mended: Vec<_> = events.iter().map(|event| surrogates.mend(event)).collect();
            assert_eq!(mended, expected);
        }
    }
}
