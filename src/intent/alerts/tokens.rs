//! A text as words, numbers and the signs that a condition has.

use std::str::FromStr;

use crate::intent::{slots::Period, values::NUMBERS};

/// A word in lower case, a number, or a sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(Box<str>),
    /// In thousandths.
    Number(u64),
    Sign(char),
}

/// No sentence about alerts is longer.
const TOKENS_MAX: usize = 32;
/// What stands between words and means nothing.
const EMPTY: &[char] =
    &['.', ',', ';', ':', '!', '?', '-', '_', '"', '(', ')', '“', '”', '„', '—', '–'];

/// The tokens of a text; `None` where it has a sign that no condition has, or too many.
pub(super) fn read(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if tokens.len() > TOKENS_MAX {
            return None;
        }
        let length = if first.is_ascii_digit() {
            let (number, length) = number(rest)?;
            tokens.push(Token::Number(number));
            length
        } else if first.is_alphabetic() {
            let length = word(rest);
            let word = rest.get(..length)?.to_lowercase().replace(['\'', '’'], "");
            tokens.push(Token::Word(word.into()));
            length
        } else {
            match first {
                '>' | '<' | '=' | '%' | '#' | '/' => tokens.push(Token::Sign(first)),
                // No condition has a number below nothing.
                '-' | '–' if !before.is_alphanumeric() && followed_by_digit(rest) => return None,
                c if c.is_whitespace() || EMPTY.contains(&c) => {}
                _ => return None,
            }
            first.len_utf8()
        };
        before = rest.get(..length)?.chars().next_back()?;
        rest = rest.get(length..)?;
    }
    Some(tokens)
}

fn followed_by_digit(text: &str) -> bool {
    text.chars().nth(1).is_some_and(|next| next.is_ascii_digit())
}

/// How long the word is. That of a metric, such as `load_1m`, may hold digits.
fn word(text: &str) -> usize {
    let mut named = false;
    let ends = |c: char| {
        named |= c == '_';
        !(c.is_alphabetic() || matches!(c, '\'' | '’' | '_') || (named && c.is_ascii_digit()))
    };
    text.find(ends).unwrap_or(text.len())
}

/// `2.5`, `1,000`, in thousandths, and how long it is.
fn number(text: &str) -> Option<(u64, usize)> {
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut length = digits(text);
    let mut whole: u64 = text.get(..length)?.parse().ok()?;
    while let Some(behind) = text.get(length..)?.strip_prefix(',')
        && digits(behind) == 3
    {
        whole = whole.checked_mul(1_000)?.checked_add(behind.get(..3)?.parse().ok()?)?;
        length += 4;
    }
    let mut thousandths = whole.checked_mul(1_000)?;
    if let Some(behind) = text.get(length..)?.strip_prefix('.') {
        let count = digits(behind);
        if count > 3 {
            return None;
        }
        if count > 0 {
            let part = format!("{:0<3}", behind.get(..count)?);
            thousandths = thousandths.checked_add(part.parse().ok()?)?;
            length += 1 + count;
        }
    }
    Some((thousandths, length))
}

/// What is left to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'t>(&'t [Token]);

