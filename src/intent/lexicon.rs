//! Finds what a word, or the longest phrase that begins with it, means.

use std::{collections::BTreeMap, ops::Bound, sync::LazyLock};

use super::{
    concepts::{COMPONENT, Concepts, METRIC, NUMBER, PERIOD, STANDING, UNIT, URGENCY, Value},
    meanings::MEANINGS,
    metrics::MEASURED,
    typos,
    values::{COMPONENTS, NUMBERS, PERIODS, PRIORITIES, STATUSES, UNITS},
    words::Words,
};

/// What a phrase means.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meaning {
    pub(super) concepts: Concepts,
    pub(super) value: Value,
    /// The place of what is named in its vocabulary.
    pub(super) named: Option<usize>,
}

/// The words behind the first one, and what all of them mean.
type Phrase = (Box<[Box<str>]>, Meaning);

/// Phrases by their first word; of those that begin alike the longest comes first.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    phrases: BTreeMap<Box<str>, Vec<Phrase>>,
}

/// Marks that no phrase goes across.
pub(super) const APART: &[char] = &[':', '"', '\n', ',', '.'];

/// The phrases of commands.
pub(super) static COMMANDS: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    let mut add = |concepts, value, phrases: &str| {
        for phrase in phrases.split(',') {
            lexicon.add(phrase, Meaning { concepts, value, named: None });
        }
    };
    for (concepts, phrases) in MEANINGS.iter().copied().flatten() {
        add(*concepts, Value::None, phrases);
    }
    for (number, phrases) in NUMBERS {
        add(NUMBER, Value::Number(*number), phrases);
    }
    for (seconds, phrases) in UNITS {
        add(UNIT, Value::Seconds(*seconds), phrases);
    }
    for (period, phrases) in PERIODS {
        add(PERIOD, Value::Period(*period), phrases);
    }
    for (status, phrases) in STATUSES {
        add(STANDING, Value::Status(*status), phrases);
    }
    for (priority, phrases) in PRIORITIES {
        add(URGENCY, Value::Priority(*priority), phrases);
    }
    for measured in MEASURED {
        add(METRIC, Value::None, measured.own);
    }
    for (component, phrases) in COMPONENTS {
        add(COMPONENT, Value::Component(*component), phrases);
    }
    lexicon
});

impl Lexicon {
    /// Where a phrase has several meanings it has them all.
    pub(super) fn add(&mut self, phrase: &str, meaning: Meaning) {
        let mut words = phrase.split_whitespace().map(Box::from);
        let Some(first) = words.next() else { return };
        let rest: Box<[Box<str>]> = words.collect();
        let phrases = self.phrases.entry(first).or_default();
        if let Some((_, known)) = phrases.iter_mut().find(|(words, _)| *words == rest) {
            known.concepts |= meaning.concepts;
            known.named = known.named.or(meaning.named);
            if known.value == Value::None {
                known.value = meaning.value;
            }
            return;
        }
        phrases.push((rest, meaning));
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }

    /// The longest phrase that begins at that word, which is to be read as `first`, and how many
    /// words it has.
    pub(super) fn longest(
        &self,
        words: &Words,
        at: usize,
        first: &str,
    ) -> Option<(Meaning, usize)> {
        let (rest, meaning) =
            self.phrases.get(first)?.iter().find(|(rest, _)| follows(words, at, rest))?;
        Some((*meaning, 1 + rest.len()))
    }

    /// The word that somebody meant who wrote this one there. Few people err in the first letter,
    /// but for two that changed places.
    pub(super) fn meant(&self, words: &Words, at: usize, written: &str) -> Option<&str> {
        let begin = |at: usize| written.get(at..=at);
        // The longest comes first, and the word alone last.
        let stands = |phrases: &[Phrase]| {
            let alone = phrases.last().is_some_and(|(rest, _)| rest.is_empty());
            alone || phrases.iter().any(|(rest, _)| follows(words, at, rest))
        };
        let like = |letter| {
            let from = (Bound::Included(letter), Bound::Unbounded);
            let phrases = self.phrases.range::<str, _>(from);
            let alike = phrases.take_while(move |(word, _)| word.starts_with(letter));
            alike.filter(|(_, phrases)| stands(phrases)).map(|(word, _)| &**word)
        };
        let known = [begin(0), begin(1)].into_iter().flatten().flat_map(like);
        typos::nearest(written, known)
    }
}

/// Those words stand behind the one there.
fn follows(words: &Words, at: usize, rest: &[Box<str>]) -> bool {
    rest.iter().enumerate().all(|(behind, word)| {
        let token = words.get(at + 1 + behind);
        token.is_some_and(|token| {
            let dash = token.place.mark == '-' && !token.place.joined;
            token.text == &**word && !dash && !APART.contains(&token.place.mark)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that are needed no more are found here when the tables change.
    #[test]
    fn each_ordinary_word_lies_near_a_command_and_is_none() {
        let pools = ["healthcare", "financial", "sports", "business", "general"];
        let names = crate::intent::Vocabulary::new(pools, []).lexicon;
        let known = |lexicon: &Lexicon| lexicon.phrases.keys().cloned().collect::<Vec<_>>();
        let words = [known(&COMMANDS), known(&names)].concat();
        for ordinary in typos::ORDINARY.iter() {
            let mut others = words.iter().map(|word| &**word);
            assert!(others.all(|word| word != *ordinary), "{ordinary} means something");
            let others = words.iter().map(|word| &**word);
            assert!(typos::closest(ordinary, others).is_some(), "{ordinary} is near nothing");
        }
    }
}
