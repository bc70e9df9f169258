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
    spans: Vec<(usize, usize, Place)>,
    /// There is more text than was looked at.
    pub(super) cut: bool,
    /// A sign tells that it is about money, shares or code.
    pub(super) strange: bool,
}

/// Signs that no command has.
const STRANGE: &[char] = &['$', '€', '£', '¥', '%', '^', '\\', '{', '}', '<', '|', '_'];
/// Marks that set a free text apart, or belong to a number; the first ones win over the others.
const MARKS: &str = "\":\n#+-=/.,;";

/// What hurried people write, and the word that it is.
const SHORTHAND: &[(&str, &str)] = &[
    ("cmd", "command"),
    ("cmds", "commands"),
    ("doin", "doing"),
    ("goin", "going"),
    ("ppl", "people"),
    ("r", "are"),
    ("u", "you"),
    ("ur", "your"),
];

/// Behind these, `'s` is a verb.
const ASKING: &[&str] = &["what", "how", "who", "where", "when", "everything", "there", "that"];

impl Words {
    /// The words of `text`; no more than a command has.
    pub(super) fn of(text: &str) -> Self {
        let mut words = Self::default();
        let mut chars = text.char_indices().map(|(at, c)| (at, plain(c))).peekable();
        let (mut mark, mut joined) = (' ', false);
        while let Some((start, c)) = chars.next() {
            if !c.is_alphanumeric() {
                words.strange |= STRANGE.contains(&c);
                // One that does not end a word begins a quotation.
                mark = stronger(mark, if c == '\'' && !joined { '"' } else { c });
                joined &= MARKS.contains(c) && c != '\n';
                continue;
            }
            if words.spans.len() == COMMAND_WORDS_MAX {
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

    /// `what's` is two words; other contractions lose what is behind the apostrophe, and `don't`
    /// loses the apostrophe.
    fn keep(&mut self, from: usize, place: Place) {
        let word = self.lower.split_off(from);
        let ending = word.rfind('\'').map(|at| word.split_at(at));
        let (stem, is) = match ending {
            Some(("let", "'s")) => (word.as_str(), false),
            Some((stem, "'s")) => (stem, ASKING.contains(&stem)),
            Some((stem, "'d" | "'m" | "'re" | "'ve" | "'ll" | "'")) => (stem, false),
            _ => match word.strip_suffix('s') {
                Some(stem) if ASKING.contains(&stem) => (stem, true),
                _ => (word.as_str(), false),
            },
        };
        match SHORTHAND.iter().find(|(short, _)| *short == stem) {
            Some((_, word)) => self.lower.push_str(word),
            None => self.lower.extend(stem.chars().filter(|c| *c != '\'')),
        }
        self.spans.push((from, self.lower.len(), place));
        if is {
            let from = self.lower.len();
            self.lower.push_str("is");
            self.spans.push((from, self.lower.len(), Place { mark: ' ', ..place }));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<Token<'_>> {
        let &(from, to, place) = self.spans.get(at)?;
        Some(Token { text: self.lower.get(from..to)?, place })
    }
}

/// A word is of letters or of digits, so that `task12` and `30s` are two.
fn continues(last: char, next: char) -> bool {
    match next {
        '\'' => last != '\'',
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

/// A text without the quotation marks around it.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix(is_quote).and_then(|text| text.strip_suffix(is_quote));
    inside.unwrap_or(text).trim()
}

pub(super) fn is_quote(c: char) -> bool {
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
            ("what's up? I’d don't", "what is up i dont"),
            ("hows task 4's priority", "how is task 4 priority"),
            ("task#12, task12 – 30s", "task #12 ,task 12 -30 s"),
            ("add “A b”: c", "add \"a b \"c"),
            ("workers +2 1,000 2.5", "workers +2 1 ,000 2 .5"),
            ("u r, ur CMDs", "you are ,your commands"),
            ("Straße ÉTÉ 🎉 ok", "straße été ok"),
            ("'quoted' o'clock ''", "\"quoted oclock"),
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