impl<'t> Tokens<'t> {
    pub(super) fn of(tokens: &'t [Token]) -> Self {
        Self(tokens)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the longest of these phrases that stands here.
    pub(super) fn take_any(&mut self, phrases: &str) -> bool {
        self.longest(phrases).is_some_and(|count| self.advance(count))
    }

    /// How many tokens the longest of these phrases takes that stands here.
    pub(super) fn longest(&self, phrases: &str) -> Option<usize> {
        phrases.split(", ").filter_map(|phrase| self.begins(phrase)).max()
    }

    /// Takes as many of them as there are.
    pub(super) fn skip_any(&mut self, phrases: &str) {
        while self.take_any(phrases) {}
    }

    pub(super) fn take_sign(&mut self, sign: char) -> bool {
        self.0.first() == Some(&Token::Sign(sign)) && self.advance(1)
    }

    /// Takes a number, in thousandths; in digits or as a word.
    pub(super) fn take_number(&mut self) -> Option<u64> {
        if let Some(Token::Number(number)) = self.0.first() {
            self.advance(1);
            return Some(*number);
        }
        let words = NUMBERS.iter().flat_map(|(number, phrases)| {
            phrases.split(',').map(move |phrase| (*number, phrase.trim()))
        });
        let spoken = words.filter(|(_, phrase)| phrase.parse::<u64>().is_err());
        let found = spoken.filter_map(|(number, phrase)| Some((self.begins(phrase)?, number)));
        let (count, number) = found.max()?;
        self.advance(count);
        Some(u64::from(number) * 1_000)
    }

    /// A number without a fraction that stands here.
    pub(super) fn whole_number(&self) -> Option<u32> {
        let mut rest = *self;
        let number = rest.take_number()?;
        u32::try_from(number / 1_000).ok().filter(|_| number.is_multiple_of(1_000))
    }

    pub(super) fn after_number(&self) -> Self {
        let mut rest = *self;
        rest.take_number();
        rest
    }

    /// Drops these phrases at the end, as many as there are.
    pub(super) fn drop_behind(&mut self, phrases: &str) {
        let ends = |tokens: Self, phrase: &str| {
            let count = phrase.split(' ').count();
            let from = tokens.0.len().checked_sub(count)?;
            let behind = Self(tokens.0.get(from..)?);
            (from > 0 && behind.begins(phrase) == Some(count)).then_some(from)
        };
        while let Some(from) = phrases.split(", ").filter_map(|phrase| ends(*self, phrase)).min() {
            self.0 = self.0.get(..from).unwrap_or_default();
        }
    }

    /// A stretch of time at the end, without what leads to it.
    pub(super) fn drop_period(&mut self) -> Option<Period> {
        let words: Vec<String> = self.0.iter().map(Token::text).collect();
        let from = (1..words.len())
            .find(|from| words.get(*from..).is_some_and(|behind| period(behind).is_some()))?;
        let found = period(words.get(from..)?);
        self.0 = self.0.get(..from)?;
        self.drop_behind("in the, in, during the, during, over the, from the, from");
        self.drop_behind("of the, of, for the, for, since, within the, the");
        found
    }

    /// A number is in it, as digits or as a word, or `an hour`.
    pub(super) fn has_number(&self) -> bool {
        let one = "an hour, a minute, a second";
        (0..self.0.len()).filter_map(|from| self.0.get(from..)).map(Self).any(|rest| {
            let mut rest = rest;
            rest.longest(one).is_some() || rest.take_number().is_some()
        })
    }

    pub(super) fn has_word(&self, word: &str) -> bool {
        self.0.iter().any(|token| token.is(word))
    }

    pub(super) fn has_only(&self, words: &str) -> bool {
        self.0.iter().all(|token| words.split(", ").any(|word| token.is(word)))
    }

    /// A sign compares something in it.
    pub(super) fn has_sign(&self) -> bool {
        self.0.iter().any(|token| matches!(token, Token::Sign('>' | '<')))
    }

    /// How many tokens the phrase takes that stands here.
    fn begins(&self, phrase: &str) -> Option<usize> {
        let mut count = 0;
        for word in phrase.split(' ') {
            if !self.0.get(count)?.is(word) {
                return None;
            }
            count += 1;
        }
        Some(count)
    }

    /// Takes so many.
    pub(super) fn advance(&mut self, count: usize) -> bool {
        self.0 = self.0.get(count..).unwrap_or_default();
        true
    }
}

impl Token {
    fn is(&self, word: &str) -> bool {
        match self {
            Self::Word(own) => &**own == word,
            Self::Sign(sign) => word.len() == 1 && word.starts_with(*sign),
            Self::Number(number) => {
                number.is_multiple_of(1_000) && word.parse() == Ok(*number / 1_000)
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Word(word) => word.to_string(),
            Self::Number(number) => (number / 1_000).to_string(),
            Self::Sign(sign) => sign.to_string(),
        }
    }
}

fn period(words: &[String]) -> Option<Period> {
    let text = words.join(" ").replace("past", "last");
    Period::from_str(&text)
        .ok()
        .filter(|_| words.len() > 1 || matches!(&*text, "today" | "yesterday"))
}
