//! Cuts a text into plain words that remember where they stood.

use crate::limits::COMMAND_WORDS_MAX;

/// A word in lower case, without what is written around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'w> {
    pub(super) text: &'w str,
    pub(super) place: Place,
}

/// Where a word stands in the source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Its first byte.
    pub(super) start: usize,
    /// The byte behind it.
    pub(super) end: usize,
    /// The mark before it that means something; a space where there is none.
    pub(super) mark: char,
    /// No space stands before it.
    pub(super) joined: bool,
}

/// The words of a text, as far as a command can reach.
#[derive(Debug, Default)]
pub(super) struct Words {
    lower: String,
    words: Vec<(usize, usize, Place)>,
    /// There is more text than was looked at.
    pub(super) cut: bool,
    /// A sign tells that it is about money, shares or code.
    pub(super) strange: bool,
}

/// Signs that no command has.
const STRANGE: &[char] = &['$', '€', '£', '¥', '%', '^', '\\', '{', '}', '<', '|', '_'];
/// Marks that set a free text apart, or belong to a number; the first ones win over the others.
const MARKS: &str = "\":\n+-=/.,;";

impl Words {
    /// The words of `text`; no more than a command has.
    pub(super) fn of(text: &str) -> Self {
        let mut words = Self::default();
        let mut chars = text.char_indices().map(|(at, c)| (at, plain(c))).peekable();
        let (mut mark, mut joined) = (' ', false);
        while let Some((start, c)) = chars.next() {
            if !c.is_alphanumeric() {
                words.strange |= STRANGE.contains(&c);
                joined &= MARKS.contains(c) && c != '\n';
                mark = stronger(mark, c);
                continue;
            }
            if words.words.len() == COMMAND_WORDS_MAX {
                words.cut = true;
                break;
            }
            let from = words.lower.len();
            words.lower.extend(c.to_lowercase());
            let mut last = c;
            while let Some((_, next)) = chars.next_if(|(_, next)| continues(last, *next)) {
                last = next;
                words.lower.extend(next.to_lowercase());
            }
            let end = chars.peek().map_or(text.len(), |(at, _)| *at);
            words.keep(from, Place { start, end, mark, joined });
            (mark, joined) = (' ', true);
        }
        words
    }

    /// Contractions lose what is behind the apostrophe, and `don't` its apostrophe.
    fn keep(&mut self, from: usize, place: Place) {
        let word = self.lower.split_off(from);
        let ending = word.rfind('\'').map(|at| word.split_at(at));
        let word = match ending {
            Some((stem, "'s" | "'d" | "'m" | "'re" | "'ve" | "'ll" | "'")) => stem,
            _ => &word,
        };
        self.lower.extend(word.chars().filter(|c| *c != '\''));
        self.words.push((from, self.lower.len(), place));
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<Token<'_>> {
        let &(from, to, place) = self.words.get(at)?;
        Some(Token { text: self.lower.get(from..to)?, place })
    }
}

/// A word is of letters or of digits, so that `task12` and `30s` are two.
fn continues(last: char, next: char) -> bool {
    match next {
        '\'' => last.is_alphabetic(),
        _ if last == '\'' => next.is_alphabetic(),
        _ => next.is_alphanumeric() && next.is_numeric() == last.is_numeric(),
    }
}

fn stronger(mark: char, next: char) -> char {
    let strength = |c| MARKS.find(c).unwrap_or(usize::MAX);
    if strength(next) < strength(mark) { next } else { mark }
}

/// The sign of a plain keyboard for one of a beautiful text.
pub(super) fn plain(c: char) -> char {
    match c {
        '‘' | '’' | 'ʼ' | '´' | '`' => '\'',
        '“' | '”' | '„' | '‟' | '«' | '»' | '＂' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        '：' => ':',
        '？' => '?',
        _ => c,
    }
}

/// A text without the quotation marks around it, of which the first one may stand in `before`.
pub(super) fn unquoted_from<'t>(before: &str, text: &'t str) -> &'t str {
    let text = text.trim();
    let opened = before.trim_end().chars().next_back().is_some_and(is_quote);
    let text = text.trim_end_matches([',', ';', ':', ' ', '(']).trim_end();
    let bare = unquoted(text);
    match bare.chars().rev().find(|c| !c.is_whitespace() && *c != '.') {
        Some(c) if opened && is_quote(c) => {
            bare.trim_end_matches('.').trim_end_matches(is_quote).trim()
        }
        _ => bare,
    }
}

/// A text without the quotation marks around it.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix(is_quote).and_then(|text| text.strip_suffix(is_quote));
    inside.unwrap_or(text).trim()
}

fn is_quote(c: char) -> bool {
    matches!(plain(c), '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let words = Words::of(text);
        let found: Vec<String> = (0..words.len())
            .filter_map(|at| words.get(at))
            .map(|token| {
                assert!(text.get(token.place.start..token.place.end).is_some(), "{text}");
                let mark = Some(token.place.mark).filter(|mark| *mark != ' ');
                mark.into_iter().chain(token.text.chars()).collect()
            })
            .collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn a_text_is_cut_into_plain_words() {
        for (text, expected) in [
            ("Cancel TASK 12!", "cancel task 12"),
            ("what's up? I’d don't", "what up i dont"),
            ("task#12, task12 – 30s", "task 12 ,task 12 -30 s"),
            ("add “A b”: c", "add \"a b \"c"),
            ("workers +2 1,000 2.5", "workers +2 1 ,000 2 .5"),
            ("Straße ÉTÉ 🎉 ok", "straße été ok"),
            ("'quoted' o'clock ''", "quoted oclock"),
            ("", ""),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn no_more_is_read_than_a_command_has() {
        let words = Words::of(&"word ".repeat(100_000));
        assert_eq!((words.len(), words.cut), (COMMAND_WORDS_MAX, true));
    }
}
